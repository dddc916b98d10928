"""Two sessions with the app's password, at any isolation level: what is counted over many rows is not counted by two who cannot see
each other; and what is put off is put off until the commit, not beyond it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from django.db import transaction
from django.utils import timezone

from marketplace.fulfilment.models import Parcel
from marketplace.organisations.scopes import seen_by
from procurement.compliance.closing import close_year
from procurement.priority.models import UnionYear
from tests import house
from tests.world import DATES, MOONCAKES, placed, side, supplier_orders


def test_deferring_constraints_puts_nothing_off_beyond_the_commit(fresh_world: house.Database) -> None:
    with seen_by(None):
        line = placed(side(), [DATES]).lines.get().pk
    with psycopg.connect(fresh_world.url) as session:
        columns = [
            name for (name,) in session.execute(
                "SELECT column_name FROM information_schema.columns WHERE table_name = 'order_line' AND column_name <> 'id'"
            )
        ]  # fmt: skip
        listed = ", ".join(columns)
        session.execute("SET CONSTRAINTS ALL DEFERRED")
        session.execute(f"INSERT INTO order_line ({listed}) SELECT {listed} FROM order_line WHERE id = {line}")
        with pytest.raises(psycopg.DatabaseError, match="has no allowing decision"):
            session.commit()


@pytest.fixture
def sessions(fresh_world: house.Database) -> Iterator[tuple[psycopg.Connection, psycopg.Connection]]:
    """Two sessions of the app's role."""
    with psycopg.connect(fresh_world.url) as one, psycopg.connect(fresh_world.url) as other:
        yield one, other
        one.rollback()
        other.rollback()


def meanwhile(call: Callable[[], Any]) -> Callable[[], Any]:
    """Start what will wait for a lock; call the answer to hear what came of it."""
    heard: list[Any] = []

    def run_it() -> None:
        try:
            heard.append(call())
        except psycopg.Error as error:
            heard.append(error)

    thread = threading.Thread(target=run_it, daemon=True)
    thread.start()
    thread.join(0.3)

    def answer() -> Any:
        thread.join(20)
        assert heard, "it never came home"
        return heard[0]

    return answer


LEVELS = ("READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE")


@pytest.mark.parametrize("level", LEVELS)
def test_parcels_beyond_the_line(fresh_world, sessions, level) -> None:
    with seen_by(None):
        order = placed(side(), [DATES], heads=2)
        # Another gift's parcels have room for units of this line: half of it is in parcels of its own already.
        other = placed(side(), [DATES], heads=2, title="二", prefix="Q")
        line = order.lines.get().pk
        parcels = list(Parcel.objects.filter(supplier_order__order=other).values_list("pk", flat=True))
    with psycopg.connect(fresh_world.owner_url, autocommit=True) as owner:
        # Room for one more unit, as a line of a larger order would have.
        owner.execute("ALTER TABLE order_line DISABLE TRIGGER append_only")
        owner.execute("ALTER TABLE order_line DROP CONSTRAINT a_line_costs_units_times_price")
        owner.execute("UPDATE order_line SET quantity = quantity + 1 WHERE id = %s", [line])
    one, two = sessions
    insert = "INSERT INTO fulfilment_parcelline (parcel_id, line_id, quantity) VALUES (%s, %s, 1)"
    for session in sessions:
        session.execute(f"SET TRANSACTION ISOLATION LEVEL {level}")
    if level != "READ COMMITTED":
        with pytest.raises(psycopg.DatabaseError, match="at the isolation level READ COMMITTED only"):
            one.execute(insert, [parcels[0], line])
        return
    one.execute(insert, [parcels[0], line])
    second = meanwhile(lambda: two.execute(insert, [parcels[1], line]))
    one.commit()
    assert "hold more than was ordered" in str(second())


@pytest.mark.parametrize("level", LEVELS)
def test_whoever_changes_a_year_waits_for_the_other(fresh_world, sessions, level) -> None:
    """What checks clause 3 writes the year's row: the second sees what the first did, or begins anew."""
    with seen_by(None):
        giver = side()
        first = placed(giver, [MOONCAKES], heads=9)
        year = UnionYear.objects.get(union=giver.union).pk
    assert first.total_incl_tax == 972  # of 2,000 yuan set aside: once more would fit, twice would not
    one, two = sessions
    for session in sessions:
        session.execute(f"SET TRANSACTION ISOLATION LEVEL {level}")
        session.execute("SELECT assistance FROM priority_unionyear WHERE id = %s", [year]).fetchone()
    add = "SELECT check_year(union_id, gift_year::int, 5000, 0) FROM priority_unionyear WHERE id = %s"
    one.execute(add, [year])
    second = meanwhile(lambda: two.execute(add, [year]))
    one.commit()
    outcome = second()
    if level == "READ COMMITTED":
        assert not isinstance(outcome, Exception)
    else:
        assert isinstance(outcome, psycopg.errors.SerializationFailure)


@pytest.mark.parametrize("level", LEVELS)
def test_one_decision_released_twice(fresh_world, sessions, level) -> None:
    with seen_by(None):
        giver = side()
        placed(giver, [DATES], heads=3, title="别的", prefix="B")  # so that the year counts more than this
        order = placed(giver, [DATES], heads=1)
        decision = order.decisions.get()
        (supplier_order,) = supplier_orders(order)
        facts = {"so": supplier_order.pk, "union": giver.union.pk, "producer": supplier_order.producer_id,
                 "user": giver.buyer.pk, "decision": decision.pk, "year": decision.gift_year}  # fmt: skip
    release = (
        "WITH loss AS (INSERT INTO fulfilment_loss (supplier_order_id, union_id, producer_id, kind, by, reason, words, parcels,"
        " amount, refund_due, reported_by_id, at) VALUES (%(so)s, %(union)s, %(producer)s, 'cancelled', 'union', 'not_needed', '',"
        " 1, 3000, 0, %(user)s, now()) RETURNING id)"
        " INSERT INTO priority_release (decision_id, loss_id, union_id, gift_year, quantity, amount, at)"
        " SELECT %(decision)s, id, %(union)s, %(year)s, 1, 3000, now() FROM loss"
    )
    one, two = sessions
    for session in sessions:
        session.execute(f"SET TRANSACTION ISOLATION LEVEL {level}")
        session.execute("SELECT count(*) FROM priority_release").fetchone()
        session.execute("SET CONSTRAINTS adds_up, released DEFERRED")
    one.execute(release, facts)
    second = meanwhile(lambda: two.execute(release, facts))
    one.execute(
        "UPDATE fulfilment_parcel SET state = 'cancelled', loss_id = (SELECT max(id) FROM fulfilment_loss)"
        " WHERE supplier_order_id = %(so)s", facts,
    )  # fmt: skip
    one.commit()
    said = {"READ COMMITTED": "would be released than was decided"}.get(level, "could not serialize access")
    assert said in str(second())


@pytest.mark.parametrize("level", LEVELS)
def test_what_would_count_in_a_year_waits_for_its_closing(sessions, level) -> None:
    one, _two = sessions
    one.execute(f"SET TRANSACTION ISOLATION LEVEL {level}")
    year = timezone.localdate().year - 1
    with seen_by(None):
        giver = side()
        with transaction.atomic():
            close_year(giver.approver, giver.union, year)
            late = meanwhile(lambda: one.execute("SELECT require_open_year(%s, %s)", [giver.union.pk, year]))
    assert ("is closed" if level == "READ COMMITTED" else "could not serialize") in str(late())
