"""The priority rule by worked examples: the year, cap, floor and papers, purses and boxes. Amounts are fen, contents grams."""

from __future__ import annotations

from dataclasses import replace

import pytest

from procurement.priority import rule
from procurement.priority.rule import (
    ApprovalStep,
    Documents,
    ExceptionGrant,
    judge,
)
from tests.procurement.rule_gifts import POLICY, YEAR, bought, codes, gift, offer, only, ordinary, to_buy

# --- Clause 3: the year -------------------------------------------------------------------------------------

# name, share, A, O, R, ordinary yuan in the gift, passes, limit on O'
SHARES = [
    ("30 %: 660 of 2,200", 3000, 66_000, 0, 0, 154_000, True, 154_000),
    ("30 %: one fen short", 3000, 65_999, 0, 0, 154_000, False, 153_997),
    ("one half: 1,100 of 2,200", 5000, 110_000, 0, 0, 110_000, True, 110_000),
    ("one half: 660 of 2,200", 5000, 66_000, 0, 0, 154_000, False, 66_000),
    ("earlier ordinary goods count", 5000, 110_000, 10_000, 0, 110_000, False, 110_000),
    ("the reserve counts as assistance to come", 5000, 50_000, 0, 60_000, 110_000, True, 110_000),
    ("no share asked", 0, 0, 0, 0, 110_000, True, -1),
    ("nothing but assistance", 10_000, 110_000, 0, 0, 1, False, 0),
]


@pytest.mark.parametrize(
    ("share_bp", "assistance", "before", "reserve", "amount", "passes", "limit"),
    [case[1:] for case in SHARES],
    ids=[case[0] for case in SHARES],
)
def test_share_of_the_year(share_bp, assistance, before, reserve, amount, passes, limit):
    year = replace(YEAR, assistance_fen=assistance, ordinary_fen=before, reserve_fen=reserve)
    line = ordinary(quantity=1, price_fen=amount)
    judgement = judge(gift(line, policy=replace(POLICY, minimum_share_bp=share_bp), year=year))
    assert judgement.allowed is passes
    assert codes(judgement) == ([] if passes else [("share", "")])
    assert judgement.share.ordinary_limit_fen == limit
    assert judgement.share.ordinary_fen == before + amount


def test_the_share_binds_and_then_passes_after_the_reserve_rises():
    policy = replace(POLICY, minimum_share_bp=5000)
    line = ordinary(quantity=100)
    year = replace(YEAR, assistance_fen=400_000)
    refused = judge(gift(line, policy=policy, year=year))
    assert refused.violations[0].data == {
        "assistance_fen": 400_000,
        "ordinary_fen": 480_000,
        "reserve_fen": 0,
        "ordinary_limit_fen": 400_000,
        "minimum_share_bp": 5000,
    }
    assert judge(gift(line, policy=policy, year=replace(year, reserve_fen=79_999))).allowed is False
    assert judge(gift(line, policy=policy, year=replace(year, reserve_fen=80_000))).allowed is True


def test_ring_fenced_spending_moves_from_the_reserve_to_assistance():
    policy = replace(POLICY, minimum_share_bp=5000)
    year = replace(YEAR, reserve_fen=500_000)
    fenced = bought(offer("oil", price_fen=3_000), "1", 100, commodity_class="oil", purse_ring_fenced=True)
    judgement = judge(gift(fenced, ordinary("2", price_fen=5_000), policy=policy, year=year))
    assert judgement.allowed
    assert judgement.share == rule.Share(300_000, 500_000, 200_000, 500_000)
    plain = replace(fenced, purse_ring_fenced=False)
    judgement = judge(gift(plain, ordinary("2", price_fen=5_000), policy=policy, year=year))
    assert judgement.share == rule.Share(300_000, 500_000, 500_000, 800_000)


def test_a_ring_fenced_purse_cannot_be_overdrawn():
    judgement = judge(gift(bought(offer(), "1", 100, purse_ring_fenced=True), year=replace(YEAR, reserve_fen=499_999)))
    assert [(v.code, v.data) for v in judgement.violations] == [
        ("reserve_short", {"drawn_fen": 500_000, "reserve_fen": 499_999})
    ]


