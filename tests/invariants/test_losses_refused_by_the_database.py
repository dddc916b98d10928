"""What raw SQL cannot do to goods that did not arrive as ordered (R8): shed more than was decided, lose goods without the year
noticing, rewrite what was lost, move a parcel back.
"""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction

from marketplace.fulfilment.actions import accept
from marketplace.fulfilment.losses import Report, cancel, give_back
from marketplace.fulfilment.models import Loss, Parcel, SupplierOrder
from marketplace.ledger.models import Account, Leg, Transaction
from procurement.priority.models import Decision, Release
from tests import house
from tests.invariants.raw_sql import copied, copy_refused, refused
from tests.world import DATES, YUYANG, bring, let_constraints_speak, placed, side, supplier_orders, visiting

DATE_FEN = 3_000


class Lost:
    """Three orders of dates, four parcels each: one cancelled, one refused, one returned of each order's four; the rest went on."""

    def __init__(self) -> None:
        self.giver = side()
        buyer = self.giver.buyer
        (self.cancelled,) = cancel(buyer, self._order("P", "assigned"), self._report("not_needed"))
        arrived = self._order("Q", "shipped")
        accept(buyer, arrived, [self._report("damaged")])
        self.refused = Loss.objects.get(supplier_order=arrived)
        (self.returned,) = give_back(buyer, self._order("R", "accepted"), [self._report("spoiled")])
        let_constraints_speak()

    def _order(self, prefix: str, stage: str) -> SupplierOrder:
        order = placed(self.giver, [DATES], heads=4, title=f"慰问{prefix}", prefix=prefix)
        (self.so,) = supplier_orders(bring(order, self.giver.buyer, stage))
        return self.so

    def _report(self, reason: str) -> Report:
        return Report(
            tuple(Parcel.objects.filter(supplier_order=self.so).order_by("pk").values_list("pk", flat=True)[:1]), reason
        )

    def release(self) -> Release:
        return Release.objects.get(loss=self.cancelled)

    def kept(self, loss: Loss) -> Parcel:
        """A parcel of the same supplier order that was not lost."""
        found = Parcel.objects.filter(supplier_order=loss.supplier_order, loss__isnull=True).order_by("pk").first()
        assert found is not None
        return found


@pytest.fixture(scope="module")
def _lost(world_database, django_db_blocker) -> Iterator[Lost]:
    with django_db_blocker.unblock(), visiting(world_database):
        yield Lost()


@pytest.fixture
def lost(_lost: Lost) -> Iterator[Lost]:
    """What was lost; what the test adds goes again."""
    with transaction.atomic():
        yield _lost
        transaction.set_rollback(True)


def lose(lost: Lost, parcels: int, units: int, amount: int | None = None) -> None:
    """By hand: lose so many more parcels of the cancelled order, and release so many units of its decision."""
    loss = copied("fulfilment_loss", lost.cancelled.pk, parcels=parcels, amount=parcels * DATE_FEN)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE fulfilment_parcel SET state = 'cancelled', loss_id = %s WHERE id IN"
            " (SELECT id FROM fulfilment_parcel WHERE supplier_order_id = %s AND loss_id IS NULL ORDER BY id LIMIT %s)",
            [loss, lost.cancelled.supplier_order_id, parcels],
        )
    if units:
        fen = units * DATE_FEN if amount is None else amount
        copied("priority_release", lost.release().pk, loss_id=loss, quantity=units, amount=fen)
    let_constraints_speak()


def lose_refused(words: str, lost: Lost, *arguments: int) -> None:
    with pytest.raises(DatabaseError, match=words), transaction.atomic():
        lose(lost, *arguments)


