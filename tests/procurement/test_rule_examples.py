"""The priority rule by worked examples: exact figures for each clause. Amounts are fen, contents grams."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from procurement.priority import rule
from procurement.priority.rule import (
    ApprovalStep,
    Documents,
    ExceptionGrant,
    Gift,
    InputError,
    Judgement,
    Line,
    LineDecision,
    Offer,
    Policy,
    Year,
    judge,
)

POLICY = Policy(
    version="shaanxi-2020",
    first_choice=True,
    minimum_share_bp=0,
    price_band_bp=1500,
    max_producers=3,
    hold_days=14,
    rotation_band_bp=300,
    cap_fen=220_000,
    floor_fen=0,
    planning_days=10,
    occasions=("mid_autumn", "spring_festival"),
    urgent_occasions=("illness", "funeral"),
    forbidden_forms=("cash", "shopping_card", "voucher_generic"),
    approval_steps=(),
)
YEAR = Year(assistance_fen=0, ordinary_fen=0, reserve_fen=0, make_good_due=False, assistance_per_head_fen=0)


def offer(product: str = "rice-yx", **changes: object) -> Offer:
    """5 kg of rice from 洋县 at 50 yuan, 100 bags of it."""
    base = Offer(
        product=product,
        producer=f"coop-{product}",
        county="610723",
        assistance=True,
        price_fen=5_000,
        content=5_000,
        available=100,
        ready_on="2025-09-20",
        accreditation=f"A-{product}",
    )
    return replace(base, **changes)


def ordinary(ref: str = "1", **changes: object) -> Line:
    """100 bags of 5 kg of ordinary rice at 48 yuan for 西安, needed on 28 September."""
    base = Line(
        ref=ref,
        product="rice-plain",
        producer="trader",
        county="610113",
        commodity_class="rice",
        assistance=False,
        accreditation="",
        price_fen=4_800,
        content=5_000,
        reference_price_fen=0,
        quantity=100,
        region="610100",
        need_date="2025-09-28",
        purse="union-funds",
        purse_covered=True,
        purse_ring_fenced=False,
        available=10_000,
    )
    return replace(base, **changes)


def bought(source: Offer, ref: str, quantity: int, **changes: object) -> Line:
    """An assistance line that buys an offer for the same class, region and date as `ordinary`."""
    line = ordinary(
        ref,
        product=source.product,
        producer=source.producer,
        county=source.county,
        assistance=True,
        accreditation=source.accreditation,
        price_fen=source.price_fen,
        content=source.content,
        quantity=quantity,
    )
    return replace(line, **changes)


def gift(*lines: Line, policy: Policy = POLICY, year: Year = YEAR, **changes: object) -> Gift:
    base = Gift(
        policy=policy,
        decided_on="2025-09-01",
        occasion="mid_autumn",
        form="goods",
        gift_year=2025,
        recipients=100,
        per_head_fen=5_000,
        per_head_year_fen=0,
        per_head_assistance_fen=0,
        lines=lines,
        year=year,
        documents=Documents(quotations=0, approvers=0),
        rotation=(),
        offer_book_root="root-1",
    )
    return replace(base, **changes)


def codes(judgement: Judgement) -> list[tuple[str, str]]:
    return [(violation.code, violation.ref) for violation in judgement.violations]


def only(judgement: Judgement) -> LineDecision:
    (line,) = judgement.lines
    return line


def to_buy(line: LineDecision) -> list[tuple[str, int]]:
    return [(substitute.product, substitute.quantity) for substitute in line.substitutes]


# --- Clause 2: one class, one region, one date --------------------------------------------------------------

# name, candidates, ordinary quantity, outcome, allowed, Q in grams, substitutes (product, bags)
FIRST_CHOICE = [
    ("nothing on offer", (), 100, "no_equivalent", 100, 0, []),
    ("enough of one", (offer(),), 100, "blocked", 0, 500_000, [("rice-yx", 100)]),
    ("more than enough", (offer(available=900),), 100, "blocked", 0, 4_500_000, [("rice-yx", 100)]),
    ("a part of it", (offer(available=30),), 100, "partial", 70, 150_000, [("rice-yx", 30)]),
    ("one unit of it", (offer(available=1),), 100, "partial", 99, 5_000, [("rice-yx", 1)]),
    (
        "smaller bags round the ordinary ones down",
        (offer(content=2_000, price_fen=2_000, available=6),),
        100,
        "partial",
        97,
        12_000,
        [("rice-yx", 6)],
    ),
    (
        "larger bags round the assistance ones up",
        (offer(content=30_000, price_fen=30_000),),
        100,
        "blocked",
        0,
        3_000_000,
        [("rice-yx", 17)],
    ),
    (
        "at the very edge of the price band",
        (offer(price_fen=5_520),),
        100,
        "blocked",
        0,
        500_000,
        [("rice-yx", 100)],
    ),
    ("one fen beyond the price band", (offer(price_fen=5_521),), 100, "no_equivalent", 100, 0, []),
    ("just in time", (offer(ready_on="2025-09-28"),), 100, "blocked", 0, 500_000, [("rice-yx", 100)]),
    ("a day late", (offer(ready_on="2025-09-29"),), 100, "no_equivalent", 100, 0, []),
    ("never delivered there", (offer(ready_on=""),), 100, "no_equivalent", 100, 0, []),
    ("without accreditation", (offer(accreditation=""),), 100, "no_equivalent", 100, 0, []),
    ("failed elsewhere", (offer(reasons=("grade",)),), 100, "no_equivalent", 100, 0, []),
    ("sold out", (offer(available=0),), 100, "no_equivalent", 100, 0, []),
    (
        "emptied by the buyer's own holds",
        (offer(available=0, held=40),),
        100,
        "partial",
        60,
        200_000,
        [("rice-yx", 40)],
    ),
    (
        "three of four producers",
        tuple(offer(f"r{n}", available=n) for n in (10, 20, 30, 40)),
        100,
        "partial",
        10,
        450_000,
        [("r10", 0), ("r20", 20), ("r30", 30), ("r40", 40)],
    ),
    (
        "cheapest first",
        (offer("dear", price_fen=5_400, available=60), offer("cheap", available=60)),
        100,
        "blocked",
        0,
        600_000,
        [("cheap", 60), ("dear", 40)],
    ),
]


@pytest.mark.parametrize(
    ("candidates", "quantity", "outcome", "allowed", "coverable", "substitutes"),
    [case[1:] for case in FIRST_CHOICE],
    ids=[case[0] for case in FIRST_CHOICE],
)
def test_first_choice(candidates, quantity, outcome, allowed, coverable, substitutes):
    judgement = judge(gift(ordinary(quantity=quantity, candidates=candidates)))
    line = only(judgement)
    assert (line.outcome, line.allowed, line.blocked) == (outcome, allowed, quantity - allowed)
    assert line.coverable_base == coverable
    assert to_buy(line) == substitutes
    assert judgement.allowed == (allowed == quantity)
    assert codes(judgement) == ([] if allowed == quantity else [("assistance_first", "1")])


def test_assistance_line_passes_without_any_search():
    judgement = judge(gift(bought(offer(), "1", 100)))
    assert judgement.allowed
    assert only(judgement) == LineDecision(ref="1", outcome="assistance", allowed=100, blocked=0)
    assert (judgement.assistance_fen, judgement.ordinary_fen) == (500_000, 0)


def test_assistance_mark_without_accreditation_is_judged_as_ordinary():
    judgement = judge(gift(ordinary(assistance=True, candidates=(offer(),))))
    assert only(judgement).outcome == "blocked"
    assert codes(judgement) == [("accreditation_missing", "1"), ("assistance_first", "1")]


def test_the_reference_price_protects_against_a_price_cut_for_the_occasion():
    cut = ordinary(price_fen=3_000, candidates=(offer(),))
    assert only(judge(gift(cut))).outcome == "no_equivalent"
    judged = only(judge(gift(replace(cut, reference_price_fen=4_800))))
    assert (judged.outcome, judged.compare_price_fen) == ("blocked", 4_800)


def test_certificate_lists_every_candidate_with_every_criterion_it_failed():
    candidates = (
        offer("b-dear", price_fen=9_000, ready_on="2025-10-08"),
        offer("a-grade", reasons=("grade",), available=0),
        offer("c-none", available=0),
    )
    line = only(judge(gift(ordinary(candidates=candidates))))
    assert line.outcome == "no_equivalent"
    assert [(c.product, c.failed) for c in line.certificate_candidates] == [
        ("a-grade", ("grade", "no_stock")),
        ("b-dear", ("late", "price")),
        ("c-none", ("no_stock",)),
    ]


# --- The assistance part comes first ------------------------------------------------------------------------


def test_partial_passes_once_the_assistance_part_is_bought_in_the_same_gift():
    rice = offer(available=30)
    judgement = judge(gift(ordinary("1", quantity=70, candidates=(rice,)), bought(rice, "2", 30)))
    assert judgement.allowed
    line = judgement.lines[0]
    assert (line.outcome, line.allowed, line.blocked, line.linked) == ("partial", 70, 0, ("2",))
    assert (line.coverable_base, line.bought_base, line.demand_base) == (150_000, 150_000, 500_000)


def test_partial_with_too_little_bought_asks_for_the_rest():
    rice = offer(available=30)
    judgement = judge(gift(ordinary("1", quantity=90, candidates=(rice,)), bought(rice, "2", 10)))
    assert codes(judgement) == [("assistance_first", "1")]
    assert (judgement.lines[0].allowed, to_buy(judgement.lines[0])) == (70, [("rice-yx", 20)])


def test_assistance_goods_outside_e_do_not_stand_in_for_e():
    rice, dear = offer(available=30), offer("dear", price_fen=9_000)
    judgement = judge(gift(ordinary("1", quantity=70, candidates=(rice, dear)), bought(dear, "2", 100)))
    assert codes(judgement) == [("assistance_first", "1")]
    assert (judgement.lines[0].allowed, to_buy(judgement.lines[0])) == (40, [("rice-yx", 30)])


def test_buying_for_another_date_does_not_stand_in():
    rice = offer(available=60)
    other_day = bought(rice, "2", 30, need_date="2025-09-29")
    judgement = judge(gift(ordinary("1", quantity=70, candidates=(rice,)), other_day))
    line = judgement.lines[0]
    assert (line.outcome, line.allowed, line.coverable_base, line.bought_base) == ("partial", 40, 150_000, 0)


def test_what_one_region_takes_is_no_longer_on_offer_for_another():
    rice = offer(available=30)
    far = ordinary("2", region="610900", candidates=(rice,))
    judgement = judge(gift(bought(rice, "1", 30), far))
    assert judgement.allowed
    assert judgement.lines[1].outcome == "no_equivalent"
    assert judgement.lines[1].certificate_candidates[0].failed == ("bought_for_elsewhere",)


def test_two_lines_of_one_bucket_are_judged_together():
    rice = offer(available=30)
    halves = (ordinary("1", quantity=50, candidates=(rice,)), ordinary("2", quantity=50, candidates=(rice,)))
    judgement = judge(gift(*halves))
    assert [line.allowed for line in judgement.lines] == [20, 50]
    assert [to_buy(line) for line in judgement.lines] == [[("rice-yx", 30)], []]
    assert [line.demand_base for line in judgement.lines] == [500_000, 500_000]
    assert codes(judgement) == [("assistance_first", "1")]


def test_splitting_does_not_gain_what_rounding_up_adds():
    sacks = offer(content=30_000, price_fen=30_000, available=3)
    whole = judge(gift(ordinary("1", quantity=20, candidates=(sacks,))))
    halves = [ordinary(ref, quantity=10, candidates=(sacks,)) for ref in ("1", "2")]
    split = judge(gift(*halves))
    assert (whole.lines[0].allowed, to_buy(whole.lines[0])) == (2, [("rice-yx", 3)])
    assert [line.allowed for line in split.lines] == [0, 2]
    assert [to_buy(line) for line in split.lines] == [[("rice-yx", 2)], [("rice-yx", 1)]]


def test_held_stock_is_named_in_the_advice():
    line = only(judge(gift(ordinary(candidates=(offer(available=10, held=40),)))))
    assert [(s.quantity, s.from_held) for s in line.substitutes] == [(50, 40)]
    assert line.allowed == 50


# --- Rotation -----------------------------------------------------------------------------------------------


def test_near_prices_take_turns_by_county_and_far_ones_follow_by_price():
    candidates = (
        offer("a", county="610723", price_fen=5_000),
        offer("b", county="610723", price_fen=5_010),
        offer("c", county="610928", price_fen=5_100),
        offer("d", county="611024", price_fen=5_150),
        offer("e", county="610822", price_fen=5_151),
    )
    line = only(judge(gift(ordinary(quantity=10, candidates=candidates), rotation=(("611024", 2),))))
    assert to_buy(line) == [("a", 10), ("c", 0), ("b", 0), ("d", 0), ("e", 0)]


def test_rotation_changes_who_comes_first():
    candidates = (offer("a", county="610723"), offer("c", county="610928", price_fen=5_100))
    line = only(judge(gift(ordinary(quantity=10, candidates=candidates), rotation=(("610723", 1),))))
    assert to_buy(line) == [("c", 10), ("a", 0)]


# --- Time ---------------------------------------------------------------------------------------------------


def test_a_need_date_inside_the_planning_days_is_no_ground():
    hasty = ordinary(need_date="2025-09-03", candidates=(offer(ready_on="2025-09-11"),))
    assert only(judge(gift(hasty))).outcome == "blocked"
    late = replace(hasty, candidates=(offer(ready_on="2025-09-12"),))
    assert only(judge(gift(late))).outcome == "no_equivalent"


def test_an_urgent_occasion_is_measured_by_its_need_date():
    urgent = ordinary(need_date="2025-09-03", candidates=(offer(ready_on="2025-09-04"),))
    judgement = judge(gift(urgent, occasion="illness"))
    assert judgement.allowed
    assert only(judgement).outcome == "no_equivalent"


# --- Exceptions ---------------------------------------------------------------------------------------------


def test_an_exception_lets_its_quantity_pass_and_counts_in_the_share():
    grant = ExceptionGrant("EX-1", remaining=100, waives_share=False)
    judgement = judge(gift(ordinary(candidates=(offer(),), exception=grant)))
    line = only(judgement)
    assert judgement.allowed
    assert (line.outcome, line.excepted, line.exception) == ("exception", 100, "EX-1")
    assert (judgement.ordinary_fen, judgement.waived_fen) == (480_000, 0)


def test_lines_under_one_exception_share_what_remains_of_it():
    grant = ExceptionGrant("EX-1", remaining=120, waives_share=True)
    lines = [ordinary(ref, candidates=(offer(available=500),), exception=grant) for ref in ("1", "2")]
    judgement = judge(gift(*lines))
    assert [(d.outcome, d.allowed, d.blocked, d.excepted) for d in judgement.lines] == [
        ("exception", 100, 0, 100),
        ("blocked", 20, 80, 20),
    ]
    assert (judgement.ordinary_fen, judgement.waived_fen) == (80 * 4_800, 120 * 4_800)


def test_an_exception_that_waives_the_share_is_left_out_of_o():
    policy = replace(POLICY, minimum_share_bp=5000)
    grant = ExceptionGrant("EX-1", remaining=100, waives_share=True)
    waived = judge(gift(ordinary(exception=grant), policy=policy))
    assert waived.allowed
    assert waived.share.ordinary_fen == 0
    counted = judge(gift(ordinary(exception=replace(grant, waives_share=False)), policy=policy))
    assert codes(counted) == [("share", "")]


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


# --- What cannot be judged, and replay ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "broken",
    [
        gift(ordinary("1"), ordinary("1")),
        gift(ordinary(quantity=0)),
        gift(ordinary(content=0)),
        gift(ordinary(price_fen=-1)),
        gift(ordinary(need_date="20250928")),
        gift(ordinary(candidates=(offer(), offer()))),
        gift(ordinary(candidates=(offer(ready_on="soon"),))),
        gift(ordinary(), decided_on="2025-02-30"),
        gift(ordinary(), policy=replace(POLICY, max_producers=0)),
        gift(ordinary(), policy=replace(POLICY, minimum_share_bp=10_001)),
        gift(ordinary(), rotation=(("610723", 1), ("610723", 2))),
        gift(ordinary(price_fen=2**53)),
    ],
)
def test_malformed_input_is_refused(broken):
    with pytest.raises(InputError):
        judge(broken)


def test_canonical_bytes_are_compact_sorted_and_without_booleans():
    data = rule.to_canonical(gift(ordinary(region="西安")))
    text = data.decode()
    assert text.startswith('{"decided_on":"2025-09-01","documents":{"approvers":0,"quotations":0},"form":"goods"')
    assert '"exception":{}' in text
    assert '"region":"西安"' in text
    assert not any(word in text for word in ("true", "false", "null", ": ", ", "))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data + b"\n",
        lambda data: data.replace(b'"recipients":100', b'"recipients": 100'),
        lambda data: data.replace(b'"recipients":100', b'"recipients":100.0'),
        lambda data: data.replace(b'"recipients":100', b'"recipients":"100"'),
        lambda data: data.replace(b'"recipients":100,', b""),
        lambda data: data.replace(b'"purse_covered":1', b'"purse_covered":true'),
        lambda data: data.replace(b'"purse_covered":1', b'"purse_covered":2'),
        lambda data: b"not json",
        lambda data: b"[]",
    ],
)
def test_only_canonical_bytes_are_read(spoil):
    data = rule.to_canonical(gift(ordinary()))
    assert rule.from_canonical(data) == gift(ordinary())
    assert spoil(data) != data
    with pytest.raises(InputError):
        rule.from_canonical(spoil(data))


def test_the_file_alone_replays_a_stored_decision(tmp_path):
    """Copied away from the project and run by a bare interpreter, as an auditor would."""
    alone = tmp_path / "rule.py"
    alone.write_bytes(Path(rule.__file__).read_bytes())
    given = gift(ordinary("1", candidates=(offer(available=30),)), bought(offer("oil"), "2", 5))
    (tmp_path / "input.json").write_bytes(rule.to_canonical(given))
    run = [sys.executable, "-I", str(alone), str(tmp_path / "input.json")]
    output = subprocess.run(run, capture_output=True, check=True, cwd=tmp_path).stdout
    assert output == rule.to_canonical(judge(given))
    assert json.loads(output)["lines"][0]["outcome"] == "partial"
    assert rule.engine_hash() == hashlib.sha256(alone.read_bytes()).hexdigest()


def test_the_file_alone_says_what_is_wrong(tmp_path):
    (tmp_path / "input.json").write_text("{}")
    run = [sys.executable, "-I", rule.__file__, str(tmp_path / "input.json")]
    result = subprocess.run(run, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.endswith("expected an object with exactly the keys of Gift\n")
