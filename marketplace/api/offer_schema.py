"""JSON Schema of what the log and the evidence pack say of the offer book: entries, and a book's classes and members.

The entries are written by the database (suppliers/offerbook/migrations/0002); a test holds this to real ones.
"""

from __future__ import annotations

from typing import Any

from procurement.priority.rule import MAX_INTEGER

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_FLAG = {"type": "integer", "enum": [0, 1], "description": "1 for yes, 0 for no"}
_HASH = {"type": "string", "pattern": "^[0-9a-f]{64}$"}


def entry_schema() -> dict[str, Any]:
    """The schema of a log entry about offers: its leaf in canonical JSON."""
    kinds = {"offer.stands": ("Stands", "Gone"), "offer.capacity": ("Capacity",), "offers.book": ("Book",)}
    return {
        "$schema": _DRAFT,
        "title": "Log entry about offers",
        "oneOf": [_entry(kind, bodies) for kind, bodies in kinds.items()],
        "$defs": {
            "Stands": _record("An offer as it stands: what the rule reads of it but its exact stock.", _stands()),
            "Gone": _record(
                "An offer that is no more.", {"gone": {"const": 1}, "offer": _number(), "product": _number()}
            ),
            "Capacity": _record(
                "What can be promised of a stock has passed a power of two.",
                {"capacity": _number("the greatest power of two not above it, 0 for nothing", 0), "stock": _number()},
            ),
            "Book": _record(
                "A root over what stood on offer at a size of the log: SHA-256 of the canonical list of classes.",
                {
                    "classes": _number("with assistance products in them", 0),
                    "number": _number("from 1, without gaps"),
                    "offers": _number("assistance products", 0),
                    "root": _HASH,
                    "size": _number("so many entries of the log are in it", 0),
                },
            ),
        },
    }


def book_schema() -> dict[str, Any]:
    """The schema of a pack's file offers/ROOT.json."""
    place = _number("place of an entry in the log", 0)
    stock = {
        "type": "integer",
        "minimum": -1,
        "description": "place of its stock's capacity; -1 where nothing was said",
    }
    return {
        "$schema": _DRAFT,
        "title": "Book of offers in an evidence pack",
        **_record(
            "Every class of the book, and of the classes asked for every assistance product.",
            {
                "classes": _rows("class, assistance products, SHA-256 over their entries", _text(), _number(), _HASH),
                "members": {
                    "type": "object",
                    "additionalProperties": _rows("offer, its entry, its stock's entry", _number(), place, stock),
                },
            },
        ),
    }


def _entry(kind: str, bodies: tuple[str, ...]) -> dict[str, Any]:
    return _record(
        kind,
        {
            "at": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$", "description": "UTC"},
            "body": {"oneOf": [{"$ref": f"#/$defs/{body}"} for body in bodies]},
            "kind": {"const": kind},
            "subject": {"type": "string", "pattern": "^(product|stock|offers):[0-9]+$"},
            "union": {"type": "null"},
        },
    )


def _stands() -> dict[str, Any]:
    day = {"type": "string", "pattern": r"^(\d{4}-\d\d-\d\d)?$"}
    delivery = {"days": _number("until it is there", 0), "freight": _number("fen a sales unit", 0), "region": _text()}
    return {
        "accreditation": _text('its number; "" without one'),
        "class": _text('code of the commodity class; "" without one'),
        "content": _number("base units of a sales unit", 0),
        "county": _text("GB/T 2260"),
        "county_listed": _FLAG,
        "deliveries": {"type": "array", "items": _record("Where it is delivered to.", delivery)},
        "dietary": {"type": "array", "items": _text()},
        "from": day | {"description": "first day of the accreditation"},
        "grade": _text(),
        "listed": _FLAG,
        "offer": _number(),
        "price": _number("fen a sales unit, without freight", 0),
        "processing": _text(),
        "producer": _text("code of the seller"),
        "product": _number(),
        "standing": _FLAG,
        "state": {"type": "string", "enum": ["", "valid", "suspended", "revoked"]},
        "stock": _number(),
        "to": day | {"description": "the day on which the accreditation holds no more"},
    }


def _record(description: str, properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "description": description,
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _rows(description: str, *places: dict[str, Any]) -> dict[str, Any]:
    row = {"type": "array", "prefixItems": list(places), "minItems": len(places), "maxItems": len(places)}
    return {"type": "array", "description": description, "items": row}


def _text(description: str = "") -> dict[str, Any]:
    return {"type": "string", **({"description": description} if description else {})}


def _number(description: str = "", least: int = 1) -> dict[str, Any]:
    told = {"description": description} if description else {}
    return {"type": "integer", "minimum": least, "maximum": MAX_INTEGER, **told}
