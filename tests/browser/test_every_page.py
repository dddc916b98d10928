"""R10: every page as each person sees it, on a desk and on a phone, by day and by night: nothing that keeps anybody out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.painted import different, easel
from tests.workspaces.crawl import Crawled

DESK, PHONE = 1440, 360
PARTS = 4  # so that test processes share the pages


@pytest.mark.parametrize("part", range(PARTS))
def test_nothing_serious_is_found_nothing_runs_over_and_the_focus_is_always_seen(
    crawled: Callable[[str], Crawled], browser_page: Any, part: int
) -> None:
    """Every page once, and again for people who see something else there. Night changes colours alone."""
    wrong: dict[str, Any] = {}
    with easel(browser_page) as painted:
        for page in different(crawled("zh-hans").pages)[part::PARTS]:
            painted.put(page, DESK)
            for width, dark in ((DESK, False), (PHONE, False), (PHONE, True)):
                painted.look(width, dark=dark)
                if found := painted.violations(colours=dark):
                    wrong[f"{page} at {width}{', dark' if dark else ''}"] = found
                if width == PHONE and (wide := painted.page_width()) > PHONE:
                    wrong[f"{page} runs over"] = wide
                if width == DESK and (found := painted.without_seen_focus()):
                    wrong[f"{page}, focus"] = found
    assert wrong == {}
