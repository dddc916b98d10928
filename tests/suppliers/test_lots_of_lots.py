"""Lots made of lots (I4): nothing comes of nothing, nothing goes twice, nothing is made of itself; by the verbs and by raw SQL."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from marketplace.evidence.models import Entry
from marketplace.organisations.errors import HouseError, NotAllowed, Refusals
from marketplace.organisations.scopes import seen_by
from marketplace.stock.actions import reserve
from marketplace.stock.models import Lot, Movement, Stock
from suppliers.provenance.graph import behind, reached
from suppliers.provenance.making import NewLot, Work, make_lot, transform
from suppliers.provenance.models import Input, Output, Transformation, TransformationKind
from suppliers.provenance.purchases import collect
from suppliers.provenance.weights import Edge, brought, whole
from tests.races import race
from tests.suppliers.farm import KEEPS, MAKE, MIX, REPACK, Farm
from tests.suppliers.small_world import TODAY, agreement, place, stock_of


@pytest.fixture
def farm(db: None) -> Any:
    with seen_by(None):
        yield Farm()


def faults(caught: Any) -> list[str]:
    return caught.value.data["codes"]


def counted(stock: Stock) -> tuple[int, int]:
    stock.refresh_from_db()
    return stock.in_stock, stock.allocated


def test_a_lot_is_split_and_repacked_and_its_units_move_with_it(farm: Farm) -> None:
    boxes, rest = farm.work(
        REPACK, {}, {farm.lot: 40}, [farm.new("G1", 9, 2_000, farm.gift), farm.new("L2", 3, 500)], waste=500
    )
    farm.lot.refresh_from_db()
    assert (farm.lot.made, farm.lot.used, farm.lot.left) == (100, 40, 60)
    assert (counted(farm.loose), counted(farm.gift)) == ((63, 0), (9, 0))
    moves = Movement.objects.filter(kind="use").values_list("lot__code", "quantity")
    assert list(moves) == [("L1", 40)]
    body = Entry.objects.get(subject=f"lot:{boxes.pk}").body
    assert (body["lot"], body["kind"], body["lots"], body["inputs"]) == ("G1", "repack", [["L1", 40]], [])
    # 40 of 100 bags hold 24 kg and 16 kg of what was collected; the boxes have 18,000 of 19,500 g of it.
    history, (first, second) = behind([boxes.pk, rest.pk]), farm.notes
    assert history.of(boxes.pk) == {first.pk: Fraction(24_000 * 12, 13), second.pk: Fraction(16_000 * 12, 13)}
    assert history.of(rest.pk) == {first.pk: Fraction(24_000, 13), second.pk: Fraction(16_000, 13)}
    assert history.lots == {farm.lot.pk, boxes.pk, rest.pk}


def test_a_mixture_holds_what_its_parts_held(farm: Farm) -> None:
    third = farm.collected("N3", 30_000)
    mixed = farm.work(MIX, {third: 30_000}, {farm.lot: 50}, [farm.new("M1", 50, 1_000, farm.gift)])[0]
    first, second = farm.notes
    assert behind([mixed.pk]).of(mixed.pk) == {first.pk: 30_000, second.pk: 20_000, third.pk: 30_000}
    for note in farm.notes:
        assert {lot.code for lot in reached(collections=[note.pk]).lots} == {"L1", "M1"}
    assert {lot.code for lot in reached(collections=[third.pk]).lots} == {"M1"}
    assert [(lot.code, lot.used) for lot in reached(lots=[farm.lot.pk]).lots] == [("L1", 50), ("M1", 0)]


def test_each_way_is_one_statement(farm: Farm, django_assert_num_queries: Any) -> None:
    mixed = farm.work(REPACK, {}, {farm.lot: 100}, [farm.new("G1", 25, 2_000, farm.gift)])[0]
    last = farm.work(REPACK, {}, {mixed: 25}, [farm.new("L2", 100, 500)])[0]
    with django_assert_num_queries(1):
        assert len(behind([last.pk]).by_household(last.pk)) == 2
    with django_assert_num_queries(1):
        assert len(reached(collections=[farm.notes[0].pk]).lots) == 3


def test_what_is_made_of_many_lots_takes_no_more_statements(farm: Farm) -> None:
    parts = farm.work(REPACK, {}, {farm.lot: 60}, [farm.new(f"P{n}", 2, 500) for n in range(30)])
    counts = []
    for number, some in enumerate((parts[:2], parts[2:30])):
        with CaptureQueriesContext(connection) as captured:
            farm.work(MIX, {}, dict.fromkeys(some, 2), [farm.new(f"M{number}", len(some), 1_000)])
        counts.append(len(captured))
    assert counts[0] == counts[1]


class TestRefusals:
    """Every fault names the thing, the rule and the way out; nothing is changed."""

    @pytest.fixture(autouse=True)
    def _unchanged(self, farm: Farm) -> Any:
        yield
        farm.lot.refresh_from_db()
        assert (farm.lot.used, counted(farm.loose)[0], Lot.objects.count()) == (0, 100, 1)

    def refused(self, farm: Farm, *arguments: Any, **more: Any) -> list[str]:
        with pytest.raises(Refusals) as caught:
            farm.work(*arguments, **more)
        assert all(caught.value.sentences)
        return faults(caught)

    def test_one_gram_too_much(self, farm: Farm) -> None:
        assert self.refused(farm, REPACK, {}, {farm.lot: 1}, [farm.new("G1", 1, 501)]) == ["out_of_balance"]
        assert self.refused(farm, REPACK, {}, {farm.lot: 1}, [farm.new("G1", 1, 500)], waste=1) == ["out_of_balance"]

    def test_a_lot_that_would_go_negative(self, farm: Farm) -> None:
        assert self.refused(farm, REPACK, {}, {farm.lot: 101}, [farm.new("G1", 1, 500)]) == ["lot_used_up"]

    def test_units_that_are_promised_to_a_union(self, farm: Farm) -> None:
        with transaction.atomic():
            reserve({farm.loose.pk: 70}, "order:1")
            assert self.refused(farm, REPACK, {}, {farm.lot: 31}, [farm.new("G1", 1, 500, farm.gift)]) == [
                "lot_promised"
            ]
            # What goes back into the same article may be promised.
            assert farm.work(REPACK, {}, {farm.lot: 31}, [farm.new("L2", 31, 500)])[0].made == 31
            transaction.set_rollback(True)

    def test_every_fault_at_once(self, farm: Farm) -> None:
        there = place("610827")
        theirs = stock_of(there, "THEIRS")
        late = farm.new("L1", 1, 500, theirs, KEEPS + timedelta(days=1))
        assert self.refused(
            farm, MIX, {}, {farm.lot: 101}, [late, late], yield_bp=10_001, day=TODAY + timedelta(days=1)
        ) == [
            "lot_used_up", "not_on_that_day", "not_on_that_day", "not_on_that_day", "lot_named_twice", "lot_code_used",
            "others_lot", "others_lot", "nothing_to_mix", "yield_wrong",
        ]  # fmt: skip

    def test_nothing_of_another_producer(self, farm: Farm) -> None:
        there = place("610827")
        with pytest.raises(Refusals) as caught:
            work = Work(REPACK, TODAY, [NewLot(stock_of(there, "THEIRS"), "T1", 1, 500, KEEPS)], {}, {farm.lot: 1})
            transform(there.grower, there.producer, work)
        assert faults(caught) == ["others_lot"]
        with pytest.raises(NotAllowed):
            transform(there.grower, farm.place.producer, work)

    def test_nothing_of_a_lot_without_history(self, farm: Farm) -> None:
        with transaction.atomic():
            bare = Lot.objects.create(
                stock=farm.loose, holder=farm.place.producer, code="BARE", made=5, produced_on=TODAY, best_before=KEEPS
            )
            assert self.refused(farm, REPACK, {}, {bare: 5}, [farm.new("G1", 1, 500)]) == [
                "no_weight",
                "out_of_balance",
            ]
            transaction.set_rollback(True)

    @pytest.mark.parametrize(
        ("kind", "notes"), [(MIX, False), (REPACK, True)], ids=["mixing one thing", "repacking what is no lot"]
    )
    def test_words_that_do_not_fit_the_deed(self, farm: Farm, kind: TransformationKind, notes: bool) -> None:
        inputs = {farm.collected("N9", 1_000): 1_000} if notes else {}
        lots = {} if notes else {farm.lot: 1}
        assert self.refused(farm, kind, inputs, lots, [farm.new("G1", 1, 500)]) == ["nothing_to_mix"]

    def test_nothing_becomes_fresher(self, farm: Farm) -> None:
        later = farm.new("G1", 1, 500, keeps=KEEPS + timedelta(days=1))
        assert self.refused(farm, REPACK, {}, {farm.lot: 1}, [later]) == ["not_on_that_day"]


class TestRawSql:
    """What the verbs refuse, the database refuses to the app's own role."""

    def refused(self, words: str, *statements: tuple[str, list[Any]]) -> None:
        with pytest.raises(DatabaseError, match=words), transaction.atomic(), connection.cursor() as cursor:
            for statement, values in statements:
                cursor.execute(statement, values)

    def begun(self, farm: Farm, number: int = 900_000, yield_bp: int = 10_000) -> tuple[str, list[Any]]:
        return (
            "INSERT INTO provenance_transformation (id, producer_id, kind, yield_bp, waste_grams, done_on)"
            " VALUES (%s, %s, 'make', %s, 0, current_date)",
            [number, farm.place.producer.pk, yield_bp],
        )

    def put(self, collection: Any, lot: Any, units: Any, grams: int, number: int = 900_000) -> tuple[str, list[Any]]:
        return (
            "INSERT INTO provenance_input (transformation_id, collection_id, lot_id, units, grams)"
            " VALUES (%s, %s, %s, %s, %s)",
            [number, collection, lot, units, grams],
        )

    def got(self, lot: int, grams: int, number: int = 900_000) -> tuple[str, list[Any]]:
        return (
            "INSERT INTO provenance_output (transformation_id, lot_id, unit_grams) VALUES (%s, %s, %s)",
            [number, lot, grams],
        )

    def bare(self, farm: Farm, units: int = 1, **other: Any) -> int:
        facts = {"stock": farm.loose, "holder": farm.place.producer, "code": "RAW", "made": units} | other
        return Lot.objects.create(produced_on=TODAY, best_before=KEEPS, **facts).pk

    def test_something_from_nothing(self, farm: Farm) -> None:
        self.refused("RAW weighs more than its inputs yield", self.begun(farm), self.got(self.bare(farm), 1))

    def test_more_than_the_inputs_yield(self, farm: Farm) -> None:
        fresh = farm.collected("N9", 1_000).pk
        lot = self.bare(farm)
        self.refused(
            "RAW weighs more than its inputs yield: 501 g and 0 g of waste from 1000 g",
            self.begun(farm, yield_bp=5_000), self.put(fresh, None, None, 1_000), self.got(lot, 501),
        )  # fmt: skip

    def test_more_units_afterwards(self, farm: Farm) -> None:
        self.refused(
            "weighs more than its inputs yield", ("UPDATE stock_lot SET made = made + 1 WHERE id = %s", [farm.lot.pk])
        )

    def test_a_collection_twice_over(self, farm: Farm) -> None:
        self.refused(
            "More of collection N0 went into lots", self.begun(farm), self.put(farm.notes[0].pk, None, None, 1)
        )

    def test_an_unconfirmed_household(self, farm: Farm) -> None:
        signed = agreement(farm.place, confirmed=False)
        note = collect(farm.place.grower, signed, "鲜枣", 1_000, 10, TODAY, "N9")
        self.refused("has not confirmed its agreement", self.begun(farm), self.put(note.pk, None, None, 1_000))

    def test_units_of_a_lot_that_were_not_taken_from_it(self, farm: Farm) -> None:
        self.refused("More of lot L1", self.begun(farm), self.put(None, farm.lot.pk, 1, 500))

    def test_more_units_than_the_lot_has(self, farm: Farm) -> None:
        self.refused("lot_never_oversold", ("UPDATE stock_lot SET used = 101 WHERE id = %s", [farm.lot.pk]))
        self.refused(
            "lot_never_oversold", ("UPDATE stock_lot SET used = 1, allocated = 100 WHERE id = %s", [farm.lot.pk])
        )

    def test_giving_back_what_is_in_another_lot(self, farm: Farm) -> None:
        farm.work(REPACK, {}, {farm.lot: 10}, [farm.new("G1", 10, 500)])
        self.refused("More of lot L1", ("UPDATE stock_lot SET used = 9 WHERE id = %s", [farm.lot.pk]))

    def test_units_that_weigh_more_on_the_way(self, farm: Farm) -> None:
        taken = ("UPDATE stock_lot SET used = 1 WHERE id = %s", [farm.lot.pk])
        self.refused("weigh something else", taken, self.begun(farm), self.put(None, farm.lot.pk, 1, 501))

    def test_a_lot_made_of_itself(self, farm: Farm) -> None:
        taken = ("UPDATE stock_lot SET used = 1 WHERE id = %s", [farm.lot.pk])
        first = Transformation.objects.get().pk
        words = "L1 was not made before what is made of it"
        self.refused(words, taken, self.begun(farm, first - 1), self.put(None, farm.lot.pk, 1, 500, first - 1))

    def test_a_lot_that_was_never_made(self, farm: Farm) -> None:
        bare = self.bare(farm)
        taken = ("UPDATE stock_lot SET used = 1 WHERE id = %s", [bare])
        self.refused("RAW was not made before", taken, self.begun(farm), self.put(None, bare, 1, 500))

    def test_both_or_neither_as_an_input(self, farm: Farm) -> None:
        words = "an_input_is_a_collection_or_a_lot"
        self.refused(words, self.begun(farm), self.put(None, None, None, 1))
        self.refused(words, self.begun(farm), self.put(farm.notes[0].pk, farm.lot.pk, 1, 500))

    def test_a_yield_of_more_than_all(self, farm: Farm) -> None:
        self.refused("nothing_becomes_more", self.begun(farm, yield_bp=10_001))

    def test_goods_of_another_producer(self, farm: Farm) -> None:
        there = place("610827")
        theirs = collect(there.grower, agreement(there), "鲜枣", 1_000, 10, TODAY, "N9").pk
        self.refused("N9 belongs to another producer", self.begun(farm), self.put(theirs, None, None, 1_000))
        lot = self.bare(farm, holder=there.producer)
        own = farm.collected("N8", 1_000).pk
        self.refused(
            "RAW belongs to another producer", self.begun(farm), self.put(own, None, None, 1_000), self.got(lot, 1)
        )


