"""Dealing heads, units and fen out: exact, fair, and never more than there is (properties)."""

from __future__ import annotations

from collections import Counter, defaultdict
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.fulfilment.lots import _deal
from procurement.programmes.assignment import Share, deal, spread
from suppliers.settlement.shares import divide

SMALL = settings(max_examples=150, deadline=None)

REGIONS = ["6101", "6107", "6110"]
heads_by_region = st.dictionaries(st.sampled_from(REGIONS), st.integers(0, 40), max_size=3)
slots = st.lists(
    st.tuples(st.sampled_from(["", *REGIONS]), st.one_of(st.none(), st.integers(0, 30))), min_size=1, max_size=6
).map(lambda lines: [Share(number, region, heads) for number, (region, heads) in enumerate(lines, 1)])


class TestDivide:
    @SMALL
    @given(st.integers(0, 10**12), st.dictionaries(st.integers(1, 50), st.integers(1, 10**9), min_size=1, max_size=20))
    def test_it_sums_exactly_and_is_fair_within_one_fen(self, total, weights) -> None:
        parts = divide(total, weights)
        whole = sum(weights.values())
        assert sum(parts.values()) == total
        for key, weight in weights.items():
            assert abs(parts[key] - Fraction(total * weight, whole)) < 1

    @SMALL
    @given(st.integers(0, 10**9), st.dictionaries(st.integers(1, 50), st.integers(1, 10**6), min_size=2, max_size=10))
    def test_who_weighs_more_gets_no_less(self, total, weights) -> None:
        parts = divide(total, weights)
        for a in weights:
            for b in weights:
                if weights[a] > weights[b]:
                    assert parts[a] >= parts[b]

    @SMALL
    @given(st.integers(0, 10**9), st.dictionaries(st.integers(1, 50), st.integers(1, 10**6), min_size=1, max_size=10))
    def test_the_order_of_the_weights_does_not_matter(self, total, weights) -> None:
        assert divide(total, weights) == divide(total, dict(reversed(weights.items())))

    def test_examples(self) -> None:
        assert divide(100, {1: 1, 2: 1, 3: 1}) == {1: 34, 2: 33, 3: 33}
        assert divide(5, {7: 1, 3: 1}) == {3: 3, 7: 2}
        assert divide(1, {1: 1, 2: 2}) == {1: 0, 2: 1}
        assert divide(0, {1: 5}) == {1: 0}
        assert divide(9, {}) == {}


class TestDeal:
    @SMALL
    @given(slots, heads_by_region)
    def test_nobody_twice_nobody_more_than_there_are_and_no_line_over_its_heads(self, shares, heads) -> None:
        dealt = deal(shares, heads)
        known = {share.line: share for share in shares}
        by_line: Counter[int] = Counter()
        by_region: Counter[str] = Counter()
        for (line, region), served in dealt.items():
            assert served > 0
            assert known[line].region in ("", region)
            by_line[line] += served
            by_region[region] += served
        for line, served in by_line.items():
            limit = known[line].heads
            assert limit is None or served <= limit
        for region, number in heads.items():
            assert by_region[region] <= number

    @SMALL
    @given(slots, heads_by_region)
    def test_whoever_goes_without_could_not_have_been_served(self, shares, heads) -> None:
        """A head is left over only where every line that serves the region is used up."""
        dealt = deal(shares, heads)
        used: Counter[int] = Counter()
        served: Counter[str] = Counter()
        for (line, region), number in dealt.items():
            used[line] += number
            served[region] += number
        for region, number in heads.items():
            if served[region] < number:
                for share in shares:
                    if share.region in ("", region):
                        assert share.heads is not None
                        assert used[share.line] == share.heads

    @SMALL
    @given(slots, heads_by_region)
    def test_every_recipient_served_gets_exactly_one_line(self, shares, heads) -> None:
        dealt = deal(shares, heads)
        turns = spread(dealt, [share.line for share in shares])
        again: defaultdict[tuple[int, str], int] = defaultdict(int)
        for region, lines in turns.items():
            assert len(lines) <= heads[region]
            for line in lines:
                again[line, region] += 1
        assert dict(again) == dealt

    def test_a_line_for_all_the_rest_serves_everybody(self) -> None:
        shares = [Share(1, "", None), Share(2, "6101", 3), Share(3, "", 4)]
        assert deal(shares, {"6101": 5, "6107": 10}) == {(2, "6101"): 3, (3, "6101"): 2, (3, "6107"): 2, (1, "6107"): 8}

    def test_recipients_take_turns_in_the_lines_order(self) -> None:
        assert spread({(2, "61"): 2, (1, "61"): 1}, [1, 2]) == {"61": [1, 2, 2]}


wanted_units = st.lists(st.integers(1, 12), min_size=1, max_size=20).map(lambda units: list(enumerate(units, 1)))


class TestLots:
    @SMALL
    @given(wanted_units, st.lists(st.integers(1, 15), min_size=1, max_size=20), st.integers(0, 30))
    def test_every_line_gets_its_units_first_expired_first(self, wanted, lots, more) -> None:
        needed = sum(units for _, units in wanted)
        lots = [(100 + n, free) for n, free in enumerate([*lots, needed + more])]
        dealt = _deal(wanted, lots)
        per_line: Counter[int] = Counter()
        per_lot: Counter[int] = Counter()
        for line, lot, units in dealt:
            assert units > 0
            per_line[line] += units
            per_lot[lot] += units
        assert dict(per_line) == dict(wanted)
        free = dict(lots)
        assert all(per_lot[lot] <= free[lot] for lot in per_lot)
        # A later lot is opened only when all before it are empty.
        opened = [lot for lot, _ in lots if per_lot[lot]]
        assert opened == [lot for lot, _ in lots[: len(opened)]]
        assert all(per_lot[lot] == free[lot] for lot in opened[:-1])
        assert len({(line, lot) for line, lot, _ in dealt}) == len(dealt)

    def test_a_line_may_take_the_end_of_one_lot_and_the_beginning_of_the_next(self) -> None:
        assert _deal([(1, 3), (2, 2)], [(10, 4), (11, 9)]) == [(1, 10, 3), (2, 10, 1), (2, 11, 1)]
