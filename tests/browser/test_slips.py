"""What goes wrong at a browser: an answer that never came, a form open twice, another's number, an upload that is not what it says."""

from __future__ import annotations

from typing import Any

from marketplace.demo import cast
from marketplace.fulfilment.models import Consignment, SupplierOrder
from marketplace.organisations.scopes import seen_by
from marketplace.shop.order.models import Order
from marketplace.steps.actions import run_all_due
from procurement.programmes.models import ProgrammeState, Recipient, RosterImport
from tests.browser.people import notices, press, signed_in
from tests.world import DATES, YUYANG, approved, bring, placed, planned, side


def send_and_lose_the_answer(page: Any, address_part: str) -> None:
    """Send the form whose action ends so; the house does its part, and the line breaks before the answer is there."""

    def break_off(route: Any) -> None:
        route.fetch(max_redirects=0)
        # The page stays: a browser's own page about the error would come in between what is opened next.
        route.abort("aborted")

    pattern = f"**{address_part}"
    page.route(pattern, break_off)
    with page.expect_event("requestfailed", lambda request: request.url.endswith(address_part)):
        page.locator(f"form[action$='{address_part}'] button").first.click()
    page.unroute(pattern)


def test_an_answer_that_never_came_does_nothing_twice(site, browser_page) -> None:
    page = browser_page
    with seen_by(None):
        giver = side()
        plan = approved(giver, [DATES], 3)
        before = Order.objects.count()
    with signed_in(page, site, cast.BUYER):
        address = f"{site}/union/programmes/{plan.pk}/approval/"
        page.goto(address)
        send_and_lose_the_answer(page, "/place/")
        page.goto(address)
        page.locator("main a[href*='/union/orders/']").first.click()
        page.wait_for_url("**/union/orders/**")
    with seen_by(None):
        order = Order.objects.get(programme=plan)
        assert Order.objects.count() == before + 1
        run_all_due()
        part = SupplierOrder.objects.get(order=order)
    with signed_in(page, site, "p-jx"):
        address = f"{site}/producer/orders/{part.pk}/"
        page.goto(address)
        send_and_lose_the_answer(page, "/confirm/")
        with seen_by(None):
            run_all_due()
        page.goto(address)
        assert page.locator("form[action$='/confirm/']").count() == 0
        page.fill("input[name=carrier]", "秦岭速运")
        page.fill("input[name=waybill]", "QL0000001")
        page.locator("form[data-keep=ship] button").dblclick()
        page.locator("main").get_by_text("QL0000001").first.wait_for()
    with seen_by(None):
        assert Consignment.objects.filter(supplier_order=part).count() == 1
    with signed_in(page, site, cast.BUYER):
        address = f"{site}/union/orders/{order.number}/"
        page.goto(address)
        send_and_lose_the_answer(page, f"/parts/{part.pk}/accept/")
        page.goto(address)
        assert page.locator(f"form[action$='/parts/{part.pk}/accept/']").count() == 0
    with seen_by(None):
        part.refresh_from_db()
        assert part.accepted_at is not None


def test_a_plan_open_in_two_windows_is_placed_once(site, browser_page) -> None:
    page = browser_page
    with seen_by(None):
        plan = approved(side(), [DATES], 3)
        before = Order.objects.count()
    with signed_in(page, site, cast.BUYER):
        address = f"{site}/union/programmes/{plan.pk}/approval/"
        page.goto(address)
        second = page.context.new_page()
        second.goto(address)
        press(page, "/place/")
        assert "/union/orders/" in page.url
        press(second, "/place/")
        assert "已下单" in second.locator(".messages").inner_text()
    with seen_by(None):
        assert Order.objects.count() == before + 1
        plan.refresh_from_db()
        assert plan.state == ProgrammeState.PLACED


def test_what_is_no_roster_and_what_is_anothers(site, browser_page) -> None:
    page = browser_page
    with seen_by(None):
        plan = planned(side(), [DATES], 2)
        stranger = side(YUYANG)
        foreign = bring(placed(stranger, [DATES], 2), stranger.buyer, "sent")
    with signed_in(page, site, cast.BUYER):
        for name, content in (
            ("名单.xlsx", b"\x89PNG\r\n\x1a\n picture"),
            ("名单.xlsx", b"<html><table><tr><td>"),
            ("空.csv", b""),
        ):
            page.goto(f"{site}/union/programmes/{plan.pk}/roster/")
            page.set_input_files("input[type=file]", {"name": name, "mimeType": "application/x", "buffer": content})
            with page.expect_navigation():
                page.click("main form[enctype] button.button-primary")
            assert page.locator("main [role=alert]").inner_text().strip()
        answer = page.goto(f"{site}/union/orders/{foreign.number}/")
        assert answer.status == 404
        assert page.locator("main a").count() >= 1
        assert foreign.number not in notices(page)
    with seen_by(None):
        assert (
            RosterImport.objects.filter(programme=plan).count(),
            Recipient.objects.filter(programme=plan).count(),
        ) == (0, 2)
