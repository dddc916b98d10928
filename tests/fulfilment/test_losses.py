"""Goods that do not arrive as ordered: parcels, money, the year's figures, stock, accruals and the log, each to the fen."""

from __future__ import annotations

import pytest
from django.utils import timezone

from marketplace.demo import cast
from marketplace.evidence.models import Entry
from marketplace.fulfilment.actions import accept
from marketplace.fulfilment.losses import Report, cancel, give_back, give_up
from marketplace.fulfilment.models import Loss
from marketplace.fulfilment.queries import progress, state_of
from marketplace.ledger.actions import account, set_aside
from marketplace.ledger.models import Account, AccountKind
from marketplace.shop.order.models import Order
from marketplace.steps.actions import run_all_due
from marketplace.steps.models import Step
from marketplace.stock.models import Lot, Movement
from procurement.priority.models import Decision, Release, UnionYear
from procurement.programmes.models import Recipient
from suppliers.settlement.actions import record_payment
from suppliers.settlement.models import Accrual
from tests.fulfilment.lost import (
    DATE_FEN,
    MOONCAKE_FEN,
    SHARE_BP,
    cakes,
    dates,
    holds_together,
    parcels,
    refused,
    this_year,
)
from tests.world import (
    DATES,
    FUNGUS,
    MOONCAKES,
    Side,
    bring,
    lots_of,
    placed,
    seller_of,
    side,
    stock,
    supplier_orders,
)

pytestmark = pytest.mark.usefixtures("world")


class TestAcceptingAPart:
    def test_what_is_named_is_refused_the_rest_accepted_and_only_that_is_due(self) -> None:
        giver = side()
        order = bring(placed(giver, [DATES], heads=6), giver.buyer, "shipped")
        (so,) = supplier_orders(order)
        general = giver.general.account.balance
        giver.general.account.refresh_from_db()
        before = giver.general.account.balance
        accept(
            giver.buyer, so, [Report(parcels(so, 1), "damaged", "Bag torn"), Report(parcels(so, 2, skip=1), "missing")]
        )
        assert progress(order) == {"accepted": 3, "refused": 3}
        assert state_of(so) == "accepted"
        giver.general.account.refresh_from_db()
        assert (giver.general.account.balance - before, general >= 0) == (3 * DATE_FEN, True)
        assert account(AccountKind.DUE, so.seller, "U-XA-YT").balance == 3 * DATE_FEN
        assert account(AccountKind.RESERVED, giver.union).balance == 0
        found = Loss.objects.order_by("pk").values_list("kind", "by", "reason", "words", "parcels", "amount")
        assert list(found) == [
            ("refused", "producer", "damaged", "Bag torn", 1, DATE_FEN),
            ("refused", "producer", "missing", "", 2, 2 * DATE_FEN),
        ]
        run_all_due()
        assert Accrual.objects.get().gross == 3 * DATE_FEN
        holds_together(giver)
        figures = this_year(giver)
        assert (figures.assistance, figures.released, figures.orders[0].accepted) == (9_000, 9_000, 9_000)

    def test_everything_may_be_refused_and_nothing_is_due_or_accrued(self) -> None:
        giver = side()
        order = bring(placed(giver, [DATES], heads=3), giver.buyer, "shipped")
        (so,) = supplier_orders(order)
        accept(giver.buyer, so, [Report(parcels(so, 3), "spoiled")])
        accept(giver.buyer, so, [Report(parcels(so, 3), "spoiled")])
        run_all_due()
        assert (state_of(so), Accrual.objects.count(), Loss.objects.count()) == ("closed", 0, 1)
        assert refused(lambda: record_payment(giver.buyer, so, "B")).code == "nothing_due"
        assert this_year(giver).assistance == 0
        holds_together(giver)

    def test_each_purse_gets_its_own_back(self) -> None:
        giver = side()
        set_aside(giver.buyer, giver.general, giver.reserve, 40_000, "aside")
        order = placed(giver, [(DATES, {"purse": giver.reserve}), MOONCAKES], heads=2)
        bring(order, giver.buyer, "shipped")
        held = {purse: Account.objects.get(purse=purse).balance for purse in (giver.general, giver.reserve)}
        accept(giver.buyer, dates(order), [Report(parcels(dates(order), 1), "short")])
        accept(giver.buyer, cakes(order), [Report(parcels(cakes(order), 2), "wrong")])
        gained = {p: Account.objects.get(purse=p).balance - held[p] for p in held}
        assert gained == {giver.general: 2 * MOONCAKE_FEN, giver.reserve: DATE_FEN}
        holds_together(giver)

    def test_a_fault_names_them_all_and_changes_nothing(self) -> None:
        giver = side()
        order = bring(placed(giver, [DATES, FUNGUS], heads=3), giver.buyer, "shipped")
        first, second = supplier_orders(order)
        mine = parcels(first, 1)
        wrong = [Report((*mine, *mine), "tired"), Report(parcels(second, 2), "damaged")]
        error = refused(lambda: accept(giver.buyer, first, wrong))
        assert error.data["codes"] == ["named_twice", "parcels_elsewhere", "reason_unfit"]
        assert progress(order) == {"shipped": 6}
        assert not Loss.objects.exists()

    def test_silence_accepts_all(self) -> None:
        giver = side()
        order = bring(placed(giver, [DATES], heads=3), giver.buyer, "shipped")
        Step.objects.filter(kind="supplier_order.accept_silently").update(next_run_at=timezone.now())
        run_all_due()
        assert progress(order) == {"accepted": 3}

    def test_members_have_had_less_this_year(self) -> None:
        giver = side()
        order = bring(placed(giver, [DATES, MOONCAKES], heads=3), giver.buyer, "shipped")
        accept(giver.buyer, dates(order), [Report(parcels(dates(order), 1), "missing")])
        had = (
            Recipient.objects.filter(programme=order.programme)
            .order_by("pk")
            .values_list("received", "received_assistance")
        )
        assert sorted(had) == [(10_800, 0), (13_800, 3_000), (13_800, 3_000)]


