"""What a member sees of a gift: what to choose from, what they get, where it is. Constant statements for one gift."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from marketplace.fulfilment.codes import parcel_code
from marketplace.fulfilment.losses import UNSHIPPED
from marketplace.fulfilment.models import Parcel, ParcelLine, ParcelState
from marketplace.organisations.personal import mask_address, mask_name
from marketplace.shop.catalogue.models import Product
from marketplace.shop.prices import delivered
from marketplace.workspaces.pages import today
from marketplace.workspaces.templatetags._figures import when
from procurement.programmes.complaints import UNDER_WAY
from procurement.programmes.links import link_ends
from procurement.programmes.models import (
    Choice,
    Choosing,
    Complaint,
    ComplaintState,
    Delivery,
    GiftLine,
    Option,
    Programme,
    ProgrammeState,
    Receipt,
    Recipient,
    Voucher,
)
from suppliers.accreditation.models import Accreditation, AccreditationState
from suppliers.provenance.queries import recalled_in

# How long after the day of need a member is asked whether a parcel has come.
_REMIND = timedelta(days=30)


@dataclass(frozen=True)
class Offered:
    """A product to choose: fen for the member's whole share delivered (None: not delivered there), and who earns from it."""

    option: Option
    product: Product
    price: int | None
    units: int
    accreditation: Accreditation | None
    picked: bool


@dataclass
class GiftPart:
    """A part of the gift: one product for all, or a list to choose from."""

    slot: int
    products: list[Product] = field(default_factory=list)
    options: list[Offered] = field(default_factory=list)
    decided: bool = False

    @property
    def gets(self) -> list[Product]:
        """What the member gets as things stand."""
        return [one.product for one in self.options if one.picked] or self.products


@dataclass(frozen=True)
class Sent:
    """A parcel with its way, and what the member may do about it."""

    parcel: Parcel
    goods: list[tuple[Product, int]]
    way: list[dict[str, Any]]
    receipt: Receipt | None
    complaints: list[Complaint]
    recalled: list[str]

    @property
    def trace_code(self) -> str:
        """The code printed on it, by which anybody follows its goods back."""
        return parcel_code(self.parcel.pk)

    @property
    def is_under_way(self) -> bool:
        """Whether it has left the producer."""
        return self.parcel.state in UNDER_WAY


@dataclass(frozen=True)
class Gift:
    """One member's gift."""

    recipient: Recipient
    programme: Programme
    name: str
    address: str
    parts: list[GiftPart]
    choosing: Choosing | None
    is_open: bool
    chosen: bool
    parcels: list[Sent]
    voucher: Voucher | None

    @property
    def waits_for_call(self) -> bool:
        """Whether the member can call for parcels now."""
        return self.voucher is not None and any(one.parcel.state == ParcelState.UNCALLED for one in self.parcels)

    @property
    def called_address(self) -> str:
        """Where the called parcels go, masked; "" for the workplace."""
        called = [one.parcel.address for one in self.parcels if one.parcel.state != ParcelState.UNCALLED]
        return mask_address(called[0]) if called else ""

    @property
    def by_voucher(self) -> bool:
        """Whether the member says where it goes once it is there."""
        return self.programme.delivery == Delivery.VOUCHER

    @property
    def at_home(self) -> bool:
        """Whether it goes to the member's own address."""
        return self.programme.delivery == Delivery.HOME


def gift_of(recipient: Recipient, typed: Mapping[int, int] | None = None) -> Gift:
    """Everything that the gift's page shows; `typed` are options by slot that were sent and not noted. Within the union's scope."""
    programme = recipient.programme
    choosing = Choosing.objects.filter(programme=programme).first()
    is_open = (
        programme.state == ProgrammeState.CHOOSING and choosing is not None and choosing.closes_at > timezone.now()
    )
    picks = dict(Choice.objects.filter(recipient=recipient).values_list("slot", "option"))
    parts = _parts(recipient, picks | dict(typed or {}))
    by_voucher = programme.order_id and programme.delivery == Delivery.VOUCHER
    return Gift(
        recipient=recipient,
        programme=programme,
        name=mask_name(recipient.name),
        address=mask_address(recipient.address),
        parts=parts,
        choosing=choosing,
        is_open=is_open and any(part.options for part in parts),
        chosen=bool(picks) and all(part.decided for part in parts if part.options),
        parcels=parcels_of(recipient) if programme.order_id else [],
        voucher=Voucher.objects.filter(recipient=recipient).first() if by_voucher else None,
    )


def _parts(recipient: Recipient, picks: Mapping[int, int]) -> list[GiftPart]:
    lines = list(
        GiftLine.objects.filter(programme=recipient.programme).select_related(
            "product__commodity_class", "product__county", "option"
        )
    )
    options = list(
        Option.objects.filter(programme=recipient.programme).select_related(
            "product__commodity_class", "product__county"
        )
    )
    units = {line.option_id: line.per_head for line in reversed(lines) if line.option_id}
    prices = delivered((option.product_id for option in options), [recipient.region])
    earning = _accreditations(options)
    parts: defaultdict[int, GiftPart] = defaultdict(lambda: GiftPart(0))
    for line in lines:
        part = parts[line.slot]
        part.slot = line.slot
        if not line.option_id and line.region in ("", recipient.region):
            part.products.append(line.product)
    for option in options:
        part = parts[option.slot]
        picked = picks.get(option.slot)
        part.decided = picked is not None
        offer = prices.get((option.product_id, recipient.region))
        count = units.get(option.pk, 1)
        part.options.append(
            Offered(
                option=option,
                product=option.product,
                price=offer.unit_price * count if offer else None,
                units=count,
                accreditation=earning.get(option.product_id),
                picked=option.pk == picked if picked is not None else option.is_default,
            )
        )
    return [parts[slot] for slot in sorted(parts)]


