"""A programme as something that can be judged and placed: its lines by region, its purchase request, its own faults."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext

from marketplace.ledger.actions import yuan
from marketplace.ledger.models import Purse, PurseKind
from marketplace.organisations.errors import HouseError
from marketplace.organisations.regions import region_name
from marketplace.shop.catalogue.models import Component
from marketplace.shop.policy import Part, PurchaseRequest, WantedLine
from marketplace.shop.prices import Delivered, delivered
from procurement.programmes.assignment import Share, deal
from procurement.programmes.choices import Profile, heads_by_option, is_settled, profiles_of
from procurement.programmes.errors import (
    BoxPriceApart,
    ChoosingDue,
    EmptyGift,
    NoRecipients,
    NotDelivered,
    OverStandard,
    PastDate,
    SlotShort,
)
from procurement.programmes.gift_years import unfit
from procurement.programmes.heads import had_by_recipients
from procurement.programmes.models import GiftLine, Programme, Recipient
from suppliers.accreditation.queries import valid_for


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

    @property
    def fenced(self) -> int:
        """Fen for each recipient that an assistance-only purse pays."""
        return self.per_head if self.gift_line.purse.kind == PurseKind.RING_FENCED else 0


@dataclass(frozen=True)
class Plan:
    """A programme's gift, dealt out. `faults` are its own, found before the rule is asked; the request is None without pieces.

    While members have still to choose, `pieces` give the default to who has not chosen, and `open_pieces` are every option as if
    all chose it: by those the cap is judged. `helped` are the products with a valid accreditation today.
    """

    programme: Programme
    recipients: int
    pieces: tuple[Piece, ...]
    faults: tuple[HouseError, ...]
    request: PurchaseRequest | None
    open_pieces: tuple[Piece, ...] = ()
    helped: frozenset[int] = frozenset()


def plan_of(programme: Programme) -> Plan:
    """Deal the gift out to the recipients and build the purchase request. Constant statements; within the union's scope."""
    lines = list(GiftLine.objects.filter(programme=programme).select_related("product__commodity_class", "purse"))
    if not any(line.option_id for line in lines):
        return _dealt(programme, lines, _heads(programme), (), settled=True)
    profiles = profiles_of(programme)
    heads: defaultdict[str, int] = defaultdict(int)
    for profile in profiles:
        heads[profile.region] += profile.heads
    return _dealt(programme, lines, heads, profiles, settled=is_settled(programme))


def bound_request(plan: Plan) -> PurchaseRequest | None:
    """Every option as if all members chose it: what the rule blocks at that quantity, it blocks at any."""
    return _request(plan.programme, plan.recipients, plan.open_pieces, _Bounds(0, 0, 0)) if plan.open_pieces else None


def _heads(programme: Programme) -> dict[str, int]:
    rows = Recipient.objects.filter(programme=programme).values("region").annotate(n=Count("id")).order_by("region")
    return {row["region"]: row["n"] for row in rows}


def _dealt(
    programme: Programme,
    lines: list[GiftLine],
    heads: Mapping[str, int],
    profiles: tuple[Profile, ...],
    *,
    settled: bool,
) -> Plan:
    offers = delivered((line.product_id for line in lines), heads)
    parts = _parts(lines)
    pieces, missing = _pieces(lines, heads, heads_by_option(profiles), offers, parts)
    still_open: list[Piece] = []
    if not settled:
        alternatives = [line for line in lines if line.option_id]
        everybody = {line.option_id or 0: heads for line in alternatives}
        still_open, _unserved = _pieces(alternatives, heads, everybody, offers, parts)
    recipients = sum(heads.values())
    helped = frozenset(
        valid_for((piece.gift_line.product_id for piece in (*pieces, *still_open)), timezone.localdate())
    )
    bounds = _bounds([*pieces, *still_open], profiles if settled else (), helped)
    faults = tuple(_faults(programme, recipients, lines, pieces, missing, bounds.most, settled=settled))
    request = _request(programme, recipients, pieces, bounds) if pieces else None
    return Plan(programme, recipients, tuple(pieces), faults, request, tuple(still_open), helped)


def shares(lines: Iterable[GiftLine]) -> list[Share]:
    """Gift lines of one part as the assignment takes them."""
    return [Share(line.pk, line.region, line.heads) for line in lines]


def by_part(lines: Iterable[GiftLine]) -> dict[tuple[int, int], list[GiftLine]]:
    """Gift lines by (slot, option), in order; the option is 0 where the slot is the same for all."""
    parts: defaultdict[tuple[int, int], list[GiftLine]] = defaultdict(list)
    for line in lines:
        parts[line.slot, line.option_id or 0].append(line)
    return dict(sorted(parts.items()))


