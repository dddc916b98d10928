"""What an evidence pack needs so that anybody can build the cited books anew: entries of the log, and which of them stood together."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field

from marketplace.evidence.canonical import canonical
from marketplace.evidence.models import Position
from suppliers.offerbook.models import Book
from suppliers.offerbook.queries import Member, classes_at, entries_of_stocks, later_entries, members_at


@dataclass(frozen=True)
class Citing:
    """A decision: the root that it cites, its own entry's place in the log, the classes that it is about."""

    root: str
    place: int
    classes: frozenset[str]


@dataclass
class Books:
    """Files by name, and the ids of the entries that they rest on."""

    files: dict[str, bytes] = field(default_factory=dict)
    entries: set[int] = field(default_factory=set)


def cited_books(decisions: Iterable[Citing]) -> Books:
    """The books that decisions cite, each with the classes asked for, and what changed of their offers before each decision.

    The first book's entry always comes along: it shows which decisions were made before there was any. Statements grow with the
    decisions.
    """
    found, classes = Books(), dict[str, set[str]]()
    books: dict[str, Book] = {}
    first = Book.objects.filter(number=1).first()
    if first is not None:
        found.entries.add(first.entry_id)
    for decision in decisions:
        book = (
            Book.objects.filter(root=decision.root, entry__position__index__lt=decision.place)
            .order_by("-number")
            .first()
        )
        if book is None:
            continue
        found.entries.add(book.entry_id)
        books[book.root] = book
        classes.setdefault(book.root, set()).update(decision.classes - {""})
        found.entries |= _since(book, decision)
    for root, book in books.items():
        members = members_at(book.size, classes[root])
        found.files[f"offers/{root}.json"] = canonical(
            {
                "classes": [[code, offers, value.hex()] for code, offers, value in classes_at(book.size)],
                "members": {code: [_row(one) for one in listed] for code, listed in members.items()},
            }
        )
        places = [place for listed in members.values() for one in listed for place in _row(one)[1:] if place >= 0]
        found.entries |= set(Position.objects.filter(index__in=places).values_list("entry_id", flat=True))
    return found


def _row(member: Member) -> list[int]:
    return [member.offer, member.index, -1 if member.capacity is None else member.capacity]


def _since(book: Book, decision: Citing) -> set[int]:
    """Ids of the entries after the book and before the decision about offers that are or come to be of its classes."""
    later = [(entry, kind, json.loads(leaf)["body"]) for entry, kind, leaf in later_entries(book.size, decision.place)]
    members = [one for listed in members_at(book.size, decision.classes).values() for one in listed]
    offers = {one.offer for one in members} | {
        int(body["offer"]) for _entry, _kind, body in later if body.get("class") in decision.classes
    }
    of_offers = [(entry, body) for entry, _kind, body in later if body.get("offer") in offers]
    stocks = {int(body["stock"]) for _entry, body in of_offers if "stock" in body}
    stocks |= {one.stock for one in members}
    wanted = {entry for entry, _body in of_offers}
    wanted |= {entry for entry, kind, body in later if kind == "offer.capacity" and body["stock"] in stocks}
    return wanted | entries_of_stocks(book.size, stocks - {one.stock for one in members})
