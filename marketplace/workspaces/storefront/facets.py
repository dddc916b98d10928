"""By what the catalogue can be narrowed, each choice with the number of products that it leaves. One statement."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any

from django.db import connection
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from marketplace.workspaces.storefront.queries import BANDS
from suppliers.listings.models import ProducerKind

_BANDS = list(BANDS)
# In which of the bands a price lies, counted from 0.
_BAND = f"width_bucket(l.price, ARRAY{[below for _least, below in BANDS.values() if below]})"
_ASSISTANCE = "coalesce(l.assistance_from <= %(day)s AND l.assistance_to > %(day)s, false)"
_IN_STOCK = "l.stock_id NOT IN (SELECT id FROM stock_stock WHERE in_stock <= allocated)"
# The condition when something is chosen.
_WISHES = {
    "commodity_class": "(l.commodity_class_id = %(commodity_class)s OR l.group_id = %(commodity_class)s)",
    "county": "l.county_id = %(county)s",
    "seller": "l.producer_kind = %(seller)s",
    "kind": f"{_ASSISTANCE} = (%(kind)s = 'assistance')",
    "price": f"{_BAND} = %(band)s",
    "stock": _IN_STOCK,
}
# Every facet counts what all the other wishes leave, so that a choice says what it would show: where its own wish is not set, that
# is what all wishes leave. Offers alike in every facet are counted together first, along an index that holds all facets.
_COUNTED = """
    WITH kept AS MATERIALIZED (
        SELECT l.group_id, l.commodity_class_id, l.county_id, l.producer_kind AS seller,
            {assistance} AS assistance, {band} AS band, {in_stock} AS in_stock{flags}, count(*) AS offers
        FROM listings_listing l
        WHERE {words}
        GROUP BY {alike}
    ),
    counted AS (
        SELECT GROUPING(group_id, county_id, seller, assistance, band, in_stock) AS mask, group_id, commodity_class_id,
            county_id, seller, assistance, band, in_stock, {all} AS found{counts}
        FROM kept
        GROUP BY GROUPING SETS ((), (group_id, commodity_class_id), (county_id), (seller), (assistance), (band), (in_stock))
    )
    SELECT mask, CASE mask WHEN 47 THEN counted.county_id WHEN 55 THEN seller WHEN 59 THEN assistance::text
            WHEN 61 THEN band::text WHEN 62 THEN in_stock::text END,
        found, CASE mask WHEN 31 THEN {n_commodity_class} WHEN 47 THEN {n_county} WHEN 55 THEN {n_seller} WHEN 59 THEN {n_kind}
            WHEN 61 THEN {n_price} WHEN 62 THEN {n_stock} ELSE found END,
        c.id, c.name, c.name_en, c.code, g.id, g.name, g.name_en, g.code, county.name, county.name_en, county.city
    FROM counted
    LEFT JOIN catalogue_commodityclass c ON c.id = counted.commodity_class_id
    LEFT JOIN catalogue_commodityclass g ON g.id = counted.group_id
    LEFT JOIN organisations_county county ON county.code = counted.county_id