def _parts(lines: Iterable[GiftLine]) -> dict[int, tuple[Part, ...]]:
    parts: defaultdict[int, list[Part]] = defaultdict(list)
    for component in Component.objects.filter(box__in={line.product_id for line in lines}):
        parts[component.box_id].append(Part(component.product_id, component.quantity, component.price))
    return {box: tuple(found) for box, found in parts.items()}


def _pieces(
    lines: list[GiftLine],
    heads: Mapping[str, int],
    chosen: Mapping[int, Mapping[str, int]],
    offers: Mapping[tuple[int, str], Delivered],
    parts: Mapping[int, tuple[Part, ...]],
) -> tuple[list[Piece], list[tuple[GiftLine, str, int]]]:
    pieces, missing = [], []
    for (_slot, option), part_lines in by_part(lines).items():
        known = {line.pk: line for line in part_lines}
        wanted = chosen.get(option, {}) if option else heads
        for (line_id, region), served in sorted(deal(shares(part_lines), wanted).items()):
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
    most: int,
    *,
    settled: bool,
) -> Iterable[HouseError]:
    if programme.need_date <= timezone.localdate():
        yield PastDate(day=programme.need_date)
    if other := unfit(programme.need_date, programme.gift_year):
        yield other
    if not recipients:
        yield NoRecipients()
    if not lines:
        yield EmptyGift()
    for product in {line.product_id: line.product for line, _, _ in missing}.values():
        gone = [(region, heads) for line, region, heads in missing if line.product_id == product.pk]
        names = gettext(", ").join(region_name(region) for region, _ in gone)
        yield NotDelivered(title=product.get_title(), regions=names, heads=sum(heads for _, heads in gone))
    yield from _boxes_apart(pieces)
    if not settled:
        yield ChoosingDue()
    for slot in sorted({line.slot for line in lines}):
        served = sum(p.heads for p in pieces if p.gift_line.slot == slot)
        served += sum(heads for line, _, heads in missing if line.slot == slot)
        if served < recipients:
            yield SlotShort(slot=slot, served=served, recipients=recipients)
    if most > programme.per_head:
        yield OverStandard(amount=yuan(most), standard=yuan(programme.per_head))


def _boxes_apart(pieces: Iterable[Piece]) -> Iterable[HouseError]:
    """Each mixed box once whose contents do not come to its price: they are what is decided and counted."""
    apart = {}
    for piece in pieces:
        parts = sum(part.quantity * part.unit_price for part in piece.parts)
        if piece.parts and parts != piece.offer.unit_price:
            apart[piece.gift_line.product_id] = (piece, parts)
    for piece, parts in apart.values():
        title = piece.gift_line.product.get_title()
        yield BoxPriceApart(title=title, price=yuan(piece.offer.unit_price), parts=yuan(parts))


@dataclass(frozen=True)
class _Bounds:
    """Fen that one recipient gets: the most, the least in assistance goods, the least from assistance-only purses."""

    most: int
    least_assistance: int
    least_fenced: int


def _bounds(pieces: list[Piece], profiles: tuple[Profile, ...], helped: frozenset[int]) -> _Bounds:
    """Exact over the profiles where members have chosen; else in each slot the dearest and the cheapest line that may be dealt."""
    amounts: defaultdict[tuple[int, int, str], list[tuple[int, int, int]]] = defaultdict(list)
    for piece in pieces:
        line = piece.gift_line
        assistance = piece.per_head if line.product_id in helped else 0
        key = (line.slot, line.option_id or 0, piece.region) if profiles else (line.slot, 0, "")
        amounts[key].append((piece.per_head, assistance, piece.fenced))
    shares_of: list[list[list[tuple[int, int, int]]]] = [
        [found for (_slot, option, region), found in amounts.items() if profile.gets(option, region)]
        for profile in profiles
    ] or [list(amounts.values())]
    return _Bounds(
        max(sum(max(most for most, _, _ in found) for found in slots) for slots in shares_of),
        min(sum(min(least for _, least, _ in found) for found in slots) for slots in shares_of),
        min(sum(min(least for _, _, least in found) for found in slots) for slots in shares_of),
    )


def _request(programme: Programme, recipients: int, pieces: Iterable[Piece], bounds: _Bounds) -> PurchaseRequest:
    had = had_by_recipients(programme)
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
        per_head_most=bounds.most,
        per_head_assistance_least=bounds.least_assistance,
        year_per_head_most=had.most,
        year_per_head_assistance_least=had.least_assistance,
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
        per_head_fenced_least=bounds.least_fenced,
        year_heads=had.heads,
        year_elsewhere=had.elsewhere,
    )