def test_a_ring_fenced_purse_pays_for_nothing_else():
    judgement = judge(gift(ordinary(purse_ring_fenced=True), year=replace(YEAR, reserve_fen=10_000_000)))
    assert codes(judgement) == [("ring_fenced_purse", "1")]
    assert judgement.share.reserve_fen == 10_000_000


def test_assistance_alone_passes_in_a_union_that_is_behind_its_share():
    policy = replace(POLICY, minimum_share_bp=5000)
    year = replace(YEAR, ordinary_fen=9_000_000)
    assert judge(gift(bought(offer(), "1", 100), policy=policy, year=year)).allowed


def test_make_good_stops_every_ordinary_line_and_no_assistance_line():
    grant = ExceptionGrant("EX-1", remaining=100, waives_share=True)
    year = replace(YEAR, make_good_due=True, assistance_fen=10**9)
    lines = (
        ordinary("1"),
        ordinary("2", commodity_class="oil", exception=grant),
        bought(offer(), "3", 10, commodity_class="nuts"),
    )
    judgement = judge(gift(*lines, year=year))
    assert [line.outcome for line in judgement.lines] == ["blocked", "blocked", "assistance"]
    assert codes(judgement) == [("make_good_due", "1"), ("make_good_due", "2")]


# --- Clause 4: cap, floor, occasion, form, papers -----------------------------------------------------------


@pytest.mark.parametrize(("year_fen", "passes"), [(170_000, True), (170_001, False)])
def test_cap_of_2200_yuan_per_member_and_calendar_year(year_fen, passes):
    judgement = judge(gift(bought(offer(), "1", 100), per_head_fen=50_000, per_head_year_fen=year_fen))
    assert codes(judgement) == ([] if passes else [("cap", "")])


@pytest.mark.parametrize(("per_head", "passes"), [(19_999, False), (20_000, True)])
def test_floor_of_300_yuan_before_ordinary_goods(per_head, passes):
    policy, year = replace(POLICY, floor_fen=30_000), replace(YEAR, assistance_per_head_fen=10_000)
    judgement = judge(gift(ordinary(), policy=policy, year=year, per_head_assistance_fen=per_head))
    assert codes(judgement) == ([] if passes else [("floor", "")])


def test_the_floor_does_not_stop_a_small_gift_of_assistance_goods():
    policy = replace(POLICY, floor_fen=30_000)
    assert judge(gift(bought(offer(), "1", 100), policy=policy, per_head_assistance_fen=5_000)).allowed


@pytest.mark.parametrize(
    ("quantity", "documents", "expected"),
    [
        (199, Documents(0, 1), []),  # 9,950 yuan: a collective decision
        (200, Documents(2, 2), [("approvers", ""), ("quotations", "")]),  # 10,000: 3 people, 3 quotations
        (200, Documents(3, 3), []),
    ],
)
def test_procurement_steps_by_amount(quantity, documents, expected):
    policy = replace(POLICY, approval_steps=(ApprovalStep(0, 0, 1), ApprovalStep(1_000_000, 3, 3)))
    judgement = judge(gift(bought(offer(), "1", quantity), policy=policy, documents=documents))
    assert codes(judgement) == expected


def test_all_violations_are_reported_together():
    policy = replace(POLICY, minimum_share_bp=5000, floor_fen=30_000, approval_steps=(ApprovalStep(0, 3, 3),))
    lines = (
        ordinary("1", candidates=(offer(),)),
        ordinary("2", commodity_class="", product="mystery"),
        ordinary("3", commodity_class="oil", purse_ring_fenced=True, quantity=10_001),
    )
    judgement = judge(gift(*lines, policy=policy, occasion="team_building", form="cash", per_head_fen=220_001))
    assert codes(judgement) == [
        ("approvers", ""),
        ("assistance_first", "1"),
        ("cap", ""),
        ("floor", ""),
        ("form", ""),
        ("occasion", ""),
        ("over_stock", "1"),
        ("quotations", ""),
        ("ring_fenced_purse", "3"),
        ("share", ""),
        ("unclassified", "2"),
    ]


