"""Pages that were already rendered, painted by a real browser: no server is asked, so that hundreds take little time."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.base import AXE_SCRIPT
from django.contrib.staticfiles import finders

from tests.workspaces.crawl import Page

SITE = "http://127.0.0.1:1"
AXE = "async () => (await axe.run(document, {resultTypes: ['violations'], rules: {'target-size': {enabled: true}}})).violations"
UNSTEADY = re.compile(r'value="[0-9A-Za-z]{64}"|"X-CSRFToken": "\w+"|name="key" value="\w+"')


def different(pages: Iterable[Page]) -> list[Page]:
    """The pages without those that another person sees just so."""
    found: dict[tuple[str, str], Page] = {}
    for page in pages:
        main = page.html.source.partition("<main")[2].partition("</main>")[0]
        found.setdefault((page.name, UNSTEADY.sub("", main)), page)
    return list(found.values())


class Easel:
    """A browser page on which rendered pages are put one after another."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self._source = ""
        page.route("**/*", self._answer)

    def put(self, shown: Page, width: int = 1440, *, dark: bool = False) -> None:
        """Paint a page anew."""
        self._source = shown.html.source
        self.look(width, dark=dark)
        self.page.goto(f"{SITE}{shown.url}")

    def look(self, width: int, *, dark: bool = False) -> None:
        """Look at what is painted through a window of this width, by day or by night."""
        self.page.set_viewport_size({"width": width, "height": 900 if width > 600 else 760})
        self.page.emulate_media(color_scheme="dark" if dark else "light", reduced_motion="reduce")
        self.page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def violations(self) -> list[str]:
        """What axe-core calls serious or critical, each with the first element that has it."""
        if not self.page.evaluate("() => 'axe' in window"):
            self.page.evaluate(AXE_SCRIPT)
        return [
            f"{found['id']} ({len(found['nodes'])}): {found['nodes'][0]['html'][:160]}"
            f" {(found['nodes'][0].get('failureSummary') or '').splitlines()[1:2]}"
            for found in self.page.evaluate(AXE)
            if found["impact"] in {"serious", "critical"}
        ]

    def _answer(self, route: Any) -> None:
        path = urlsplit(route.request.url).path
        if route.request.is_navigation_request():
            return route.fulfill(body=self._source, content_type="text/html; charset=utf-8")
        found = finders.find(path.removeprefix("/static/")) if path.startswith("/static/") else None
        if not found:
            return route.fulfill(status=404, body="")
        kind = mimetypes.guess_type(str(found))[0] or "application/octet-stream"
        return route.fulfill(body=Path(str(found)).read_bytes(), content_type=kind)
