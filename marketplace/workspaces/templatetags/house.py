"""The house's template words: money, dates, labels, icons, charts, and blocks such as cards and notices.

Every word is shown with its use on the living page `/style/`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from django import template
from django.core.paginator import Page
from django.template.loader import render_to_string
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from marketplace.organisations.models import Organisation, Role
from marketplace.workspaces.glossary import in_readers_language

from . import _charts, _labels, _product_art
from ._figures import NOTHING, bp, count, fen, fen_plain, parts_of_money, when
from ._icons import ICONS

register = template.Library()
register.filter(fen)
register.filter(fen_plain)
register.filter(bp)
register.filter(count)
register.filter(when)

NOTICE_ICONS = {
    "info": "info",
    "success": "check",
    "warning": "alert",
    "danger": "alert",
    "exception": "shield",
}


@register.simple_tag
def money(amount: int | str | None) -> SafeString:
    """Integer fen as yuan with small fen digits, never broken over two lines."""
    if amount is None or amount == "":
        return mark_safe(NOTHING)
    minus, yuan, cents = parts_of_money(amount)
    return format_html(
        '<span class="money">{}<span class="money-sign">¥</span>{}<span class="money-cents">.{}</span></span>',
        minus,
        yuan,
        cents,
    )


# Words for codes -----------------------------------------------------------------------------------


@register.filter
def outcome_label(code: object) -> str:
    """Words for a rule outcome such as "assistance" or "no_equivalent"."""
    return str(_labels.outcome(code).words)


@register.filter
def state_label(code: object) -> str:
    """Words for a stored state such as "shipped" or "public_notice"."""
    return str(_labels.state(code).words)


@register.filter
def subject_label(code: object) -> str:
    """Words for what a case is about, such as "order:2026-1"."""
    return _labels.subject(code)


@register.filter
def role_label(code: str) -> str:
    """Words for a role such as "buyer"."""
    return str(Role(code).label) if code in Role.values else code


@register.filter
def told(word: str) -> SafeString:
    """A word of a closed list, such as a grade, in the reader's language; marked as Chinese where the glossary lacks it."""
    said = in_readers_language(word)
    chinese = get_language() == "en" and not said.isascii() and said == word
    return format_html('<span lang="zh-Hans">{}</span>', said) if chinese else format_html("{}", said)


@register.simple_tag
def legal_name(organisation: Organisation) -> SafeString:
    """An organisation's name in the reader's language, with the registered Chinese name beside it: for papers that bind."""
    if organisation.display_name == organisation.name:
        return format_html("{}", organisation.name)
    return format_html('{} <span lang="zh-Hans">{}</span>', organisation.display_name, organisation.name)


def _badge(label: _labels.Label, words: object) -> SafeString:
    return format_html(
        '<span class="badge{} tone-{}">{}{}</span>',
        "" if label.icon else " badge-dot",
        label.tone,
        icon(label.icon) if label.icon else "",
        words or label.words,
    )


@register.simple_tag
def outcome(code: object, words: object = "") -> SafeString:
    """A badge for a rule outcome: icon, words and tone, so that colour is never the only sign."""
    return _badge(_labels.outcome(code), words)


@register.simple_tag
def state(code: object, words: object = "") -> SafeString:
    """A badge for a stored state."""
    return _badge(_labels.state(code), words)


@register.simple_tag
def badge(words: object, tone: str = "neutral", icon_name: str = "") -> SafeString:
    """A badge with any words; tones: neutral, brand, success, warning, info, exception, danger."""
    return _badge(_labels.Label("", tone, icon_name), words)


@register.simple_tag
def icon(name: str) -> SafeString:
    """An inline line icon, hidden from screen readers; an unknown name draws nothing."""
    if name not in ICONS:
        return mark_safe("")
    return mark_safe(
        '<svg class="icon" width="24" height="24" viewBox="0 0 24 24" fill="none" stroke="currentColor" '
        'stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" '
        f'focusable="false">{ICONS[name]}</svg>'
    )


