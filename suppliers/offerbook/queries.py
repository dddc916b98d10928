"""What stood in the book, at any place of the log."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection

from marketplace.evidence.models import Position
from suppliers.offerbook.models import Version

_MEMBERS = """
    SELECT v.class_code, v.offer, v.stock, v.since, c.since
    FROM offerbook_version v
    LEFT JOIN offerbook_version c ON c.offer IS NULL AND c.stock = v.stock
        AND c.since < %(size)s AND (c.until IS NULL OR c.until >= %(size)s)
    WHERE v.class_code = ANY(%(codes)s) AND v.since < %(size)s AND (v.until IS NULL OR v.until >= %(size)s)
    ORDER BY v.class_code, v.offer
"""
_STOOD = """
    SELECT e.leaf, ce.leaf
    FROM partner_stockrecord sr
    JOIN offerbook_version v ON v.offer = sr.id AND v.since < %(size)s AND (v.until IS NULL OR v.until >= %(size)s)
    JOIN evidence_position p ON p.index = v.since JOIN evidence_entry e ON e.id = p.entry_id
    LEFT JOIN offerbook_version c ON c.offer IS NULL AND c.stock = v.stock
        AND c.since < %(size)s AND (c.until IS NULL OR c.until >= %(size)s)
    LEFT JOIN evidence_position cp ON cp.index = c.since LEFT JOIN evidence_entry ce ON ce.id = cp.entry_id
    WHERE sr.product_id = ANY(%(products)s) ORDER BY sr.id
"""
_LATER = """
    SELECT e.id, e.kind, e.leaf FROM evidence_position p JOIN evidence_entry e ON e.id = p.entry_id
    WHERE p.index >= %s AND p.index < %s AND e.kind IN ('offer.stands', 'offer.capacity') ORDER BY p.index
"""


@dataclass(frozen=True)
class Standing:
    """An offer as its entry says it stood, and the power of two that its stock had reached."""

    body: dict[str, Any]
    capacity: int


@dataclass(frozen=True)
class Member:
    """An assistance product of a class in a book: the places of its entry and of its stock's capacity (None: nothing in stock yet)."""

    offer: int
    stock: int
    index: int
    capacity: int | None


def classes_at(size: int) -> list[tuple[str, int, bytes]]:
    """The classes as the first `size` entries of the log make them: code, assistance products, hash. One statement.

    Only as far as the books have come.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM offerbook_classes(%s)", [size])
        return sorted((code, offers, bytes(value)) for code, offers, value in cursor.fetchall())


def members_at(size: int, codes: Iterable[str]) -> Mapping[str, list[Member]]:
    """The assistance products of these classes, in order of offer; a class without any has an empty list. One statement."""
    found: dict[str, list[Member]] = {code: [] for code in sorted(set(codes))}
    with connection.cursor() as cursor:
        cursor.execute(_MEMBERS, {"size": size, "codes": list(found)})
        for code, *member in cursor.fetchall():
            found[code].append(Member(*member))
    return found


def later_entries(begin: int, end: int) -> list[tuple[int, str, bytes]]:
    """The entries about offers from one place of the log up to another: id, kind, leaf. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(_LATER, [begin, end])
        return [(entry, kind, bytes(leaf)) for entry, kind, leaf in cursor.fetchall()]


def entries_of_stocks(size: int, stocks: Iterable[int]) -> set[int]:
    """The ids of the entries that said what capacity these stocks had at that size of the log. One statement."""
    held = Version.objects.filter(offer__isnull=True, stock__in=list(stocks), since__lt=size)
    places = held.exclude(until__lt=size).values("since")
    return set(Position.objects.filter(index__in=places).values_list("entry_id", flat=True))


def stood_of_products(size: int, products: Iterable[int]) -> list[Standing]:
    """What the book of that size says of the accredited offers of these products, of whatever class they were then. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(_STOOD, {"size": size, "products": sorted(set(products))})
        rows = [(json.loads(bytes(leaf))["body"], capacity) for leaf, capacity in cursor.fetchall()]
    bodies = [
        Standing(body, json.loads(bytes(capacity))["body"]["capacity"] if capacity else 0) for body, capacity in rows
    ]
    return [one for one in bodies if one.body.get("accreditation")]
