"""Goods given back after they were accepted: claims, refunds, accruals and the log, each to the fen."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models import Sum
from django.utils import timezone

from marketplace.fulfilment.actions import accept
from marketplace.fulfilment.losses import Report, give_back
from marketplace.fulfilment.models import SupplierOrder
from marketplace.ledger.actions import account
from marketplace.ledger.models import Account, AccountKind, Transaction
from marketplace.organisations.models import Membership, Role
from marketplace.steps.actions import run_all_due
from suppliers.settlement.actions import pay_out, record_payment
from suppliers.settlement.corrections import note_given_back, record_refund
from suppliers.settlement.models import Accrual, HouseholdAccrual
from tests.fulfilment.lost import (
    DATE_FEN,
    holds_together,
    parcels,
    refused,
    this_year,
)
from tests.world import (
    DATES,
    FUNGUS,
    bring,
    placed,
    side,
    supplier_orders,
)

pytestmark = pytest.mark.usefixtures("world")


class TestReturning:
    def test_before_it_is_paid_the_claim_falls_and_the_purse_rises(self) -> None:
        giver = side()
        order = bring(placed(giver, [DATES], heads=6), giver.buyer, "accepted")
        (so,) = supplier_orders(order)
        (loss,) = give_back(giver.buyer, so, [Report(parcels(so, 2), "spoiled", "Mouldy inside")])
        assert give_back(giver.buyer, so, [Report(parcels(so, 2), "spoiled")]) == []
        assert account(AccountKind.DUE, so.seller, "U-XA-YT").balance == 4 * DATE_FEN
        assert account(AccountKind.RESERVED, giver.union).balance == 0
        kinds = Transaction.objects.filter(key__startswith=f"loss:{loss.pk}:").order_by("pk")
        assert [(t.kind, t.corrects.kind) for t in kinds.select_related("corrects")] == [
            ("loss.undone", "supplier_order.accepted"), ("loss.given_back", "order.placed"),
        ]  # fmt: skip
        run_all_due()
        first, correction = Accrual.objects.order_by("pk")
        assert (first.gross, correction.gross, correction.corrects) == (18_000, -6_000, first)
        assert (correction.fee, first.fee) == (-300, 900)
        earned = HouseholdAccrual.objects.filter(accrual__supplier_order=so).aggregate(fen=Sum("amount"))["fen"]
        assert earned == first.households + correction.households
        record_payment(giver.buyer, so, "B")
        payer = Membership.objects.get(organisation=so.enterprise, role=Role.PROVINCE).user
        assert pay_out(payer, first) == 4 * DATE_FEN - 600
        assert not Accrual.objects.filter(paid_at__isnull=True).exists()
        owed = Account.objects.filter(kind="owed").exclude(code__endswith=":fees")
        assert set(owed.values_list("balance", flat=True)) == {0}
        holds_together(giver)

    def test_after_it_is_paid_the_seller_owes_a_refund_until_it_came(self) -> None:
        giver = side()
        order = bring(placed(giver, [DATES], heads=6), giver.buyer, "paid")
        (so,) = supplier_orders(order)
        giver.general.account.refresh_from_db()
        before = giver.general.account.balance
        (loss,) = give_back(giver.buyer, so, [Report(parcels(so, 2), "damaged")])
        run_all_due()
        giver.general.account.refresh_from_db()
        assert (loss.refund_due, giver.general.account.balance) == (6_000, before)
        figures = this_year(giver)
        assert (figures.refund_due, figures.spent, figures.counted_assistance) == (6_000, 12_000, 12_000)
        assert account(AccountKind.REFUND, so.seller, "U-XA-YT").balance == 6_000
        holds_together(giver)
        assert refused(lambda: record_refund(giver.buyer, loss, " ")).code == "reference_missing"
        record_refund(giver.buyer, loss, "BANK-R-1")
        record_refund(giver.buyer, loss, "BANK-R-2")
        giver.general.account.refresh_from_db()
        assert giver.general.account.balance == before + 6_000
        assert this_year(giver).refund_due == 0
        holds_together(giver)

    def test_what_was_paid_out_is_owed_back_until_noted(self) -> None:
        giver = side()
        order = bring(placed(giver, [DATES], heads=6), giver.buyer, "paid")
        (so,) = supplier_orders(order)
        give_back(giver.buyer, so, [Report(parcels(so, 2), "damaged")])
        run_all_due()
        correction = Accrual.objects.select_related("supplier_order__order", "supplier_order__enterprise").get(
            corrects__isnull=False
        )
        assert account(AccountKind.OWED_BACK, so.producer).balance == 6_000 - 300
        assert account(AccountKind.RECEIVED, so.producer).balance == 12_000 - 600
        payer = Membership.objects.get(organisation=so.enterprise, role=Role.PROVINCE).user
        assert refused(lambda: note_given_back(giver.buyer, correction)).code == "not_allowed"
        note_given_back(payer, correction)
        note_given_back(payer, correction)
        assert account(AccountKind.OWED_BACK, so.producer).balance == 0
        assert account(AccountKind.REVENUE, so.seller).balance == -12_000
        holds_together(giver)

    def test_returned_before_the_accrual_nothing_needs_correcting(self) -> None:
        giver = side()
        order = bring(placed(giver, [DATES], heads=6), giver.buyer, "shipped")
        (so,) = supplier_orders(order)
        accept(giver.buyer, so)
        give_back(giver.buyer, so, [Report(parcels(so, 2), "damaged")])
        run_all_due()
        assert [a.gross for a in Accrual.objects.all()] == [12_000]
        give_back(giver.buyer, so, [Report(parcels(so, 1, skip=2), "damaged")])
        run_all_due()
        assert [a.gross for a in Accrual.objects.order_by("pk")] == [12_000, -3_000]
        holds_together(giver)

    def test_the_days_run_out(self) -> None:
        giver = side()
        order = bring(placed(giver, [DATES], heads=3), giver.buyer, "accepted")
        (so,) = supplier_orders(order)
        assert so.return_days == 7
        SupplierOrder.objects.filter(pk=so.pk).update(accepted_at=timezone.now() - timedelta(days=8))
        error = refused(lambda: give_back(giver.buyer, so, [Report(parcels(so, 1), "damaged")]))
        assert (error.code, error.data["days"]) == ("return_too_late", 7)

    def test_all_returned_leaves_nothing(self) -> None:
        giver = side()
        order = bring(placed(giver, [DATES, (FUNGUS, {"per_head": 2})], heads=3), giver.buyer, "paid")
        for so in supplier_orders(order):
            for loss in give_back(giver.buyer, so, [Report(parcels(so, 3), "damaged")]):
                run_all_due()
                record_refund(giver.buyer, loss, f"R-{loss.pk}")
        sums = Accrual.objects.aggregate(
            gross=Sum("gross"), fee=Sum("fee"), households=Sum("households"), net=Sum("net")
        )
        assert sums == {"gross": 0, "fee": 0, "households": 0, "net": 0}
        assert HouseholdAccrual.objects.aggregate(fen=Sum("amount"))["fen"] == 0
        assert (this_year(giver).assistance, this_year(giver).spent) == (0, 0)
        holds_together(giver)
