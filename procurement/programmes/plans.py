"""A programme as something that can be judged and placed: its lines by region, its purchase request, its own faults."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db import connection
from django.db.models import Count
from django.utils import timezone

from marketplace.ledger.actions import yuan
from marketplace.ledger.models import Purse
from marketplace.organisations.errors import HouseError
from marketplace.shop.catalogue.models import Component
from marketplace.shop.policy import Part, PurchaseRequest, WantedLine
from marketplace.shop.prices import Delivered, delivered
from procurement.programmes.assignment import Share, deal
from procurement.programmes.errors import EmptyGift, NoRecipients, NotDelivered, OverStandard, PastDate, SlotShort
from procurement.programmes.models import GiftLine, Programme, Recipient
from procurement.programmes.regions import name_of
from suppliers.accreditation.queries import valid_for

# The most that any recipient had in gifts this calendar year, and the least in assistance goods, before this gift.
_YEAR_PER_HEAD = """
    SELECT coalesce(max(had.fen), 0), coalesce(min(had.assistance), 0) FROM (
        SELECT r.person, coalesce(sum(e.received), 0) AS fen, coalesce(sum(e.received_assistance), 0) AS assistance
        FROM programmes_recipient r
        LEFT JOIN (
            SELECT e.person, e.received, e.received_assistance FROM programmes_recipient e
            JOIN programmes_programme p ON p.id = e.programme_id
            WHERE p.gift_year = %(year)s AND p.state = 'placed' AND p.union_id = %(union)s
        ) e ON e.person = r.person
        WHERE r.programme_id = %(programme)s
        GROUP BY r.person
    ) had
"""


@dataclass(frozen=True)
class Piece:
    """A gift line for one region: how many recipients it serves, at what delivered price."""

    gift_line: GiftLine
    region: str
    heads: int
    offer: Delivered
    parts: tuple[Part, ...]

    @property
    def ref(self) -> str:
        """How the rule calls it."""
        return f"{self.gift_line.slot:02d}-{self.gift_line.pk}-{self.region}"

    @property
    def per_head(self) -> int:
        """Fen for each recipient."""
        return self.gift_line.per_head * self.offer.unit_price


@dataclass(frozen=True)
class Plan:
    """A programme's gift, dealt out. `faults` are its own, found before the rule is asked; the request is None without pieces."""

    programme: Programme
    recipients: int
    pieces: tuple[Piece, ...]
    faults: tuple[HouseError, ...]
    request: PurchaseRequest | None


def plan_of(programme: Programme) -> Plan:
    """Deal the gift out to the recipients and build the purchase request. Constant statements; within the union's scope."""
    heads = {
        row["region"]: row["n"]
        for row in Recipient.objects.filter(programme=programme)
        .values("region")
        .annotate(n=Count("id"))
        .order_by("region")
    }
    lines = list(GiftLine.objects.filter(programme=programme).select_related("product__commodity_class", "purse"))
    offers = delivered((line.product_id for line in lines), heads)
    parts = _parts(lines)
    pieces, missing = _pieces(lines, heads, offers, parts)
    recipients = sum(heads.values())
    faults = tuple(_faults(programme, recipients, lines, pieces, missing))
    request = _request(programme, recipients, pieces) if pieces else None
    return Plan(programme, recipients, tuple(pieces), faults, request)


def shares(lines: Iterable[GiftLine]) -> list[Share]:
    """Gift lines of one slot as the assignment takes them."""
    return [Share(line.pk, line.region, line.heads) for line in lines]


def by_slot(lines: Iterable[GiftLine]) -> dict[int, list[GiftLine]]:
    """Gift lines by slot, slots in order."""
    slots: defaultdict[int, list[GiftLine]] = defaultdict(list)
    for line in lines:
        slots[line.slot].append(line)
    return dict(sorted(slots.items()))


def _parts(lines: Iterable[GiftLine]) -> dict[int, tuple[Part, ...]]:
    parts: defaultdict[int, list[Part]] = defaultdict(list)
    for component in Component.objects.filter(box__in={line.product_id for line in lines}):
        parts[component.box_id].append(Part(component.product_id, component.quantity, component.price))
    return {box: tuple(found) for box, found in parts.items()}


