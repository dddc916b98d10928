"""Ways round the share, tried by somebody with a shell, the app's password and everything in this repository: the union's year is
written by hand, leave is taken that nobody gave, the engine is made to lie.

What the database cannot know is found by replay, which the last group shows. Ways that go through our own verbs are tried in
tests/programmes/test_ways_round.py.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from marketplace.demo import cast
from marketplace.fulfilment.models import Loss, Parcel
from marketplace.ledger.actions import post
from marketplace.ledger.models import Account
from marketplace.organisations.errors import Refusals
from marketplace.organisations.models import Membership, Organisation, Role, User
from marketplace.shop.order.models import Order
from procurement.compliance.queries import statement
from procurement.priority import rule
from procurement.priority.actions import ask_exception, grant_exception
from procurement.priority.models import Decision, Judgement, PriorityException, Release, UnionYear
from procurement.priority.replay import differs
from tests.invariants.raw_sql import bought_by_hand, copy_refused, purchase_refused, refused, run
from tests.invariants.traded import Traded
from tests.world import (
    DATES,
    MOONCAKES,
    YUYANG,
    Side,
    approved,
    bring,
    let_constraints_speak,
    placed,
    product,
    side,
    supplier_orders,
)

PLAIN_MILLET = cast.BLOCKED  # ordinary, while four producers offer enough of theirs


class TestTheYear:
    """Clause 3: what a union may still buy is what it decided, less what it lost, and no figure that anybody writes."""

    @pytest.mark.parametrize(
        "change",
        [
            "assistance = 10^12",
            "ordinary = 0",
            "gift_year = 2019",
            "union_id = union_id + 1",
            "assistance = assistance + 1",
        ],
    )
    def test_its_figures_are_nobodys_to_write(self, traded: Traded, change: str) -> None:
        refused("priority_unionyear is append-only", f"UPDATE priority_unionyear SET {change}")

    def test_nor_to_begin_anew(self, traded: Traded) -> None:
        refused("permission denied", "DELETE FROM priority_unionyear")
        refused("permission denied|must be owner", "TRUNCATE priority_unionyear")
        year = UnionYear.objects.get(union=traded.giver.union)
        copy_refused("append-only", ("priority_unionyear", year.pk, {"gift_year": 2019, "assistance": 10**12}))
        copy_refused("one_row_per_union_and_year", ("priority_unionyear", year.pk, {"assistance": 0, "ordinary": 0}))

    def test_the_function_that_writes_them_is_not_the_apps_to_call(self, traded: Traded) -> None:
        refused("permission denied", "SELECT year_moved(%s, 2026, 1000000, 0)", traded.giver.union.pk)

    def test_they_follow_what_is_written_by_hand_too(self, traded: Traded) -> None:
        before = UnionYear.objects.get(union=traded.giver.union)
        bought_by_hand(traded.order)
        after = UnionYear.objects.get(union=traded.giver.union)
        sums = {"assistance": 0, "other": 0}
        for decision in Decision.objects.filter(order=traded.order):
            sums["assistance" if decision.outcome == "assistance" else "other"] += decision.amount
        assert after.assistance - before.assistance == sums["assistance"]
        assert after.ordinary - before.ordinary == sums["other"] == 32_400

    def test_ordinary_goods_beyond_the_share_are_not_written_whatever_the_judgement_says(
        self, traded: Traded, monkeypatch
    ) -> None:
        with_a_kind_judge(monkeypatch)
        with pytest.raises(DatabaseError, match="more ordinary goods than its share"), transaction.atomic():
            placed(traded.giver, [MOONCAKES], heads=30, title="过量", prefix="Z")

    def test_nor_while_something_is_to_be_made_good(self, traded: Traded, monkeypatch) -> None:
        with_a_kind_judge(monkeypatch)
        run("UPDATE priority_unionyear SET make_good_due = true WHERE union_id = %s", traded.giver.union.pk)
        with pytest.raises(DatabaseError, match="Something is to be made good first"), transaction.atomic():
            bought_by_hand(traded.order)

    def test_money_that_ordinary_goods_rest_on_stays_set_aside(self, traded: Traded) -> None:
        """purse.released is what the upper union's own verb posts; here anybody does, without asking it."""
        reserve = Account.objects.get(pk=traded.giver.reserve.account_id)
        general = Account.objects.get(pk=traded.giver.general.account_id)
        placed(traded.giver, [MOONCAKES], heads=spare_cakes(traded.giver), title="到顶", prefix="T")
        with pytest.raises(DatabaseError, match="more ordinary goods than its share"), transaction.atomic():
            legs = {reserve: -reserve.balance, general: reserve.balance}
            post("by-hand", "purse.released", "test", legs, union=traded.giver.union)
            let_constraints_speak()

    def test_lost_assistance_goods_do_not_release_ordinary_ones(self, traded: Traded) -> None:
        """Equal in money, and still not the same line."""
        parcel = Parcel.objects.filter(supplier_order__order=traded.waiting).order_by("pk").first()
        cakes, dates = traded.decision(MOONCAKES), Decision.objects.get(order=traded.waiting)
        with pytest.raises(DatabaseError, match="is of covered goods for"), transaction.atomic():
            loss = Loss.objects.create(
                supplier_order=parcel.supplier_order, union=parcel.union, producer=parcel.producer, kind="cancelled",
                by="union", reason="not_needed", parcels=1, amount=3_000, reported_by=traded.giver.buyer,
            )  # fmt: skip
            Parcel.objects.filter(pk=parcel.pk).update(state="cancelled", loss=loss)
            for decision in (cakes, dates):
                assert decision.unit_price in (10_800, 3_000)
            Release.objects.create(
                decision=cakes, loss=loss, union=cakes.union, gift_year=cakes.gift_year, quantity=1, amount=10_800
            )
            let_constraints_speak()

    @pytest.mark.parametrize("due", [False, True])
    def test_assistance_goods_are_not_given_up_by_hand_below_the_share(self, traded: Traded, due: bool) -> None:
        """Nor under the word that something is due: what producers did not lose is nothing to be made good."""
        giver = traded.giver
        more = placed(giver, [DATES], heads=20, title="多", prefix="V")
        placed(giver, [MOONCAKES], heads=spare_cakes(giver), title="到顶", prefix="W")
        (supplier_order,) = supplier_orders(more)
        parcels = Parcel.objects.filter(supplier_order=supplier_order)
        decision = Decision.objects.get(order=more)
        run("UPDATE priority_unionyear SET make_good_due = %s WHERE union_id = %s", due, giver.union.pk)
        with pytest.raises(DatabaseError, match="more ordinary goods than its share"), transaction.atomic():
            loss = Loss.objects.create(
                supplier_order=supplier_order, union=giver.union, producer=supplier_order.producer, kind="cancelled",
                by="union", reason="not_needed", parcels=20, amount=60_000, reported_by=giver.buyer,
            )  # fmt: skip
            parcels.update(state="cancelled", loss=loss)
            Release.objects.create(
                decision=decision,
                loss=loss,
                union=giver.union,
                gift_year=decision.gift_year,
                quantity=20,
                amount=60_000,
            )
            let_constraints_speak()


