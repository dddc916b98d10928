"""A crash at every boundary of a step, in turn: the end is the undisturbed run's, nothing lost, nothing twice (R1)."""

import socket

import pytest
from django.db import connections

from marketplace.evidence.check import check_log
from marketplace.evidence.models import Entry
from marketplace.evidence.sequencer import sequence_all
from marketplace.fulfilment.actions import accept, confirm
from marketplace.fulfilment.models import SupplierOrder
from marketplace.organisations.scopes import seen_by
from marketplace.shop.order.models import Order
from marketplace.steps.actions import nudge
from marketplace.steps.models import Command, Step
from procurement.programmes.placement import place
from tests.faults.states import faults_of_books, small_order, state
from tests.races import holding, until, until_waiting
from tests.world import accept_all, confirm_all, seller_of, ship_all, supplier_orders

pytestmark = pytest.mark.usefixtures("fresh_world")

# The stages of an order that workers carry on: kind of step, the evidence that its handler writes, what brings it about.
SENT = ("supplier_order.send", "supplier_order.sent")
ASSIGNED = ("supplier_order.assign_lots", "supplier_order.lots_assigned")
ACCRUED = ("supplier_order.settle", "supplier_order.accrued")


@pytest.fixture(autouse=True)
def _for_the_house():
    with seen_by(None):
        yield


def done(kind: str) -> int:
    return Step.objects.filter(kind=kind, state="done").count()


def finish(nursery, kind: str, number: int) -> None:
    """Let a new worker and sweeper do what is left; both are killed when nothing is."""
    worker, sweeper = nursery.worker(), nursery.start("sweeper")
    until(lambda: done(kind) == number, f"{number} steps {kind}")
    sweeper.kill()
    worker.kill()


def crash_before_claim(nursery, database) -> None:
    """The message is taken from the broker, the row not yet claimed."""
    with holding(database, "LOCK TABLE steps_step"):
        worker = nursery.worker()
        until_waiting(database, 1)
        worker.kill()


def crash_before_commit(nursery, hold, until_held, evidence: str) -> None:
    """All effects are written, the transaction is open."""
    before = Entry.objects.filter(kind=evidence).count()
    with hold(evidence):
        worker = nursery.worker()
        until_held()
        worker.kill()
    assert Entry.objects.filter(kind=evidence).count() == before


def crash_before_acknowledging(nursery, queue, hold, until_held, kind: str, evidence: str) -> None:
    """Committed, and the broker does not know yet: the process that acknowledges is frozen first."""
    before, unacknowledged = done(kind), queue.hlen("unacked")
    sweeper = nursery.start("sweeper")
    with hold(evidence):
        worker = nursery.worker()
        until_held()
        worker.stop_leader()
    until(lambda: done(kind) == before + 1, "the commit")
    assert queue.hlen("unacked") > unacknowledged
    worker.kill()
    sweeper.kill()


def test_who_is_killed_in_its_first_moment_is_dead(nursery) -> None:
    for _ in range(40):
        nursery.start("sweeper").kill()


def test_a_worker_is_killed_at_every_boundary_of_every_step(
    fresh_world, nursery, queue, hold, until_held, undisturbed
) -> None:
    giver, programme = small_order()
    order = place(giver.buyer, programme, "the-form")

    def storm(kind: str, evidence: str) -> None:
        crash_before_claim(nursery, fresh_world)
        assert done(kind) == 0
        crash_before_commit(nursery, hold, until_held, evidence)
        assert done(kind) == 0
        crash_before_acknowledging(nursery, queue, hold, until_held, kind, evidence)
        assert done(kind) == 1
        finish(nursery, kind, 2)

    storm(*SENT)
    confirm_all(order)
    storm(*ASSIGNED)
    ship_all(order)
    accept_all(order, giver.buyer)
    storm(*ACCRUED)

    # What was never acknowledged is delivered again by the broker itself: a worker finds nothing to claim.
    assert queue.hlen("unacked") > 0
    nursery.worker(visibility_timeout=0)
    until(lambda: not queue.hlen("unacked") and not queue.llen("fulfilment"), "all messages delivered again")
    assert state() == undisturbed
    assert faults_of_books() == []
    sequence_all()
    assert check_log().faults == []


def test_all_messages_are_lost(nursery, queue, undisturbed) -> None:
    """The broker forgets everything, each time right after it was told."""
    giver, programme = small_order()
    order = place(giver.buyer, programme, "the-form")
    for kind, go_on in (
        (SENT[0], lambda: confirm_all(order)),
        (ASSIGNED[0], lambda: (ship_all(order), accept_all(order, giver.buyer))),
        (ACCRUED[0], lambda: None),
    ):
        assert queue.llen("fulfilment") == 2
        queue.flushdb()
        finish(nursery, kind, 2)
        queue.flushdb()  # the sweeper may have nudged once more what was just being done
        go_on()
    assert state() == undisturbed
    assert faults_of_books() == []


