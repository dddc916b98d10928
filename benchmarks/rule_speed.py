"""T4: the pure rule alone, canonical JSON and hashing of input and output included."""

from __future__ import annotations

from hashlib import sha256

from benchmarks.measure import Figure, Tell, duration, median_of, side_by_side
from procurement.priority import rule

CANDIDATES = 10


def gift(lines: int, number: int = 0) -> rule.Gift:
    """A gift of ordinary lines, each of a class of its own with ten assistance offers of which most are equivalent."""
    policy = rule.Policy(
        version="bench", first_choice=True, minimum_share_bp=5_000, price_band_bp=1_000, max_producers=3, hold_days=30,
        rotation_band_bp=300, cap_fen=220_000, floor_fen=0, planning_days=10, occasions=("mid_autumn",),
        urgent_occasions=("illness",), forbidden_forms=("cash",), approval_steps=(rule.ApprovalStep(0, 0, 1),),
    )  # fmt: skip
    return rule.Gift(
        policy=policy, decided_on="2026-09-01", occasion="mid_autumn", form="goods", gift_year=2026, recipients=1_000,
        per_head_fen=30_000, per_head_year_fen=60_000, per_head_assistance_fen=0,
        lines=tuple(_line(index, number) for index in range(lines)),
        year=rule.Year(50_000_000, 10_000_000, 5_000_000, False, 0),
        documents=rule.Documents(3, 3),
        rotation=(("610828", 2), ("610827", 1)),
        offer_book_root="00" * 32,
    )  # fmt: skip


def _line(index: int, number: int) -> rule.Line:
    return rule.Line(
        ref=f"L{index:03d}", product=f"{1_000 + index}", producer="T-1", county="610113", commodity_class=f"class.{index}",
        assistance=False, accreditation="", price_fen=3_600, content=2_000, reference_price_fen=3_500,
        quantity=900 + number % 100, region="6101", need_date="2026-09-24", purse="1/1", purse_covered=True,
        purse_ring_fenced=False, available=5_000, candidates=tuple(_offer(index, place) for place in range(CANDIDATES)),
    )  # fmt: skip


def _offer(index: int, place: int) -> rule.Offer:
    return rule.Offer(
        product=f"{10_000 + index * CANDIDATES + place}", producer=f"P-{place:02d}", county=f"6108{place:02d}", assistance=True,
        price_fen=3_500 + 60 * place, content=2_000, available=400 + 50 * place, ready_on="2026-09-10",
        accreditation=f"RD{place:06d}", reasons=("grade",) if place == CANDIDATES - 1 else (),
    )  # fmt: skip


def decide(asked: rule.Gift) -> tuple[bytes, bytes]:
    """Judge and hash as a stored decision is; returns what went in and came out."""
    taken, given = rule.to_canonical(asked), rule.to_canonical(rule.judge(asked))
    sha256(taken).digest()
    sha256(given).digest()
    return taken, given


def measure(scale: str, tell: Tell) -> list[Figure]:
    """A gift of fifty lines, and one of one line."""
    times = 20 if scale == "small" else 100
    fifty, one = gift(50), gift(1)
    tell("T4 the pure rule")
    whole, alone = side_by_side(lambda: decide(fifty), lambda: rule.judge(fifty), times)
    single = median_of(lambda: decide(one), times * 10)
    rate = 50 / whole
    return [
        Figure(
            "T4", f"rule alone, gift of 50 lines × {CANDIDATES} candidates, hashing included", f"{rate:,.0f} decisions/s",
            f"{duration(whole)} a gift, of it judging {duration(alone)}", "≥ 5,000/s per core", rate >= 5_000,
        ),
        Figure(
            "T4", f"rule alone, gift of 1 line × {CANDIDATES} candidates, hashing included", f"{1 / single:,.0f} decisions/s",
            f"{duration(single)} a gift", "≥ 5,000/s per core", 1 / single >= 5_000,
        ),
    ]  # fmt: skip