class TestReleases:
    """I1: what a decision no longer counts is never more than it decided, and just what was lost."""

    def test_the_control_a_loss_by_hand_with_its_releases(self, lost) -> None:
        lose(lost, 3, 3)
        decision = lost.release().decision
        assert (
            sum(Release.objects.filter(decision=decision).values_list("quantity", flat=True)) == decision.quantity == 4
        )

    def test_not_more_than_was_decided(self, lost) -> None:
        lose_refused(r"More of decision \d+ would be released than was decided", lost, 3, 4)

    def test_not_at_another_price(self, lost) -> None:
        lose_refused("has another price, union or year than it", lost, 1, 1, DATE_FEN - 1)

    @pytest.mark.parametrize("column", ["union_id", "gift_year"])
    def test_not_for_another_union_or_year(self, lost, column) -> None:
        value = {"union_id": side(YUYANG).union.pk, "gift_year": 2020}[column]
        changes = {"loss_id": lost.returned.pk, column: value}
        copy_refused("has another price, union or year than it", ("priority_release", lost.release().pk, changes))

    def test_no_loss_without_its_releases(self, lost) -> None:
        words = r"is of covered goods for 6000 fen, and its decisions were released for {} fen"
        lose_refused(words.format(0), lost, 2, 0)
        lose_refused(words.format(3000), lost, 2, 1)
        lose_refused(words.format(9000), lost, 2, 3)

    def test_no_release_without_its_loss(self, lost) -> None:
        copy_refused("released_once_by_a_loss", ("priority_release", lost.release().pk, {}))
        other = Decision.objects.get(line__order=lost.refused.supplier_order.order)
        copy_refused(
            "is of covered goods for 0 fen, and its decisions were released for 3000 fen",
            ("priority_release", lost.release().pk, {"decision_id": other.pk}),
        )

    def test_not_of_nothing(self, lost) -> None:
        changes = {"loss_id": lost.returned.pk, "quantity": 0, "amount": 0}
        copy_refused("a_release_is_of_something", ("priority_release", lost.release().pk, changes))


class TestLosses:
    """I7: a loss is what its parcels are."""

    def test_a_loss_counts_its_parcels_and_their_worth(self, lost) -> None:
        for changes in ({}, {"parcels": 2}, {"amount": 1}):
            copy_refused("does not add up", ("fulfilment_loss", lost.cancelled.pk, changes))
        copy_refused("a_loss_is_of_something", ("fulfilment_loss", lost.cancelled.pk, {"parcels": 0}))

    def test_no_parcel_is_lost_into_a_loss_that_is_written(self, lost) -> None:
        update = "UPDATE fulfilment_parcel SET state = %s, loss_id = %s WHERE id = %s"
        refused("does not add up", update, "cancelled", lost.cancelled.pk, lost.kept(lost.cancelled).pk)
        refused("does not add up", update, "returned", lost.refused.pk, lost.kept(lost.refused).pk)

    def test_a_lost_parcel_says_why(self, lost) -> None:
        parcel = lost.kept(lost.cancelled).pk
        refused("a_lost_parcel_says_why", "UPDATE fulfilment_parcel SET state = 'cancelled' WHERE id = %s", parcel)
        update = "UPDATE fulfilment_parcel SET loss_id = %s WHERE id = %s"
        refused("a_lost_parcel_says_why", update, lost.cancelled.pk, parcel)

    def test_a_lost_parcel_keeps_its_loss(self, lost) -> None:
        update = "UPDATE fulfilment_parcel SET loss_id = %s WHERE loss_id = %s"
        refused("append-only", update, lost.refused.pk, lost.cancelled.pk)
        refused("append-only", update, None, lost.cancelled.pk)

    @pytest.mark.parametrize(
        "changes",
        [
            {"reason": "damaged"},
            {"by": "producer"},
            {"kind": "refused"},
            {"kind": "returned", "by": "producer", "reason": "not_needed"},
        ],
    )
    def test_a_reason_fits_its_loss(self, lost, changes) -> None:
        copy_refused("a_reason_fits_its_loss", ("fulfilment_loss", lost.cancelled.pk, changes))

    def test_only_what_was_returned_is_refunded_and_whole(self, lost) -> None:
        for loss, fen in ((lost.cancelled, DATE_FEN), (lost.refused, DATE_FEN), (lost.returned, 1)):
            copy_refused("refunded_is_what_returned", ("fulfilment_loss", loss.pk, {"refund_due": fen}))


