"""Checking every book against the whole log, by a program of its own: what a pack alone cannot show."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from django.db import connection

from marketplace.evidence.canonical import canonical
from suppliers.offerbook.models import Book

_ENTRIES = """
    SELECT p.index, e.kind, e.leaf, e.leaf_hash FROM evidence_entry e LEFT JOIN evidence_position p ON p.entry_id = e.id
    WHERE e.kind IN ('offer.stands', 'offer.capacity') ORDER BY p.index NULLS LAST, e.id
"""
_BOOKS = """
    SELECT e.id, e.leaf FROM evidence_entry e WHERE e.kind = 'offers.book' ORDER BY e.id
"""
# What the tables say now, as the triggers would write it.
_NOW = "SELECT offer, body FROM offerbook_source"
_STOCKS = "SELECT id, offerbook_capacity(in_stock - allocated) FROM stock_stock"


@dataclass
class Report:
    """How much was read, and every fault in words."""

    entries: int = 0
    books: int = 0
    offers: int = 0
    faults: list[str] = field(default_factory=list)


@dataclass
class _Fold:
    """What the entries read so far make of every offer and stock, and the classes' hashes, computed anew where something changed."""

    offers: dict[int, tuple[dict[str, Any], bytes]] = field(default_factory=dict)
    capacities: dict[int, tuple[int, bytes]] = field(default_factory=dict)
    of_class: dict[str, set[int]] = field(default_factory=dict)
    of_stock: dict[int, int] = field(default_factory=dict)
    hashes: dict[str, tuple[int, str]] = field(default_factory=dict)
    touched: set[str] = field(default_factory=set)

    def read(self, kind: str, body: dict[str, Any], leaf_hash: bytes) -> None:
        """Take one entry in."""
        if kind == "offer.capacity":
            self.capacities[body["stock"]] = body["capacity"], leaf_hash
            if (offer := self.of_stock.get(body["stock"])) is not None:
                self.touched.add(_class(self.offers[offer][0]))
            return
        offer = body["offer"]
        if offer in self.offers:
            before = _class(self.offers[offer][0])
            self.of_class[before].discard(offer)
            self.touched.add(before)
        self.offers[offer] = body, leaf_hash
        self.of_class.setdefault(_class(body), set()).add(offer)
        self.touched.add(_class(body))
        if "stock" in body:
            self.of_stock[body["stock"]] = offer

    def root(self) -> tuple[str, int]:
        """The root over all that was read, and how many assistance products it holds."""
        for code in self.touched - {""}:
            members = sorted(self.of_class.get(code, ()))
            parts = [part for offer in members for part in self._parts(offer)]
            self.hashes[code] = len(members), sha256(b"".join(parts)).hexdigest()
        self.touched.clear()
        rows = [(code, count, value) for code, (count, value) in sorted(self.hashes.items()) if count]
        return sha256(canonical([list(row) for row in rows])).hexdigest(), sum(count for _code, count, _value in rows)

    def _parts(self, offer: int) -> Iterator[bytes]:
        body, leaf_hash = self.offers[offer]
        yield leaf_hash
        if body["stock"] in self.capacities:
            yield self.capacities[body["stock"]][1]


def _class(body: dict[str, Any]) -> str:
    return str(body.get("class", "")) if body.get("accreditation") else ""


def check_book() -> Report:
    """Read every entry about offers, compute every book's root anew, and compare the last word on each offer with the tables.

    Within a transaction that sees one state of the database, or while nobody writes.
    """
    report, fold = Report(), _Fold()
    books = _books(report)
    for index, kind, body, leaf_hash in _entries():
        while books and (index is None or index >= books[0]["size"]):
            _compare(report, fold, books.pop(0))
        fold.read(kind, body, leaf_hash)
        report.entries += 1
    for book in books:
        _compare(report, fold, book)
    _compare_with_now(report, fold)
    report.offers = len(fold.offers)
    return report


def _books(report: Report) -> list[dict[str, Any]]:
    """The books as the log has them; faults where the table says otherwise."""
    rows = {book.number: book for book in Book.objects.order_by("number")}
    with connection.cursor() as cursor:
        cursor.execute(_BOOKS)
        said = [(entry, json.loads(bytes(leaf))["body"]) for entry, leaf in cursor.fetchall()]
    for place, (entry, body) in enumerate(said, 1):
        row = rows.pop(body["number"], None)
        told = (row.entry_id, row.size, row.root, row.offers) if row else None
        if body["number"] != place or told != (entry, body["size"], body["root"], body["offers"]):
            report.faults.append(f"book {body['number']}: the table does not say what the log says")
    report.faults += [f"book {number}: the log knows nothing of it" for number in rows]
    return sorted((body for _entry, body in said), key=lambda body: (body["size"], body["number"]))


def _entries() -> Iterator[tuple[int | None, str, dict[str, Any], bytes]]:
    with connection.chunked_cursor() as cursor:
        cursor.execute(_ENTRIES)
        while rows := cursor.fetchmany(5_000):
            for index, kind, leaf, leaf_hash in rows:
                yield index, kind, json.loads(bytes(leaf))["body"], bytes(leaf_hash)


def _compare(report: Report, fold: _Fold, book: dict[str, Any]) -> None:
    report.books += 1
    if fold.root() != (book["root"], book["offers"]):
        report.faults.append(f"book {book['number']}: the entries before {book['size']} give another root")


def _compare_with_now(report: Report, fold: _Fold) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_NOW)
        now = {offer: json.loads(body) for offer, body in cursor.fetchall()}
        cursor.execute(_STOCKS)
        stocks = dict(cursor.fetchall())
    said = {offer: body for offer, (body, _hash) in fold.offers.items() if not body.get("gone")}
    for offer in sorted(now.keys() | said.keys()):
        if now.get(offer) != said.get(offer):
            report.faults.append(f"offer {offer}: it is not as the log's last entry says")
    for stock, capacity in sorted(stocks.items()):
        if capacity != fold.capacities.get(stock, (0, b""))[0]:
            report.faults.append(f"stock {stock}: its capacity is not as the log's last entry says")