class TestCancelling:
    def test_a_member_who_left_gets_nothing_and_stock_and_lots_are_free_again(self) -> None:
        giver = side()
        order = bring(placed(giver, [DATES], heads=5), giver.buyer, "assigned")
        (so,) = supplier_orders(order)
        before, (old, *_rest) = stock(DATES), lots_of([DATES])
        (loss,) = cancel(giver.buyer, so, Report(parcels(so, 2), "member_left"))
        after = stock(DATES)
        assert (before.allocated - after.allocated, before.in_stock - after.in_stock) == (2, 0)
        assert old.allocated - Lot.objects.get(pk=old.pk).allocated == 2
        assert (loss.amount, loss.refund_due) == (2 * DATE_FEN, 0)
        assert progress(order) == {"assigned": 3, "cancelled": 2}
        assert Movement.objects.get(cause=f"loss:{loss.pk}").quantity == 2
        holds_together(giver)
        bring_on = bring(order, giver.buyer, "accepted")
        assert progress(bring_on) == {"accepted": 3, "cancelled": 2}

    def test_a_whole_supplier_order_before_it_is_even_sent(self) -> None:
        giver = side()
        order = placed(giver, [DATES], heads=3)
        (so,) = supplier_orders(order)
        cancel(giver.buyer, so, Report(parcels(so, 3), "not_needed"))
        assert cancel(giver.buyer, so, Report(parcels(so, 3), "not_needed")) == []
        run_all_due()
        assert (state_of(so), stock(DATES).allocated, account(AccountKind.RESERVED, giver.union).balance) == (
            "closed",
            0,
            0,
        )
        assert Decision.objects.count() == Release.objects.count() == 1
        holds_together(giver)

    def test_what_was_shipped_is_not_cancelled(self) -> None:
        giver = side()
        order = bring(placed(giver, [DATES], heads=3), giver.buyer, "shipped")
        (so,) = supplier_orders(order)
        error = refused(lambda: cancel(giver.buyer, so, Report(parcels(so, 3), "not_needed")))
        assert error.data["codes"] == ["parcels_moved_on"]

    def test_what_a_producer_cannot_supply_is_in_its_stock_no_more(self) -> None:
        giver = side()
        order = bring(placed(giver, [DATES], heads=5), giver.buyer, "assigned")
        (so,) = supplier_orders(order)
        before = stock(DATES)
        (loss,) = give_up(seller_of(so), so, Report(parcels(so, 2), "crop_failed", "Hail"))
        after = stock(DATES)
        assert (before.allocated - after.allocated, before.in_stock - after.in_stock) == (2, 2)
        assert after.available == before.available
        assert (loss.by, loss.words) == ("producer", "Hail")
        holds_together(giver)

    def test_each_verb_asks_who_it_is(self) -> None:
        giver = side()
        order = bring(placed(giver, [DATES], heads=3), giver.buyer, "sent")
        (so,) = supplier_orders(order)
        report = Report(parcels(so, 1), "not_needed")
        assert refused(lambda: cancel(seller_of(so), so, report)).code == "not_allowed"
        assert refused(lambda: give_up(giver.buyer, so, report)).code == "not_allowed"
        assert refused(lambda: give_back(giver.approver, so, [report])).code == "not_allowed"

    def test_the_log_has_it_without_the_words(self) -> None:
        giver = side()
        order = bring(placed(giver, [DATES], heads=3), giver.buyer, "sent")
        (so,) = supplier_orders(order)
        (loss,) = cancel(giver.buyer, so, Report(parcels(so, 1), "member_left", "Wang moved to Baoji"))
        entry = Entry.objects.get(kind="parcels.cancelled")
        assert entry.body == {
            "number": so.number, "loss": loss.pk, "by": "union", "reason": "member_left", "parcels": 1,
            "amount": DATE_FEN, "refund_due": 0,
        }  # fmt: skip


