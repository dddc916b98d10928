"""What the auditors' program finds of a closed gift year in an order's pack: its closing, its statement, and what came after it."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import pytest

from marketplace.evidence import verify
from marketplace.evidence.canonical import canonical

UNION, OTHER = 7, 8
SEALED = canonical({"assistance": 9_000, "closed_on": "2027-01-08", "union": "U-X", "year": 2026})
OPEN = canonical({"assistance": 9_000, "closed_on": "", "union": "U-X", "year": 2026})


def entry(kind: str, body: dict[str, Any], union: int = UNION) -> bytes:
    return canonical({"at": "2027", "body": body, "kind": kind, "subject": "x", "union": union})


def closing(statement: bytes = SEALED, year: int = 2026) -> bytes:
    body = {"statement_sha256": sha256(statement).hexdigest(), "union": "U-X", "year": year}
    return entry("year.closed", body)


BEFORE = {3: entry("order.placed", {}), 4: entry("parcels.refused", {}), 6: entry("outside.registered", {})}


def faults(statement: bytes, leaves: dict[int, bytes]) -> list[str]:
    return verify.check_year(memoryview(statement), leaves)[1]


def test_the_control_a_year_closed_with_the_statement_in_the_pack() -> None:
    later = {
        12: entry("parcels.returned", {}),
        13: entry("supplier_order.paid", {}),
        14: entry("order.placed", {}, OTHER),
    }
    assert verify.check_year(memoryview(SEALED), BEFORE | {9: closing(), 10: closing(year=2027)} | later) == (
        "the gift year 2026 of U-X was closed on 2027-01-08 with the statement in the pack",
        [],
    )


def test_an_open_year() -> None:
    assert verify.check_year(memoryview(OPEN), BEFORE) == ("the gift year 2026 of U-X is open", [])


def test_a_statement_that_says_closed_while_the_log_does_not() -> None:
    assert faults(SEALED, BEFORE | {9: closing(year=2025)}) == [
        "files/statement.json says that the year was closed on 2027-01-08, and no entry of the log closes it"
    ]


@pytest.mark.parametrize("statement", [OPEN, SEALED.replace(b"9000", b"9001")], ids=["still open", "another figure"])
def test_another_statement_than_the_one_that_closed_the_year(statement: bytes) -> None:
    assert faults(statement, BEFORE | {9: closing()}) == [
        "files/statement.json is not the statement with which entry 9 closed the year"
    ]


@pytest.mark.parametrize("kind", ["order.placed", "parcels.cancelled", "outside.reversed", "order.handed_on"])
def test_what_counts_in_the_year_after_it_was_closed(kind: str) -> None:
    assert faults(SEALED, BEFORE | {9: closing(), 11: entry(kind, {})}) == [
        f"entry 11, {kind}, came after entry 9 closed the year"
    ]


def test_a_year_closed_twice() -> None:
    assert faults(SEALED, {9: closing(), 10: closing()}) == [
        "entry 10, year.closed, came after entry 9 closed the year"
    ]


@pytest.mark.parametrize("text", [b"", b"[]", b"{}", b'{"union":"U-X","year":2026}'])
def test_what_is_no_statement_ends_in_a_sentence(text: bytes) -> None:
    with pytest.raises(verify.Damaged, match="is no statement of a year"):
        faults(text, BEFORE)