def test_a_buyers_process_is_killed_inside_the_placement(nursery, hold, until_held, tmp_path, undisturbed) -> None:
    """Before the commit nothing is there; the form sent again is the order."""
    giver, programme = small_order()
    before = state()
    with hold("programme.placed"):
        buyer = nursery.start("buyer", programme=programme.pk, key="the-form", answer=str(tmp_path / "answer"))
        until_held()
        buyer.kill()
    until(lambda: not _others(), "the end of the buyer's session")
    assert state() == before
    assert Command.objects.count() == Order.objects.count() == 0
    order = place(giver.buyer, programme, "the-form")
    assert place(giver.buyer, programme, "the-form") == order
    assert Order.objects.count() == 1
    assert faults_of_books() == []


def _others() -> int:
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND usename = current_user AND pid <> pg_backend_pid()"
        )
        return cursor.fetchone()[0]


def test_a_buyers_process_is_killed_between_commit_and_nudge(nursery, tmp_path, undisturbed) -> None:
    """The broker takes the connection and says nothing; the order is committed; the process is killed before it could nudge."""
    giver, programme = small_order()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        buyer = nursery.start(
            "buyer",
            programme=programme.pk,
            key="the-form",
            answer=str(tmp_path / "answer"),
            broker=f"redis://127.0.0.1:{silent.getsockname()[1]}/0",
        )
        until(lambda: Order.objects.exists(), "the commit")
        buyer.kill()
    assert not (tmp_path / "answer").exists()
    order = place(giver.buyer, programme, "the-form")
    assert Order.objects.get() == order
    _carry_through(nursery, giver, order)
    assert state() == undisturbed


@pytest.mark.parametrize("broker", ["closed", "silent"])
def test_the_broker_does_not_answer_while_an_order_is_placed(nursery, tmp_path, undisturbed, broker) -> None:
    """The order is placed all the same, and whoever placed it is not kept waiting: messages are mere nudges."""
    giver, programme = small_order()
    with socket.create_server(("127.0.0.1", 0)) as server:
        if broker == "closed":
            server.close()
            port = _free_port()
        else:
            port = server.getsockname()[1]
        buyer = nursery.start(
            "buyer",
            programme=programme.pk,
            key="the-form",
            answer=str(tmp_path / "answer"),
            broker=f"redis://127.0.0.1:{port}/0",
        )
        until(Order.objects.exists, "the commit")
        until(lambda: not buyer.alive, "the buyer's answer", patience=5)
    order = Order.objects.get()
    assert (tmp_path / "answer").read_text() == order.number
    assert "the broker does not answer; the sweeper will nudge again" in buyer.log.read_text()
    _carry_through(nursery, giver, order)
    assert state() == undisturbed


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _carry_through(nursery, giver, order) -> None:
    nursery.worker()
    nursery.start("sweeper")
    for kind, go_on in (
        (SENT[0], lambda: confirm_all(order)),
        (ASSIGNED[0], lambda: (ship_all(order), accept_all(order, giver.buyer))),
        (ACCRUED[0], lambda: None),
    ):
        until(lambda kind=kind: done(kind) == 2, kind)
        go_on()


def test_two_workers_race_for_every_step_with_every_message_tenfold(nursery, queue, undisturbed) -> None:
    giver, programme = small_order()
    order = place(giver.buyer, programme, "the-form")
    workers = [nursery.worker(concurrency=2) for _ in range(2)]
    for kind, go_on in (
        (SENT[0], lambda: confirm_all(order)),
        (ASSIGNED[0], lambda: (ship_all(order), accept_all(order, giver.buyer))),
        (ACCRUED[0], lambda: None),
    ):
        for _ in range(10):
            nudge(Step.objects.filter(kind=kind))
        until(lambda kind=kind: done(kind) == 2, kind)
        go_on()
    until(lambda: not queue.llen("fulfilment") and not queue.hlen("unacked"), "an empty queue")
    assert all(worker.alive for worker in workers)
    assert state() == undisturbed
    assert faults_of_books() == []


def test_verbs_repeated_by_impatient_people_do_nothing_more(nursery, undisturbed) -> None:
    giver, programme = small_order()
    order = place(giver.buyer, programme, "the-form")
    nursery.worker()
    nursery.start("sweeper")
    until(lambda: done(SENT[0]) == 2, "sent")
    for supplier_order in supplier_orders(order) * 3:
        confirm(seller_of(supplier_order), supplier_order)
    until(lambda: done(ASSIGNED[0]) == 2, "assigned")
    ship_all(order)
    ship_all(order)
    for supplier_order in supplier_orders(order) * 3:
        accept(giver.buyer, supplier_order)
    until(lambda: done(ACCRUED[0]) == 2, "accrued")
    assert SupplierOrder.objects.filter(consignments__isnull=False).distinct().count() == 2
    assert state() == undisturbed
