"""From the placed order to the household's slip: states, lots, money, each by its verb and to the fen."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.db.models import Sum
from django.utils import timezone

from marketplace.fulfilment.actions import accept, confirm, labels, ship
from marketplace.fulfilment.errors import NotYet, WaybillMissing, WaybillUnfit, WaybillUsed
from marketplace.fulfilment.models import Allocation, Consignment, Parcel
from marketplace.fulfilment.queries import progress, state_of
from marketplace.ledger.actions import account, fund, post, set_aside
from marketplace.ledger.errors import Unbalanced
from marketplace.ledger.models import Account, AccountKind, Leg, Transaction
from marketplace.organisations.errors import HouseError, Refusals, SameKeyOtherBody
from marketplace.organisations.models import Membership, Organisation, Reveal, Role, User
from marketplace.steps.actions import run_all_due
from marketplace.steps.models import Step
from marketplace.stock.actions import release
from marketplace.stock.actions import ship as ship_stock
from marketplace.stock.models import Lot, Stock
from procurement.compliance.queries import statement
from procurement.priority.actions import release_reserve
from procurement.priority.errors import ReserveBound
from suppliers.provenance.incidents import hold, lift
from suppliers.provenance.models import IncidentReason
from suppliers.settlement.actions import confirm_payout, pay_out, record_payment, settle
from suppliers.settlement.errors import NoProvenance, NothingDue
from suppliers.settlement.models import Accrual, HouseholdAccrual
from tests.faults.states import faults_of_books
from tests.world import (
    DATES,
    FUNGUS,
    MOONCAKES,
    accept_all,
    add_recipients,
    bring,
    confirm_all,
    draft,
    let_constraints_speak,
    lots_of,
    pay_all,
    placed,
    seller_of,
    ship_all,
    side,
    stock,
    supplier_orders,
)

pytestmark = pytest.mark.usefixtures("world")

GIFT = [DATES, (FUNGUS, {"per_head": 2})]


def refused(call) -> HouseError:
    with pytest.raises(HouseError) as caught:
        call()
    return caught.value


class TestStates:
    def test_a_supplier_orders_state_is_its_slowest_parcels(self) -> None:
        giver = side()
        order = placed(giver, GIFT)

        def states() -> set[str]:
            return {state_of(so) for so in supplier_orders(order)}

        seen = [states()]
        run_all_due()
        seen.append(states())
        confirm_all(order)
        seen.append(states())
        run_all_due()
        seen.append(states())
        ship_all(order)
        seen.append(states())
        accept_all(order, giver.buyer)
        seen.append(states())
        assert seen == [{"new"}, {"sent"}, {"confirmed"}, {"assigned"}, {"shipped"}, {"accepted"}]
        assert progress(order) == {"accepted": 6}

    def test_no_verb_comes_before_its_turn(self) -> None:
        giver = side()
        order = placed(giver, [DATES])
        (so,) = supplier_orders(order)
        grower = seller_of(so)
        assert isinstance(refused(lambda: confirm(grower, so)), NotYet)
        run_all_due()
        refusal = refused(lambda: ship(grower, so, "秦岭速运", "QL-1"))
        assert (refusal.code, refusal.data["state"], refusal.data["needed"]) == ("not_yet", "sent", "assigned")
        assert refused(lambda: accept(giver.buyer, so)).code == "not_yet"
        confirm(grower, so)
        assert refused(lambda: ship(grower, so, "秦岭速运", "QL-1")).code == "not_yet"
        run_all_due()
        assert isinstance(refused(lambda: record_payment(giver.buyer, so, "B")), NothingDue)

    def test_repeating_a_verb_does_nothing(self) -> None:
        giver = side()
        order = bring(placed(giver, [DATES]), giver.buyer, "accepted")
        (so,) = supplier_orders(order)
        confirm(seller_of(so), so)
        first = Consignment.objects.get()
        assert ship(seller_of(so), so, first.carrier, first.waybill) == first
        accept(giver.buyer, so)
        record_payment(giver.buyer, so, "B-1")
        record_payment(giver.buyer, so, "B-2")
        run_all_due()
        assert Transaction.objects.filter(kind="supplier_order.paid").count() == 1
        assert (Accrual.objects.count(), Consignment.objects.count()) == (1, 1)

    def test_a_waybill_is_complete_and_used_once(self) -> None:
        giver = side()
        order = bring(placed(giver, GIFT), giver.buyer, "assigned")
        first, second = supplier_orders(order)
        for carrier, waybill in (("", "1"), ("秦岭速运", " ")):
            assert isinstance(refused(lambda c=carrier, w=waybill: ship(seller_of(first), first, c, w)), WaybillMissing)
        for unfit in ("QL1", "没有单号", "Q" * 61, "QL 0001"):
            assert isinstance(refused(lambda w=unfit: ship(seller_of(first), first, "秦岭速运", w)), WaybillUnfit)
        ship(seller_of(first), first, "秦岭速运", " QL-1 ")
        assert isinstance(refused(lambda: ship(seller_of(second), second, "秦岭速运", "QL-1")), WaybillUsed)
        ship(seller_of(second), second, "别家速运", "QL-1")

    def test_silence_counts_as_acceptance_when_the_days_have_run_out(self) -> None:
        giver = side()
        order = bring(placed(giver, [DATES]), giver.buyer, "shipped")
        (so,) = supplier_orders(order)
        step = Step.objects.get(kind="supplier_order.accept_silently")
        assert timedelta(days=6) < step.next_run_at - timezone.now() <= timedelta(days=7)
        Step.objects.filter(pk=step.pk).update(next_run_at=timezone.now())
        run_all_due()
        assert state_of(so) == "accepted"
        assert Accrual.objects.get(supplier_order=so).gross == 9_000

    def test_silence_after_an_acceptance_is_nothing(self) -> None:
        giver = side()
        order = bring(placed(giver, [DATES]), giver.buyer, "accepted")
        Step.objects.filter(kind="supplier_order.accept_silently").update(next_run_at=timezone.now())
        assert run_all_due() == 1
        assert Transaction.objects.filter(kind="supplier_order.accepted").count() == 1
        assert faults_of_books() == []
        assert progress(order) == {"accepted": 3}


class TestLots:
    def test_first_expired_first(self) -> None:
        """Dates come in two lots of 1,500; the older one is given first, and the next begins where it ends."""
        giver = side()
        old, new = lots_of([DATES])
        assert (old.best_before < new.best_before, old.made, new.made) == (True, 1_500, 1_500)
        Stock.objects.filter(sku=DATES).update(allocated=0)
        Lot.objects.filter(pk=old.pk).update(allocated=1_498, shipped=1_498)
        order = bring(placed(giver, [DATES], heads=5), giver.buyer, "assigned")
        given = Allocation.objects.filter(parcel_line__line__order=order).order_by("parcel_line__parcel_id")
        assert list(given.values_list("lot__code", "quantity")) == [(old.code, 1)] * 2 + [(new.code, 1)] * 3
        assert list(Lot.objects.filter(pk__in=[old.pk, new.pk]).order_by("pk").values_list("allocated", flat=True)) == [
            1_500, 3,
        ]  # fmt: skip

    def test_a_lot_that_is_held_back_is_not_given(self) -> None:
        giver = side()
        old, new = lots_of([DATES])
        hold(User.objects.get(username="p-jx"), old.holder, old, IncidentReason.TEST)
        order = bring(placed(giver, [DATES]), giver.buyer, "assigned")
        given = Allocation.objects.filter(parcel_line__line__order=order)
        assert set(given.values_list("lot__code", flat=True)) == {new.code}

    def test_lots_that_do_not_suffice_are_the_steps_reason_and_nothing_is_given(self) -> None:
        giver = side()
        order, grower = bring(placed(giver, [DATES]), giver.buyer, "sent"), User.objects.get(username="p-jx")
        holds = [hold(grower, lot.holder, lot, IncidentReason.TEST) for lot in lots_of([DATES])]
        confirm_all(order)
        run_all_due()
        step = Step.objects.get(kind="supplier_order.assign_lots")
        assert (step.state, step.attempts) == ("due", 1)
        assert DATES in step.reason
        assert not Allocation.objects.exists()
        assert progress(order) == {"placed": 3}
        for one in holds:
            lift(grower, one)
        Step.objects.update(next_run_at=timezone.now())
        run_all_due()
        assert progress(order) == {"assigned": 3}

    def test_what_is_shipped_leaves_stock_and_lots(self) -> None:
        giver = side()
        before = stock(FUNGUS)
        order = bring(placed(giver, GIFT, heads=4), giver.buyer, "shipped")
        let_constraints_speak()
        after = stock(FUNGUS)
        assert (before.in_stock - after.in_stock, after.allocated) == (8, before.allocated)
        shipped = Lot.objects.filter(stock__sku=FUNGUS).aggregate(allocated=Sum("allocated"), shipped=Sum("shipped"))
        assert shipped == {"allocated": 8, "shipped": 8}
        assert faults_of_books() == []
        assert set(
            Parcel.objects.filter(supplier_order__order=order).values_list("consignment__carrier", flat=True)
        ) == {"秦岭速运"}


class TestLabels:
    def test_plain_text_for_the_producer_and_one_reveal_a_batch(self) -> None:
        giver = side()
        order = bring(placed(giver, GIFT), giver.buyer, "assigned")
        first, second = supplier_orders(order)
        printed = labels(seller_of(first), first)
        assert {(label["name"], label["phone"]) for label in printed} == {
            (f"测试M{n:05d}", f"100{n:08d}") for n in (1, 2, 3)
        }
        assert all(label["goods"] == [("佳县滩枣 1 kg", 1)] for label in printed)
        labels(seller_of(second), second)
        assert list(Reveal.objects.order_by("pk").values_list("organisation__code", "purpose", "count")) == [
            ("P-JX", "labels", 3), ("P-ZS", "labels", 3),
        ]  # fmt: skip


class TestMoney:
    """Six heads: dates 6 × 30.00 by agency (fee 5 %), fungus 12 × 29.00 by resale (fee 8 %)."""

    def paid(self):
        giver = side()
        order = bring(placed(giver, GIFT, heads=6), giver.buyer, "paid")
        let_constraints_speak()
        return giver, order

    def test_every_fen_that_was_reserved_ends_with_whom_it_is_owed_to(self) -> None:
        giver, _order = self.paid()
        total = 6 * (3_000 + 2 * 2_900)
        balances = {a.code: a.balance for a in Account.objects.filter(balance__gt=0).exclude(kind="purse")}
        assert balances["paid:P-JX:U-XA-YT"] == 18_000
        assert balances["paid:E-QL:U-XA-YT"] == 34_800
        assert balances["owed:E-QL:fees"] == 18_000 * 500 // 10_000 + 34_800 * 800 // 10_000
        assert balances["received:P-JX"] == 18_000 - 900
        assert balances["received:P-ZS"] == 34_800 - 2_784
        assert account(AccountKind.RESERVED, giver.union).balance == 0
        assert sum(balances[c] for c in balances if c.split(":")[0] in ("received", "owed")) == total
        assert faults_of_books() == []

    def test_an_accrual_adds_up_and_households_earn_by_weight(self) -> None:
        _giver, order = self.paid()
        for accrual in Accrual.objects.filter(supplier_order__order=order):
            rows = list(HouseholdAccrual.objects.filter(accrual=accrual))
            assert accrual.gross == accrual.fee + accrual.households + accrual.net
            assert sum(row.amount for row in rows) == accrual.households > 0
            heaviest, lightest = max(rows, key=lambda r: r.grams), min(rows, key=lambda r: r.grams)
            assert heaviest.amount >= lightest.amount
            assert all(row.paid_at and row.confirmed_at for row in rows)
        dates = Accrual.objects.get(producer__code="P-JX")
        # Eight households share 30 % of the sales, each rounded down to the fen.
        assert 5_400 - 8 <= dates.households <= 5_400

    def test_ordinary_goods_earn_their_seller_alone(self) -> None:
        giver = side()
        order = bring(placed(giver, [MOONCAKES]), giver.buyer, "accepted")
        accrual = Accrual.objects.get(supplier_order__order=order)
        assert (accrual.gross, accrual.fee, accrual.households, accrual.net) == (32_400, 0, 0, 32_400)

    def test_only_whoever_holds_the_contract_pays_out(self) -> None:
        giver = side()
        order = bring(placed(giver, [DATES]), giver.buyer, "accepted")
        (so,) = supplier_orders(order)
        accrual = Accrual.objects.select_related("supplier_order__enterprise", "producer").get(supplier_order=so)
        assert refused(lambda: pay_out(seller_of(so), accrual)).code == "not_allowed"
        enterprise = Membership.objects.get(role=Role.PROVINCE).user
        record_payment(giver.buyer, so, "B")
        pay_out(enterprise, accrual)
        pay_out(enterprise, accrual)
        assert Transaction.objects.filter(kind="supplier_order.paid_out").count() == 1
        rows = confirm_payout(seller_of(so), accrual)
        assert (rows > 0, confirm_payout(seller_of(so), accrual)) == (True, 0)

    def test_nothing_is_confirmed_before_it_is_paid(self) -> None:
        giver = side()
        order = bring(placed(giver, [DATES]), giver.buyer, "accepted")
        accrual = Accrual.objects.get(supplier_order__order=order)
        assert confirm_payout(User.objects.get(username="p-jx"), accrual) == 0

    def test_a_second_settlement_is_refused(self) -> None:
        giver = side()
        order = bring(placed(giver, [DATES]), giver.buyer, "accepted")
        (so,) = supplier_orders(order)
        with pytest.raises(IntegrityError), transaction.atomic():
            settle(so)
        assert Transaction.objects.filter(kind="supplier_order.accrued").count() == 1

    def test_an_assistance_lot_without_collections_credits_nobody_and_says_so(self) -> None:
        giver = side()
        bare = Lot.objects.create(
            stock=stock(DATES), holder=stock(DATES).holder, code="BARE", made=5,
            produced_on=timezone.localdate(), best_before=timezone.localdate() + timedelta(days=9),
        )  # fmt: skip
        order = bring(placed(giver, [DATES], heads=2), giver.buyer, "accepted")
        step = Step.objects.get(kind="supplier_order.settle")
        assert (step.state, step.reason) == ("due", str(NoProvenance(lot=bare.code)))
        assert not Accrual.objects.filter(supplier_order__order=order).exists()

    def test_the_statement_is_the_ledger(self) -> None:
        giver = side()
        order = placed(giver, [DATES, MOONCAKES], heads=3)
        year = timezone.localdate().year
        figures = statement(giver.union, year)
        assert (figures.assistance, figures.ordinary, figures.spent, figures.counted_assistance) == (
            9_000,
            32_400,
            41_400,
            0,
        )
        bring(order, giver.buyer, "accepted")
        assert [row.accepted for row in statement(giver.union, year).orders] == [41_400]
        pay_all(order, giver.buyer)
        figures = statement(giver.union, year)
        assert (figures.counted_assistance, figures.counted_ordinary, figures.leakage) == (9_000, 32_400, 0)
        assert figures.share_bp == 9_000 * 10_000 // 41_400


class TestLedgerVerbs:
    def two(self) -> tuple[Account, Account]:
        giver = side()
        return giver.general.account, account(AccountKind.OUTSIDE, giver.union)

    def test_a_key_posts_once(self) -> None:
        purse, outside = self.two()
        first = post("k", "gift", "test", {purse: 5, outside: -5})
        assert post("k", "gift", "test", {purse: 5, outside: -5}) == first
        assert Account.objects.get(pk=purse.pk).balance == purse.balance + 5
        with pytest.raises(SameKeyOtherBody):
            post("k", "gift", "test", {purse: 6, outside: -6})

    def test_legs_sum_to_zero(self) -> None:
        purse, outside = self.two()
        assert isinstance(refused(lambda: post("k", "gift", "test", {purse: 5, outside: -4})), Unbalanced)
        assert not Transaction.objects.filter(key="k").exists()

    def test_a_leg_of_nothing_is_left_out(self) -> None:
        purse, outside = self.two()
        third = account(AccountKind.RESERVED, side().union)
        post("k", "gift", "test", {purse: 5, outside: -5, third: 0})
        assert Leg.objects.filter(transaction__key="k").count() == 2

    def test_setting_money_aside_again_under_its_key_is_the_first_time_even_if_nothing_is_left(self) -> None:
        giver = side()
        whole = giver.general.account.balance
        first = set_aside(giver.buyer, giver.general, giver.reserve, whole, "once")
        assert set_aside(giver.buyer, giver.general, giver.reserve, whole, "once") == first
        assert Account.objects.get(pk=giver.general.account_id).balance == 0

    def test_a_release_again_under_its_key_is_the_first_time_even_if_a_gift_rests_on_the_rest_by_now(self) -> None:
        giver, officer = side(), User.objects.get(username="officer")
        release_reserve(officer, giver.reserve, giver.general, 80_000, "once")
        placed(giver, [MOONCAKES], heads=11)  # 1,188.00 of the 1,200.00 that are left
        release_reserve(officer, giver.reserve, giver.general, 80_000, "once")
        assert Account.objects.get(pk=giver.reserve.account_id).balance == 120_000
        with pytest.raises(ReserveBound):
            release_reserve(officer, giver.reserve, giver.general, 80_000, "twice")
        with pytest.raises(SameKeyOtherBody):
            release_reserve(officer, giver.reserve, giver.general, 70_000, "once")

    def test_more_than_there_is_is_not_set_aside(self) -> None:
        giver = side()
        refusal = refused(
            lambda: set_aside(giver.buyer, giver.general, giver.reserve, giver.general.account.balance + 1, "k")
        )
        assert isinstance(refusal, Refusals)
        assert [r.code for r in refusal.refusals] == ["not_enough_money"]

    def test_funding_again_under_its_key_is_the_first_time(self) -> None:
        giver = side()
        before = giver.general.account.balance
        assert fund(giver.general, 100, "grant") == fund(giver.general, 100, "grant")
        assert Account.objects.get(pk=giver.general.account_id).balance == before + 100


class TestStockVerbs:
    def test_no_more_is_given_back_or_shipped_than_was_reserved(self) -> None:
        hot = stock(DATES).pk
        with pytest.raises(ValueError, match="released more than was reserved"):
            release({hot: 1}, "nobody")
        with pytest.raises(ValueError, match="shipped more than was reserved"):
            ship_stock({hot: 1}, {}, "nobody")
        (lot, _other) = lots_of([DATES])
        with pytest.raises(ValueError, match="shipped more than was allocated"):
            ship_stock({}, {lot.pk: 1}, "nobody")


def test_a_recipient_of_one_union_is_not_the_person_of_another() -> None:
    """The same member number in two unions is two people, for the cap and for everything."""
    first, second = draft(side()), draft(side("U-YL-YY"))
    (a,), (b,) = add_recipients(first, 1), add_recipients(second, 1)
    assert a.member_no == b.member_no
    assert a.person != b.person


def test_organisations_form_a_tree() -> None:
    leaf = Organisation.objects.get(code="U-XA-YT-01")
    assert leaf.path.split("/")[:-1] == ["U-SN", "U-XA", "U-XA-YT", "U-XA-YT-01"]
