"""Reads about supplier orders and parcels. States of parents are derived here, never stored (I7)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum

from marketplace.fulfilment.models import Parcel, ParcelLine, ParcelState, SupplierOrder
from marketplace.shop.order.models import Order

# What is called for is shipped while other members have still to call: only then does the supplier order wait for them.
_SLOWEST_FIRST = [
    ParcelState.PLACED,
    ParcelState.ASSIGNED,
    ParcelState.UNCALLED,
    ParcelState.SHIPPED,
    ParcelState.ACCEPTED,
]
_LOST = [ParcelState.CANCELLED, ParcelState.REFUSED, ParcelState.RETURNED]


def with_states(supplier_orders: QuerySet[SupplierOrder]) -> QuerySet[SupplierOrder]:
    """Annotate each supplier order with its parcels' counts (`parcels_total`, `in_placed`, …), for `state_of`, in one statement."""
    counts = {f"in_{state}": Count("parcels", filter=Q(parcels__state=state)) for state in ParcelState.values}
    return supplier_orders.annotate(parcels_total=Count("parcels"), **counts)


def state_of(supplier_order: SupplierOrder) -> str:
    """The derived state: new, sent, confirmed, assigned, uncalled, shipped, accepted, closed (nothing left to deliver).

    Uncalled: confirmed, nothing to be shipped now, and members with vouchers have still to call for theirs.
    """
    if not hasattr(supplier_order, "parcels_total"):
        supplier_order = with_states(SupplierOrder.objects.filter(pk=supplier_order.pk)).get()
    counts = {state: getattr(supplier_order, f"in_{state}") for state in _SLOWEST_FIRST}
    if not any(counts.values()):
        return "closed"
    if (counts[ParcelState.PLACED] or counts[ParcelState.UNCALLED]) and not supplier_order.confirmed_at:
        return "sent" if supplier_order.sent_at else "new"
    slowest = next(state for state in _SLOWEST_FIRST if counts[state])
    return "confirmed" if slowest == ParcelState.PLACED else str(slowest)


def in_state(supplier_orders: QuerySet[Any], state: str) -> QuerySet[Any]:
    """Of supplier orders `with_states`, those of which `state_of` says this state; none for an unknown one."""
    empty = [Q(**{f"in_{earlier}": 0}) for earlier in _SLOWEST_FIRST]
    confirmed = Q(confirmed_at__isnull=False)
    if state == "closed":
        return supplier_orders.filter(*empty)
    if state in _SLOWEST_FIRST[1:]:
        place = _SLOWEST_FIRST.index(ParcelState(state))
        mark = confirmed if state == ParcelState.UNCALLED else Q()
        return supplier_orders.filter(mark, *empty[:place], **{f"in_{state}__gt": 0})
    if state == "confirmed":
        return supplier_orders.filter(confirmed, in_placed__gt=0)
    marks = {"new": Q(sent_at__isnull=True), "sent": Q(sent_at__isnull=False)}
    waiting = Q(in_placed__gt=0) | Q(in_uncalled__gt=0)
    return supplier_orders.filter(marks[state], waiting, ~confirmed) if state in marks else supplier_orders.none()


def progress(order: Order) -> dict[str, int]:
    """How many of an order's parcels are in each state."""
    rows = Parcel.objects.filter(supplier_order__order=order).values("state").annotate(n=Count("id")).order_by("state")
    return {row["state"]: row["n"] for row in rows}


def to_pack(supplier_order: SupplierOrder) -> QuerySet[Parcel]:
    """The parcels that the producer packs now, while there are any; else all that it packed. None that waits to be called for."""
    packed = Parcel.objects.filter(supplier_order=supplier_order).exclude(
        state__in=[ParcelState.CANCELLED, ParcelState.UNCALLED]
    )
    now = packed.filter(state__in=[ParcelState.PLACED, ParcelState.ASSIGNED])
    return now if now.exists() else packed


def pick_list(supplier_order: SupplierOrder) -> list[Mapping[str, Any]]:
    """What to fetch from which lot: title, lot, best before, units. Lines without a lot yet have lot None."""
    lines = ParcelLine.objects.filter(parcel__in=to_pack(supplier_order))
    return list(
        lines.values(
            title=F("line__title"), lot=F("allocations__lot__code"), best_before=F("allocations__lot__best_before")
        )
        .annotate(units=Sum(F("quantity")) if supplier_order.confirmed_at is None else Sum("allocations__quantity"))
        .order_by("title", "best_before", "lot")
    )


def to_pay(order: Order) -> dict[int, int]:
    """Supplier order → fen for its goods, without what was cancelled, refused or returned. One statement."""
    lines = ParcelLine.objects.filter(parcel__supplier_order__order=order).exclude(parcel__state__in=_LOST)
    sums = lines.values("parcel__supplier_order").annotate(total=Sum(F("quantity") * F("line__unit_price_incl_tax")))
    return {row["parcel__supplier_order"]: int(row["total"] * 100) for row in sums.order_by()}


def amount(supplier_order: SupplierOrder, states: tuple[str, ...] = (ParcelState.ACCEPTED,)) -> int:
    """Fen for the goods of a supplier order whose parcels are in these states."""
    lines = ParcelLine.objects.filter(parcel__supplier_order=supplier_order, parcel__state__in=states)
    total = lines.aggregate(total=Sum(F("quantity") * F("line__unit_price_incl_tax")))["total"]
    return int((total or 0) * 100)
