"""A purchase note is never edited: a wrong one is reversed and entered again, and that it was paid stands beside it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from marketplace.evidence.actions import record
from marketplace.evidence.models import Entry
from marketplace.organisations.errors import HouseError, NotAllowed, Refusals
from marketplace.organisations.scopes import seen_by
from suppliers.provenance.models import Collection, CollectionPayment, CollectionReversal
from suppliers.provenance.purchase_errors import PurchaseReversalUnexplained, PurchaseReversedBefore, PurchaseUsed
from suppliers.provenance.purchases import collect, is_paid, payments_of, record_paid, reverse_purchase
from suppliers.provenance.queries import balance_of
from tests.races import race
from tests.suppliers.farm import MAKE, Farm
from tests.suppliers.small_world import TODAY, place

BOUGHT_ON = TODAY - timedelta(days=9)
WRONG = "录错重量"


@pytest.fixture
def farm(db: None) -> Any:
    with seen_by(None):
        yield Farm()


def codes(caught: Any) -> list[str]:
    return list(caught.value.data["codes"])


def collected(farm: Farm) -> int:
    return balance_of(farm.place.producer, BOUGHT_ON, TODAY).collected


class TestReversals:
    def test_a_reversed_purchase_counts_for_nothing_and_its_number_is_free(self, farm: Farm) -> None:
        wrong = farm.collected("N9", 50_000)
        assert collected(farm) == 150_000
        done = reverse_purchase(farm.place.grower, wrong, f" {WRONG} ")
        assert (collected(farm), done.because, done.entry.subject) == (100_000, WRONG, f"collection:{wrong.pk}")
        assert done.entry.body == {"note": "N9", "producer": "P-610828", "grams": 50_000, "price": 500}
        with pytest.raises(Refusals) as caught:
            farm.work(MAKE, {wrong: 1_000}, {}, [farm.new("L2", 1, 500)])
        assert codes(caught) == ["purchase_reversed"]
        right = farm.collected("N9", 5_000)
        assert (right.replaces, collected(farm)) == (wrong, 105_000)
        assert Entry.objects.get(subject=f"collection:{right.pk}").body["replaces"] == wrong.pk
        assert farm.work(MAKE, {right: 1_000}, {}, [farm.new("L2", 2, 500)])[0].made == 2

    def test_a_number_is_taken_while_its_last_entry_stands(self, farm: Farm) -> None:
        entries = []
        for _time in range(3):
            entries.append(farm.collected("N9", 1_000))
            with pytest.raises(Refusals) as caught:
                farm.collected("N9", 1_000)
            assert codes(caught) == ["note_used"]
            reverse_purchase(farm.place.grower, entries[-1], WRONG)
        assert [one.replaces for one in entries] == [None, *entries[:2]]

    def test_asked_again_it_is_one_and_another_reason_is_refused(self, farm: Farm) -> None:
        wrong = farm.collected("N9", 1_000)
        first = reverse_purchase(farm.place.grower, wrong, WRONG)
        assert reverse_purchase(farm.place.grower, wrong, WRONG) == first
        with pytest.raises(PurchaseReversedBefore):
            reverse_purchase(farm.place.grower, wrong, "又错")
        assert Entry.objects.filter(kind="collection.reversed").count() == 1

    def test_refused_without_a_reason_by_a_stranger_and_of_what_lots_were_made_of(self, farm: Farm) -> None:
        grower, standing = farm.place.grower, farm.collected("N9", 1_000)
        with pytest.raises(PurchaseReversalUnexplained):
            reverse_purchase(grower, standing, "  ")
        with pytest.raises(NotAllowed):
            reverse_purchase(place("610827").grower, standing, WRONG)
        with pytest.raises(PurchaseUsed) as caught:
            reverse_purchase(grower, farm.notes[0], WRONG)
        assert caught.value.data == {"note": "N0", "grams": 60_000}
        assert not CollectionReversal.objects.exists()


class TestPayments:
    def test_paid_once_and_corrected_by_name(self, farm: Farm) -> None:
        grower, note = farm.place.grower, farm.notes[0]
        first = record_paid(grower, note, " HD-1 ", TODAY)
        assert (first.slip, first.entry.body) == (
            "HD-1",
            {
                "note": "N0",
                "producer": "P-610828",
                "price": 600,
                "slip": "HD-1",
                "on": TODAY.isoformat(),
                "replaces": 0,
            },
        )
        assert record_paid(grower, note, "HD-1", TODAY) == first
        with pytest.raises(Refusals) as caught:
            record_paid(grower, note, "HD-2", TODAY)
        assert codes(caught) == ["purchase_paid_before"]
        second = record_paid(grower, note, "HD-2", BOUGHT_ON, first)
        with pytest.raises(Refusals):
            record_paid(grower, note, "HD-3", TODAY, first)
        assert (payments_of(farm.notes), second.replaces) == ({note.pk: second}, first)
        assert list(Collection.objects.filter(is_paid())) == [note]

    def test_every_fault_is_told_at_once(self, farm: Farm) -> None:
        note = farm.collected("N9", 1_000)
        reverse_purchase(farm.place.grower, note, WRONG)
        for day in (BOUGHT_ON - timedelta(days=1), TODAY + timedelta(days=1)):
            with pytest.raises(Refusals) as caught:
                record_paid(farm.place.grower, note, " ", day)
            assert codes(caught) == ["slip_missing", "not_on_that_day", "purchase_reversed"]
        with pytest.raises(NotAllowed):
            record_paid(place("610827").grower, farm.notes[0], "HD-1", TODAY)
        assert not CollectionPayment.objects.exists()

    def test_a_paid_one_is_reversed_with_its_payment_which_the_right_one_does_not_inherit(self, farm: Farm) -> None:
        wrong = farm.collected("N9", 1_000)
        record_paid(farm.place.grower, wrong, "HD-1", TODAY)
        reverse_purchase(farm.place.grower, wrong, WRONG)
        right = farm.collected("N9", 900)
        assert payments_of([right]) == {}
        assert record_paid(farm.place.grower, right, "HD-1", TODAY).slip == "HD-1"


class TestTheDatabaseRefuses:
    """What no verb would write."""

    @staticmethod
    def refused(words: str, write: Callable[[], object]) -> None:
        with pytest.raises(DatabaseError, match=words), transaction.atomic():
            write()

    @staticmethod
    def reversal(farm: Farm, note: Collection, kind: str = "collection.reversed", **changes: Any) -> Any:
        entry = record(kind, {}, subject=f"collection:{note.pk}")
        facts = {"producer": farm.place.producer, "because": "x", "reversed_by": farm.place.grower, "entry": entry}
        return CollectionReversal.objects.create(collection=note, **facts | changes)

    @staticmethod
    def payment(farm: Farm, note: Collection, kind: str = "collection.paid", **changes: Any) -> Any:
        entry = record(kind, {}, subject=f"collection:{note.pk}")
        facts = {"producer": farm.place.producer, "recorded_by": farm.place.grower, "entry": entry, "slip": "HD-1"}
        return CollectionPayment.objects.create(collection=note, **facts | {"paid_on": TODAY} | changes)

    @staticmethod
    def again(first: Collection, **changes: Any) -> Any:
        facts = {name: getattr(first, name) for name in ("agreement", "producer", "produce", "grams", "price", "note")}
        return Collection.objects.create(collected_on=TODAY, **facts | changes)

    def test_a_reversal_of_what_was_used_or_that_is_not_in_the_log_or_says_no_reason(self, farm: Farm) -> None:
        note = farm.collected("N9", 1_000)
        self.refused("went into lots and is not reversed", lambda: self.reversal(farm, farm.notes[0]))
        self.refused("in the log", lambda: self.reversal(farm, note, "collection.entered"))
        self.refused("in the log", lambda: self.reversal(farm, note, producer=place("610827").producer))
        self.refused("reversed_for_a_reason", lambda: self.reversal(farm, note, because=""))
        self.reversal(farm, note)
        self.refused("unique", lambda: self.reversal(farm, note))

    def test_an_entry_in_the_place_of_what_stands_or_has_another_number(self, farm: Farm) -> None:
        note = farm.collected("N9", 1_000)
        self.refused("entered_once", lambda: self.again(note))
        self.refused("in the place of a reversed entry", lambda: self.again(note, replaces=note))
        self.reversal(farm, note)
        self.refused("in the place of a reversed entry", lambda: self.again(note, replaces=note, note="N8"))
        self.again(note, replaces=note)
        self.refused("unique", lambda: self.again(note, replaces=note))

    def test_a_payment_of_what_was_reversed_of_another_day_or_in_the_place_of_another_notes(self, farm: Farm) -> None:
        note, other = farm.collected("N9", 1_000), self.payment(farm, farm.notes[0])
        for day in (BOUGHT_ON - timedelta(days=1), TODAY + timedelta(days=1)):
            self.refused("nor on a day to come", lambda day=day: self.payment(farm, note, paid_on=day))
        self.refused("in the log", lambda: self.payment(farm, note, "collection.entered"))
        self.refused("of the same collection", lambda: self.payment(farm, note, replaces=other))
        self.refused("a_payment_has_a_slip", lambda: self.payment(farm, note, slip=""))
        self.refused("a_purchase_is_paid_once", lambda: self.payment(farm, farm.notes[0]))
        self.reversal(farm, note)
        self.refused("nothing is paid for it", lambda: self.payment(farm, note))

    def test_making_something_of_what_was_reversed(self, farm: Farm) -> None:
        note = farm.collected("N9", 1_000)
        self.reversal(farm, note)

        def use() -> None:
            with connection.cursor() as cursor:
                cursor.execute(
                    "INSERT INTO provenance_transformation (producer_id, kind, yield_bp, waste_grams, done_on)"
                    " VALUES (%s, 'make', 10000, 0, %s) RETURNING id",
                    [farm.place.producer.pk, TODAY],
                )
                (made,) = cursor.fetchone()
                cursor.execute(
                    "INSERT INTO provenance_input (transformation_id, collection_id, grams) VALUES (%s, %s, 1)",
                    [made, note.pk],
                )

        self.refused("N9 was reversed; nothing is made of it", use)


def test_of_reversing_and_using_at_once_one_wins(fresh_database: Any) -> None:
    with seen_by(None):
        farm = Farm()
        for number in range(3):
            note = farm.collected(f"R{number}", 1_000)
            new = farm.new(f"RL{number}", 2, 500)
            outcomes = race(
                [
                    lambda note=note: reverse_purchase(farm.place.grower, note, WRONG),
                    lambda note=note, new=new: farm.work(MAKE, {note: 1_000}, {}, [new]),
                ]
            )
            refused = [one for one in outcomes if isinstance(one, HouseError)]
            assert len(refused) == 1
            assert CollectionReversal.objects.filter(collection=note).exists() != note.used_in.exists()


def test_bought_again_from_the_same_household_under_a_number_of_its_own(farm: Farm) -> None:
    """Nothing of a reversal stands in the way of other notes."""
    reverse_purchase(farm.place.grower, farm.collected("N9", 1_000), WRONG)
    other = collect(farm.place.grower, farm.notes[0].agreement, "鲜枣", 1_000, 600, TODAY, "N10")
    assert other.replaces is None
