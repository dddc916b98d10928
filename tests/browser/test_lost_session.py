"""A session that ends in the middle of a long form: whatever the way back, the form stands there with all that was typed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from marketplace.demo import cast
from marketplace.organisations.models import Membership, Organisation, Role, User
from marketplace.signin.actions import begin_with
from tests.browser.people import follow, give_code

TITLE = "中秋节慰问：写到一半"


@pytest.fixture
def buyer_and_approver(fresh_world) -> None:
    """The buyer of the plan is an approver too, so that coming back takes the second factor as well."""
    union = Organisation.objects.get(code=cast.UNION)
    begin_with([Membership(user=User.objects.get(username=cast.APPROVER), organisation=union, role=Role.BUYER)])


def enter(page: Any) -> None:
    """Sign in on the page where one was led to, with the code."""
    page.fill("input[name=username]", cast.APPROVER)
    page.fill("input[name=password]", cast.PASSWORD)
    page.click("#sign-in button.button-primary")
    page.wait_for_url(lambda url: "/sign-in/" not in url)
    give_code(page)


def typed(page: Any) -> tuple[str, str, str]:
    return (
        page.input_value("input[name=title]"),
        page.input_value("select[name=occasion]"),
        page.input_value("input[name=per_head]"),
    )


def promises(page: Any) -> list[str]:
    return [str(words) for words in page.locator("[data-when-kept]:visible").all_inner_texts()]


def begin(page: Any, site: str) -> tuple[str, str, str]:
    page.goto(f"{site}/union/programmes/new/")
    page.fill("input[name=title]", TITLE)
    page.select_option("select[name=occasion]", cast.OCCASION)
    page.fill("input[name=per_head]", "287.5")
    page.fill("input[name=need_date]", (timezone.localdate() + timedelta(days=cast.NEED_IN_DAYS)).isoformat())
    return typed(page)


def send(page: Any) -> None:
    with page.expect_navigation():
        page.click("main form button.button-primary")


def test_what_was_typed_survives_every_end_of_a_session(buyer_and_approver, live_site, browser_page) -> None:
    page, site = browser_page, live_site
    page.goto(f"{site}/union/programmes/new/")
    # Nobody is promised that what they typed is kept before they have typed anything.
    assert promises(page) == []
    enter(page)
    assert page.url == f"{site}/union/programmes/new/"

    # The session has ended, the form is sent: sign in, give the code, and the form is back.
    before = begin(page, site)
    page.context.clear_cookies(name="sessionid")
    send(page)
    assert "/accounts/sign-in/?next=/union/programmes/new/" in page.url
    assert promises(page) == ["您在本窗口填写的内容已为您保留。"]
    enter(page)
    assert (page.url, typed(page)) == (f"{site}/union/programmes/new/", before)

    # All cookies are gone: a page in words, and from there the same way.
    before = begin(page, site)
    page.context.clear_cookies()
    send(page)
    assert "没有丢失" in page.locator("main").inner_text()
    follow(page, "#back-to-form")
    enter(page)
    assert (page.url, typed(page)) == (f"{site}/union/programmes/new/", before)

    # Signed in anew in another tab, whose token the old page does not know.
    before = begin(page, site)
    other = page.context.new_page()
    other.context.clear_cookies(name="csrftoken")
    other.goto(f"{site}/accounts/sign-in/")
    enter(other)
    send(page)
    follow(page, "#back-to-form")
    assert typed(page) == before
    send(page)
    assert page.url.endswith("/roster/")
