"""What the demonstration's member finds at home: the gifts of the past, and one to be chosen this week."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from marketplace.demo import cast
from marketplace.demo.members import members, workbook
from marketplace.demo.supply import Supply
from marketplace.ledger.models import Purse
from procurement.policy.models import Occasion
from procurement.programmes.actions import create_programme, import_roster, put_gift_line
from procurement.programmes.choosing import offer, open_choosing
from procurement.programmes.models import Delivery, Programme
from procurement.programmes.people import tie_member

_HEADS = 12
_NEEDED, _CLOSES = timedelta(days=20), timedelta(days=7)
_STANDARD = 5_000  # fen for each member
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
