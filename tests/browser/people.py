"""People at a real browser: signing in and out, and the few things that every path does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from marketplace.demo.cast import PASSWORD


@dataclass(frozen=True)
class View:
    """How somebody looks at the site: the browser's language, and the window's width in pixels."""

    locale: str
    width: int

    def words(self, chinese: str, english: str) -> str:
        """What stands on the page in this language."""
        return english if self.locale.startswith("en") else chinese

    def __str__(self) -> str:
        return f"{self.locale}-{self.width}"


PHONE = View("zh-CN", 360)
DESK = View("zh-CN", 1440)
PHONE_IN_ENGLISH = View("en-GB", 360)
DESK_IN_ENGLISH = View("en-GB", 1440)


@contextmanager
def signed_in(page: Any, site: str, username: str) -> Iterator[Any]:
    """Sign in, and have another session afterwards."""
    sign_in(page, site, username)
    yield page
    page.context.clear_cookies()


def sign_in(page: Any, site: str, username: str) -> None:
    """Sign in through the form, with the code where one is asked for; one's own day stands there then."""
    page.goto(f"{site}/accounts/sign-in/")
    page.fill("input[name=username]", username)
    page.fill("input[name=password]", PASSWORD)
    page.click("#sign-in button.button-primary")
    page.wait_for_url(lambda url: "/sign-in/" not in url)
    give_code(page)


def sign_in_by_phone(page: Any, site: str, username: str) -> None:
    """Sign in by the code that comes to one's phone; what a worker does meanwhile is done here."""
    from marketplace.organisations.models import User
    from marketplace.steps.actions import run_all_due

    page.goto(f"{site}/accounts/sign-in/")
    follow(page, "main a[href*='/accounts/phone/']")
    page.fill("#phone-form input[name=phone]", User.objects.get(username=username).phone)
    with page.expect_navigation():
        page.click("#phone-form button.button-primary")
    run_all_due()
    page.reload()
    page.fill("#code-form input[name=code]", page.locator("#shown-code").inner_text())
    with page.expect_navigation():
        page.click("#code-form button.button-primary")


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
    follow(page, f"form[action$='{address_part}'] button")


def follow(page: Any, selector: str, **narrowed: Any) -> None:
    """Click the first link or button that is so, and wait for the next page."""
    with page.expect_navigation():
        page.locator(selector, **narrowed).first.click()


def shows(page: Any, *words: str) -> None:
    """The page says all of this in its messages or its main part."""
    said = " ".join(page.locator(".content").inner_text().split())
    assert [one for one in words if one not in said] == [], said


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
