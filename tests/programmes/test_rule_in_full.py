"""The rules of other places through verbs and database: what comes on top of the cap, the year before, uncovered purposes, levels."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from marketplace.demo import cast
from marketplace.ledger.actions import fund, open_purse, release
from marketplace.ledger.models import Purse, PurseKind, PursePurpose
from marketplace.ledger.purses import open_for
from marketplace.organisations.models import User
from marketplace.shop.placement import Refused
from procurement.compliance.queries import statement
from procurement.priority import releases
from procurement.priority.models import Decision, Judgement, UnionYear
from procurement.priority.replay import differs
from procurement.programmes.models import Recipient
from procurement.programmes.placement import place
from tests.invariants.raw_sql import purchase_refused
from tests.policies import rules
from tests.programmes.giving_up import drop
from tests.programmes.refusals import refusals
from tests.world import (
    DATES,
    DATES_FEN,
    MOONCAKES,
    MOONCAKES_FEN,
    Side,
    approved,
    let_constraints_speak,
    placed,
    side,
    whatever_year,
)

pytestmark = pytest.mark.usefixtures("world")


def newest() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Judgement.objects.latest("id").input)
    return found


class TestOnTopOfTheCap:
    def test_an_assistance_only_purse_gives_more_than_the_cap_and_no_other_purse_does(self) -> None:
        giver = side()
        rules(cap=MOONCAKES_FEN, ring_fence=DATES_FEN)
        assert refusals(giver, [MOONCAKES, DATES]) == ["cap"]
        order = placed(giver, [MOONCAKES, (DATES, {"purse": giver.reserve})], 2)
        assert (newest()["per_head_fen"], newest()["per_head_fenced_fen"]) == (13_800, 3_000)
        had = Recipient.objects.filter(programme=order.programme).values_list("received", "received_fenced")
        assert set(had) == {(13_800, 3_000)}
        # Both are spent: nothing more this year, from either purse.
        assert refusals(giver, [(DATES, {"purse": giver.reserve})]) == ["cap"]
        assert (newest()["year_heads"], newest()["per_head_year_fen"]) == ([[13_800, 3_000]], 13_800)
        let_constraints_speak()

    def test_who_came_later_does_not_stand_in_the_way_of_who_had_it_already(self) -> None:
        giver = side()
        rules(cap=MOONCAKES_FEN, ring_fence=2 * DATES_FEN)
        placed(giver, [MOONCAKES, (DATES, {"purse": giver.reserve})], 2)
        placed(giver, [(DATES, {"purse": giver.reserve})], 3)  # two have 168.00 now, 60.00 of it fenced; one has 30.00
        assert newest()["year_heads"] == [[13_800, 3_000], [0, 0]]
        assert refusals(giver, [(DATES, {"purse": giver.reserve})], 3) == ["cap"]
        assert newest()["year_heads"] == [[16_800, 6_000], [3_000, 3_000]]

    def test_without_such_a_rule_every_purse_counts(self) -> None:
        giver = side()
        rules(cap=MOONCAKES_FEN)
        assert refusals(giver, [MOONCAKES, (DATES, {"purse": giver.reserve})]) == ["cap"]


class TestTheYearBefore:
    @pytest.fixture
    def giver(self) -> Side:
        """A union that bought dates for three members the year before, and has nothing set aside this year."""
        giver = side()
        year = timezone.localdate().year
        last = open_purse(giver.union, "上年", year - 1)
        fund(last, 1_000_000, "fund-last")
        with whatever_year():
            placed(giver, [DATES], 3, gift_year=year - 1, purse=last)
        release(giver.reserve, giver.general, giver.reserve.account.balance, "released")
        rules(keep_last_year=True)
        return giver

    def test_ordinary_goods_wait_until_the_year_reaches_the_one_before(self, giver: Side) -> None:
        placed(giver, [DATES], 1)
        assert refusals(giver, [MOONCAKES], 1) == ["last_year"]
        assert refusals(giver, [MOONCAKES, DATES], 1) == ["last_year"]
        placed(giver, [MOONCAKES, DATES], 2)  # with its own dates the year has three too
        assert newest()["year"] == {
            "assistance_fen": DATES_FEN,
            "assistance_per_head_fen": 0,
            "last_assistance_fen": 3 * DATES_FEN,
            "make_good_due": 0,
            "ordinary_fen": 0,
            "reserve_fen": 0,
        }

    def test_what_is_set_aside_counts_and_the_sentence_names_what_is_missing(self, giver: Side) -> None:
        plan = approved(giver, [MOONCAKES], 1)
        with pytest.raises(Refused, match=r"¥90\.00 the year before.* ¥0\.00 are bought and ¥0\.00 set aside"):
            place(giver.buyer, plan, "attempt")
        fund(giver.reserve, 3 * DATES_FEN, "set-aside")
        assert place(giver.buyer, plan, "again").number

    def test_the_statement_names_the_year_before_where_the_policy_asks(self, giver: Side) -> None:
        year = timezone.localdate().year
        placed(giver, [DATES], 1)
        assert statement(giver.union, year).last_assistance == 3 * DATES_FEN
        assert statement(giver.union, year - 1).last_assistance == 0

    def test_the_database_holds_to_it_too(self, giver: Side, monkeypatch: pytest.MonkeyPatch) -> None:
        below = "fewer assistance goods than the year before"
        fund(giver.reserve, 3 * DATES_FEN, "set-aside")
        order = placed(giver, [MOONCAKES], 1)
        with pytest.raises(DatabaseError, match=below), transaction.atomic():
            release(giver.reserve, giver.general, 1, "set-aside money")
            let_constraints_speak()
        drop(giver, order, MOONCAKES)
        release(giver.reserve, giver.general, 3 * DATES_FEN, "nothing rests on it now")
        purchase_refused(below, order)
        monkeypatch.setattr(releases, "_keep_last_year", lambda *_figures: None)
        both = placed(giver, [DATES, MOONCAKES], 3)
        with pytest.raises(DatabaseError, match=below), transaction.atomic():
            drop(giver, both, DATES, 1)
        drop(giver, both, MOONCAKES)
        drop(giver, both, DATES)


class TestUncoveredPurposes:
    def purse(self, purpose: PursePurpose = PursePurpose.HARDSHIP) -> Purse:
        giver = side()
        purse = open_purse(giver.union, "困难帮扶", timezone.localdate().year, purpose=purpose)
        fund(purse, 10_000_000, f"fund-{purpose}")
        return purse

    def test_a_purse_whose_purpose_the_policy_leaves_uncovered_buys_what_it_likes(self) -> None:
        giver, purse = side(), self.purse()
        rules(minimum_share_bp=10_000, occasions=["birthday"], uncovered_purposes=["hardship"])
        order = placed(giver, [(MOONCAKES, {"purse": purse})], 2)
        decision = Decision.objects.get(order=order)
        assert (decision.outcome, decision.certificate) == ("uncovered", None)
        year = UnionYear.objects.get(union=giver.union, gift_year=order.gift_year)
        assert (year.assistance, year.ordinary) == (0, 0)
        assert differs(Judgement.objects.latest("id")) == ""
        let_constraints_speak()

    def test_where_the_policy_does_not_name_it_the_same_purse_is_bound(self) -> None:
        giver, purse = side(), self.purse(PursePurpose.TRAINING)
        rules(minimum_share_bp=10_000, uncovered_purposes=["hardship"])
        assert refusals(giver, [(MOONCAKES, {"purse": purse})]) == ["share"]

    def test_a_line_of_an_uncovered_purpose_has_its_decision_all_the_same(self) -> None:
        """The database asks for a decision of every union purse; that the policy does not bind it is itself decided."""
        self.purse()
        assert Purse.objects.get(name="困难帮扶").covered

    def test_what_a_purse_is_for_never_changes(self) -> None:
        purse = self.purse(PursePurpose.GIFTS)
        with pytest.raises(DatabaseError), transaction.atomic():
            Purse.objects.filter(pk=purse.pk).update(purpose="hardship")
        operator = User.objects.get(username="operator")
        again = open_for(
            operator, side().union, name="困难帮扶", name_en="", gift_year=purse.gift_year, ring_fenced=False,
            purpose=PursePurpose.HARDSHIP,
        )  # fmt: skip
        assert (again, again.purpose) == (purse, "gifts")

    def test_an_assistance_only_purse_is_bound_whatever_it_is_for(self) -> None:
        giver = side()
        fenced = open_purse(
            giver.union, "专项", timezone.localdate().year, kind=PurseKind.RING_FENCED, purpose=PursePurpose.HARDSHIP
        )
        fund(fenced, 1_000_000, "fund-fenced")
        rules(uncovered_purposes=["hardship"])
        assert "ring_fenced_purse" in refusals(giver, [(MOONCAKES, {"purse": fenced})])


class TestLevels:
    def test_a_union_is_judged_by_the_policy_of_its_level(self) -> None:
        giver = side()
        rules("ALL", minimum_share_bp=10_000)
        assert refusals(giver, [MOONCAKES], 1) == ["share"]
        rules("COUNTY", level=giver.union.level)
        order = placed(giver, [MOONCAKES], 1)
        assert Judgement.objects.get(decisions__order=order).policy.version == "COUNTY"
        rules("CITY", level=giver.union.level - 1, minimum_share_bp=10_000)
        placed(giver, [MOONCAKES], 1)
        assert newest()["policy"]["version"] == "COUNTY"
        assert giver.union.code == cast.UNION
