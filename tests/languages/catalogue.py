"""What our code and templates ask to be translated, and what the Chinese catalogue holds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import django
import django.core
from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po
from django.apps import apps
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent.parent
CATALOGUE = ROOT / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
HOUSES = ("marketplace", "suppliers", "procurement")
KEYWORDS = {
    name: spec
    for names, spec in {
        ("_", "gettext", "gettext_lazy", "gettext_noop"): None,
        ("ngettext", "ngettext_lazy"): (1, 2),
        ("pgettext", "pgettext_lazy"): ((1, "c"), 2),
        ("npgettext", "npgettext_lazy"): ((1, "c"), 2, 3),
    }.items()
    for name in names
}
_PERCENT = re.compile(r"%(?:\((\w+)\))?[-+ #0]*\d*(?:\.\d+)?([sdif])|%%")
_BRACE = re.compile(r"\{(\w*)(?:![rsa])?(?::[^{}]*)?\}")


class Text(NamedTuple):
    """Something to be translated: its context, singular and plural."""

    context: str | None
    singular: str
    plural: str = ""


@cache
def wanted() -> dict[Text, str]:
    """Every translatable text of our code and templates, with one place where it stands."""
    found: dict[Text, str] = {}
    for file in sources():
        source = file.read_text(encoding="utf-8")
        if file.suffix != ".py":
            # Django turns a template into something like Python, of which only the calls make sense.
            source = "\n".join(line.strip() for line in templatize(source, origin=str(file)).splitlines())
        for line, message, _comments, context in extract("python", BytesIO(source.encode()), KEYWORDS):
            singular, plural = message if isinstance(message, tuple) else (message, "")
            found.setdefault(Text(context, singular, plural or ""), f"{file.relative_to(ROOT)}:{line}")
    return found


def sources() -> Iterator[Path]:
    """Our Python files and templates, without tests and benchmarks."""
    for house in HOUSES:
        yield from sorted((ROOT / house).rglob("*.py"))
        yield from sorted((ROOT / house).rglob("templates/**/*.html"))
    yield from sorted(f for f in (ROOT / "templates").rglob("*") if f.suffix in {".html", ".txt", ".xml", ".svg"})


@cache
def chinese() -> Catalog:
    """Our Chinese catalogue."""
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="zh_Hans")


def key(message: object) -> Text:
    """A catalogue's entry as a text."""
    singular, plural = message.id if isinstance(message.id, tuple) else (message.id, "")
    return Text(message.context, singular, plural)


@cache
def of_our_packages() -> set[str]:
    """Every text that Django, Oscar and the other installed apps have translated, or ask to be, by their own catalogues."""
    folders = {Path(django.__file__).parent / "conf"} | {Path(app.path) for app in apps.get_app_configs()}
    folders |= {folder.parent.parent for folder in folders if folder.parent.name == "apps"}  # oscar/apps/order → oscar
    found: set[str] = set()
    for folder in folders:
        if ROOT in folder.parents and ".venv" not in folder.parts:
            continue
        for file in folder.glob("locale/*/LC_MESSAGES/django.po"):
            if file.parent.parent.name in {"en", "zh_Hans", "zh_CN", "de"}:
                with file.open("rb") as opened:
                    found |= {key(message).singular for message in read_po(opened) if message.id}
    return found


def placeholders(text: str) -> set[str]:
    """The places in a text that are filled in: %(name)s, %s, {name}."""
    percent = {f"%{name}:{kind}" for name, kind in _PERCENT.findall(text) if kind}
    return percent | {f"{{{name}}}" for name in _BRACE.findall(text)}
