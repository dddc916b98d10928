"""A gift from sign-in to the placed order by keyboard alone, in English: nothing is out of reach, and the focus is always seen."""

from __future__ import annotations

from typing import Any

from marketplace.demo.cast import APPROVER, ASSISTANCE, BUYER, PASSWORD
from marketplace.organisations.scopes import seen_by
from marketplace.shop.order.models import Order
from tests.browser.people import notices, reload_until

_MOST = 250  # a page with more stops than this is out of reach


def reach(page: Any, selector: str) -> None:
    """Press Tab until the focus is on it."""
    for _ in range(_MOST):
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{selector} is not reached by Tab on {page.url}")


def enter(page: Any, selector: str) -> None:
    """Reach a link or a button and press Enter."""
    reach(page, selector)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def write(page: Any, selector: str, text: str) -> None:
    """Reach a field and write into it, in place of what stands there."""
    reach(page, selector)
    page.keyboard.press("Control+A")
    page.keyboard.type(text)


def sign_in(page: Any, site: str, username: str) -> None:
    page.context.clear_cookies()
    page.context.add_cookies([{"name": "django_language", "value": "en", "url": site}])
    page.goto(f"{site}/accounts/sign-in/")
    write(page, "#sign-in input[name=username]", username)
    write(page, "#sign-in input[name=password]", PASSWORD)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    if "/accounts/code/" in page.url:
        reload_until(page, "#shown-code")
        write(page, "#code-form input[name=code]", page.locator("#shown-code").inner_text())
        with page.expect_navigation():
            page.keyboard.press("Enter")


def test_a_gift_by_keyboard_alone(site, browser_page) -> None:
    page = browser_page
    sign_in(page, site, BUYER)
    enter(page, "main a[href$='/programmes/new/']")
    # What for, by when and from which purse is proposed; the standard is the clerk's to say.
    write(page, "main input[name=per_head]", "50")
    enter(page, "main form[data-keep] button.button-primary")
    enter(page, "main a[href$='/roster/add/']")
    write(page, "main input[name=name]", "钱小满")
    write(page, "main input[name=phone]", "13900000001")
    write(page, "main input[name=address]", "陕西省西安市雁塔区测试路1号")
    enter(page, "main form[data-keep] button.button-primary")
    enter(page, "main a[href$='/goods/']")
    write(page, "main form[role=search] input[name=q]", ASSISTANCE)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    enter(page, "form.product-form button")
    enter(page, "main a[href$='/approval/']")
    assert "The rule allows this gift as it stands." in notices(page)
    enter(page, "form[action$='/submit/'] button")
    plan = page.url
    sign_in(page, site, APPROVER)
    enter(page, "main a[href$='/approval/']")
    assert page.url == plan
    enter(page, "form[action$='/approve/'] button")
    sign_in(page, site, BUYER)
    enter(page, "main a[href$='/approval/']")
    enter(page, "form[action$='/place/'] button")
    assert "/union/orders/" in page.url
    with seen_by(None):
        assert Order.objects.get(number=page.url.rstrip("/").rsplit("/", 1)[1]).recipients == 1
