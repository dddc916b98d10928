"""Gifts of rice for the rule's worked examples, and what its judgement says. Amounts are fen, contents grams."""

from __future__ import annotations

from dataclasses import replace

from procurement.priority.rule import (
    Documents,
    Gift,
    Judgement,
    Line,
    LineDecision,
    Offer,
    Policy,
    Year,
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