class TestWhatIsWrittenStays:
    """Losses and releases are evidence: nobody changes or removes them."""

    @pytest.mark.parametrize("table", ["fulfilment_loss", "priority_release"])
    def test_not_the_apps_role(self, lost, table) -> None:
        refused("permission denied", f"UPDATE {table} SET amount = amount")
        refused("permission denied", f"DELETE FROM {table}")
        refused("permission denied|must be owner", f"TRUNCATE {table} CASCADE")

    @pytest.mark.parametrize("table", ["fulfilment_loss", "priority_release"])
    def test_not_the_owner(self, world_database: house.Database, table) -> None:
        with psycopg.connect(world_database.owner_url, autocommit=True) as owner:
            for statement in (f"UPDATE {table} SET amount = 1", f"DELETE FROM {table}"):
                with pytest.raises(psycopg.DatabaseError, match="append-only"):
                    owner.execute(statement)


class TestMoves:
    """I7: no parcel moves back, and none is lost on a way that was not declared."""

    @pytest.mark.parametrize("kind", ["cancelled", "refused", "returned"])
    def test_a_lost_parcel_stays_lost(self, lost, kind) -> None:
        loss = getattr(lost, kind)
        for state in {"placed", "assigned", "shipped", "accepted", "refused", "cancelled", "returned"} - {kind}:
            refused(
                f"fulfilment_parcel may not move from {kind} to {state}",
                "UPDATE fulfilment_parcel SET state = %s WHERE loss_id = %s", state, loss.pk,
            )  # fmt: skip

    @pytest.mark.parametrize(
        ("stage", "states"),
        [
            ("cancelled", ["placed", "refused", "returned"]),
            ("refused", ["placed", "assigned", "shipped", "cancelled", "refused"]),
            ("returned", ["placed", "assigned", "shipped", "cancelled", "refused"]),
        ],
    )
    def test_a_parcel_that_went_on_does_not_go_back_nor_skip(self, lost, stage, states) -> None:
        parcel = lost.kept(getattr(lost, stage))
        for state in states:
            refused(
                f"fulfilment_parcel may not move from {parcel.state} to {state}",
                "UPDATE fulfilment_parcel SET state = %s WHERE id = %s", state, parcel.pk,
            )  # fmt: skip


class TestMoney:
    """I5: a purse gets back no more than the order took from it."""

    def test_not_more_than_was_taken(self, lost) -> None:
        order = lost.cancelled.supplier_order.order
        taken = Transaction.objects.get(key=f"order:{order.number}:placed")
        purse = Account.objects.get(pk=lost.giver.general.account_id)
        outside = Account.objects.get(kind="outside", owner=lost.giver.union)
        before = purse.balance

        def give(fen: int, key: str) -> None:
            back = Transaction.objects.create(
                key=key,
                kind="loss.given_back",
                cause=f"order:{order.number}",
                legs_count=2,
                corrects=taken,
                union=lost.giver.union,
            )
            Leg.objects.bulk_create(
                [Leg(transaction=back, account=purse, amount=fen), Leg(transaction=back, account=outside, amount=-fen)]
            )
            let_constraints_speak()

        give(3 * DATE_FEN, "the rest")  # the control: one of four was given back by the cancellation
        assert Account.objects.get(pk=purse.pk).balance == before + 3 * DATE_FEN
        with pytest.raises(DatabaseError, match="given back more than was taken from it"), transaction.atomic():
            give(1, "one fen more")


def test_the_control_the_moves_that_are_declared(lost) -> None:
    """What the verbs do is what the database lets through: the same statement with its loss is accepted."""
    loss = copied("fulfilment_loss", lost.returned.pk)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE fulfilment_parcel SET state = 'returned', loss_id = %s WHERE id = %s",
            [loss, lost.kept(lost.returned).pk],
        )
        assert cursor.rowcount == 1
        copied("priority_release", Release.objects.get(loss=lost.returned).pk, loss_id=loss)
        let_constraints_speak()