class TestTheYear:
    """Dates 30 × 30.00 (assistance), mooncakes 30 × 108.00 (ordinary); set aside is exactly what clause 3 asks for beside them."""

    def mixed(self, heads: int = 30) -> tuple[Side, Order]:
        giver = side()
        held = giver.reserve.account.balance
        missing = cast.to_set_aside(heads * DATE_FEN, heads * MOONCAKE_FEN, held, SHARE_BP)
        set_aside(giver.buyer, giver.general, giver.reserve, missing, "aside")
        return giver, placed(giver, [DATES, MOONCAKES], heads=heads)

    def test_a_union_may_not_give_up_what_its_ordinary_goods_rest_on(self) -> None:
        giver, order = self.mixed()
        so = dates(order)
        error = refused(lambda: cancel(giver.buyer, so, Report(parcels(so, 1), "not_needed")))
        assert error.code == "share_would_break"
        assert (error.data["amount"], error.data["needed"], error.data["aside"]) == ("¥30.00", "¥30.00", "¥30.00")
        assert "mooncake" in str(error)
        assert progress(order) == {"placed": 60}
        holds_together(giver)

    def test_it_may_when_ordinary_goods_go_first(self) -> None:
        giver, order = self.mixed()
        cancel(giver.buyer, cakes(order), Report(parcels(cakes(order), 1), "not_needed"))
        cancel(giver.buyer, dates(order), Report(parcels(dates(order), 1), "not_needed"))
        figures = this_year(giver)
        assert (figures.assistance, figures.ordinary, figures.compliant) == (29 * DATE_FEN, 29 * MOONCAKE_FEN, True)
        holds_together(giver)

    def test_a_producers_failure_is_made_good_and_the_union_is_not_in_breach(self) -> None:
        giver, order = self.mixed()
        run_all_due()
        so = dates(order)
        give_up(seller_of(so), so, Report(parcels(so, 2), "cannot_supply"))
        figures = this_year(giver)
        assert (figures.make_good_due, figures.to_make_good, figures.compliant) == (True, 2 * DATE_FEN, True)
        assert Entry.objects.filter(kind="year.make_good_due").count() == 1
        error = refused(lambda: placed(giver, [MOONCAKES], heads=1, title="再一次"))
        assert "make_good_due" in error.data["codes"]
        holds_together(giver)

    def test_the_flag_clears_by_itself_when_the_year_holds_again(self) -> None:
        giver, order = self.mixed()
        run_all_due()
        so = dates(order)
        give_up(seller_of(so), so, Report(parcels(so, 2), "cannot_supply"))
        placed(giver, [DATES], heads=2, title="补足")
        figures = this_year(giver)
        assert (figures.make_good_due, figures.to_make_good) == (False, 0)
        placed(giver, [DATES], heads=1, title="又一次")
        assert UnionYear.objects.get(union=giver.union).make_good_due is False
        assert Entry.objects.filter(kind="year.made_good").count() == 1
        holds_together(giver)

    def test_money_set_aside_cures_it_too(self) -> None:
        giver, order = self.mixed()
        run_all_due()
        give_up(seller_of(dates(order)), dates(order), Report(parcels(dates(order), 2), "cannot_supply"))
        set_aside(giver.buyer, giver.general, giver.reserve, 2 * DATE_FEN, "cure")
        assert this_year(giver).make_good_due is False

    def test_a_union_may_always_give_up_ordinary_goods(self) -> None:
        giver, order = self.mixed()
        run_all_due()
        give_up(seller_of(dates(order)), dates(order), Report(parcels(dates(order), 9), "cannot_supply"))
        cancel(giver.buyer, cakes(order), Report(parcels(cakes(order), 1), "not_needed"))
        figures = this_year(giver)
        assert (figures.ordinary, figures.to_make_good) == (29 * MOONCAKE_FEN, 9 * DATE_FEN - MOONCAKE_FEN)
        cancel(giver.buyer, cakes(order), Report(parcels(cakes(order), 2, skip=1), "not_needed"))
        assert this_year(giver).to_make_good == 0
        assert UnionYear.objects.get(union=giver.union).make_good_due is False
        holds_together(giver)


def test_statements_do_not_grow_with_the_parcels(django_assert_num_queries) -> None:
    """Thirty parcels cost as many statements as three."""
    giver = side()
    bring(placed(giver, [DATES], heads=1, title="先"), giver.buyer, "accepted")  # opens the accounts
    few = bring(placed(giver, [DATES], heads=4, title="少"), giver.buyer, "shipped")
    many = bring(placed(giver, [DATES], heads=60, title="多"), giver.buyer, "shipped")
    for order, heads in ((few, 3), (many, 30)):
        (so,) = supplier_orders(order)
        reports = [Report(parcels(so, heads), "damaged")]
        with django_assert_num_queries(STATEMENTS["accept"]):
            accept(giver.buyer, so, reports)
        run_all_due()
        with django_assert_num_queries(STATEMENTS["give_back"]):
            give_back(giver.buyer, so, [Report(parcels(so, 1 if heads == 3 else 30, skip=heads), "spoiled")])
        run_all_due()


STATEMENTS = {"accept": 46, "give_back": 42}