class TestExceptions:
    """Leave comes from above, and stays as it was given."""

    def asked(self, giver: Side, quantity: int = 5) -> PriorityException:
        day = timezone.localdate()
        return ask_exception(
            giver.buyer, giver.union, product(PLAIN_MILLET), grounds="x", quantity=quantity, valid_from=day,
            valid_to=day + timedelta(days=30),
        )  # fmt: skip

    def granted(self, giver: Side, quantity: int = 5) -> PriorityException:
        exception = self.asked(giver, quantity)
        grant_exception(User.objects.get(username=cast.UNION_OFFICER), exception)
        return exception

    def test_the_control_one_that_was_granted_lets_pass(self, traded: Traded) -> None:
        self.granted(traded.giver)
        order = placed(traded.giver, [PLAIN_MILLET], heads=5, title="例外", prefix="E")
        let_constraints_speak()
        assert [d.outcome for d in order.decisions.all()] == ["exception"]

    @pytest.mark.parametrize("changes", [{"state": "granted"}, {"used": 1}])
    def test_it_does_not_begin_granted_or_used(self, traded: Traded, changes: dict[str, Any]) -> None:
        copy_refused(
            "append-only", ("priority_priorityexception", self.asked(traded.giver).pk, {"number": "EX-0"} | changes)
        )

    @pytest.mark.parametrize(
        "change",
        ["quantity = 500", "waives_share = true", "valid_to = valid_to + 900", "valid_from = valid_from - 900",
         "product_id = product_id + 1", "union_id = union_id + 1", "number = 'EX-0'"],
    )  # fmt: skip
    def test_it_stays_as_it_was_granted(self, traded: Traded, change: str) -> None:
        exception = self.granted(traded.giver)
        refused("append-only", f"UPDATE priority_priorityexception SET {change} WHERE id = %s", exception.pk)

    def test_what_is_used_stays_used(self, traded: Traded) -> None:
        exception = self.granted(traded.giver)
        placed(traded.giver, [PLAIN_MILLET], heads=5, title="例外", prefix="E")
        update = "UPDATE priority_priorityexception SET used = %s WHERE id = %s"
        for used in (0, 4):
            refused("is not what was decided under it", update, used, exception.pk)

    def test_nobody_grants_their_own_unions(self, traded: Traded) -> None:
        giver = traded.giver
        officer = User.objects.get(username=cast.UNION_OFFICER)
        above = Organisation.objects.get(code=cast.CITY_UNION)
        update = "UPDATE priority_priorityexception SET state = 'granted', decided_by_id = %s, decided_for_id = %s WHERE id = %s"
        words = "is granted by an officer of a union above"
        refused(words, update, giver.approver.pk, above.pk, self.asked(giver).pk)
        refused(words, update, officer.pk, side(YUYANG).union.pk, self.asked(giver).pk)
        refused(words, update, None, None, self.asked(giver).pk)
        Membership.objects.create(user=officer, organisation=giver.union, role=Role.BUYER)
        refused(words, update, officer.pk, above.pk, self.asked(giver).pk)

    def test_an_exception_decision_uses_it_up(self, traded: Traded) -> None:
        self.granted(traded.giver)
        order = placed(traded.giver, [PLAIN_MILLET], heads=3, title="例外", prefix="E")
        purchase_refused("is not what was decided under it", order)


