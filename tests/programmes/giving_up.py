"""What a union gives up again, and what it had bought the year before."""

from __future__ import annotations

from django.utils import timezone

from marketplace.demo import cast
from marketplace.fulfilment.losses import Report, cancel
from marketplace.fulfilment.models import Parcel, SupplierOrder
from marketplace.ledger.actions import fund, open_purse
from marketplace.shop.order.models import Order
from procurement.priority.models import UnionYear
from tests.world import DATES, DATES_FEN, Side, let_constraints_speak, placed, supplier_orders, whatever_year


def part(order: Order, sku: str) -> SupplierOrder:
    found = SupplierOrder.objects.filter(order=order, parcels__lines__line__partner_sku=sku).distinct().get()
    return next(s for s in supplier_orders(order) if s.pk == found.pk)


def parcels(so: SupplierOrder, number: int | None = None) -> tuple[int, ...]:
    standing = Parcel.objects.filter(supplier_order=so, loss=None).order_by("pk")
    return tuple(standing.values_list("pk", flat=True)[:number])


def drop(giver: Side, order: Order, sku: str, number: int | None = None, reason: str = "not_needed") -> None:
    cancel(giver.buyer, part(order, sku), Report(parcels(part(order, sku), number), reason))
    let_constraints_speak()


def same_as_last_year(giver: Side, heads: int) -> None:
    """So many bags of dates, and what is set aside this year, were bought in the gift year before."""
    year = timezone.localdate().year - 1
    purse = open_purse(giver.union, cast.GENERAL_PURSE, year)
    held = giver.reserve.account.balance // DATES_FEN
    fund(purse, (heads + held) * DATES_FEN, "last year")
    with whatever_year():
        placed(giver, [DATES], heads=heads + held, prefix="L", gift_year=year, purse=purse)
    assert UnionYear.objects.get(union=giver.union, gift_year=year).assistance == (heads + held) * DATES_FEN
