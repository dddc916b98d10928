"""The end of a gift year: what keeps it open, what is sealed, what goes on into the next one, and what comes back too late.

Four bags of dates are 120.00 and a box of mooncakes 108.00 (the demonstration's cast); last year's purses open with 10,000.00 to spend
and 2,000.00 set aside, and half of the gift money goes to assistance products.
"""

from __future__ import annotations

import json
from datetime import timedelta
from hashlib import sha256

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from marketplace.evidence.models import Entry
from marketplace.evidence.verify import check_year
from marketplace.fulfilment.actions import accept
from marketplace.fulfilment.losses import Report, give_back
from marketplace.fulfilment.models import Loss, LossReason, Parcel, SupplierOrder
from marketplace.ledger.actions import fund, open_purse, set_aside
from marketplace.ledger.errors import PurseClosed
from marketplace.ledger.models import Purse, PurseKind
from marketplace.ledger.purses import open_for
from marketplace.organisations.errors import NotAllowed, Refusals
from marketplace.organisations.models import Membership, Organisation, Role, User
from marketplace.shop.order.models import Order
from procurement.compliance import closing
from procurement.compliance.closing import close_year, returns_until, still_open
from procurement.compliance.models import YearClosing
from procurement.compliance.pack import contents_of
from procurement.compliance.queries import statement
from procurement.compliance.red_flags import red_flags
from procurement.compliance.statements import sealed
from procurement.priority.actions import ask_exception, release_reserve
from procurement.priority.errors import ReserveBound, YearClosed
from procurement.priority.models import UnionYear
from procurement.priority.years import lock_booked, open_year
from procurement.programmes.actions import submit
from procurement.programmes.models import Programme
from procurement.programmes.placement import place
from procurement.programmes.reattribution.actions import offer, take_over, withdraw
from procurement.programmes.reattribution.models import Reattribution
from suppliers.settlement.corrections import record_refund
from tests.compliance.past_year import delivered, last_year
from tests.invariants.raw_sql import copy_refused, refused, run
from tests.programmes.neighbours import BAQIAO, final, neighbour
from tests.world import (
    DATES,
    MOONCAKES,
    Side,
    approved,
    bring,
    draft,
    let_constraints_speak,
    placed,
    planned,
    product,
    side,
    supplier_orders,
)

pytestmark = pytest.mark.usefixtures("world", "last_years_plans")


def officer_above(union: Organisation):
    above = Membership.objects.filter(role=Role.UNION_OFFICER).exclude(organisation=union)
    return next(m.user for m in above.select_related("organisation") if union.path.startswith(m.organisation.path))


def operator() -> User:
    return Membership.objects.filter(role=Role.OPERATOR).order_by("pk")[0].user


def row(year: int) -> UnionYear:
    return UnionYear.objects.get(union=side().union, gift_year=year)


def aside_in(year: int) -> int:
    return Purse.objects.get(union=side().union, gift_year=year, kind=PurseKind.RING_FENCED).account.balance


def offered_on(giver: Side, year: int) -> tuple[Organisation, Order, Reattribution]:
    """The union beside it, a final order of the year, and that order offered to the union."""
    there = Organisation.objects.get(code=BAQIAO)
    order = final(placed(giver, [DATES], heads=2, gift_year=year), giver)
    return there, order, offer(giver.buyer, order, there, "记错单位")


def codes(faults) -> list[str]:
    return [fault.code for fault in faults]


