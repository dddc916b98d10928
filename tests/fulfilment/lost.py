"""Parcels that are lost, and what has to add up afterwards."""

from __future__ import annotations

import pytest
from django.utils import timezone

from marketplace.fulfilment.models import Parcel, SupplierOrder
from marketplace.organisations.errors import HouseError
from marketplace.shop.order.models import Order
from procurement.compliance.queries import Statement, statement
from procurement.priority.models import UnionYear
from tests.faults.states import faults_of_books
from tests.world import (
    Side,
    let_constraints_speak,
    supplier_orders,
)

DATE_FEN, MOONCAKE_FEN = 3_000, 10_800
SHARE_BP = 5_000


def refused(call) -> HouseError:
    with pytest.raises(HouseError) as caught:
        call()
    return caught.value


def parcels(supplier_order: SupplierOrder, heads: int, skip: int = 0) -> tuple[int, ...]:
    """The ids of so many parcels, in order."""
    rows = Parcel.objects.filter(supplier_order=supplier_order).order_by("pk").values_list("pk", flat=True)
    return tuple(rows[skip : skip + heads])


def this_year(giver: Side) -> Statement:
    return statement(giver.union, timezone.localdate().year)


def holds_together(giver: Side) -> None:
    """The year's row, the decisions less their releases, and the ledger say the same; the books are in order."""
    let_constraints_speak()
    figures = this_year(giver)
    row = UnionYear.objects.get(union=giver.union, gift_year=figures.year)
    assert (row.assistance, row.ordinary) == (figures.assistance, figures.ordinary)
    assert figures.spent == figures.assistance + figures.ordinary + figures.waived
    assert faults_of_books() == []


def dates(order: Order) -> SupplierOrder:
    return next(so for so in supplier_orders(order) if so.producer.code == "P-JX")


def cakes(order: Order) -> SupplierOrder:
    return next(so for so in supplier_orders(order) if so.mode == "direct")