def with_a_kind_judge(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on this process's engine allows everything: what somebody with a shell can do to their own process."""
    strict = rule.judge

    def kind(gift: rule.Gift) -> rule.Judgement:
        told = strict(gift)
        lines = tuple(
            replace(d, outcome=rule.NO_EQUIVALENT, allowed=d.allowed + d.blocked, blocked=0) if d.blocked else d
            for d in told.lines
        )
        return replace(told, allowed=True, violations=(), lines=lines)

    monkeypatch.setattr(rule, "judge", kind)


def spare_cakes(giver: Side) -> int:
    """Heads for whom the year still allows mooncakes."""
    said = statement(giver.union, timezone.localdate().year)
    return (said.ordinary_limit - said.ordinary) // 10_800


class TestWhatOnlyReplayFinds:
    """A database cannot judge. Whoever makes the engine lie is refused where money and share are concerned, and found by replay."""

    def test_a_lying_engine_is_found_by_the_bytes_that_it_left(self, traded: Traded, monkeypatch) -> None:
        with pytest.raises(Refusals):
            placed(traded.giver, [PLAIN_MILLET], heads=2, title="先试", prefix="X")
        with_a_kind_judge(monkeypatch)
        order = placed(traded.giver, [PLAIN_MILLET], heads=2, title="骗过", prefix="Y")
        let_constraints_speak()
        monkeypatch.undo()
        judgement = Judgement.objects.get(decisions__order=order)
        assert differs(judgement) == "the output differs"
        honest = Judgement.objects.exclude(pk=judgement.pk)
        assert {differs(j) for j in honest} == {""}


def test_the_control_all_that_was_traded_stands(traded: Traded) -> None:
    """The union of these tests bought what it did by the verbs alone."""
    assert Order.objects.filter(union=traded.giver.union).count() == 2
    assert bring(traded.waiting, traded.giver.buyer, "sent").pk
    assert approved(traded.giver, [DATES], title="还能买", prefix="OK").pk
