"""What a producer's failure left to make good: said first, and made good by a plan that begins with assistance products."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from marketplace.demo import cast
from marketplace.fulfilment.models import Parcel
from marketplace.ledger.actions import open_purse
from marketplace.workspaces.templatetags._figures import fen
from marketplace.workspaces.union.suggestions import draft_to_make_good
from procurement.policy.models import Occasion
from procurement.programmes.complaints import report
from procurement.programmes.models import ComplaintReason
from tests.workspaces.gifts import shipped_gift, with_dates_given_up
from tests.workspaces.persons import Person, text
from tests.world import draft, side

pytestmark = pytest.mark.usefixtures("world")


def test_the_buyer_is_led_from_what_is_due_to_a_plan_that_says_it() -> None:
    year, buyer = with_dates_given_up().order.gift_year, Person(cast.BUYER)
    home = buyer.open("union:home")
    assert "To make good: ¥60.00 of assistance products" in text(home)
    address = f"{reverse('union:programme_new')}?make_good={year}"
    assert address in home.content.decode()
    page = buyer.client.get(address)
    assert page.context["due"].amount == 6_000
    assert f"before the gift year {year} is closed" in text(page)
    assert page.context["form"].initial["title"] == f"Assistance products to make good {year}"
    assert page.context["form"].initial["purse"] == side().general.pk


def test_the_approver_is_told_but_not_asked_to_plan() -> None:
    with_dates_given_up()
    home = Person(cast.APPROVER).open("union:home")
    assert "To make good: ¥60.00 of assistance products" in text(home)
    assert "make_good=" not in home.content.decode()


def test_goods_begin_with_assistance_products_until_it_is_made_good() -> None:
    with_dates_given_up()
    plan, buyer = draft(side(), title="补足"), Person(cast.BUYER)
    page = buyer.open("union:goods", plan.pk)
    assert {card.outcome for card in page.context["page"].object_list} == {"assistance"}
    assert "only assistance products can be added" in text(page)
    everything = buyer.open("union:goods", plan.pk, kind="", sort="price")
    assert "ordinary" in {card.outcome for card in everything.context["page"].object_list}


def test_goods_show_everything_where_nothing_is_due() -> None:
    page = Person(cast.BUYER).open("union:goods", draft(side()).pk)
    assert page.context["due"] is None
    assert page.context["page"].paginator.count > 12
    assert "To make good" not in text(page)


@pytest.mark.parametrize("wish", ["", "1999", "2026x", "2031"])
def test_where_nothing_is_due_the_plan_is_one_like_any_other(wish: str) -> None:
    page = Person(cast.BUYER).client.get(f"{reverse('union:programme_new')}?make_good={wish}")
    assert page.context["due"] is None
    assert "To make good" not in text(page)


def test_a_plan_that_makes_good_falls_on_a_festival_of_that_year_or_on_birthdays() -> None:
    union = side().union
    purse = open_purse(union, "慰问经费", 2036).pk
    found = draft_to_make_good(union, date(2036, 9, 1), 2036)
    assert (found["occasion"], found["purse"]) == (Occasion.NATIONAL_DAY, purse)
    with translation.override("zh-hans"):
        assert draft_to_make_good(union, date(2036, 11, 24), 2036) == {
            "occasion": Occasion.BIRTHDAY, "title": "2036 年帮扶产品补足慰问", "purse": purse,
        }  # fmt: skip


def test_a_plan_in_place_of_a_parcel_says_whose_what_and_how_much() -> None:
    recipient = shipped_gift("shipped")
    parcel = Parcel.objects.get(recipient=recipient.pk)
    complaint = report(recipient, parcel, ComplaintReason.DAMAGED, "破了")
    buyer = Person(cast.BUYER)
    address = f"{reverse('union:programme_new')}?in_place_of={complaint.pk}"
    assert address in buyer.open("union:complaint", complaint.pk).content.decode()
    page = buyer.client.get(address)
    amount = sum(item.quantity * item.line.unit_price_fen for item in parcel.lines.select_related("line"))
    assert page.context["lost"].amount == amount > 0
    assert f"({recipient.member_no}), worth {fen(amount)}" in text(page)
    start = page.context["form"].initial
    assert (start["occasion"], start["per_head"], start["delivery"]) == (
        recipient.programme.occasion, amount, recipient.programme.delivery,
    )  # fmt: skip
    assert start["need_date"] == timezone.localdate() + timedelta(days=14)


def test_another_unions_complaint_begins_no_plan() -> None:
    recipient = shipped_gift("shipped")
    complaint = report(recipient, Parcel.objects.get(recipient=recipient.pk), ComplaintReason.DAMAGED, "破了")
    page = Person("buyer.yuyang").client.get(f"{reverse('union:programme_new')}?in_place_of={complaint.pk}")
    assert page.context["lost"] is None
