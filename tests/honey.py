"""A small shelf at the edge of clause 2: ordinary honey at 40.00, and three producers' accredited honey within the price band."""

from __future__ import annotations

from marketplace.demo import cast
from marketplace.shop.order.models import Order
from procurement.programmes.actions import approve, submit, substitute
from procurement.programmes.models import Programme
from procurement.programmes.placement import place
from tests.world import Side, leave_in_stock, planned

PLAIN = cast.PARTIAL_FIRST
HONEYS = ("LG-HONEY-500", "LB-HONEY-500", "LY-HONEY-500")  # 40.50, 41.00, 41.80; the price band of 10 % ends at 44.00


def jars(*left: int) -> None:
    """So many jars of each assistance honey are left."""
    for sku, units in zip(HONEYS, left, strict=True):
        leave_in_stock(sku, units)


def partly_approved(giver: Side) -> Programme:
    """Three jars of assistance honey are left for five members: two get the ordinary one."""
    jars(3, 0, 0)
    programme = planned(giver, [PLAIN], heads=5, prefix="C")
    substitute(giver.buyer, programme, 1)
    submit(giver.buyer, programme)
    approve(giver.approver, programme)
    return programme


def partly(giver: Side) -> Order:
    """That, placed."""
    programme = partly_approved(giver)
    return place(giver.buyer, programme, f"place-{programme.pk}")
