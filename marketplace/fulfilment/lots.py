"""Giving lots to parcels, first expired first (I3)."""

from __future__ import annotations

from collections import defaultdict
from datetime import date

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils.translation import gettext

from marketplace.evidence.actions import record
from marketplace.fulfilment.models import Allocation, Parcel, ParcelState, SupplierOrder
from marketplace.fulfilment.rows import locked
from marketplace.organisations.days import day_in_words
from marketplace.organisations.errors import HouseError, Refusals
from marketplace.organisations.scopes import seen_by
from marketplace.stock.actions import allocate_lots, last_day_needed
from marketplace.stock.errors import LotsNotAssigned, LotsTooSmall, LotStopped
from marketplace.stock.models import LEFT, Condition, Lot, Stock

_FIT = Q(condition=Condition.GOOD, certificate_due=False)


def assign_lots(supplier_order: SupplierOrder) -> None:
    """Give every unit of the supplier order's placed parcels a lot. All or nothing: Refusals of LotsTooSmall otherwise.

    Locks the supplier order, so that no parcel is cancelled meanwhile, then the lots in order of id before it counts what they
    still hold. Nothing to do when all was cancelled.
    """
    wanted = _wanted(locked(supplier_order))
    if not wanted:
        return
    lots = _lots(set(wanted))
    short = [
        LotsTooSmall(sku=Stock.objects.get(pk=stock).sku, covered=have, needed=need)
        for stock in sorted(wanted)
        if (need := sum(q for _, q in wanted[stock])) > (have := sum(free for _, free in lots[stock]))
    ]
    if short:
        raise Refusals([*short, *_passed_over(set(wanted))])
    given = [row for stock in sorted(wanted) for row in _deal(wanted[stock], lots[stock])]
    taken: defaultdict[int, int] = defaultdict(int)
    for _line, lot, quantity in given:
        taken[lot] += quantity
    if gone := allocate_lots(taken):
        raise RuntimeError(f"lots {sorted(gone)} changed under their lock")
    with (
        connection.cursor() as cursor,
        cursor.copy("COPY fulfilment_allocation (parcel_line_id, lot_id, quantity) FROM STDIN") as copy,
    ):
        for row in given:
            copy.write_row(row)
    Parcel.objects.filter(supplier_order=supplier_order, state=ParcelState.PLACED).update(state=ParcelState.ASSIGNED)
    codes = dict(Lot.objects.filter(pk__in=taken).values_list("pk", "code"))
    record(
        "supplier_order.lots_assigned",
        {"number": supplier_order.number, "lots": sorted([codes[lot], quantity] for lot, quantity in taken.items())},
        subject=f"order:{supplier_order.order.number}",
        union_id=supplier_order.union_id,
    )


def _wanted(supplier_order: SupplierOrder) -> dict[int, list[tuple[int, int]]]:
    """Parcel lines without lots by stock record, as (parcel line, units), in the parcels' order."""
    wanted: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT sr.stock_id, pl.id, pl.quantity FROM fulfilment_parcel p
            JOIN fulfilment_parcelline pl ON pl.parcel_id = p.id
            JOIN order_line l ON l.id = pl.line_id
            JOIN partner_stockrecord sr ON sr.id = l.stockrecord_id
            WHERE p.supplier_order_id = %s AND p.state = 'placed' ORDER BY p.id, pl.id
            """,
            [supplier_order.pk],
        )
        for stock, line, quantity in cursor.fetchall():
            wanted[stock].append((line, quantity))
    return dict(wanted)


def _lots(stocks: set[int]) -> defaultdict[int, list[tuple[int, int]]]:
    """What each stock record's lots that may be assigned still hold, as (lot, units), the first to expire first."""
    fit = Lot.objects.filter(_FIT, stock__in=stocks, best_before__gte=last_day_needed())
    lots: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    for lot in sorted(fit.select_for_update().order_by("pk"), key=lambda lot: (lot.best_before, lot.pk)):
        if lot.left:
            lots[lot.stock_id].append((lot.pk, lot.left))
    return lots


def _passed_over(stocks: set[int]) -> list[HouseError]:
    """For each stock record, the lots that hold units and may not be assigned, and why."""
    unfit = Lot.objects.filter(~_FIT | Q(best_before__lt=last_day_needed()), stock__in=stocks).select_related("stock")
    found: defaultdict[str, list[str]] = defaultdict(list)
    for lot in unfit.annotate(free=LEFT).filter(free__gt=0).order_by("stock", "pk"):
        found[lot.stock.sku].append(f"{lot.code} ({why_unfit(lot)})")
    return [LotsNotAssigned(sku=sku, lots=", ".join(lots)) for sku, lots in found.items()]


def why_unfit(lot: Lot) -> str:
    """In a few words, why a lot may not be assigned; empty when it may."""
    missing = gettext("pass certificate missing") if lot.certificate_due else ""
    return why_stopped(lot, last_day_needed()) or missing


def why_stopped(lot: Lot, until: date) -> str:
    """In a few words, why a lot is of no use: held, recalled, or best before a day that comes before `until`; empty when it is."""
    if lot.condition != Condition.GOOD:
        return str(Condition(lot.condition).label)
    if lot.best_before < until:
        return gettext("best before %(day)s") % {"day": day_in_words(lot.best_before)}
    return ""


def stopped(supplier_order: SupplierOrder) -> QuerySet[Lot]:
    """Lots in the supplier order's packed or waiting parcels that were held or recalled after they had been assigned."""
    inside = Allocation.objects.filter(
        parcel_line__parcel__supplier_order=supplier_order, parcel_line__parcel__state=ParcelState.ASSIGNED
    )
    found: QuerySet[Lot] = Lot.objects.filter(pk__in=inside.values("lot")).exclude(condition=Condition.GOOD)
    return found.order_by("pk")


def refuse_stopped(supplier_order: SupplierOrder) -> None:
    """Raise Refusals of LotStopped when such lots are in it."""
    with seen_by(None):
        faults: list[HouseError] = [LotStopped(lot=lot.code) for lot in stopped(supplier_order)]
    if faults:
        raise Refusals(faults)


def _deal(wanted: list[tuple[int, int]], lots: list[tuple[int, int]]) -> list[tuple[int, int, int]]:
    """Deal units out: (parcel line, lot, units). A line may take the end of one lot and the beginning of the next."""
    dealt = []
    stack = list(reversed(lots))
    for line, needed in wanted:
        while needed:
            lot, free = stack.pop()
            took = min(needed, free)
            dealt.append((line, lot, took))
            needed -= took
            if free > took:
                stack.append((lot, free - took))
    return dealt
