"""A member at a phone of 360 px: the personal link, choosing, changing one's mind, a double tap; nothing is wider than the screen."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from marketplace.organisations.scopes import seen_by
from procurement.programmes.choosing import offer, open_choosing
from procurement.programmes.links import token_of
from procurement.programmes.models import Choice, Option
from tests.browser.people import notices
from tests.world import DATES, FUNGUS, TEA, planned, product, side


def test_a_member_chooses_on_a_phone(site, browser_page) -> None:
    with seen_by(None):
        giver = side()
        programme = planned(giver, [DATES, FUNGUS], 2, delivery="home")
        offer(giver.buyer, programme, 2, product(TEA))
        open_choosing(giver.buyer, programme, timezone.now() + timedelta(days=5))
        recipient = programme.recipients.first()
        token = token_of(recipient)
        tea, fungus = (Option.objects.get(programme=programme, product__upc=sku).pk for sku in (TEA, FUNGUS))
    page = browser_page
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(f"{site}/my/g/{token}/")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.is_checked(f"input[value='{fungus}']")
    assert recipient.name not in notices(page)

    page.locator(".choose-option", has=page.locator(f"input[value='{tea}']")).click()
    with page.expect_navigation():
        page.locator(".choose-bar button").dblclick()
    page.wait_for_load_state()
    assert page.is_checked(f"input[value='{tea}']")
    with seen_by(None):
        assert [c.option_id for c in Choice.objects.filter(recipient=recipient)] == [tea]

    page.focus(f"input[value='{tea}']")
    page.keyboard.press("ArrowUp")
    assert page.is_checked(f"input[value='{fungus}']")
    page.fill("textarea[name=address]", "陕西省汉中市汉台区测试路8号")
    with page.expect_navigation():
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
    page.wait_for_load_state()
    with seen_by(None):
        recipient.refresh_from_db()
        assert recipient.region == "6107"
        assert Choice.objects.get(recipient=recipient).option_id == fungus
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
