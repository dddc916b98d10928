"""Plain SQL that migrations of every floor use: append-only tables and declared moves (I5, I7, I8)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.db import connections
from django.db.migrations import RunSQL

FUNCTIONS = RunSQL(
    """
    CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION '% is append-only: % is refused. Write a new row that corrects the old one.', TG_TABLE_NAME, TG_OP
            USING ERRCODE = 'integrity_constraint_violation';
    END $$;
    CREATE FUNCTION refuse_move() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION '% may not move from % to %: it is no declared transition.',
            TG_TABLE_NAME, to_jsonb(OLD) ->> TG_ARGV[0], to_jsonb(NEW) ->> TG_ARGV[0]
            USING ERRCODE = 'integrity_constraint_violation';
    END $$;
    """,
    "DROP FUNCTION refuse_change(); DROP FUNCTION refuse_move();",
)


def append_only(table: str) -> RunSQL:
    """Let rows of `table` be inserted and read, never changed or removed, by nobody; take the rights from the app's role too."""
    role = settings.DATABASE_APP_ROLE
    return RunSQL(
        f"""
        CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
        REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {role};
        """,
        f"""
        DROP TRIGGER append_only ON {table};
        GRANT UPDATE, DELETE ON {table} TO {role};
        """,
    )


def declared_moves(table: str, moves: Mapping[str, Sequence[str]], column: str = "state") -> RunSQL:
    """Refuse every update of `column` that is not one of `moves` (from → to's). A declared move costs no function call."""
    pairs = ", ".join(f"('{old}', '{new}')" for old, news in moves.items() for new in news)
    return RunSQL(
        f"""
        CREATE TRIGGER declared_moves BEFORE UPDATE OF {column} ON {table} FOR EACH ROW
            WHEN (OLD.{column} IS DISTINCT FROM NEW.{column} AND (OLD.{column}, NEW.{column}) NOT IN ({pairs}))
            EXECUTE FUNCTION refuse_move('{column}');
        """,
        f"DROP TRIGGER declared_moves ON {table};",
    )


_PIN = """
    DO $$
    DECLARE loose regprocedure;
    BEGIN
        FOR loose IN SELECT f.oid FROM pg_proc f JOIN pg_language l ON l.oid = f.prolang AND l.lanname IN ('plpgsql', 'sql')
            WHERE f.pronamespace = 'public'::regnamespace AND f.proowner = current_user::regrole
                AND NOT coalesce(f.proconfig, '{}') @> ARRAY['search_path=public, pg_temp']
        LOOP
            EXECUTE format('ALTER FUNCTION %s SET search_path = public, pg_temp', loose);
        END LOOP;
    END $$;
"""


def pin_functions(using: str, **_signal: Any) -> None:
    """Let every function of ours look names up in the schema public before a session's temporary tables. Runs after each `migrate`.

    Without it, whoever may make a temporary table could show a trigger another `ledger_purse` than the real one; and a function that
    a migration replaces loses the pin, which is why migrations are not asked to remember it.
    """
    with connections[using].cursor() as cursor:
        cursor.execute(_PIN)
