"""Years closed one after the other: over all of them together the share holds as within one, and no fen is lost on the way."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from marketplace.ledger.actions import fund, open_purse
from marketplace.ledger.models import Account, Purse, PurseKind
from procurement.compliance.closing import close_year
from procurement.priority.models import UnionYear
from procurement.priority.years import as_ordinary, excess, left_to_buy, open_year
from tests.world import let_constraints_speak, side

FEN = st.integers(0, 10**9)
SHARES = st.integers(1, 9_999)


@dataclass(frozen=True)
class Bought:
    """What a year has to show when it is closed, and what came back of it later."""

    assistance: int
    ordinary: int
    late_assistance: int
    late_ordinary: int


def _bought(assistance: int, ordinary: int, late_assistance: int, late_ordinary: int) -> Bought:
    return Bought(assistance, ordinary, min(assistance, late_assistance), min(ordinary, late_ordinary))


YEARS = st.lists(st.builds(_bought, FEN, FEN, FEN, FEN), min_size=1, max_size=5)


def chain(story: list[Bought], share_bp: int) -> int:
    """What is brought forward out of all these years, as the database's `brought_into` counts it."""
    brought = 0
    for year in story:
        left = year.ordinary - year.late_ordinary
        brought = left_to_buy(year.assistance - year.late_assistance - brought, left, share_bp)
    return brought


QUICK = settings(suppress_health_check=[HealthCheck.too_slow])


@QUICK
@given(YEARS, SHARES, FEN, FEN)
def test_no_ordinary_goods_pass_in_the_open_year_that_would_not_pass_were_all_years_one(
    story: list[Bought], share_bp: int, assistance: int, reserve: int
) -> None:
    """Where clause 3 holds in the open year with what was brought forward, it holds of all goods that nobody gave back."""
    brought = chain(story, share_bp)
    ordinary = max(0, (10_000 - share_bp) * (assistance + reserve - brought) // share_bp)
    assume(excess(assistance - brought, ordinary, reserve, share_bp) <= 0)
    all_assistance = assistance + sum(year.assistance - year.late_assistance for year in story)
    all_ordinary = ordinary + sum(year.ordinary - year.late_ordinary for year in story)
    assert excess(all_assistance, all_ordinary, reserve, share_bp) <= 0


@QUICK
@given(YEARS, SHARES, SHARES, FEN)
def test_a_year_that_held_when_it_was_closed_never_narrows_the_next(
    story: list[Bought], share_bp: int, next_share_bp: int, reserve: int
) -> None:
    """Its money comes over and covers all that it leaves to be bought, whatever the share is by then."""
    *before, last = story
    brought = chain(before, share_bp)
    assume(excess(last.assistance - brought, last.ordinary, reserve, share_bp) <= 0)
    goes_on = left_to_buy(last.assistance - brought, last.ordinary, share_bp)
    assert goes_on <= reserve
    assert excess(-goes_on, 0, reserve, next_share_bp) <= 0
    # What engines are told instead weighs as much, rounded up to the fen.
    assert excess(0, as_ordinary(goes_on, next_share_bp) - 1, reserve, next_share_bp) <= 0


@QUICK
@given(YEARS, SHARES, st.integers(0, 4))
def test_assistance_goods_that_come_back_never_lower_it_and_ordinary_ones_never_raise_it(
    story: list[Bought], share_bp: int, place: int
) -> None:
    place %= len(story)
    was = story[place]
    kept = Bought(was.assistance, was.ordinary, 0, was.late_ordinary)
    given_back = Bought(was.assistance, was.ordinary, was.late_assistance, was.ordinary)
    before = chain(story, share_bp)
    assert 0 <= chain([*story[:place], kept, *story[place + 1 :]], share_bp) <= before
    assert chain([*story[:place], given_back, *story[place + 1 :]], share_bp) <= before


PURSES = st.lists(
    st.tuples(st.sampled_from(["甲", "乙", "丙"]), st.sampled_from([PurseKind.GENERAL, PurseKind.RING_FENCED]), FEN),
    max_size=4,
)


@pytest.mark.usefixtures("world")
@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(PURSES, PURSES)
def test_money_is_neither_made_nor_lost_nor_does_it_change_its_kind(older: list, newer: list) -> None:
    """Two years closed one after the other, whatever purses they have: a name may stand for another kind of purse each year."""
    giver, year = side(), timezone.localdate().year
    with transaction.atomic():
        for back, purses in ((2, older), (1, newer)):
            open_year(giver.union, year - back)
            for place, (name, kind, fen) in enumerate(purses):
                purse = open_purse(giver.union, name, year - back, kind=kind)
                if fen:
                    fund(purse, fen, f"p{back}{place}")
        before = _by_kind(giver.union)
        aside = _aside(giver.union, year - 2), _aside(giver.union, year - 1)
        for back in (2, 1):
            close_year(giver.approver, giver.union, year - back)
        let_constraints_speak()
        assert _by_kind(giver.union) == before
        assert _left(giver.union, year) == 0
        first, second = UnionYear.objects.filter(union=giver.union, gift_year__lt=year).order_by("gift_year")
        assert (first.shortfall, second.shortfall) == (aside[0], aside[0] + aside[1])
        assert Account.objects.aggregate(all=Sum("balance"))["all"] == 0
        transaction.set_rollback(True)


def _by_kind(union) -> dict[str, int]:
    rows = Purse.objects.filter(union=union).values_list("kind").annotate(fen=Sum("account__balance")).order_by("kind")
    return dict(rows)


def _aside(union, year: int) -> int:
    rows = Purse.objects.filter(union=union, gift_year=year, kind=PurseKind.RING_FENCED)
    return rows.aggregate(fen=Sum("account__balance"))["fen"] or 0


def _left(union, year: int) -> int:
    return Purse.objects.filter(union=union, gift_year__lt=year).aggregate(fen=Sum("account__balance"))["fen"] or 0