"""
_MASKS = {47: "county", 55: "seller", 59: "kind", 61: "price", 62: "stock"}

# How a facet's value stands in the address.
_CODES: dict[str, Callable[[str], str]] = {
    "kind": lambda value: "assistance" if value == "true" else "ordinary",
    "price": lambda value: _BANDS[int(value)],
    "stock": lambda value: "1" if value == "true" else "",
}

_TITLES: dict[str, str | Promise] = {
    "kind": _("Kind"),
    "commodity_class": _("Commodity class"),
    "price": _("Price a unit"),
    "county": _("County of origin"),
    "seller": _("Seller"),
    "stock": _("Availability"),
}
_WORDS: dict[str, dict[str, str | Promise]] = {
    "kind": {"assistance": _("Assistance products"), "ordinary": _("Ordinary products")},
    "price": {
        "30": _("Below ¥30"),
        "60": "¥30–60",
        "100": "¥60–100",
        "200": "¥100–200",
        "more": _("¥200 and more"),
    },
    "seller": dict(ProducerKind.choices),
    "stock": {"1": _("Available now")},
}


@dataclass(frozen=True)
class Choice:
    """One choice of a facet: its words, how many products it leaves, and the address that makes or undoes it."""

    words: str
    count: int
    url: str
    chosen: bool
    below: tuple[Choice, ...] = ()


@dataclass(eq=False)
class Facets:
    """How many products fit, how many of them are assistance offers, what they can be narrowed by, and what is chosen already (each
    with the address without it). The same counts for the same address in the same language are the same object: do not change it.
    """

    found: int = 0
    assistance: int = 0
    groups: list[tuple[str, list[Choice]]] = field(default_factory=list)
    chosen: list[Choice] = field(default_factory=list)
    class_name: str = ""


def facets(query: QueryDict, wishes: Mapping[str, Any], day: date) -> Facets:
    """Count the choices beside each other for these wishes. `query` is the address's, which the choices' addresses keep."""
    kept = query.copy()
    kept.pop("page", None)
    return _worded(tuple(_rows(wishes, day)), kept.urlencode(), tuple(wishes.items()), get_language())


@lru_cache(maxsize=64)
def _worded(rows: tuple[Any, ...], query: str, asked: tuple[tuple[str, Any], ...], language: str | None) -> Facets:
    """The counts as choices with words and addresses: made of nothing but what is handed in, so that the same are made once."""
    wishes = dict(asked)
    answer = Facets()
    flat: defaultdict[str, dict[str, tuple[str, int]]] = defaultdict(dict)
    classes: defaultdict[tuple[str, int, str], list[tuple[str, int, str, int]]] = defaultdict(list)
    english = language == "en"
    for mask, value, found, left, *names in rows:
        class_id, class_name, class_en, class_code, group_id, group_name, group_en, group_code, *county = names
        if mask == 63:
            answer.found = found
        elif mask == 31 and class_id:
            leaf = (class_code, class_id, class_en if english else class_name, left)
            classes[group_code, group_id, group_en if english else group_name].append(leaf)
        elif mask in _MASKS and value:
            name = _MASKS[mask]
            if name == "kind" and value == "true":
                answer.assistance = found
            value = _CODES[name](value) if name in _CODES else value
            if not value:
                continue
            words = str((county[1] if english else county[0]) if name == "county" else _WORDS[name].get(value, value))
            flat[name][value] = (words, left)
    address = _Addresses(query)
    for name, title in _TITLES.items():
        if name == "commodity_class":
            choices = _class_choices(classes, wishes.get(name), address, answer)
        else:
            choices = _flat_choices(name, flat[name], str(wishes.get(name) or ""), address)
        if choices:
            answer.groups.append((str(title), choices))
        answer.chosen += [c for top in choices for c in (top, *top.below) if c.chosen]
    return answer


def _rows(wishes: Mapping[str, Any], day: date) -> list[Any]:
    values: dict[str, Any] = {"day": day} | {name: wishes.get(name) or None for name in _WISHES}
    if values["price"]:
        values["band"] = _BANDS.index(values["price"])
    asked = [name for name in _WISHES if values[name]]
    words = (wishes.get("q") or "").lower().split()
    values |= {f"word{place}": f"%{_literally(word)}%" for place, word in enumerate(words)}

    def counting(names: list[str]) -> str:
        only = f" FILTER (WHERE {' AND '.join(f'f_{name}' for name in names)})" if names else ""
        return f"coalesce(sum(offers){only}, 0)::bigint"

    statement = _COUNTED.format(
        assistance=_ASSISTANCE,
        band=_BAND,
        in_stock=_IN_STOCK,
        flags="".join(f", {_WISHES[name]} AS f_{name}" for name in asked),
        counts="".join(f", {counting([o for o in asked if o != name])} AS n_{name}" for name in asked),
        alike=", ".join(str(place) for place in range(1, 8 + len(asked))),
        all=counting(asked),
        words=" AND ".join(f"l.words LIKE %(word{place})s" for place in range(len(words))) or "true",
        **{f"n_{name}": f"n_{name}" if name in asked else "found" for name in _WISHES},
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


def _literally(word: str) -> str:
    """The word for LIKE, in which nothing stands for something else."""
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


class _Addresses:
    """Addresses of the catalogue with one wish of the query changed."""

    def __init__(self, query: str) -> None:
        self.kept = QueryDict(query)

    def to(self, name: str, value: str) -> str:
        changed = self.kept.copy()
        changed[name] = value
        if not value:
            del changed[name]
        return f"?{changed.urlencode()}"


def _flat_choices(name: str, values: Mapping[str, tuple[str, int]], chosen: str, address: _Addresses) -> list[Choice]:
    order = list(_WORDS[name]) if name in _WORDS else sorted(values)
    return [
        Choice(words, left, address.to(name, "" if value == chosen else value), value == chosen)
        for value in order
        if value in values
        for words, left in [values[value]]
        if left or value == chosen
    ]


def _class_choices(classes: Mapping[Any, Any], chosen: int | None, address: _Addresses, answer: Facets) -> list[Choice]:
    choices = []
    for (_code, group, group_name), leaves in sorted(classes.items()):
        opened = chosen == group or any(leaf[1] == chosen for leaf in leaves)
        below = []
        for _leaf_code, leaf, name, left in sorted(leaves):
            if opened and leaf != group and (left or leaf == chosen):
                to = str(group if leaf == chosen else leaf)
                below.append(Choice(name, left, address.to("commodity_class", to), leaf == chosen))
            if leaf == chosen:
                answer.class_name = name
        if chosen == group:
            answer.class_name = group_name
        total = sum(leaf[3] for leaf in leaves)
        if total or opened:
            to = "" if chosen == group else str(group)
            choices.append(Choice(group_name, total, address.to("commodity_class", to), chosen == group, tuple(below)))
    return choices