# --- Purses and policies outside the first choice -----------------------------------------------------------


def test_an_uncovered_purse_is_outside_the_rule():
    judgement = judge(gift(ordinary(purse_covered=False, candidates=(offer(),))))
    assert judgement.allowed
    assert only(judgement).outcome == "uncovered"
    assert (judgement.assistance_fen, judgement.ordinary_fen) == (0, 0)


def test_a_policy_without_first_choice_leaves_only_the_share():
    policy = replace(POLICY, first_choice=False, minimum_share_bp=3000)
    judgement = judge(gift(ordinary(candidates=(offer(),)), policy=policy))
    assert only(judgement).outcome == "ordinary"
    assert codes(judgement) == [("share", "")]


# --- Boxes --------------------------------------------------------------------------------------------------


def test_a_box_falls_with_one_component_and_is_never_split():
    oil = offer("oil", available=30)
    box = (
        ordinary("box/rice", component_of="box"),
        ordinary("box/oil", component_of="box", commodity_class="oil", product="oil-plain", candidates=(oil,)),
    )
    judgement = judge(gift(*box))
    assert [(line.ref, line.outcome, line.allowed) for line in judgement.lines] == [
        ("box/oil", "blocked", 0),
        ("box/rice", "no_equivalent", 100),
    ]
    assert to_buy(judgement.lines[0]) == [("oil", 30)]
    assert codes(judgement) == [("assistance_first", "box/oil"), ("box_blocked", "box")]
    assert judgement.violations[1].data == {"components": "box/oil"}


def test_two_boxes_are_the_way_out_where_only_a_part_is_on_offer():
    oil = offer("oil", available=30)
    plain = ordinary(
        "b/oil", component_of="b", commodity_class="oil", product="oil-plain", quantity=70, candidates=(oil,)
    )
    judgement = judge(gift(bought(oil, "a/oil", 30, commodity_class="oil", component_of="a"), plain))
    assert judgement.allowed
    assert [line.outcome for line in judgement.lines] == ["assistance", "partial"]


def test_a_mid_autumn_gift_of_five_lines():
    """Mooncakes, rice, oil, apples and walnuts for 200 members, half of it to be assistance."""
    nuts = offer("walnut", producer="coop-n", price_fen=6_000, content=1_000, available=200)
    rice, oil = offer("rice-yx", available=500), offer("oil-sq", available=80)
    lines = (
        ordinary("cake", commodity_class="mooncake", price_fen=4_000, quantity=200),
        ordinary("rice", quantity=200, candidates=(rice, offer("rice-dear", price_fen=8_000))),
        ordinary("oil", commodity_class="oil", quantity=200, price_fen=6_000, candidates=(oil,)),
        bought(offer("apple", available=300), "apple", 200, commodity_class="apple"),
        bought(nuts, "nuts", 200, commodity_class="walnut"),
    )
    policy = replace(POLICY, minimum_share_bp=5000)
    first = judge(gift(*lines, policy=policy, recipients=200))
    assert [(d.ref, d.outcome, d.allowed) for d in first.lines] == [
        ("apple", "assistance", 200),
        ("cake", "no_equivalent", 200),
        ("nuts", "assistance", 200),
        ("oil", "partial", 120),
        ("rice", "blocked", 0),
    ]
    assert to_buy(first.lines[4]) == [("rice-yx", 200)]
    assert first.lines[4].certificate_candidates[0].failed == ("price",)
    assert (first.assistance_fen, first.ordinary_fen) == (2_200_000, 2_960_000)
    assert codes(first) == [("assistance_first", "oil"), ("assistance_first", "rice"), ("share", "")]

    taken = (
        lines[0],
        bought(rice, "rice", 200),
        replace(lines[2], quantity=120),
        bought(oil, "oil-sq", 80, commodity_class="oil"),
        *lines[3:],
    )
    second = judge(gift(*taken, policy=policy, recipients=200))
    assert second.allowed
    assert second.share == rule.Share(3_600_000, 1_520_000, 0, 3_600_000)
