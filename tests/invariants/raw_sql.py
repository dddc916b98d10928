"""Statements as the app's own role may write them by hand, and how the database refuses them."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from marketplace.evidence.actions import record
from marketplace.ledger.actions import account, post
from marketplace.ledger.models import AccountKind
from marketplace.shop.order.models import Order
from procurement.priority.models import Decision, Judgement
from tests.world import let_constraints_speak


def run(statement: str, *parameters: Any) -> int:
    """Rows that the statement touched; deferred constraints speak at once."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            touched = cursor.rowcount
        let_constraints_speak()
    return touched


def refused(words: str, statement: str, *parameters: Any) -> None:
    """The database refuses the statement in these words (a sentence of ours or the name of a constraint)."""
    with pytest.raises(DatabaseError, match=words):
        run(statement, *parameters)


def copied(table: str, row: int, **changes: Any) -> int:
    """Insert a copy of a row with some columns changed; its id."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT nextval(pg_get_serial_sequence('{table}', 'id'))")
        (number,) = cursor.fetchone()
        cursor.execute(
            f"INSERT INTO {table} SELECT (jsonb_populate_record(t, %s::jsonb)).* FROM {table} t WHERE id = %s",
            [json.dumps(changes | {"id": number}), row],
        )
        assert cursor.rowcount == 1
    return number


def copy_refused(words: str, *rows: tuple[str, int, dict[str, Any]]) -> None:
    """Copies are refused, at the latest when the transaction would commit; the first copy's id is `line_id` of the others."""
    with pytest.raises(DatabaseError, match=words), transaction.atomic():
        first = None
        for table, row, changes in rows:
            number = copied(table, row, **(changes | ({"line_id": first} if first else {})))
            first = first or number
        let_constraints_speak()


def judged_by_hand(judgement: Judgement, **changes: Any) -> int:
    """Insert a copy of a judgement with a log entry of its own, whose hashes are those of the (changed) texts; its id."""
    taken, given = changes.get("input", judgement.input), changes.get("output", judgement.output)
    subject = changes.setdefault("subject", judgement.subject)
    body = {
        "subject": subject,
        "allowed": int(json.loads(given)["allowed"]),
        "engine": judgement.engine,
        "engine_sha256": judgement.engine_hash,
        "policy": judgement.policy.version,
        "input_sha256": hashlib.sha256(taken.encode()).hexdigest(),
        "output_sha256": hashlib.sha256(given.encode()).hexdigest(),
    }
    entry = record("priority.judged", body, subject=subject, union_id=changes.get("union_id", judgement.union_id))
    changes.setdefault("entry_id", entry.pk)
    return copied("priority_judgement", judgement.pk, leaf_hash=f"\\x{entry.leaf_hash.hex()}", **changes)


def bought_by_hand(order: Order, /, paid: int | None = None, skip: str = "", **changes: dict[str, Any]) -> None:
    """Write all of a placed order once more as another one: `changes` by kind of row (order, judgement, lines, decisions).

    `paid` fen instead of what the lines cost; no line (nor its decision) of the product `skip`.
    """
    judgement = Judgement.objects.filter(decisions__order=order).distinct().get()
    facts = {"number": f"{order.number}-BY-HAND"} | changes.get("order", {})
    number = copied("order_order", order.pk, **facts)
    judged = changes.get("judgement", {})
    judgement_id = judged["id"] if "id" in judged else judged_by_hand(judgement, **judged)
    spent: dict[Any, int] = {}
    for decision in (
        Decision.objects.filter(order=order).exclude(product__upc=skip).select_related("line__purse__account")
    ):
        if decision.certificate_id:
            certificate = {"number": f"NE-{number}", "judgement_id": judgement_id}
            changes.setdefault("decisions", {}).setdefault(
                "certificate_id", copied("priority_certificate", decision.certificate_id, **certificate)
            )
        line = copied("order_line", decision.line_id, **({"order_id": number} | changes.get("lines", {})))
        told = {"judgement_id": judgement_id, "order_id": number, "line_id": line} | changes.get("decisions", {})
        if not decision.certificate_id:
            told.pop("certificate_id", None)
        copied("priority_decision", decision.pk, **told)
        purse = decision.line.purse.account
        spent[purse] = spent.get(purse, 0) + decision.amount
    legs = {purse: -amount for purse, amount in spent.items()}
    if paid is not None:
        legs = {next(iter(spent)): -paid}
    legs[account(AccountKind.RESERVED, order.union)] = -sum(legs.values())
    if paid != 0:
        post(f"order:{facts['number']}:placed", "order.placed", f"order:{facts['number']}", legs, union=order.union)


def purchase_refused(words: str, order: Order, /, *arguments: Any, **changes: Any) -> None:
    """The copy of an order is refused in these words, at the latest when the transaction would commit."""
    with pytest.raises(DatabaseError, match=words), transaction.atomic():
        bought_by_hand(order, *arguments, **changes)
        let_constraints_speak()