def icon_names() -> list[str]:
    """Names of all icons, for the living page of components."""
    return sorted(ICONS)


# Looking up ----------------------------------------------------------------------------------------


def _look_up(thing: object, path: str) -> Any:
    for key in path.split("."):
        if thing is None:
            return None
        thing = thing.get(key) if isinstance(thing, Mapping) else getattr(thing, key, None)
        if callable(thing) and not isinstance(thing, type):
            thing = thing()
    return thing


@register.filter
def item(thing: object, path: str) -> Any:
    """Value at a dotted path through mappings and attributes, or None."""
    return _look_up(thing, path)


@register.simple_tag
def product_art(product: object = None, code: str = "", name: str = "") -> SafeString:
    """An illustration for a product without a photograph.

    Takes a mapping or object with `commodity_class` (a code, or something with `code` and `name`) and
    `name` or `title`; or the code and name given apart.
    """
    class_of = _look_up(product, "commodity_class")
    class_code = code or str(_look_up(class_of, "code") or (class_of if isinstance(class_of, str) else ""))
    class_name = str(_look_up(class_of, "name") or "")
    title = name or str(_look_up(product, "name") or _look_up(product, "title") or "")
    return mark_safe(_product_art.drawing(class_code, class_name, title))


@register.simple_tag
def programme_stages(current: str, failed: str = "", urls: Mapping[str, str] | None = None) -> list[dict[str, str]]:
    """The eight stages of a programme for `stepper.html`, those before `current` done.

    `current` is a stage code (plan, roster, goods, approval, placed, delivery, acceptance, statement) or
    "finished"; `failed` names the stage that went wrong.
    """
    codes = [code for code, _ in _labels.PROGRAMME_STAGES]
    here = codes.index(current) if current in codes else len(codes)
    return [
        {
            "label": str(words),
            "state": "failed"
            if code == failed
            else "done"
            if index < here
            else "current"
            if index == here
            else "ahead",
            "url": (urls or {}).get(code, ""),
        }
        for index, (code, words) in enumerate(_labels.PROGRAMME_STAGES)
    ]


# Tables and pages ----------------------------------------------------------------------------------


def _cell(value: Any, kind: str) -> object:
    writers: dict[str, Callable[[Any], object]] = {
        "money": money,
        "count": count,
        "bp": bp,
        "date": when,
        "time": lambda moment: when(moment, "time"),
        "state": state,
        "outcome": outcome,
    }
    if value is None or value == "":
        return NOTHING
    return writers[kind](value) if kind in writers else value


# A number that people read out, such as PD-000137-2: it stays on one line where there is room.
_NUMBER = re.compile(r"[A-Z][A-Z0-9]*-[A-Z0-9-]{4,16}|\d{4}-[A-Z0-9-]{4,16}")


@register.inclusion_tag("components/table.html")
def table(
    columns: Sequence[Mapping[str, str]],
    rows: Iterable[object],
    caption: str = "",
    note: str = "",
    total: Mapping[str, Any] | None = None,
) -> dict[str, object]:
    """A table whose rows become cards on phones.

    A column has `key` (dotted path), `label`, and optionally `kind` (text, money, count, bp, date, time,
    state, outcome) and `url` (path of the link's address). The first column heads the row.
    `total` fills the foot, by key.
    """
    numeric = {"money", "count", "bp"}
    unbroken = {"date", "time", "state", "outcome"}

    def cells(row: object) -> list[dict[str, object]]:
        return [
            {
                "label": column["label"],
                "value": (value := _cell(_look_up(row, column["key"]), column.get("kind", "text"))),
                "url": _look_up(row, column["url"]) if column.get("url") else "",
                "numeric": column.get("kind") in numeric,
                "unbroken": column.get("kind") in unbroken or bool(_NUMBER.fullmatch(str(value))),
            }
            for column in columns
        ]

    return {
        "caption": caption,
        "note": note,
        "heads": [{"label": c["label"], "numeric": c.get("kind") in numeric} for c in columns],
        "rows": [{"cells": cells(row), "faulty": bool(_look_up(row, "faulty"))} for row in rows],
        "total": [
            {**cell, "value": "" if column["key"] not in total else cell["value"]}
            for column, cell in zip(columns, cells(total), strict=True)
        ]
        if total
        else None,
    }


