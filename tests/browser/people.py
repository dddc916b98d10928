"""People at a real browser: signing in and out, and the few things that every path does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from marketplace.demo.cast import PASSWORD


@contextmanager
def signed_in(page: Any, site: str, username: str) -> Iterator[Any]:
    """Sign in through the form, with the code where one is asked for; leave through the sign-out button."""
    page.goto(f"{site}/accounts/sign-in/")
    page.fill("input[name=username]", username)
    page.fill("input[name=password]", PASSWORD)
    page.click("#sign-in button.button-primary")
    page.wait_for_url(lambda url: "/sign-in/" not in url)
    give_code(page)
    yield page
    page.context.clear_cookies()


def give_code(page: Any) -> None:
    """On the page of the second factor, enter the code that a demonstration shows; nothing to do elsewhere."""
    if "/accounts/code/" not in page.url:
        return
    # Used this half minute already? The page shows the next one as soon as there is one.
    reload_until(page, "#shown-code")
    page.fill("#code-form input[name=code]", page.locator("#shown-code").inner_text())
    page.click("#code-form button.button-primary")
    page.wait_for_url(lambda url: "/accounts/code/" not in url)


def press(page: Any, address_part: str) -> None:
    """Send the form whose action ends so, and wait for the next page."""
    with page.expect_navigation():
        page.locator(f"form[action$='{address_part}'] button").first.click()


def notices(page: Any) -> str:
    """All that the page says in its main part."""
    return str(page.locator("main").inner_text())


def reload_until(page: Any, selector: str, seconds: int = 60) -> None:
    """Reload as a person would, until something has appeared that a worker brings about."""
    for _ in range(seconds * 2):
        if page.locator(selector).count():
            return
        page.wait_for_timeout(500)
        page.reload()
    raise AssertionError(f"{selector} did not appear on {page.url}")
