"""docs/worked-examples.md, row by row: each purchase is put to the engine, each equation beside it is computed.

The tables are the data: a verdict or a sum that is no longer true there fails here. The Chinese document has the same rows.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path

import pytest

from procurement.priority.rule import (
    ApprovalStep,
    Documents,
    ExceptionGrant,
    Gift,
    Judgement,
    Line,
    Offer,
    judge,
)
from tests.procurement import rule_gifts
from tests.procurement.rule_gifts import YEAR

DOCS = Path(__file__).resolve().parents[2] / "docs"
TODAY = date(2025, 9, 1)
HEADS = 100

POLICY = replace(
    rule_gifts.POLICY, version="worked", cap_fen=0, occasions=("mid_autumn",), urgent_occasions=("illness",)
)

Row = Mapping[str, str]


# The tables.


def tables(name: str) -> list[list[dict[str, str]]]:
    """The tables of a document in their order, each row by its headings."""
    found: list[list[dict[str, str]]] = []
    heading: list[str] = []
    for text in (DOCS / name).read_text().splitlines():
        if not text.startswith("|"):
            heading = []
            continue
        cells = [cell.strip() for cell in text.strip("|").split("|")]
        if not heading:
            heading = cells
            found.append([])
        elif not set(text) <= set("|-"):
            found[-1].append(dict(zip(heading, cells, strict=True)))
    return found


NAMES = ("year", "members", "three", "first_choice", "steps", "forms", "purses")
ROWS = [
    pytest.param(kind, row, id=f"{row['No.']} {row['Case']}")
    for kind, rows in zip(NAMES, tables("worked-examples.md"), strict=True)
    for row in rows
]


def number(text: str) -> Fraction:
    return Fraction(text.replace(",", ""))


def fen(text: str) -> int:
    """Yuan as a cell has them, in fen."""
    found = number(text) * 100
    assert found.denominator == 1
    return int(found)


# From a row to the engine's input.


def line(ref: str, amount: int, *, assistance: bool = False, **changes: object) -> Line:
    """Goods of a class of their own for so many fen: one piece, since only the amount matters."""
    base = Line(
        ref=ref,
        product=ref,
        producer=f"of {ref}",
        county="610723",
        commodity_class=f"class {ref}",
        assistance=assistance,
        accreditation=f"A-{ref}" if assistance else "",
        price_fen=amount,
        content=1,
        reference_price_fen=0,
        quantity=1,
        region="610100",
        need_date=(TODAY + timedelta(days=27)).isoformat(),
        purse="general",
        purse_covered=True,
        purse_ring_fenced=False,
        available=1_000_000,
    )
    return replace(base, **changes)


def goods(assistance: int, ordinary: int) -> tuple[Line, ...]:
    """Both kinds, as far as there is something of them."""
    wanted = (line("assistance", assistance, assistance=True), line("ordinary", ordinary))
    return tuple(found for found in wanted if found.price_fen)


def gift(lines: tuple[Line, ...], **changes: object) -> Gift:
    """For a hundred members, with nothing against it but what a row says."""
    facts = {"policy": POLICY, "per_head_fen": 0, "documents": Documents(quotations=0, approvers=1)} | changes
    return rule_gifts.gift(*lines, **facts)


def year_gift(row: Row) -> Gift:
    share = number(row["Share"].removesuffix(" %")) * 100
    year = replace(YEAR, assistance_fen=fen(row["A"]), ordinary_fen=fen(row["O"]), reserve_fen=fen(row["R"]))
    return gift(
        goods(fen(row["Assistance"]), fen(row["Ordinary"])),
        policy=replace(POLICY, minimum_share_bp=int(share)),
        year=year,
    )


def members_gift(row: Row) -> Gift:
    each, helped, fenced = fen(row["This gift"]), fen(row["of it assistance"]), fen(row["from the fenced purse"])
    had, had_fenced = fen(row["Had this year"]), fen(row["of it so paid"])
    policy = replace(POLICY, cap_fen=fen(row["Cap"]), floor_fen=fen(row["Floor"]), ring_fence_fen=fen(row["On top"]))
    lines = goods(helped * HEADS, (each - helped) * HEADS)
    if fenced:
        lines = tuple(replace(found, purse="fenced", purse_ring_fenced=found.assistance) for found in lines)
    return gift(
        lines,
        policy=policy,
        year=replace(YEAR, reserve_fen=fenced * HEADS),
        per_head_fen=each,
        per_head_assistance_fen=helped,
        per_head_fenced_fen=fenced,
        per_head_year_fen=had,
        year_heads=((had, had_fenced),),
    )


def three_gift(row: Row) -> Gift:
    policy = replace(POLICY, minimum_share_bp=2000, floor_fen=50_000, keep_last_year=True)
    year = replace(
        YEAR,
        assistance_fen=fen(row["A"]),
        ordinary_fen=fen(row["O"]),
        reserve_fen=fen(row["R"]),
        last_assistance_fen=fen(row["Last year"]),
    )
    helped, ordinary = fen(row["Assistance"]), fen(row["Ordinary"])
    return gift(goods(helped, ordinary), policy=policy, year=year, per_head_assistance_fen=helped // HEADS)


def offers(text: str) -> list[Offer]:
    """`a: 30 @ 50 in 28 held 4 plain`: thirty bags at 50 yuan, there in 28 days, four more held, not accredited."""
    found = []
    for told in filter(None, text.split("; ")):
        read = re.fullmatch(r"(\w): (\d+) @ ([\d.]+)(?: in (\d+))?(?: held (\d+))?( plain)?", told)
        assert read, told
        name, units, price, days, held, plain = read.groups()
        found.append(
            Offer(
                product=f"rice-{name}",
                producer=name,
                county=f"61072{'abcd'.index(name)}",
                assistance=not plain,
                price_fen=fen(price),
                content=5_000,
                available=int(units),
                ready_on=(TODAY + timedelta(days=int(days or 10))).isoformat(),
                accreditation="" if plain else f"A-{name}",
                held=int(held or 0),
            )
        )
    return found


def first_choice_gift(row: Row) -> Gift:
    read = re.fullmatch(r"(\d+) @ ([\d.]+)(?: excepted (\d+))?", row["Wanted"])
    assert read
    units, price, excepted = read.groups()
    book = {offer.producer: offer for offer in offers(row["Offers"])}
    wanted = line(
        "wanted",
        fen(price),
        quantity=int(units),
        content=5_000,
        commodity_class="rice",
        candidates=tuple(book.values()),
        exception=ExceptionGrant("EX-1", int(excepted), waives_share=False) if excepted else None,
    )
    bought = []
    for told in filter(None, row["Bought"].split("; ")):
        name, number_of = told.split(": ")
        offer = book[name]
        bought.append(
            line(
                f"bought-{name}",
                offer.price_fen,
                assistance=True,
                product=offer.product,
                producer=offer.producer,
                accreditation=offer.accreditation,
                quantity=int(number_of),
                content=5_000,
                commodity_class="rice",
            )
        )
    return gift((wanted, *bought), policy=replace(POLICY, max_producers=int(row["K"])))


def steps_gift(row: Row) -> Gift:
    policy = replace(POLICY, approval_steps=(ApprovalStep(1_000_000, 3, 3),))
    return gift(
        goods(fen(row["Total"]), 0), policy=policy, documents=Documents(int(row["Quotations"]), int(row["People"]))
    )


def forms_gift(row: Row) -> Gift:
    occasions = {"Mid-Autumn": "mid_autumn"}
    forms = {
        "voucher (named)": "voucher_named",
        "shopping card": "shopping_card",
        "voucher (generic)": "voucher_generic",
    }
    occasion, form = row["Occasion"], row["Form"]
    return gift(goods(100, 0), occasion=occasions.get(occasion, occasion), form=forms.get(form, form))


def purses_gift(row: Row) -> Gift:
    lines = tuple(
        replace(found, purse_ring_fenced=row[f"{found.ref.capitalize()} from"] == "ring-fenced")
        for found in goods(fen(row["Assistance"]), fen(row["Ordinary"]))
    )
    return gift(lines, year=replace(YEAR, reserve_fen=fen(row["R"])))


GIFTS: dict[str, Callable[[Row], Gift]] = {
    "year": year_gift,
    "members": members_gift,
    "three": three_gift,
    "first_choice": first_choice_gift,
    "steps": steps_gift,
    "forms": forms_gift,
    "purses": purses_gift,
}


# What the row says.


def verdict(judgement: Judgement) -> str:
    codes = sorted({violation.code.replace("_", " ") for violation in judgement.violations})
    said = ["ring-fenced purse" if code == "ring fenced purse" else code for code in codes]
    return f"refused: {', '.join(said)}" if said else "passes"


COMPARISONS = {"=": operator.eq, "≤": operator.le, "≥": operator.ge, "<": operator.lt, ">": operator.gt}


def value(sum_: str) -> Fraction:
    """A sum of the last column, in exact arithmetic: numbers, %, + − × ÷ and brackets, products before sums."""
    tokens = re.findall(r"[\d.,]*\d|[()+−×÷%]", sum_)
    assert "".join(tokens) == sum_.replace(" ", ""), sum_

    def atom() -> Fraction:
        token = tokens.pop(0)
        found = total() if token == "(" else number(token)
        if token == "(":
            assert tokens.pop(0) == ")"
        while tokens and tokens[0] == "%":
            tokens.pop(0)
            found /= 100
        return found

    def product() -> Fraction:
        found = atom()
        while tokens and tokens[0] in "×÷":
            found = found * atom() if tokens.pop(0) == "×" else found / atom()
        return found

    def total() -> Fraction:
        found = product()
        while tokens and tokens[0] in "+−":
            found = found + product() if tokens.pop(0) == "+" else found - product()
        return found

    found = total()
    assert not tokens, sum_
    return found


def is_right(arithmetic: str) -> bool:
    """Whether a chain like `1 + 1 = 2 ≤ 3` holds link by link."""
    parts = re.split(f"([{''.join(COMPARISONS)}])", arithmetic)
    sides, signs = [value(part) for part in parts[::2]], parts[1::2]
    return all(COMPARISONS[sign](sides[i], sides[i + 1]) for i, sign in enumerate(signs))


@pytest.mark.parametrize(("kind", "row"), ROWS)
def test_a_purchase_gets_the_verdict_of_its_row(kind: str, row: Row) -> None:
    judgement = judge(GIFTS[kind](row))
    assert verdict(judgement) == row["Verdict"]
    if kind == "first_choice":
        decision = next(d for d in judgement.lines if d.ref == "wanted")
        assert decision.coverable_base == int(row["Q"]) * 5_000 or decision.excepted == int(row["Wanted"].split()[0])
        assert "; ".join(f"{s.producer}: {s.quantity}" for s in decision.substitutes if s.quantity) == row["To buy"]
        assert (decision.outcome == "no_equivalent") == (row["Q"] == "0" and not decision.excepted)


@pytest.mark.parametrize(("kind", "row"), [row for row in ROWS if "By hand" in row.values[1]])
def test_the_arithmetic_beside_it_is_right(kind: str, row: Row) -> None:
    if row["By hand"] != "—":
        for arithmetic in row["By hand"].split("; "):
            assert is_right(arithmetic), arithmetic


def test_a_wrong_sum_is_found() -> None:
    assert is_right("1 + 2 × 3 = 7 ≤ 50 % × (10 + 4.50) = 7.25")
    assert not is_right("1 + 2 × 3 = 9")
    assert not is_right("7 < 7")


def test_there_are_forty_at_least_numbered_through() -> None:
    numbers = [int(row["No."]) for rows in tables("worked-examples.md") for row in rows]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) >= 40


def test_the_chinese_document_has_the_same_rows() -> None:
    """The same figures in the same cells, and as many reasons against a purchase."""

    def figures(name: str) -> list[list[list[str]]]:
        return [
            [re.findall(r"\d[\d.,]*", cell) for cell in list(row.values())[:1] + list(row.values())[2:]]
            for rows in tables(name)
            for row in rows
        ]

    english, chinese = (
        [list(row.values()) for rows in tables(name) for row in rows]
        for name in ("worked-examples.md", "worked-examples.zh-CN.md")
    )
    assert figures("worked-examples.md") == figures("worked-examples.zh-CN.md")
    for ours, theirs in zip(english, chinese, strict=True):
        (told,) = (cell for cell in ours if cell == "passes" or cell.startswith("refused: "))
        (said,) = (cell for cell in theirs if cell == "通过" or cell.startswith("不通过："))
        assert len(re.split("[,、]", told)) == len(re.split("[,、]", said))
        assert (told == "passes") == (said == "通过")
