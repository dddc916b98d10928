"""What the demonstration's member finds at home: the gifts of the past, one to be chosen this week, and one to be called for."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from marketplace.demo import cast
from marketplace.demo.members import members, workbook
from marketplace.demo.supply import Supply
from marketplace.fulfilment.actions import confirm, send
from marketplace.fulfilment.models import SupplierOrder
from marketplace.ledger.models import Purse
from procurement.policy.models import Occasion
from procurement.programmes.actions import approve, create_programme, import_roster, put_gift_line, submit
from procurement.programmes.choosing import offer, open_choosing
from procurement.programmes.models import Delivery, Programme
from procurement.programmes.people import tie_member
from procurement.programmes.placement import place

_HEADS = 12
_NEEDED, _CLOSES = timedelta(days=20), timedelta(days=7)
_STANDARD = 5_000  # fen for each member
_CALLED_FOR = "JX-DATE-1000"
_DEFAULT, *_OTHERS = ("MZ-MILLET-2000", "JX-DATE-1000", "ZS-FUNGUS-150")


def open_a_choice(supply: Supply) -> Programme:
    """A birthday gift of which each member chooses one of three, by the same verbs as everything; the member's account is tied.

    The first on the list is the member who may be tried out: with it all gifts since the beginning show in their account.
    """
    buyer, union = supply.people[cast.BUYER], supply.organisations[cast.UNION]
    need = timezone.localdate() + _NEEDED
    programme = create_programme(
        buyer,
        union,
        title=f"{need.year} 年职工生日慰问（自选）",
        occasion=Occasion.BIRTHDAY,
        gift_year=need.year,
        per_head=_STANDARD,
        need_date=need,
        delivery=Delivery.HOME,
        purse=Purse.objects.get(union=union, gift_year=need.year, name=cast.GENERAL_PURSE),
    )
    people = members(cast.UNION, _HEADS)
    import_roster(buyer, programme, f"{need:%Y%m}生日名单.xlsx", workbook(people, timezone.now()))
    put_gift_line(buyer, programme, 1, supply.offers[_DEFAULT].product)
    for sku in _OTHERS:
        offer(buyer, programme, 1, supply.offers[sku].product)
    open_choosing(buyer, programme, timezone.now() + _CLOSES)
    tie_member(supply.people["member"], programme.recipients.order_by("row", "id")[0])
    return programme


def hand_out_vouchers(supply: Supply) -> Programme:
    """A gift by voucher, ordered today and confirmed by its producer: the members say where it shall go."""
    buyer, union = supply.people[cast.BUYER], supply.organisations[cast.UNION]
    need = timezone.localdate() + _NEEDED
    programme = create_programme(
        buyer,
        union,
        title=f"{need.year} 年职工慰问（提货券）",
        occasion=Occasion.BIRTHDAY,
        gift_year=need.year,
        per_head=_STANDARD,
        need_date=need,
        delivery=Delivery.VOUCHER,
        purse=Purse.objects.get(union=union, gift_year=need.year, name=cast.GENERAL_PURSE),
    )
    people = members(cast.UNION, _HEADS)
    import_roster(buyer, programme, f"{need:%Y%m}提货券名单.xlsx", workbook(people, timezone.now()))
    put_gift_line(buyer, programme, 1, supply.offers[_CALLED_FOR].product)
    submit(buyer, programme)
    approve(supply.people[cast.APPROVER], programme)
    order = place(buyer, programme, f"demo-voucher-{programme.pk}")
    for supplier_order in SupplierOrder.objects.filter(order=order).select_related("order", "union", "producer"):
        send(supplier_order)
        confirm(supply.seller(supplier_order.producer.code), supplier_order)
    programme.refresh_from_db()
    return programme