class TestWhatKeepsItOpen:
    def test_a_year_that_still_runs(self) -> None:
        giver, year = last_year()
        assert codes(still_open(giver.union, year + 1))[0] == "year_not_over"

    def test_goods_under_way_and_then_not_paid(self) -> None:
        giver, year = last_year()
        order = bring(placed(giver, [DATES], heads=2, gift_year=year), giver.buyer, "shipped")
        (fault,) = still_open(giver.union, year)
        assert (fault.code, fault.data) == ("goods_under_way", {"parcels": 2, "orders": 1, "numbers": order.number})
        for part in supplier_orders(order):
            accept(giver.buyer, part)
        assert codes(still_open(giver.union, year)) == ["not_paid_yet"]

    def test_plans_requests_and_an_earlier_year(self) -> None:
        giver, year = last_year()
        open_year(giver.union, year - 1)
        approved(giver, [DATES], gift_year=year)
        day = timezone.localdate().replace(year=year, month=12, day=1)
        ask_exception(
            giver.buyer, giver.union, product(MOONCAKES), grounds="无同类", quantity=1, valid_from=day,
            valid_to=timezone.localdate(),
        )  # fmt: skip
        with pytest.raises(Refusals) as refusal:
            close_year(giver.approver, giver.union, year)
        assert codes(refusal.value.refusals) == ["earlier_year_open", "plans_waiting", "requests_undecided"]
        assert not YearClosing.objects.exists()

    def test_an_order_offered_to_another_union_keeps_both_years_open(self) -> None:
        giver, year = last_year()
        there, order, offered = offered_on(giver, year)
        for union in (giver.union, there):
            (fault,) = still_open(union, year)
            assert (fault.code, fault.data) == ("offers_unanswered", {"numbers": order.number})
        assert still_open(there, year - 1) == []
        withdraw(giver.buyer, offered)
        assert [still_open(union, year) for union in (giver.union, there)] == [[], []]
        close_year(giver.approver, giver.union, year)
        with pytest.raises(Refusals) as refusal:
            offer(giver.buyer, order, there, "again")
        assert codes(refusal.value.refusals) == ["year_closed"]
        let_constraints_speak()

    def test_it_is_for_the_approver_or_an_officer_above(self) -> None:
        giver, year = last_year()
        with pytest.raises(NotAllowed):
            close_year(giver.buyer, giver.union, year)
        officer = officer_above(giver.union)
        sealed_year = close_year(officer, giver.union, year)
        assert sealed_year.closed_by == officer and giver.union.path.startswith(sealed_year.closed_for.path)
        assert sealed_year.closed_for != giver.union

    def test_asked_in_a_constant_number_of_statements(self, django_assert_num_queries) -> None:
        giver, year = last_year()
        placed(giver, [DATES, MOONCAKES], heads=3, gift_year=year)
        with django_assert_num_queries(8):
            still_open(giver.union, year)


class TestTakenOverWhenShort:
    """A union short of assistance goods takes some over in its last days: perhaps booked wrongly, perhaps lent."""

    def flagged(self, year: int, *unions: Organisation) -> list[tuple[str, str, int | None]]:
        (flag,) = [f for f in red_flags(unions, year) if f.code == "taken_over_when_short"]
        return [(found.subject, found.title, found.amount) for found in flag.found]

    def test_auditors_are_shown_it_before_the_closing_and_after(self) -> None:
        giver, year = last_year(aside=0)
        short = delivered(giver, [(DATES, {"per_head": 4}), MOONCAKES], year)
        lender = neighbour(BAQIAO)
        theirs = open_purse(lender.union, "上年", year)
        fund(theirs, 10_000, "theirs")
        order = final(placed(lender, [DATES], heads=2, gift_year=year, purse=theirs), lender)
        take_over(giver.approver, offer(lender.buyer, order, giver.union, "记错单位"), giver.general)
        both = (giver.union, lender.union)
        assert self.flagged(year, *both) == []
        give_dates_back(giver, short)
        assert self.flagged(year, *both) == [(f"order:{order.number}", lender.union.name_en, 6_000)]
        for loss in order_losses(short):
            record_refund(giver.buyer, loss, "BANK-BACK")
        close_year(giver.approver, giver.union, year)
        assert self.flagged(year, *both) == [(f"order:{order.number}", lender.union.name_en, 6_000)]
        # Who has only the one union in their care may not open the other one's order.
        name = f"{lender.union.name_en} · {order.number}"
        assert self.flagged(year, giver.union) == [(f"statement:{year}", name, 6_000)]
        assert self.flagged(year, lender.union) == []


class TestWhatIsSealed:
    def test_the_statement_to_the_byte_and_its_hash_in_the_log(self) -> None:
        giver, year = last_year()
        delivered(giver, [MOONCAKES], year)
        before = statement(giver.union, year)
        sealed_year = close_year(giver.approver, giver.union, year)
        let_constraints_speak()
        entry = Entry.objects.get(kind="year.closed")
        body = json.loads(bytes(entry.leaf))["body"]
        assert entry.subject == f"year:{giver.union.code}:{year}"
        assert body["statement_sha256"] == sha256(sealed_year.statement.encode()).hexdigest()
        assert {key: body[key] for key in ("assistance", "ordinary", "shortfall", "carried_forward")} == {
            "assistance": 0, "ordinary": before.ordinary, "shortfall": 200_000, "carried_forward": before.ordinary,
        }  # fmt: skip
        told = statement(giver.union, year)
        assert told == sealed(sealed_year.statement)
        assert (told.reserve, told.ordinary_limit, told.compliant, told.orders) == (
            before.reserve, before.ordinary_limit, True, before.orders,
        )  # fmt: skip
        assert told.closed_on == timezone.localdate().isoformat()

    def test_an_orders_pack_brings_the_closing_and_its_very_statement(self) -> None:
        giver, year = last_year()
        order = delivered(giver, [MOONCAKES], year)
        _open, still = contents_of(order)
        assert json.loads(still["statement.json"])["closed_on"] == ""
        closing = close_year(giver.approver, giver.union, year)
        entries, files = contents_of(order)
        assert closing.entry_id in entries
        assert files["statement.json"] == closing.statement.encode()
        leaves = {entry.pk: bytes(entry.leaf) for entry in Entry.objects.filter(pk__in=entries)}
        told, faults = check_year(memoryview(files["statement.json"]), leaves)
        assert (faults, "was closed on" in told) == ([], True)

    def test_closed_twice_it_is_one_closing(self) -> None:
        giver, year = last_year()
        first = close_year(giver.approver, giver.union, year)
        assert close_year(giver.approver, giver.union, year) == first
        assert Entry.objects.filter(kind="year.closed").count() == 1


