"""Ways round the triggers, tried by somebody with the app's password: what a session of theirs may set, shadow, copy, defer or own."""

from __future__ import annotations

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction

from tests import house
from tests.invariants.raw_sql import copied, refused
from tests.invariants.traded import Traded
from tests.world import DATES, let_constraints_speak


class TestSessions:
    """What a session may set, shadow, copy, defer or own."""

    def test_a_temporary_table_is_not_taken_for_the_real_one(self, traded: Traded) -> None:
        """A purse that the rule does not cover, a decision that fits: seen by nobody but the session that made them."""
        line = traded.line(DATES)
        with pytest.raises(DatabaseError, match="has no allowing decision"), transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(
                    "CREATE TEMPORARY TABLE ledger_purse ON COMMIT DROP AS SELECT * FROM public.ledger_purse"
                )
                cursor.execute("UPDATE pg_temp.ledger_purse SET covered = false")
            copied("order_line", line.pk)
            let_constraints_speak()

    def test_nor_is_a_temporary_year_or_judgement(self, traded: Traded) -> None:
        with pytest.raises(DatabaseError, match="is not what was judged of"), transaction.atomic():
            with connection.cursor() as cursor:
                for table in ("priority_judgement", "order_order", "priority_unionyear"):
                    cursor.execute(f"CREATE TEMPORARY TABLE {table} ON COMMIT DROP AS TABLE public.{table}")
                cursor.execute("UPDATE pg_temp.priority_judgement SET allowed = true, input = '{}', output = '{}'")
            copied("public.priority_decision", traded.decision(DATES).pk, ref="again")

    def test_every_function_of_ours_looks_names_up_in_public_first(self, world_database: house.Database) -> None:
        """They are pinned after each `migrate`, whoever made them."""
        with psycopg.connect(world_database.owner_url) as owner:
            loose = owner.execute(
                "SELECT f.oid::regprocedure::text FROM pg_proc f JOIN pg_language l ON l.oid = f.prolang"
                " WHERE f.pronamespace = 'public'::regnamespace AND f.proowner = current_user::regrole"
                " AND l.lanname IN ('plpgsql', 'sql')"
                " AND NOT coalesce(f.proconfig, '{}') @> ARRAY['search_path=public, pg_temp']"
            ).fetchall()
        assert loose == []

    @pytest.mark.parametrize(
        ("words", "statement"),
        [
            ("permission denied", "SET session_replication_role = replica"),
            ("permission denied", "SET ROLE mall_owner"),
            ("permission denied", "SET SESSION AUTHORIZATION mall_owner"),
            ("must be owner", "ALTER TABLE order_line DISABLE TRIGGER ALL"),
            ("must be owner", "ALTER TABLE priority_decision DROP CONSTRAINT certified"),
            ("must be owner", "DROP TRIGGER line_decided ON order_line"),
            ("must be owner", "ALTER FUNCTION check_judged(bigint, boolean) RESET search_path"),
            ("permission denied", "CREATE FUNCTION public.now() RETURNS timestamptz LANGUAGE sql AS 'SELECT NULL::timestamptz'"),
            ("must be owner|permission denied", "CREATE OR REPLACE FUNCTION check_line_decided(checked bigint) RETURNS void"
             " LANGUAGE sql AS 'SELECT NULL::void'"),
            ("must be owner|permission denied", "CREATE RULE quiet AS ON INSERT TO priority_decision DO INSTEAD NOTHING"),
            ("must be owner|permission denied", "CREATE TRIGGER mine BEFORE INSERT ON order_line FOR EACH ROW"
             " EXECUTE FUNCTION refuse_change()"),
            ("must be owner", "CREATE TABLE pg_temp.mine () INHERITS (order_line)"),
            ("permission denied", "CREATE TABLE public.mine ()"),
            ("permission denied", "CREATE SCHEMA mine"),
            ("must be owner|permission denied", "ALTER TABLE order_line ENABLE ROW LEVEL SECURITY"),
            ("permission denied", "COPY order_line FROM PROGRAM 'true'"),
            ("permission denied", "SELECT setval(pg_get_serial_sequence('evidence_entry', 'id'), 1)"),
            ("permission denied", "MERGE INTO priority_decision d USING priority_release r ON d.id = r.decision_id"
             " WHEN MATCHED THEN UPDATE SET quantity = 0"),
            ("permission denied", "INSERT INTO priority_decision SELECT * FROM priority_decision ON CONFLICT (id)"
             " DO UPDATE SET quantity = 0"),
        ],
        ids=lambda value: value.split()[0] + " " + value.split()[1] if " " in value else value,
    )  # fmt: skip
    def test_what_a_session_may_not(self, traded: Traded, words: str, statement: str) -> None:
        refused(words, statement)

    def test_copy_goes_no_other_way_than_insert(self, traded: Traded) -> None:
        """Lines read out and copied in again under other numbers."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT column_name FROM information_schema.columns WHERE table_name = 'order_line' AND"
                           " table_schema = 'public' AND column_name <> 'id' ORDER BY ordinal_position")  # fmt: skip
            columns = ", ".join(name for (name,) in cursor.fetchall())
            with cursor.connection.cursor().copy(
                f"COPY (SELECT {columns} FROM order_line WHERE id = {traded.line(DATES).pk}) TO STDOUT"
            ) as out:
                rows = b"".join(bytes(block) for block in out)
        with (
            pytest.raises(psycopg.DatabaseError, match="has no allowing decision"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            with cursor.connection.cursor().copy(f"COPY order_line ({columns}) FROM STDIN") as into:
                into.write(rows)
            cursor.connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
