"""The priority rule by worked examples: assistance products first, by clause 2. Exact figures; amounts are fen, contents grams."""

from __future__ import annotations

from dataclasses import replace

import pytest

from procurement.priority.rule import (
    ExceptionGrant,
    LineDecision,
    judge,
)
from tests.procurement.rule_gifts import POLICY, bought, codes, gift, offer, only, ordinary, to_buy

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
