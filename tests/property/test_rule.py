"""What must hold of the priority rule for every gift, not only for the examples."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from procurement.priority import rule
from procurement.priority.rule import (
    Gift,
    Judgement,
    judge,
)
from tests.property.rule_strategies import CLASSES, gifts, offers

# No deadlines: a busy machine must not fail a rule.


def lenient(gift: Gift) -> Gift:
    """The same gift where nothing but clauses 1 and 2 can refuse it."""
    policy = replace(
        gift.policy,
        first_choice=True,
        minimum_share_bp=0,
        cap_fen=0,
        floor_fen=0,
        approval_steps=(),
        keep_last_year=False,
    )
    lines = tuple(
        replace(
            line,
            commodity_class=line.commodity_class or "rice",
            assistance=line.accreditation != "",
            purse_ring_fenced=False,
            available=1_000,
        )
        for line in gift.lines
    )
    year = replace(gift.year, make_good_due=False)
    return replace(gift, policy=policy, lines=lines, year=year, occasion="mid_autumn", form="goods")


def with_candidates(gift: Gift, change) -> Gift:
    return replace(gift, lines=tuple(replace(line, candidates=change(line, line.candidates)) for line in gift.lines))


def assert_no_kinder(before: Judgement, after: Judgement) -> None:
    assert before.allowed or not after.allowed
    for old, new in zip(before.lines, after.lines, strict=True):
        assert new.coverable_base >= old.coverable_base


@settings(deadline=None)
@given(gifts().map(lenient), offers("new"))
def test_one_more_assistance_offer_never_helps_an_ordinary_line(gift, extra):
    more = with_candidates(gift, lambda line, given: (*given, extra) if line.commodity_class == "rice" else given)
    assert_no_kinder(judge(gift), judge(more))


@settings(deadline=None)
@given(gifts(), offers("new"), st.sampled_from(CLASSES))
def test_nor_does_it_in_a_gift_against_which_anything_may_stand(gift, extra, kind):
    """Exceptions, boxes, make-good, purses, shares and caps and all: one more offer turns no refusal into a pass."""
    more = with_candidates(gift, lambda line, given: (*given, extra) if line.commodity_class == kind else given)
    assert_no_kinder(judge(gift), judge(more))


@settings(deadline=None)
@given(gifts(), st.data())
def test_more_on_the_shelf_never_helps_an_ordinary_line(gift, data):
    """Of what the gift does not buy itself: jars that appear, or that the union is found to hold."""
    bought = {(line.producer, line.product) for line in gift.lines}
    keys = sorted({(o.producer, o.product) for line in gift.lines for o in line.candidates} - bought)
    assume(keys)
    key, units, name = (
        data.draw(st.sampled_from(keys)),
        data.draw(st.integers(1, 9)),
        data.draw(st.sampled_from(("available", "held"))),
    )

    def fuller(_line, given):
        return tuple(
            replace(o, **{name: getattr(o, name) + units}) if (o.producer, o.product) == key else o for o in given
        )

    assert_no_kinder(judge(gift), judge(with_candidates(gift, fuller)))


@settings(deadline=None)
@given(gifts(), st.data())
def test_a_lower_price_never_helps_an_ordinary_line(gift, data):
    """Where the gift buys the very offer, its duty to buy from E may just have been met: only Q counts."""
    pairs = [(line, offer) for line in gift.lines for offer in line.candidates]
    assume(pairs)
    line, offer = data.draw(st.sampled_from(pairs))
    key = (offer.producer, offer.product)
    # Around the end of the price band, where a price makes a difference.
    edge = max(line.price_fen, line.reference_price_fen) * (10_000 + gift.policy.price_band_bp) * offer.content
    edge = max(1, edge // (10_000 * line.content))
    cheap, dear = data.draw(st.integers(max(1, edge - 300), edge)), data.draw(st.integers(edge, edge + 300))

    def at(price):
        return with_candidates(
            gift,
            lambda _line, given: tuple(
                replace(o, price_fen=price) if (o.producer, o.product) == key else o for o in given
            ),
        )

    before, after = judge(at(dear)), judge(at(cheap))
    for old, new in zip(before.lines, after.lines, strict=True):
        assert new.coverable_base >= old.coverable_base
    if key not in {(line.producer, line.product) for line in gift.lines}:
        assert_no_kinder(before, after)


@settings(deadline=None)
@given(gifts(), st.integers())
def test_the_order_of_the_input_does_not_matter(gift, seed):
    random = Random(seed)

    def shuffled(items):
        return tuple(random.sample(items, len(items)))

    other = replace(with_candidates(gift, lambda _, given: shuffled(given)), rotation=shuffled(gift.rotation))
    policy = replace(
        gift.policy,
        approval_steps=shuffled(gift.policy.approval_steps),
        uncovered_purposes=shuffled(gift.policy.uncovered_purposes),
    )
    other = replace(other, lines=shuffled(other.lines), policy=policy, year_heads=shuffled(gift.year_heads))
    assert rule.to_canonical(judge(other)) == rule.to_canonical(judge(gift))


@settings(deadline=None)
@given(gifts(), st.text(), st.integers(0, rule.MAX_INTEGER))
def test_round_trip_and_replay(gift, text, number):
    gift = replace(gift, offer_book_root=text, gift_year=number)
    data = rule.to_canonical(gift)
    assert rule.from_canonical(data) == gift
    assert rule.replay(data) == rule.to_canonical(judge(gift)) == rule.replay(data)


@settings(deadline=None)
@given(gifts(), st.data())
def test_splitting_a_line_gains_nothing(gift, data):
    line = data.draw(st.sampled_from(gift.lines))
    assume(line.quantity > 1)
    first = data.draw(st.integers(1, line.quantity - 1))
    parts = (
        replace(line, quantity=first),
        replace(line, ref=f"{line.ref}/2", quantity=line.quantity - first),
    )
    split = replace(gift, lines=(*(other for other in gift.lines if other is not line), *parts))
    before, after = judge(gift), judge(split)
    assert after.allowed == before.allowed
    assert {v.code for v in after.violations} == {v.code for v in before.violations}
    assert after.share == before.share
    if not line.component_of:
        allowed = {decision.ref: decision.allowed for decision in after.lines}
        whole = next(decision for decision in before.lines if decision.ref == line.ref)
        assert allowed[line.ref] + allowed[f"{line.ref}/2"] <= whole.allowed


def covered(gift, line):
    return line.purse_ring_fenced or (line.purse_covered and line.purse_purpose not in gift.policy.uncovered_purposes)


@settings(deadline=None)
@given(gifts())
def test_an_allowed_gift_keeps_the_share_the_cap_and_the_purse(gift):
    judgement = judge(gift)
    share, share_bp = judgement.share, gift.policy.minimum_share_bp
    kept = share.ordinary_fen * 10_000 <= (10_000 - share_bp) * (
        share.assistance_fen + share.ordinary_fen + share.reserve_fen
    )
    assert kept == (share.ordinary_limit_fen == -1 or share.ordinary_fen <= share.ordinary_limit_fen)
    if judgement.allowed:
        assert kept or judgement.ordinary_fen == 0
        if gift.policy.cap_fen and any(covered(gift, line) for line in gift.lines):
            had = max(had for had, _fenced in gift.year_heads or ((gift.per_head_year_fen, 0),))
            assert gift.per_head_fen + had - gift.policy.ring_fence_fen <= gift.policy.cap_fen
        assert all(decision.blocked == 0 for decision in judgement.lines)
        for line, decision in zip(gift.lines, judgement.lines, strict=True):
            assert not line.purse_ring_fenced or decision.outcome == "assistance"
    else:
        assert judgement.violations


@settings(deadline=None, max_examples=300)
@given(gifts().map(lenient))
def test_whoever_follows_the_advice_passes(gift):
    """Cut the ordinary lines to what is allowed, buy the substitutes beside them: nothing is left to say."""
    judgement = judge(gift)
    advised = []
    for line, decision in zip(gift.lines, judgement.lines, strict=True):
        if decision.allowed:
            advised.append(replace(line, quantity=decision.allowed))
        chosen = [s for s in decision.substitutes if s.quantity]
        assert len({s.producer for s in chosen}) <= gift.policy.max_producers
        for number, substitute in enumerate(chosen):
            offer = next(
                o for o in line.candidates if (o.producer, o.product) == (substitute.producer, substitute.product)
            )
            assert substitute.from_held <= offer.held
            advised.append(
                replace(
                    line,
                    ref=f"{line.ref}+{number}",
                    product=offer.product,
                    producer=offer.producer,
                    assistance=True,
                    accreditation=offer.accreditation,
                    price_fen=offer.price_fen,
                    content=offer.content,
                    quantity=substitute.quantity,
                    component_of="",
                    exception=None,
                )
            )
    assert judge(replace(gift, lines=tuple(advised))).violations == ()


@settings(deadline=None)
@given(gifts().map(lenient))
def test_every_ordinary_line_that_passes_says_on_what_ground(gift):
    """What passes leans on named lines that buy all of Q, or on a certificate that leaves nobody out."""
    judgement = judge(gift)
    assume(judgement.allowed)
    for line, decision in zip(gift.lines, judgement.lines, strict=True):
        if decision.outcome == "no_equivalent":
            listed = {(c.producer, c.product) for c in decision.certificate_candidates}
            assert listed == {(o.producer, o.product) for o in line.candidates}
            assert decision.coverable_base == 0
        if decision.outcome == "partial":
            assert decision.bought_base >= decision.coverable_base > 0
            assert decision.linked
            bought = sum(other.quantity * other.content for other in gift.lines if other.ref in decision.linked)
            assert bought == decision.bought_base
