"""A page as tests look at it: its texts with their languages, its headings, ids, links, forms and controls."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import NamedTuple

_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
_SAID_BY = ("alt", "title", "aria-label", "placeholder", "aria-description", "aria-roledescription")
_UNSAID = {"script", "style"}
_VERBATIM = {"code", "pre", "kbd", "samp"}


class Said(NamedTuple):
    """A piece of text that a reader sees or hears: its language as marked, whether it is verbatim (code), and its element."""

    text: str
    language: str
    verbatim: bool
    element: str


class Element(NamedTuple):
    """One start tag."""

    name: str
    attributes: dict[str, str]
    inside: tuple[str, ...]


@dataclass
class Html(HTMLParser):
    """What a page holds."""

    source: str
    said: list[Said] = field(default_factory=list)
    elements: list[Element] = field(default_factory=list)
    _open: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.feed(self.source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take an element and what its attributes say down."""
        attributes = {name: value or "" for name, value in attrs}
        self.elements.append(Element(tag, attributes, tuple(name for name, _attributes in self._open)))
        self._open.append((tag, attributes))
        for name in _SAID_BY:
            if attributes.get(name):
                self._say(attributes[name], f"{tag}[{name}]")
        if tag == "input" and attributes.get("type") in {"submit", "button"}:
            self._say(attributes.get("value", ""), "input[value]")
        if tag in _VOID:
            self._open.pop()

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element without content, as SVG has them."""
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        """Leave an element, and those within it that need no end tag."""
        if any(name == tag for name, _attributes in self._open):
            while self._open.pop()[0] != tag:
                pass

    def handle_data(self, data: str) -> None:
        """Take a text down."""
        if data.strip() and not any(name in _UNSAID for name, _attributes in self._open):
            self._say(data, self._open[-1][0] if self._open else "")

    def _say(self, text: str, element: str) -> None:
        language = next((a["lang"] for _name, a in reversed(self._open) if "lang" in a), "")
        verbatim = any(name in _VERBATIM for name, _attributes in self._open)
        self.said.append(Said(" ".join(text.split()), language, verbatim, element))

    def all(self, *names: str) -> list[Element]:
        """The elements of these names."""
        return [element for element in self.elements if element.name in names]

    def text_of(self, name: str) -> str:
        """All that stands directly in elements of this name."""
        return " ".join(said.text for said in self.said if said.element == name)
