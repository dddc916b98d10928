"""Pages that were already rendered, painted by a real browser: nothing of the house is asked, so that hundreds take little time."""

from __future__ import annotations

import mimetypes
import re
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.base import AXE_SCRIPT
from django.contrib.staticfiles import finders

from tests.workspaces.crawl import Page

AXE = """async colours => (await axe.run(document, {resultTypes: ['violations'],
  ...(colours ? {runOnly: ['color-contrast', 'link-in-text-block']} : {rules: {'target-size': {enabled: true}}})})).violations"""
THEME = "() => getComputedStyle(document.documentElement).colorScheme"
AXE_PATH = "/axe.js"
UNSTEADY = re.compile(r'value="[0-9A-Za-z]{64}"|"X-CSRFToken": "\w+"|name="key" value="\w+"')
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


def different(pages: Iterable[Page]) -> list[Page]:
    """The pages without those that another person sees just so."""
    found: dict[tuple[str, str], Page] = {}
    for page in pages:
        main = page.source.partition("<main")[2].partition("</main>")[0]
        found.setdefault((page.name, UNSTEADY.sub("", main)), page)
    return list(found.values())


class Easel:
    """A browser page on which rendered pages are put one after another."""

    def __init__(self, page: Any, frame: Frame) -> None:
        self.page = page
        self._frame = frame
        self._view: tuple[int, bool] | None = None

    def put(self, shown: Page, width: int = 1440, *, dark: bool = False) -> None:
        """Paint a page anew."""
        self._frame.source = shown.source
        self._stand_before(width, dark=dark)
        self.page.goto(f"{self._frame.address}{shown.url}")
        self.page.add_script_tag(url=AXE_PATH)

    def look(self, width: int, *, dark: bool = False) -> None:
        """Look at what is painted through a window of this width, by day or by night."""
        if self._view != (width, dark):
            self._stand_before(width, dark=dark)
            self.page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        assert self.page.evaluate(THEME) == ("dark" if dark else "light")

    def _stand_before(self, width: int, *, dark: bool) -> None:
        self._view = width, dark
        self.page.set_viewport_size({"width": width, "height": 900 if width > 600 else 760})
        self.page.emulate_media(color_scheme="dark" if dark else "light", reduced_motion="reduce")

    def violations(self, *, colours: bool = False) -> list[str]:
        """What axe-core calls serious or critical, each with the first element that has it; of colours alone, or of everything."""
        return [
            f"{found['id']} ({len(found['nodes'])}): {found['nodes'][0]['html'][:160]}"
            f" {(found['nodes'][0].get('failureSummary') or '').splitlines()[1:2]}"
            for found in self.page.evaluate(AXE, colours)
            if found["impact"] in {"serious", "critical"}
        ]

    def without_seen_focus(self) -> list[str]:
        """What can be reached by keyboard and looks the same with and without the focus; nothing has the focus afterwards."""
        self.page.keyboard.press("Tab")
        found: list[str] = self.page.evaluate(UNSEEN_FOCUS)
        self.page.evaluate("() => { document.activeElement.blur(); scrollTo(0, 0) }")
        return found

    def page_width(self) -> int:
        """How wide the page is, in pixels; more than the window's width can only be reached by scrolling sideways."""
        return int(self.page.evaluate("document.documentElement.scrollWidth"))


class Frame(ThreadingHTTPServer):
    """Answers every address with the page that is to be shown, but for the static files and axe."""

    source = ""

    @property
    def address(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.server_port}"


class _Answer(BaseHTTPRequestHandler):
    """The browser keeps static files and axe, as it does those of the site."""

    protocol_version = "HTTP/1.1"
    server: Frame

    def do_GET(self) -> None:
        """A page, a static file, or axe."""
        path = urlsplit(self.path).path
        if path == AXE_PATH:
            return self._send(AXE_SCRIPT.encode(), "text/javascript; charset=utf-8", "max-age=3600, immutable")
        if path.startswith("/static/"):
            if found := finders.find(path.removeprefix("/static/")):
                kind = mimetypes.guess_type(str(found))[0] or "application/octet-stream"
                return self._send(Path(str(found)).read_bytes(), kind, "max-age=3600, immutable")
        elif self.headers.get("Sec-Fetch-Mode") == "navigate":
            return self._send(self.server.source.encode(), "text/html; charset=utf-8", "no-store")
        return self._send(b"", "text/plain", "no-store", status=404)

    def _send(self, body: bytes, kind: str, keep: str, status: int = 200) -> None:
        self.send_response(status)
        for name, value in (("Content-Type", kind), ("Cache-Control", keep), ("Content-Length", str(len(body)))):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_words: Any) -> None:
        """Say nothing."""


@contextmanager
def easel(page: Any) -> Iterator[Easel]:
    """Let this browser page be an easel."""
    with Frame(("127.0.0.1", 0), _Answer) as frame:
        serving = threading.Thread(target=frame.serve_forever, args=(0.05,))
        serving.start()
        try:
            yield Easel(page, frame)
        finally:
            frame.shutdown()
            serving.join()
