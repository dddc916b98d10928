"""R10: every page as each person sees it, on a desk and on a phone, by day and by night: nothing that keeps anybody out."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tests.browser.painted import Easel, different
from tests.workspaces import crawl, url_map

DESK, PHONE = 1440, 360

UNSEEN_FOCUS = """() => {
  const look = e => { const s = getComputedStyle(e);
    return [s.outlineStyle, s.outlineWidth, s.outlineColor, s.boxShadow, s.borderColor,
      s.backgroundColor, s.color, s.textDecorationLine].join() };
  const within = e => [e, e.parentElement, e.nextElementSibling, e.closest('label'), e.closest('article'),
    e.closest('li')?.firstElementChild].filter(Boolean);
  const can = [...document.querySelectorAll('a[href],button,input,select,textarea,summary,[tabindex="0"]')]
    .filter(e => !e.disabled && e.type !== 'hidden' && e.getClientRects().length);
  return can.filter(e => { document.activeElement.blur(); const before = within(e).map(look).join();
    e.focus(); return document.activeElement === e && within(e).map(look).join() === before }).map(e => e.outerHTML.slice(0, 120)) }"""


@pytest.fixture
def shown(world: None, settings: Any, tmp_path: Any) -> list[crawl.Page]:
    """Every page once, and again for people who see something else there."""
    from tests.workspaces.own import make

    settings.STATIC_ROOT = tmp_path
    own: SimpleNamespace = make()
    return different(crawl.pages(url_map.own_parameters(own), "zh-hans"))


def test_nothing_serious_is_found_and_nothing_runs_over(shown: list[crawl.Page], browser_page: Any) -> None:
    easel = Easel(browser_page)
    wrong: dict[str, Any] = {}
    for page in shown:
        easel.put(page, DESK)
        for width, dark in ((DESK, False), (PHONE, False), (PHONE, True)):
            easel.look(width, dark=dark)
            if found := easel.violations():
                wrong[f"{page} at {width}{', dark' if dark else ''}"] = found
            if width == PHONE and (wide := browser_page.evaluate("document.documentElement.scrollWidth")) > PHONE:
                wrong[f"{page} runs over"] = wide
    assert wrong == {}


def test_the_focus_is_always_seen(shown: list[crawl.Page], browser_page: Any) -> None:
    easel = Easel(browser_page)
    wrong: dict[str, Any] = {}
    for page in shown:
        easel.put(page, DESK)
        browser_page.keyboard.press("Tab")
        if found := browser_page.evaluate(UNSEEN_FOCUS):
            wrong[str(page)] = found
    assert wrong == {}
