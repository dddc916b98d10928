"""Gifts as the rule may be asked about them, for Hypothesis to draw."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from procurement.priority.rule import (
    ApprovalStep,
    Documents,
    ExceptionGrant,
    Gift,
    Line,
    Offer,
    Policy,
    Year,
)

# A small world on purpose: lines meet in the same bucket, offers share producers and run out.
CLASSES = ("rice", "oil")
COUNTIES = ("610723", "610928", "611024")
REGIONS = ("610100", "610900")
DATES = ("2025-09-05", "2025-09-28")
DAYS = st.sampled_from(("2025-09-04", "2025-09-10", "2025-09-25", "2025-10-01", ""))
GRANTS = (ExceptionGrant("EX-1", 5, waives_share=False), ExceptionGrant("EX-2", 12, waives_share=True))

policies = st.builds(
    Policy,
    version=st.just("p"),
    first_choice=st.sampled_from((True, True, True, False)),
    minimum_share_bp=st.sampled_from((0, 3000, 5000, 10_000)),
    price_band_bp=st.sampled_from((0, 1500)),
    max_producers=st.integers(1, 3),
    hold_days=st.just(14),
    rotation_band_bp=st.sampled_from((0, 300, 2000)),
    cap_fen=st.sampled_from((0, 220_000)),
    floor_fen=st.sampled_from((0, 0, 0, 30_000)),
    planning_days=st.sampled_from((0, 10)),
    occasions=st.just(("mid_autumn",)),
    urgent_occasions=st.just(("illness",)),
    forbidden_forms=st.just(("cash",)),
    approval_steps=st.sampled_from(((), (ApprovalStep(0, 0, 1), ApprovalStep(50_000, 3, 3)))),
    uncovered_purposes=st.sampled_from(((), (), ("training",), ("awards", "training"))),
    ring_fence_fen=st.sampled_from((0, 60_000)),
    keep_last_year=st.booleans(),
)
years = st.builds(
    Year,
    assistance_fen=st.integers(0, 400_000),
    ordinary_fen=st.integers(0, 50_000),
    reserve_fen=st.integers(0, 100_000),
    make_good_due=st.sampled_from((False, False, False, True)),
    assistance_per_head_fen=st.sampled_from((0, 30_000)),
    last_assistance_fen=st.sampled_from((0, 0, 200_000)),
)


def offers(product: str) -> st.SearchStrategy[Offer]:
    return st.builds(
        Offer,
        product=st.just(product),
        producer=st.sampled_from(("coop-1", "coop-2", "coop-3", "coop-4")),
        county=st.sampled_from(COUNTIES),
        assistance=st.just(True),
        price_fen=st.integers(800, 3_000),
        content=st.sampled_from((1, 2, 3, 5)),
        available=st.integers(0, 15),
        ready_on=DAYS,
        accreditation=st.sampled_from(("A", "A", "A", "")),
        reasons=st.sampled_from(((), (), (), ("grade",))),
        held=st.sampled_from((0, 0, 3)),
    )


@st.composite
def lines(draw: st.DrawFn, ref: str, book: dict[str, tuple[Offer, ...]]) -> Line:
    kind = draw(st.sampled_from(CLASSES))
    line = Line(
        ref=ref,
        product=f"plain-{draw(st.integers(1, 2))}",
        producer="trader",
        county="610113",
        commodity_class=draw(st.sampled_from((kind, kind, kind, kind, ""))),
        assistance=False,
        accreditation="",
        price_fen=draw(st.integers(1_000, 4_000)),
        content=draw(st.sampled_from((1, 2, 3))),
        reference_price_fen=draw(st.sampled_from((0, 2_000))),
        quantity=draw(st.integers(1, 20)),
        region=draw(st.sampled_from(REGIONS)),
        need_date=draw(st.sampled_from(DATES)),
        purse="purse",
        purse_covered=draw(st.sampled_from((True, True, True, False))),
        purse_ring_fenced=draw(st.sampled_from((False, False, False, True))),
        available=draw(st.sampled_from((10, 1_000))),
        component_of=draw(st.sampled_from(("", "", "", "box"))),
        candidates=book[kind],
        exception=draw(st.sampled_from((None, None, None, *GRANTS))),
        purse_purpose=draw(st.sampled_from(("gifts", "gifts", "training"))),
    )
    if not book[kind] or draw(st.booleans()):
        return line
    chosen = draw(st.sampled_from(book[kind]))
    return replace(
        line,
        product=chosen.product,
        producer=chosen.producer,
        county=chosen.county,
        assistance=True,
        accreditation=chosen.accreditation,
        price_fen=chosen.price_fen,
        content=chosen.content,
    )


@st.composite
def gifts(draw: st.DrawFn) -> Gift:
    book = {
        kind: tuple(draw(offers(f"{kind}-{number}")) for number in range(draw(st.integers(0, 5)))) for kind in CLASSES
    }
    return Gift(
        policy=draw(policies),
        decided_on="2025-09-01",
        occasion=draw(st.sampled_from(("mid_autumn", "mid_autumn", "illness", "picnic"))),
        form=draw(st.sampled_from(("goods", "goods", "goods", "cash"))),
        gift_year=2025,
        recipients=10,
        per_head_fen=draw(st.sampled_from((50_000, 230_000))),
        per_head_year_fen=170_000,
        year_heads=draw(st.sampled_from(((), ((170_000, 60_000), (120_000, 0)), ((0, 0),)))),
        per_head_assistance_fen=0,
        lines=tuple(draw(lines(f"L{number}", book)) for number in range(draw(st.integers(1, 5)))),
        year=draw(years),
        documents=draw(st.sampled_from((Documents(0, 1), Documents(3, 3)))),
        rotation=draw(st.sampled_from(((), ((COUNTIES[0], 2), (COUNTIES[1], 1))))),
        offer_book_root="root",
    )