class TestWhatGoesOn:
    def test_money_set_aside_and_not_spent_is_a_shortfall_and_comes_over(self) -> None:
        giver, year = last_year()
        held, free = aside_in(year + 1), side().general.account.balance
        close_year(giver.approver, giver.union, year)
        let_constraints_speak()
        assert row(year).shortfall == 200_000
        assert (aside_in(year), aside_in(year + 1)) == (0, held + 200_000)
        assert side().general.account.balance == free + 1_000_000
        assert statement(giver.union, year + 1).carried_in == 200_000

    def test_money_carried_over_backs_the_same_ordinary_goods_not_those_of_a_second_year(self) -> None:
        """1,080.00 of mooncakes rested on 2,000.00 set aside; this year's 2,000.00 come on top. Half of all is the limit: 2,920.00."""
        giver, year = last_year()
        ordinary = delivered(giver, [MOONCAKES], year).total_incl_tax * 100
        close_year(giver.approver, giver.union, year)
        now = row(year + 1)
        assert (now.brought_forward, now.make_good_due) == (ordinary, False)
        limit = aside_in(year + 1) - ordinary
        heads = int(limit // (ordinary // 10))
        placed(side(), [MOONCAKES], heads=heads, title="今年", prefix="N")
        with pytest.raises(Refusals) as refusal:
            placed(side(), [MOONCAKES], heads=1, title="再来", prefix="P")
        assert codes(refusal.value.refusals) == ["share"]
        # Half of all: so many ordinary goods weigh as much as what is still to be bought for the closed year.
        assert "(¥1,080.00 of it stands for assistance goods for ¥1,080.00 that closed years" in str(refusal.value)
        let_constraints_speak()

    def test_nor_may_it_be_released_while_they_rest_on_it(self) -> None:
        giver, year = last_year()
        delivered(giver, [MOONCAKES], year, heads=18)
        close_year(giver.approver, giver.union, year)
        now = side()
        with pytest.raises(ReserveBound):
            release_reserve(officer_above(now.union), now.reserve, now.general, 300_000, "out")

    def test_what_is_to_be_made_good_goes_on_and_stops_ordinary_goods(self) -> None:
        """Dates given back within the year's last days leave mooncakes that nothing covers, and nothing is set aside for them."""
        giver, year = last_year(aside=0)
        order = delivered(giver, [(DATES, {"per_head": 4}), MOONCAKES], year, heads=25)
        give_dates_back(giver, order)
        assert row(year).make_good_due
        owed = row(year).ordinary
        for loss in order_losses(order):
            record_refund(giver.buyer, loss, "BANK-BACK")
        close_year(giver.approver, giver.union, year)
        assert row(year + 1).brought_forward == owed
        assert row(year + 1).make_good_due
        with pytest.raises(Refusals) as refusal:
            placed(side(), [MOONCAKES], heads=1, title="今年", prefix="N")
        assert "make_good_due" in codes(refusal.value.refusals)
        now = side()
        missing = statement(now.union, year + 1).to_make_good
        set_aside(now.buyer, now.general, now.reserve, missing + 20_000, "made-good")
        placed(now, [MOONCAKES], heads=1, title="补足后", prefix="P")
        assert not row(year + 1).make_good_due
        let_constraints_speak()


def order_losses(order: Order):
    return Loss.objects.filter(supplier_order__order=order, refund_due__gt=0).select_related(
        "supplier_order__union", "supplier_order__seller", "supplier_order__order"
    )


def give_dates_back(giver: Side, order: Order) -> None:
    part = next(one for one in supplier_orders(order) if one.producer.code == "P-JX")
    parcels = tuple(Parcel.objects.filter(supplier_order=part).values_list("pk", flat=True))
    give_back(giver.buyer, part, [Report(parcels, LossReason.DAMAGED)])


class TestWhatComesBackTooLate:
    def test_goods_are_booked_in_the_open_year_and_the_closed_one_stays(self) -> None:
        giver, year = last_year(aside=0)
        order = delivered(giver, [(DATES, {"per_head": 4}), MOONCAKES], year)
        until = returns_until(giver.union, year)
        assert until is not None and until >= timezone.localdate()
        close_year(giver.approver, giver.union, year)
        frozen, bytes_before = row(year), statement(giver.union, year)
        assert row(year + 1).brought_forward == 0
        give_dates_back(giver, order)
        let_constraints_speak()
        assert (row(year).assistance, row(year).ordinary) == (frozen.assistance, frozen.ordinary)
        assert statement(giver.union, year) == bytes_before
        now = row(year + 1)
        assert now.brought_forward == frozen.ordinary
        (late,) = statement(giver.union, year + 1).late
        assert (late.number, late.gift_year, late.ordinary) == (order.number, year, 0)
        assert late.assistance == frozen.assistance

    def test_their_money_goes_where_the_purses_went(self) -> None:
        giver, year = last_year(aside=500_000)
        plan = approved(giver, [(DATES, {"purse": giver.reserve})], heads=10, gift_year=year)
        order = bring(place(giver.buyer, plan, "fenced"), giver.buyer, "paid")
        close_year(giver.approver, giver.union, year)
        held = aside_in(year + 1)
        give_dates_back(giver, order)
        (loss,) = order_losses(order)
        record_refund(giver.buyer, loss, "BANK-BACK")
        let_constraints_speak()
        assert (aside_in(year), aside_in(year + 1)) == (0, held + loss.refund_due)


class TestItTakesNothing:
    def test_no_order(self) -> None:
        giver, year = last_year()
        plan = approved(giver, [DATES], gift_year=year)
        run_closed(giver, year, plan)
        with pytest.raises(YearClosed):
            place(giver.buyer, plan, "late")

    def test_no_plan_and_no_new_purse(self) -> None:
        giver, year = last_year()
        begun = planned(giver, [DATES], gift_year=year)
        close_year(giver.approver, giver.union, year)
        begun.refresh_from_db()
        with pytest.raises(Refusals) as refusal:
            submit(giver.buyer, begun)
        assert codes(refusal.value.refusals) == ["year_closed"]
        giver.general.refresh_from_db()
        with pytest.raises(YearClosed):
            draft(giver, gift_year=year)
        with pytest.raises(Refusals) as refusal:
            open_for(operator(), giver.union, name="补开", name_en="", gift_year=year, ring_fenced=False)
        assert codes(refusal.value.refusals) == ["gift_year_unfit"]

    def test_nor_does_any_year_before_it(self) -> None:
        giver, year = last_year()
        close_year(giver.approver, giver.union, year)
        with pytest.raises(YearClosed):
            open_year(giver.union, year - 1)
        assert open_year(giver.union, year + 1).closed_at is None
        assert lock_booked(giver.union, year).gift_year == year + 1

    def test_no_money(self) -> None:
        giver, year = last_year()
        close_year(giver.approver, giver.union, year)
        general, reserve = (Purse.objects.get(pk=purse.pk) for purse in (giver.general, giver.reserve))
        with pytest.raises(PurseClosed):
            fund(general, 100, "late")
        with pytest.raises(PurseClosed):
            set_aside(giver.buyer, general, reserve, 100, "late")
        with pytest.raises(YearClosed):
            release_reserve(officer_above(giver.union), reserve, general, 100, "late")
        assert fund(general, 1_000_000, "general-before").kind == "fund"


def run_closed(giver: Side, year: int, plan) -> None:
    """Close the year though a plan waits, as when it was approved in the same moment."""
    Programme.objects.filter(pk=plan.pk).update(gift_year=year + 1)
    close_year(giver.approver, giver.union, year)
    Programme.objects.filter(pk=plan.pk).update(gift_year=year)
    plan.refresh_from_db()


class TestTheDatabase:
    @pytest.mark.parametrize(
        "change",
        [
            "closed_at = NULL",
            "ordinary = ordinary + 1",
            "shortfall = shortfall - 1",
            "closed_share_bp = 0",
            "make_good_due = true",
            "brought_forward = 0, closed_at = NULL",
        ],
    )
    def test_a_closed_year_stays_closed(self, change: str) -> None:
        giver, year = last_year()
        close_year(giver.approver, giver.union, year)
        refused("append-only", f"UPDATE priority_unionyear SET {change} WHERE gift_year = %s", year)

    def test_nobody_lowers_what_was_brought_forward(self) -> None:
        giver, year = last_year()
        delivered(giver, [MOONCAKES], year)
        close_year(giver.approver, giver.union, year)
        refused("append-only", "UPDATE priority_unionyear SET brought_forward = 0 WHERE gift_year = %s", year + 1)
        refused("permission denied", "SELECT bring_forward(%s, %s)", giver.union.pk, year + 1)

    def test_no_year_is_closed_over_an_offer(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """As when the offer was made in the same moment: the verb has looked, the database looks again under the year's row."""
        giver, year = last_year()
        there, _order, _offered = offered_on(giver, year)
        monkeypatch.setattr(closing, "still_open", lambda _union, _year: [])
        for union in (giver.union, there):
            officer = officer_above(union)
            with pytest.raises(DatabaseError, match="and not answered"), transaction.atomic():
                close_year(officer, union, year)

    def test_nothing_is_offered_in_a_closed_year_nor_taken_over_there(self) -> None:
        giver, year = last_year()
        there, _order, offered = offered_on(giver, year)
        withdraw(giver.buyer, offered)
        close_year(officer_above(there), there, year)
        again = {"state": "offered", "answered_by_id": None, "answered_at": None}
        copy_refused("is closed: nothing counts", ("programmes_reattribution", offered.pk, again))

    def test_a_year_is_closed_by_its_statement_alone(self) -> None:
        giver, year = last_year()
        open_year(giver.union, year)
        refused("append-only", "UPDATE priority_unionyear SET closed_at = now() WHERE gift_year = %s", year)
        refused("permission denied", "SELECT close_union_year(%s, %s, now())", giver.union.pk, year)
        told = statement(giver.union, year).as_dict() | {"assistance": 10**9}
        entry = Entry.objects.order_by("-pk").first()
        refused(
            "not what the log and its figures say",
            "INSERT INTO compliance_yearclosing (union_id, gift_year, policy_id, statement, entry_id, closed_by_id, closed_for_id,"
            " closed_at) SELECT %s, %s, min(id), %s, %s, %s, %s, now() FROM policy_policy",
            giver.union.pk, year, json.dumps(told), entry.pk, giver.approver.pk, giver.union.pk,
        )  # fmt: skip

    def test_no_decision_counts_in_it(self) -> None:
        giver, year = last_year()
        close_year(giver.approver, giver.union, year)
        refused("is closed", "SELECT require_open_year(%s, %s)", giver.union.pk, year)
        refused("is closed", "SELECT require_open_year(%s, %s)", giver.union.pk, year - 1)
        assert run("SELECT require_open_year(%s, %s)", giver.union.pk, year + 1) == 1

    def test_its_purses_hold_nothing_and_none_is_opened(self) -> None:
        giver, year = last_year()
        close_year(giver.approver, giver.union, year)
        outside = giver.general.account.owner_id
        refused(
            "holds nothing any more",
            "WITH t AS (INSERT INTO ledger_transaction (key, kind, cause, union_id, legs_count, posted_at)"
            " VALUES ('x', 'fund', 'x', %s, 2, now()) RETURNING id)"
            " INSERT INTO ledger_leg (transaction_id, account_id, amount)"
            " SELECT t.id, a.id, CASE a.kind WHEN 'outside' THEN -5 ELSE 5 END"
            " FROM t, ledger_account a WHERE a.id = %s OR (a.kind = 'outside' AND a.owner_id = %s)",
            giver.union.pk, giver.general.account_id, outside,
        )  # fmt: skip
        with pytest.raises(DatabaseError, match="is opened while its gift year"):
            open_purse(giver.union, "再开", year)

    def test_an_open_years_purse_is_not_carried_over(self) -> None:
        giver, _year = last_year()
        now = side()
        refused(
            "carried over when that is closed|carried over once",
            "UPDATE ledger_purse SET carried_to_id = %s WHERE id = %s", now.general.pk, giver.general.pk,
        )  # fmt: skip


def test_after_the_days_of_return_nothing_can_come_back() -> None:
    giver, year = last_year()
    order = delivered(giver, [DATES], year, heads=2)
    SupplierOrder.objects.filter(order=order).update(accepted_at=timezone.now() - timedelta(days=400))
    assert returns_until(giver.union, year) is None