@register.inclusion_tag("components/pagination.html", takes_context=True)
def pages(context: template.Context, page: Page[Any], parameter: str = "page") -> dict[str, object]:
    """Links to the other pages of a Django `Page`, keeping the rest of the query."""
    request = context.get("request")
    query = request.GET.copy() if request is not None else None

    def address(number: int) -> str:
        if query is None:
            return f"?{parameter}={number}"
        query[parameter] = str(number)
        return f"?{query.urlencode()}"

    numbers = page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)
    return {
        "page": page,
        "links": [
            {
                "number": number,
                "url": address(number) if isinstance(number, int) else "",
                "here": number == page.number,
                "near": number not in (1, page.number, page.paginator.num_pages) and isinstance(number, int),
            }
            for number in numbers
        ],
        "previous": address(page.number - 1) if page.has_previous() else "",
        "following": address(page.number + 1) if page.has_next() else "",
    }


# Charts --------------------------------------------------------------------------------------------


register.inclusion_tag("components/share_gauge.html")(_charts.share_gauge)
register.inclusion_tag("components/bar_chart.html")(_charts.bar_chart)
register.inclusion_tag("components/column_chart.html")(_charts.column_chart)


# Blocks that hold other markup ---------------------------------------------------------------------


@register.simple_block_tag
def card(content: str, title: str = "", lead: str = "", tone: str = "", level: int = 2) -> str:
    """A card: `{% card title="…" %}…{% endcard %}`."""
    return render_to_string(
        "components/card.html",
        {
            "content": content,
            "title": title,
            "lead": lead,
            "tone": tone,
            "level": "h3" if level == 3 else "h2",
        },
    )


@register.simple_block_tag
def notice(content: str, tone: str = "info", title: str = "", closable: bool = False) -> str:
    """A notice: `{% notice "warning" title="…" %}…{% endnotice %}`; tones info, success, warning, danger."""
    return render_to_string(
        "components/notice.html",
        {
            "content": content,
            "tone": tone,
            "title": title,
            "icon": NOTICE_ICONS.get(tone, "info"),
            "closable": closable,
        },
    )


@register.simple_block_tag
def pagehead(content: str, title: str, lead: str = "", over: str = "") -> str:
    """The head of a page, whose content are its action buttons."""
    return render_to_string(
        "components/page_head.html",
        {"content": mark_safe(content.strip()), "title": title, "lead": lead, "over": over},
    )


@register.simple_block_tag
def dialog(content: str, name: str, title: str) -> str:
    """A dialog opened by `<a href="#name" data-dialog="name">`; it opens without scripts too."""
    return render_to_string("components/dialog.html", {"content": content, "name": name, "title": title})


@register.simple_block_tag
def disclosure(content: str, title: str, opened: bool = False) -> str:
    """A section that unfolds on a click."""
    return render_to_string("components/disclosure.html", {"content": content, "title": title, "opened": opened})


@register.simple_block_tag
def facts(content: str) -> SafeString:
    """A list of facts; its content are `{% fact %}` tags."""
    return format_html('<dl class="facts">{}</dl>', mark_safe(content))


@register.simple_tag
def fact(term: object, *values: object) -> SafeString:
    """One term and its values inside `{% facts %}`."""
    shown = format_html_join("", "<dd>{}</dd>", ((NOTHING if value in (None, "") else value,) for value in values))
    return format_html("<div><dt>{}</dt>{}</div>", term, shown)