def _accreditations(options: Iterable[Option]) -> dict[int, Accreditation]:
    day = today()
    rows = Accreditation.objects.filter(
        product__in={option.product_id for option in options},
        state=AccreditationState.VALID,
        valid_from__lte=day,
        valid_to__gt=day,
    )
    return {row.product_id: row for row in rows.select_related("county", "producer")}


def parcels_of(recipient: Recipient) -> list[Sent]:
    """The member's parcels with their goods, way, receipt and complaints."""
    lines = ParcelLine.objects.select_related("line__product__commodity_class", "line__product__county")
    rows = (
        Parcel.objects.filter(recipient=recipient.pk)
        .select_related("supplier_order__order", "supplier_order__producer", "supplier_order__seller", "consignment")
        .prefetch_related(Prefetch("lines", lines), "complaints")
        .order_by("id")
    )
    receipts = {row.parcel_id: row for row in Receipt.objects.filter(recipient=recipient)}
    recalled = recalled_in(parcel.pk for parcel in rows)
    return [_sent(parcel, receipts.get(parcel.pk), recalled.get(parcel.pk, [])) for parcel in rows]


def _sent(parcel: Parcel, receipt: Receipt | None, recalled: list[str]) -> Sent:
    goods = [(item.line.product, item.quantity) for item in parcel.lines.all()]
    return Sent(parcel, goods, _way(parcel, receipt), receipt, list(parcel.complaints.all()), recalled)


def _way(parcel: Parcel, receipt: Receipt | None) -> list[dict[str, Any]]:
    """The steps of a parcel, with what is known of each. It is received when the member says so."""
    done = {"placed": 1, "assigned": 2, "shipped": 3, "accepted": 3, "refused": 3, "returned": 3, "cancelled": 0}
    reached = max(done.get(parcel.state, 1), 4 if receipt else 0)
    shipped = parcel.consignment
    notes = ["", "", f"{shipped.carrier} {shipped.waybill}" if shipped else "", when(receipt.at) if receipt else ""]
    words = [_("Ordered"), _("Packed"), _("Shipped"), _("Signed for")]
    return [
        {
            "label": label,
            "note": note,
            "done": place < reached,
        }
        for place, (label, note) in enumerate(zip(words, notes, strict=True))
    ]


@dataclass(frozen=True)
class GiftRow:
    """A gift in the member's list, and what they should do about it now ("" for nothing)."""

    recipient: Recipient
    todo: str
    is_over: bool
    state: (
        str  # of the plan before there are parcels, then as far as the last of them has come; "" while it is prepared
    )


def gifts_of(union: int, person: str) -> list[GiftRow]:
    """All gifts of a member from their union, newest first, with what is to be done. Two statements; the scope is the union's."""
    if not person:
        return []
    rows = with_todos(Recipient.objects.filter(union=union, person=person))
    return [GiftRow(row, _todo(row), today() > link_ends(row), _state(row)) for row in rows]


def with_todos(rows: QuerySet[Recipient]) -> QuerySet[Recipient]:
    """Recipients with what decides what they should do."""
    parcels = Parcel.objects.filter(recipient=OuterRef("pk"))
    coming = parcels.filter(state__in=[ParcelState.SHIPPED, ParcelState.ACCEPTED], receipt__isnull=True)
    return (
        rows.select_related("programme", "programme__choosing", "union")
        .annotate(
            is_coming=Exists(coming),
            is_shipped=Exists(parcels.filter(state=ParcelState.SHIPPED)),
            is_accepted=Exists(parcels.filter(state=ParcelState.ACCEPTED)),
            is_waiting=Exists(parcels.filter(state__in=[*UNSHIPPED])),
            is_uncalled=Exists(parcels.filter(state=ParcelState.UNCALLED)),
            has_parcels=Exists(parcels),
            has_chosen=Exists(Choice.objects.filter(recipient=OuterRef("pk"))),
            has_answer=Exists(Complaint.objects.filter(recipient=OuterRef("pk"), state=ComplaintState.ANSWERED)),
        )
        .exclude(programme__state=ProgrammeState.WITHDRAWN)
        .order_by("-programme__need_date", "-id")
    )


def _todo(row: Any) -> str:
    if row.programme.state == ProgrammeState.CHOOSING:
        return _("You can still change your choice") if row.has_chosen else _("Choose your gift")
    if row.has_answer:
        return _("Read the answer to your problem")
    if row.is_uncalled:
        return _("Say where your gift shall go")
    if row.is_coming and today() <= row.programme.need_date + _REMIND:
        return _("Confirm that it has come")
    return ""


def _state(row: Any) -> str:
    state: str = row.programme.state
    if state != ProgrammeState.PLACED:
        return state if state == ProgrammeState.CHOOSING else ""
    if row.is_waiting:
        return ParcelState.UNCALLED.value if row.is_uncalled else state
    return "shipped" if row.is_shipped else "accepted" if row.is_accepted else state