def _pieces(
    lines: list[GiftLine],
    heads: Mapping[str, int],
    offers: Mapping[tuple[int, str], Delivered],
    parts: Mapping[int, tuple[Part, ...]],
) -> tuple[list[Piece], list[tuple[GiftLine, str, int]]]:
    pieces, missing = [], []
    for slot_lines in by_slot(lines).values():
        known = {line.pk: line for line in slot_lines}
        for (line_id, region), served in sorted(deal(shares(slot_lines), heads).items()):
            line = known[line_id]
            offer = offers.get((line.product_id, region))
            if offer is None:
                missing.append((line, region, served))
            else:
                pieces.append(Piece(line, region, served, offer, parts.get(line.product_id, ())))
    return pieces, missing


def _faults(
    programme: Programme,
    recipients: int,
    lines: list[GiftLine],
    pieces: list[Piece],
    missing: list[tuple[GiftLine, str, int]],
) -> Iterable[HouseError]:
    if programme.need_date <= timezone.localdate():
        yield PastDate(day=programme.need_date)
    if not recipients:
        yield NoRecipients()
    if not lines:
        yield EmptyGift()
    for product in {line.product_id: line.product for line, _, _ in missing}.values():
        gone = [(region, heads) for line, region, heads in missing if line.product_id == product.pk]
        names = ", ".join(name_of(region) for region, _ in gone)
        yield NotDelivered(title=product.get_title(), regions=names, heads=sum(heads for _, heads in gone))
    for slot in by_slot(lines):
        served = sum(p.heads for p in pieces if p.gift_line.slot == slot)
        served += sum(heads for line, _, heads in missing if line.slot == slot)
        if served < recipients:
            yield SlotShort(slot=slot, served=served, recipients=recipients)
    most = _per_head(pieces, most=True)
    if most > programme.per_head:
        yield OverStandard(amount=yuan(most), standard=yuan(programme.per_head))


def _per_head(pieces: Iterable[Piece], *, most: bool, only: Iterable[int] | None = None) -> int:
    """A bound on what one recipient gets, in fen: in each slot the dearest line (or the cheapest, counting only some products)."""
    wanted = None if only is None else set(only)
    by: defaultdict[int, list[int]] = defaultdict(list)
    for piece in pieces:
        counts = wanted is None or piece.gift_line.product_id in wanted
        by[piece.gift_line.slot].append(piece.per_head if counts else 0)
    return sum(max(amounts) if most else min(amounts) for amounts in by.values())


def _request(programme: Programme, recipients: int, pieces: list[Piece]) -> PurchaseRequest:
    with connection.cursor() as cursor:
        cursor.execute(
            _YEAR_PER_HEAD, {"year": programme.gift_year, "union": programme.union_id, "programme": programme.pk}
        )
        year_most, year_assistance_least = cursor.fetchone() or (0, 0)
    today = timezone.localdate()
    purses: dict[int, Purse] = {piece.gift_line.purse_id: piece.gift_line.purse for piece in pieces}
    return PurchaseRequest(
        union=programme.union,
        subject=f"programme:{programme.pk}",
        gift_year=programme.gift_year,
        decided_on=today,
        occasion=programme.occasion,
        form=programme.form,
        recipients=recipients,
        per_head_most=_per_head(pieces, most=True),
        per_head_assistance_least=_per_head(
            pieces, most=False, only=valid_for((p.gift_line.product_id for p in pieces), today)
        ),
        year_per_head_most=int(year_most),
        year_per_head_assistance_least=int(year_assistance_least),
        quotations=programme.quotations,
        approvers=programme.approvers,
        lines=tuple(
            WantedLine(
                ref=piece.ref,
                stockrecord_id=piece.offer.stockrecord_id,
                product_id=piece.gift_line.product_id,
                quantity=piece.heads * piece.gift_line.per_head,
                unit_price=piece.offer.unit_price,
                region=piece.region,
                need_date=programme.need_date,
                purse_id=piece.gift_line.purse_id,
                parts=piece.parts,
            )
            for piece in pieces
        ),
        purses=purses,
    )
