"""What raw SQL by the app's own role cannot do with money (I5), and twice under one key (I6)."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, transaction

from marketplace.ledger.models import Account, Leg, Transaction
from tests.invariants.raw_sql import copy_refused, purchase_refused, refused
from tests.world import (
    let_constraints_speak,
)

UNDECIDED = "has no allowing decision for its product, quantity, price and purse"


class TestMoney:
    """I5."""

    def post(
        self, legs: dict[Account, int], kind: str = "by.hand", cause: str = "test", count: int | None = None
    ) -> None:
        posted = Transaction.objects.create(
            key="by-hand", kind=kind, cause=cause, legs_count=len(legs) if count is None else count
        )
        Leg.objects.bulk_create([Leg(transaction=posted, account=a, amount=n) for a, n in legs.items()])
        let_constraints_speak()

    def post_refused(self, words: str, *arguments: Any, **options: Any) -> None:
        with pytest.raises(DatabaseError, match=words), transaction.atomic():
            self.post(*arguments, **options)

    def accounts(self, traded) -> tuple[Account, Account]:
        purse = Account.objects.get(pk=traded.giver.general.account_id)
        return purse, Account.objects.get(kind="outside", owner=traded.giver.union)

    def test_the_control_a_posting_by_hand_that_adds_up(self, traded) -> None:
        purse, outside = self.accounts(traded)
        self.post({purse: -1, outside: 1})
        assert Account.objects.get(pk=purse.pk).balance == purse.balance - 1

    def test_a_purse_is_not_overspent(self, traded) -> None:
        purse, outside = self.accounts(traded)
        self.post_refused("only_the_outside_goes_below_zero", {purse: -purse.balance - 1, outside: purse.balance + 1})

    def test_legs_sum_to_zero(self, traded) -> None:
        purse, outside = self.accounts(traded)
        self.post_refused("do not sum to zero", {purse: -100, outside: 99})

    def test_a_transaction_has_the_legs_that_it_declared(self, traded) -> None:
        purse, outside = self.accounts(traded)
        self.post_refused("not as many as it declared", {purse: -100, outside: 100}, count=3)
        self.post_refused("has no legs", {})

    def test_no_leg_is_added_to_what_was_posted(self, traded) -> None:
        posted = Transaction.objects.get(key=f"order:{traded.order.number}:placed")
        _purse, outside = self.accounts(traded)
        other = Account.objects.filter(kind="owed").first()
        refused(
            "not as many as it declared",
            "INSERT INTO ledger_leg (transaction_id, account_id, amount) VALUES (%s, %s, 5), (%s, %s, -5)",
            posted.pk, outside.pk, posted.pk, other.pk,
        )  # fmt: skip

    def test_a_balance_is_nobodys_to_write(self, traded) -> None:
        refused("permission denied", "UPDATE ledger_account SET balance = 1")
        refused("permission denied", "DELETE FROM ledger_account")
        refused(
            "ledger_account is append-only: INSERT",
            "INSERT INTO ledger_account (code, kind, owner_id, balance) VALUES ('purse:new', 'purse', %s, 1)",
            traded.giver.union.pk,
        )

    @pytest.mark.parametrize("change", ["kind = 'personal'", "kind = 'general'", "covered = false", "gift_year = 2020"])
    def test_a_purse_keeps_its_nature(self, traded, change) -> None:
        refused(
            "ledger_purse is append-only", f"UPDATE ledger_purse SET {change} WHERE id = %s", traded.giver.reserve.pk
        )

    def test_a_union_purse_is_always_covered(self, traded) -> None:
        copy_refused(
            "a_union_purse_is_covered", ("ledger_purse", traded.giver.general.pk, {"covered": False, "name": "暗"})
        )

    def test_the_assistance_only_purse_pays_no_ordinary_line(self, traded) -> None:
        reserve = traded.giver.reserve.pk
        purchase_refused(UNDECIDED, traded.order, lines={"purse_id": reserve})

    def test_the_assistance_only_purse_pays_for_order_lines_alone(self, traded) -> None:
        reserve = Account.objects.get(pk=traded.giver.reserve.account_id)
        general = Account.objects.get(pk=traded.giver.general.account_id)
        words = "pays only for order lines decided as assistance products"
        self.post_refused(words, {reserve: -100, general: 100})
        self.post_refused(
            words, {reserve: -100, general: 100}, kind="order.placed", cause=f"order:{traded.order.number}"
        )


class TestOnce:
    """I6: keys under which something happens once."""

    def test_keys_and_numbers(self, traded) -> None:
        command = traded.giver.union.pk
        refused(
            "a_key_is_used_once",
            "INSERT INTO steps_command (organisation_id, key, verb, fingerprint, at)"
            " SELECT organisation_id, key, verb, fingerprint, at FROM steps_command WHERE organisation_id = %s", command,
        )  # fmt: skip
        refused(
            "a_step_is_written_once",
            "INSERT INTO steps_step (cause, kind, part, state, attempts, next_run_at, cursor, reason, created_at)"
            " SELECT cause, kind, part, state, attempts, next_run_at, cursor, reason, created_at FROM steps_step",
        )
        refused(
            "a_waybill_is_used_once",
            "INSERT INTO fulfilment_consignment (supplier_order_id, carrier, waybill, shipped_at)"
            " SELECT supplier_order_id, carrier, waybill, shipped_at FROM fulfilment_consignment",
        )
        refused(
            "a_cause_moves_stock_once",
            "INSERT INTO stock_movement (stock_id, lot_id, kind, quantity, cause, at)"
            " SELECT stock_id, lot_id, kind, quantity, cause, at FROM stock_movement WHERE kind = 'reserve'",
        )
