"""Statements as the app's own role may write them by hand, and how the database refuses them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

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