def test_nothing_is_added_to_what_was_written_before(fresh_database: Any) -> None:
    """And two sessions that each see the last grams do not both use them; the last units of a lot go once."""
    with seen_by(None):
        farm = Farm()
        done = Transformation.objects.get().pk
        note = farm.collected("N9", 1_000)
        lots = [
            Lot.objects.create(
                stock=farm.loose, holder=farm.place.producer, code=code, made=1, produced_on=TODAY, best_before=KEEPS
            ).pk
            for code in ("RAW1", "RAW2")
        ]
        with psycopg.connect(fresh_database.url) as session:
            for late, values in (
                ("INSERT INTO provenance_input (transformation_id, collection_id, grams) VALUES (%s, %s, 1)", [done, note.pk]),
                ("INSERT INTO provenance_output (transformation_id, lot_id, unit_grams) VALUES (%s, %s, 1)", [done, lots[0]]),
            ):  # fmt: skip
                with pytest.raises(psycopg.DatabaseError, match="written at once, never added later"):
                    session.execute(late, values)
                session.rollback()
            session.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            with pytest.raises(psycopg.DatabaseError, match="READ COMMITTED only"):
                session.execute("UPDATE stock_lot SET made = 99999 WHERE id = %s", [farm.lot.pk])

        def by_hand(number: int) -> None:
            with transaction.atomic():
                new = Transformation.objects.create(
                    id=number, producer=farm.place.producer, kind=MAKE, yield_bp=10_000, done_on=TODAY
                )
                Input.objects.create(transformation=new, collection=note, grams=1_000)
                Output.objects.create(transformation=new, lot_id=lots[number % 2], unit_grams=1_000)

        outcomes = race([lambda: by_hand(900_000), lambda: by_hand(900_001)])
        assert sorted(type(one).__name__ for one in outcomes) == ["IntegrityError", "NoneType"]
        assert "More of collection N9" in str(next(one for one in outcomes if one))

        def last_units(code: str) -> Any:
            return farm.work(REPACK, {}, {farm.lot: 60}, [farm.new(code, 60, 500)])

        outcomes = race([lambda: last_units("G1"), lambda: last_units("G2"), lambda: reserve_some(farm.loose)])
        refusals = [one for one in outcomes if isinstance(one, HouseError)]
        assert [one.data["codes"] for one in refusals] == [["lot_used_up"]]
        farm.lot.refresh_from_db()
        assert (farm.lot.used, counted(farm.loose)) == (60, (100, 30))


def reserve_some(stock: Stock) -> None:
    with transaction.atomic():
        reserve({stock.pk: 30}, "order:1")


def test_weights_are_exact_whatever_the_fractions() -> None:
    """A third of a third: 7 g among three lots, a third of one of them on."""
    edges = [
        Edge(1, lot, 3, 1, 3, 5, None, 0, 7) for lot in (10, 11, 12)
    ] + [Edge(2, 20, 1, 1, 1, None, 10, 1, 0), Edge(2, 20, 1, 1, 1, 6, None, 0, 2)]  # fmt: skip
    assert brought(edges)[20] == {5: Fraction(7, 9), 6: 2}
    assert whole(brought(edges)[20]) == {5: 7, 6: 18}


def test_made_in_a_verb_of_its_own_too(farm: Farm) -> None:
    note = farm.collected("N9", 1_000)
    lot = make_lot(farm.place.grower, farm.loose, "S1", 2, TODAY, KEEPS, {note: 1_000}, 10_000, 500)
    assert behind([lot.pk]).of(lot.pk) == {note.pk: 1_000}
    assert list(Output.objects.filter(lot=lot).values_list("transformation__kind", "unit_grams")) == [("make", 500)]
