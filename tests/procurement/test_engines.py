"""What engine 2 judges and engine 1 did not; and engine 1, which stays for the decisions that it made."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings

from procurement.priority import rule, rule_1
from procurement.priority.replay import ENGINES, differs, engine_files, read_input
from procurement.priority.rule import Gift, InputError, Violation, Year, judge
from tests.procurement.rule_gifts import POLICY, bought, gift, offer, ordinary
from tests.property.rule_strategies import gifts

# Whoever changes one byte of an engine that has decided takes from us what it decided.
ENGINE_1 = "9dfc469a3ca669fcdf092e1ef4b5871975f99fdb1c5f9fc8644bc865a2796063"


def told(judgement: rule.Judgement) -> list[str]:
    return [violation.code for violation in judgement.violations]


def as_engine_1(asked: Gift) -> bytes:
    """The same gift in the words of engine 1: what only engine 2 knows is left out."""
    plain = json.loads(rule.to_canonical(asked))
    for name in ("per_head_fenced_fen", "year_heads"):
        del plain[name]
    for name in ("uncovered_purposes", "ring_fence_fen", "keep_last_year"):
        del plain["policy"][name]
    del plain["year"]["last_assistance_fen"]
    for line in plain["lines"]:
        del line["purse_purpose"]
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


# --- The year before: "not below last year" ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("assistance", "reserve", "last", "refused"),
    [
        (100_000, 0, 100_000, False),
        (99_999, 0, 100_000, True),
        (60_000, 40_000, 100_000, False),  # what is set aside will be assistance goods
        (0, 0, 0, False),  # the union's first year
    ],
)
def test_ordinary_goods_wait_until_the_year_is_not_below_the_one_before(
    assistance: int, reserve: int, last: int, refused: bool
) -> None:
    policy = replace(POLICY, keep_last_year=True)
    year = Year(assistance, 0, reserve, False, 0, last)
    judgement = judge(gift(ordinary(quantity=1), policy=policy, year=year))
    assert told(judgement) == (["last_year"] if refused else [])
    assert told(judge(gift(ordinary(quantity=1), year=year))) == []


def test_this_gifts_own_assistance_goods_count_towards_last_year() -> None:
    policy, year = replace(POLICY, keep_last_year=True), Year(50_000, 0, 0, False, 0, 100_000)
    rice = bought(offer("oil"), "2", 10, commodity_class="oil")  # 10 x 50 yuan
    assert told(judge(gift(ordinary("1", quantity=1), rice, policy=policy, year=year))) == []
    short = judge(gift(ordinary("1", quantity=1), replace(rice, quantity=9), policy=policy, year=year))
    assert short.violations == (
        Violation(
            "last_year",
            "",
            {"assistance_fen": 95_000, "reserve_fen": 0, "last_assistance_fen": 100_000},
        ),
    )


def test_assistance_goods_alone_are_never_below_last_year() -> None:
    policy, year = replace(POLICY, keep_last_year=True), Year(0, 0, 0, False, 0, 100_000)
    assert told(judge(gift(bought(offer(), "1", 1), policy=policy, year=year))) == []


def test_three_conditions_of_a_hubei_county_at_once() -> None:
    """At least 20 %, at least 500 yuan a member, not below last year: each alone refuses, all are told together."""
    policy = replace(POLICY, minimum_share_bp=2_000, floor_fen=50_000, keep_last_year=True)

    def codes(assistance: int, ordinary_before: int, per_head: int, last: int) -> list[str]:
        year = Year(assistance, ordinary_before, 0, False, per_head, last)
        return told(judge(gift(ordinary(quantity=1), policy=policy, year=year)))

    # With this bag of 48 yuan: O' = 4 x A' is the most ordinary goods beside A'.
    assert codes(5_000_000, 19_995_200, 50_000, 5_000_000) == []
    assert codes(5_000_000, 19_995_201, 50_000, 5_000_000) == ["share"]
    assert codes(5_000_000, 0, 49_999, 5_000_000) == ["floor"]
    assert codes(5_000_000, 0, 50_000, 5_000_001) == ["last_year"]
    assert codes(4_999_999, 19_995_200, 49_999, 5_000_000) == ["floor", "last_year", "share"]


# --- On top of the cap: money ring-fenced for assistance goods ------------------------------------------------


@pytest.mark.parametrize(
    ("most", "fenced", "heads", "counted"),
    [
        (220_000, 0, (), 0),  # the cap itself
        (220_001, 0, (), 220_001),
        (280_000, 60_000, (), 0),  # 2,200 and the 600 on top
        (280_001, 60_001, (), 220_001),  # of 600.01 ring-fenced only 600 come on top
        (60_000, 60_000, ((220_000, 0),), 0),  # had all of the cap, now the 600
        (60_000, 60_000, ((280_000, 60_000),), 280_000),  # had the 600 already
        (60_000, 60_000, ((280_000, 60_000), (0, 0)), 280_000),
        (1, 0, ((280_000, 60_000), (220_000, 0)), 220_001),
        (1, 1, ((279_999, 59_999), (100_000, 0)), 0),
    ],
)
def test_guangdongs_600_yuan_come_on_top_of_the_cap_from_an_assistance_only_purse(
    most: int, fenced: int, heads: tuple[tuple[int, int], ...], counted: int
) -> None:
    policy = replace(POLICY, ring_fence_fen=60_000)
    had = max((fen for fen, _ in heads), default=0)
    asked = gift(
        bought(offer(), "1", 1),
        policy=policy,
        per_head_fen=most,
        per_head_fenced_fen=fenced,
        per_head_year_fen=had,
        year_heads=heads,
    )
    said = [dict(violation.data) for violation in judge(asked).violations]
    assert said == ([{"per_head_fen": counted, "cap_fen": 220_000}] if counted else [])


def test_without_such_an_amount_every_purse_counts_in_the_cap() -> None:
    asked = gift(bought(offer(), "1", 1), per_head_fen=220_001, per_head_fenced_fen=100_000)
    assert told(judge(asked)) == ["cap"]


@pytest.mark.parametrize(
    "changes",
    [
        {"per_head_fen": 1, "per_head_fenced_fen": 2},
        {"per_head_fenced_fen": -1},
        {"per_head_year_fen": 10, "year_heads": ((11, 0),)},
        {"per_head_year_fen": 10, "year_heads": ((10, 11),)},
        {"per_head_year_fen": 10, "year_heads": ((10, -1),)},
    ],
)
def test_figures_that_contradict_each_other_are_no_input(changes: dict[str, object]) -> None:
    with pytest.raises(InputError):
        judge(gift(ordinary(), **changes))


# --- Uncovered purposes ---------------------------------------------------------------------------------------


def test_a_purse_is_uncovered_only_where_the_policy_lists_its_purpose() -> None:
    line = ordinary("1", candidates=(offer(),), purse_purpose="hardship")
    listed = replace(POLICY, uncovered_purposes=("hardship", "training"))
    assert told(judge(gift(line))) == ["assistance_first"]
    judgement = judge(gift(line, policy=listed))
    assert (judgement.allowed, judgement.lines[0].outcome, judgement.ordinary_fen) == (True, "uncovered", 0)
    other = replace(line, purse_purpose="gifts")
    assert told(judge(gift(other, policy=listed))) == ["assistance_first"]


def test_a_ring_fenced_purse_is_covered_whatever_its_purpose() -> None:
    line = ordinary("1", candidates=(offer(),), purse_purpose="hardship", purse_ring_fenced=True)
    listed = replace(POLICY, uncovered_purposes=("hardship",))
    assert told(judge(gift(line, policy=listed))) == ["assistance_first", "ring_fenced_purse"]


def test_where_nothing_is_covered_neither_cap_nor_occasion_binds_and_one_covered_line_brings_them_back() -> None:
    policy = replace(POLICY, uncovered_purposes=("awards",))
    prize = ordinary("1", purse_purpose="awards")
    facts = {"policy": policy, "occasion": "competition", "form": "cash", "per_head_fen": 300_000}
    assert judge(gift(prize, **facts)).allowed
    assert told(judge(gift(prize, ordinary("2", quantity=1), **facts))) == ["cap", "form", "occasion"]


# --- Both engines ---------------------------------------------------------------------------------------------


def test_engine_1_is_unchanged_to_the_byte_and_each_engine_is_found_by_its_version() -> None:
    assert hashlib.sha256(Path(rule_1.__file__).read_bytes()).hexdigest() == rule_1.engine_hash() == ENGINE_1
    assert {version: engine.ENGINE_VERSION for version, engine in ENGINES.items()} == {"1": "1", "2": "2"}
    assert set(engine_files(["1", "2", "9"])) == {"rule.py", "rule_1.py"}
    assert engine_files(["1"]) == {"rule_1.py": Path(rule_1.__file__).read_bytes()}


@settings(deadline=None, max_examples=60)
@given(gifts())
def test_engine_2_judges_what_engine_1_was_told_as_engine_1_did(asked: Gift) -> None:
    if asked.lines and not any(line.purse_covered or line.purse_ring_fenced for line in asked.lines):
        return  # the one difference: cap and occasion no longer bind where nothing is covered
    stored = as_engine_1(asked)
    lifted = read_input("1", stored)
    before, after = json.loads(rule_1.replay(stored)), json.loads(rule.to_canonical(judge(lifted)))
    assert (before.pop("engine"), after.pop("engine")) == ("1", "2")
    assert before == after


def test_a_judgement_of_engine_1_replays_with_engine_1() -> None:
    stored = as_engine_1(gift(ordinary("1", candidates=(offer(available=30),))))
    output = rule_1.replay(stored)
    kept = {"input": stored.decode(), "output": output.decode()}
    row = SimpleNamespace(engine="1", engine_hash=rule_1.engine_hash(), **kept)
    assert differs(row) == ""  # type: ignore[arg-type]
    assert "hash is not the one stored" in differs(SimpleNamespace(**{**vars(row), "engine": "2"}))  # type: ignore[arg-type]
    assert differs(SimpleNamespace(**{**vars(row), "engine": "3"})) == "engine 3 is not here"  # type: ignore[arg-type]
    with pytest.raises(InputError):
        read_input("2", stored)


@pytest.mark.parametrize("version", ["1", "2"])
def test_each_engines_file_alone_prints_what_it_decided(version: str, tmp_path: Path) -> None:
    asked = gift(ordinary("1", candidates=(offer(available=30),)))
    stored = as_engine_1(asked) if version == "1" else rule.to_canonical(asked)
    (tmp_path / "input.json").write_bytes(stored)
    file = ENGINES[version].__file__ or ""
    run = [sys.executable, "-I", file, str(tmp_path / "input.json")]
    assert subprocess.run(run, capture_output=True, check=True).stdout == ENGINES[version].replay(stored)
