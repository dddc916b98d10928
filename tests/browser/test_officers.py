"""Officers at work: an accreditation through three offices to the shop window; exceptions granted and refused from above."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from marketplace.demo import cast
from marketplace.organisations.models import User
from procurement.priority.actions import ask_exception
from suppliers.accreditation import actions as accreditation
from suppliers.accreditation.applying import apply
from suppliers.accreditation.models import Accreditation
from tests.browser.people import DESK_IN_ENGLISH, PHONE, View, follow, press, shows, sign_in
from tests.world import YANTA, YUYANG, planned, product, side


def officer(role: str, county: str) -> User:
    return User.objects.get(username=cast.officer_login(role, county))


def applied_anew(sku: str) -> Accreditation:
    """The producer applies again for a product whose accreditation the county has revoked."""
    held = Accreditation.objects.select_related("producer", "county").get(product__upc=sku)
    accreditation.revoke(officer("county", held.county_id), held, "换证")
    seller = User.objects.get(username=cast.seller_login(held.producer.code))
    return apply(seller, held.producer, product(sku), held.mechanism, held.households)


def on_notice_until_today(sku: str) -> Accreditation:
    """An application that nobody objected to while it was on notice."""
    found = applied_anew(sku)
    county = found.county_id
    accreditation.review_town(officer("town", county), found)
    accreditation.review_sector(officer("sector", county), found)
    accreditation.decide_county(officer("county", county), found)
    accreditation.publish(officer("county", county), found, notice_days=0)
    return found


@pytest.mark.parametrize(
    ("view", "county", "skus"),
    [
        (PHONE, "610828", ("JX-NOODLE-800", "JX-DATE-500", "JX-MILLET-2000")),
        (DESK_IN_ENGLISH, "611026", ("ZS-SHIITAKE-200", "ZS-WALNUT-500", "ZS-FUNGUS-150")),
    ],
    ids=str,
)
def test_three_offices_and_an_application(site, window, view: View, county: str, skus: tuple[str, ...]) -> None:
    going, wrong, ripe = applied_anew(skus[0]), applied_anew(skus[1]), on_notice_until_today(skus[2])
    town, sector, office, anyone = (window(view) for _each in range(4))

    sign_in(town, site, cast.officer_login("town", county))
    follow(town, f"main a[href$='/{going.number}/']")
    press(town, "/carry-on/")
    shows(town, going.number, view.words("已进入：镇办初审", "is now at: Town review"))
    # What is wrong goes back with a reason, and not without one.
    town.goto(f"{site}/oversight/accreditations/{wrong.number}/")
    reason = view.words(
        "厂名与许可证不符，请更正后再报", "The name is not that of the licence: correct it, then apply again"
    )
    town.fill("main textarea[name=reason]", reason)
    press(town, "/refuse/")
    shows(town, reason, view.words("已拒绝", "Refused"))
    assert town.locator("main form").count() == 0

    sign_in(sector, site, cast.officer_login("sector", county))
    follow(sector, f"main a[href$='/{going.number}/']")
    press(sector, "/carry-on/")
    shows(sector, view.words("已进入：行业复审", "is now at: Sector review"))

    sign_in(office, site, cast.officer_login("county", county))
    follow(office, f"main a[href$='/{going.number}/']")
    press(office, "/carry-on/")
    shows(office, view.words("已进入：县级审定", "is now at: County decision"))
    press(office, "/carry-on/")
    shows(office, view.words("已进入：公示中", "is now at: Public notice"))
    shows(office, view.words("公示至", "On public notice until"))
    assert office.locator("form[action$='/make-valid/']").count() == 0
    anyone.goto(f"{site}/register/?q={going.number}")
    shows(anyone, going.number, view.words("公示", "Public notice"))

    # The notice of another is over: the county lets it come into force, and the shop window says so.
    office.goto(f"{site}/oversight/accreditations/{ripe.number}/")
    press(office, "/make-valid/")
    shows(office, ripe.number, view.words("生效", "is in force"))
    anyone.goto(f"{site}/products/{ripe.product_id}/")
    assert view.words("帮扶产品", "Assistance product") in anyone.locator("main .product-top").inner_text()
    anyone.goto(f"{site}/products/{wrong.product_id}/")
    anyone.locator("main summary", has_text=view.words("认定经过与公示", "Its history and public notice")).click()
    shows(anyone, reason)
    producer = window(view)
    sign_in(producer, site, cast.seller_login(wrong.producer.code))
    refused = producer.locator("main li", has_text=wrong.number).inner_text()
    assert reason in refused
    assert view.words("已拒绝", "Refused") in refused


@pytest.mark.parametrize(
    ("view", "union", "username"),
    [(PHONE, YANTA, cast.UNION_OFFICER), (DESK_IN_ENGLISH, YUYANG, "officer.yulin")],
    ids=str,
)
def test_exceptions_are_granted_and_refused_from_above(site, window, view: View, union: str, username: str) -> None:
    giver, today = side(union), timezone.localdate()
    plan = planned(giver, [cast.PARTIAL_SECOND], 3, title="慰问一线职工")
    asked = {
        sku: ask_exception(
            giver.buyer, giver.union, product(sku), grounds="献血职工专用", quantity=3,
            valid_from=today, valid_to=today + timedelta(days=90),
        )
        for sku in (cast.PARTIAL_SECOND, cast.PARTIAL_FIRST)
    }  # fmt: skip
    page = window(view)
    sign_in(page, site, username)
    shows(page, giver.union.name if view is PHONE else giver.union.name_en)
    follow(page, "main a[href$='/exceptions/']")
    shows(page, "献血职工专用", asked[cast.PARTIAL_SECOND].number, asked[cast.PARTIAL_FIRST].number)
    press(page, f"/{asked[cast.PARTIAL_SECOND].number}/grant/")
    shows(
        page,
        view.words(
            f"申请 {asked[cast.PARTIAL_SECOND].number} 已处理", f"{asked[cast.PARTIAL_SECOND].number} was decided"
        ),
    )
    refusal = f"form[action$='/{asked[cast.PARTIAL_FIRST].number}/refuse/']"
    page.locator(f"{refusal} textarea").fill("同类帮扶产品够用")
    follow(page, f"{refusal} button")
    assert page.locator(f"form[action*='{asked[cast.PARTIAL_FIRST].number}']").count() == 0
    for sku, words in (
        (cast.PARTIAL_SECOND, view.words("已批准", "Granted")),
        (cast.PARTIAL_FIRST, view.words("已拒绝", "Refused")),
    ):
        decided = page.locator("main tr", has_text=asked[sku].number)
        assert words in decided.inner_text()

    buyer = window(view)
    sign_in(buyer, site, giver.buyer.username)
    buyer.goto(f"{site}/union/programmes/{plan.pk}/goods/")
    shows(buyer, view.words("例外已批准", "Exception granted"))
    assert buyer.locator("form[action$='/substitute/']").count() == 0
