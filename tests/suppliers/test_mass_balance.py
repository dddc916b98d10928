"""Nothing from nothing (I4): a lot weighs at most what its confirmed households' collections yield."""

from datetime import timedelta

import pytest
from django.db import connection

from marketplace.evidence.models import Entry
from marketplace.organisations.errors import NotAllowed, Refusals
from marketplace.organisations.scopes import seen_by
from marketplace.stock.models import Lot, Movement
from suppliers.accreditation.models import Mechanism
from suppliers.licences import make_identity
from suppliers.provenance import actions, queries
from suppliers.provenance.errors import AlreadyConfirmed, IdentityWrong, RecordedBefore
from suppliers.provenance.making import make_lot
from suppliers.provenance.models import BenefitAgreement, Collection
from suppliers.provenance.purchases import collect
from tests.suppliers.small_world import TODAY, Place, agreement, place, stock_of

BOUGHT_ON = TODAY - timedelta(days=20)
MADE_ON = TODAY - timedelta(days=10)
BEST_BEFORE = TODAY + timedelta(days=300)


@pytest.fixture(autouse=True)
def _as_the_house(db):
    with seen_by(None):
        yield


def collected(where: Place, signed: BenefitAgreement, note: str, grams: int) -> Collection:
    return collect(where.grower, signed, "鲜枣", grams, grams // 100, BOUGHT_ON, note)


def made(where: Place, stock, inputs, units: int = 100, *, code: str = "L1", yield_bp: int = 5_000, **more) -> Lot:
    """A lot of `units` bags of 500 g."""
    return make_lot(where.grower, stock, code, units, MADE_ON, BEST_BEFORE, inputs, yield_bp, 500, **more)


def codes(caught) -> list[str]:
    return caught.value.data["codes"]


def speak_now() -> None:
    """Let the deferred constraints speak, as at commit."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")


def test_a_lot_in_exact_balance_goes_into_stock() -> None:
    where = place()
    stock = stock_of(where)
    inputs = {collected(where, agreement(where), "N1", 100_000): 100_000}
    lot = made(where, stock, inputs)
    speak_now()
    stock.refresh_from_db()
    assert (stock.in_stock, lot.made) == (100, 100)
    assert (Movement.objects.get().kind, Movement.objects.get().lot) == ("receive", lot)
    body = Entry.objects.get(kind="lot.made").body
    assert (body["made"], body["inputs"]) == (100, [["N1", 100_000]])


def test_one_gram_too_many_is_refused_with_what_the_inputs_yield() -> None:
    where = place()
    inputs = {collected(where, agreement(where), "N1", 99_999): 99_999}
    with pytest.raises(Refusals) as caught:
        made(where, stock_of(where), inputs)
    assert codes(caught) == ["out_of_balance"]
    assert caught.value.refusals[0].data == {"lot": "L1", "output": 50_000, "input": 99_999, "possible": 49_999}
    assert not Lot.objects.exists()


def test_waste_weighs_too() -> None:
    where = place()
    inputs = {collected(where, agreement(where), "N1", 100_000): 100_000}
    with pytest.raises(Refusals) as caught:
        made(where, stock_of(where), inputs, waste_grams=1)
    assert codes(caught) == ["out_of_balance"]


def test_a_household_that_has_not_confirmed_counts_for_nothing() -> None:
    where = place()
    stock = stock_of(where)
    signed = agreement(where, confirmed=False)
    inputs = {collected(where, signed, "N1", 100_000): 100_000}
    with pytest.raises(Refusals) as caught:
        made(where, stock, inputs)
    assert codes(caught) == ["unconfirmed"]
    actions.confirm_agreement(where.town, signed)
    assert made(where, stock, inputs).made == 100


def test_a_collection_is_used_once_over() -> None:
    where = place()
    stock = stock_of(where)
    collection = collected(where, agreement(where), "N1", 100_000)
    made(where, stock, {collection: 60_000}, 60, code="L1")
    assert queries.left_of([collection]) == {collection.pk: 40_000}
    with pytest.raises(Refusals) as caught:
        made(where, stock, {collection: 40_001}, 40, code="L2")
    assert caught.value.refusals[0].data["left"] == 40_000
    made(where, stock, {collection: 40_000}, 40, code="L2")
    speak_now()


def test_another_producers_collection_is_refused() -> None:
    here, there = place("610828"), place("610827")
    theirs = collected(there, agreement(there), "N1", 100_000)
    with pytest.raises(Refusals) as caught:
        made(here, stock_of(here), {theirs: 100_000})
    assert codes(caught) == ["others_collection"]


def test_every_fault_of_a_lot_comes_at_once() -> None:
    where = place()
    stock = stock_of(where)
    first = agreement(where)
    made(where, stock, {collected(where, first, "N1", 100_000): 100_000})
    late = collect(where.grower, first, "鲜枣", 1_000, 10, TODAY, "N2")
    with pytest.raises(Refusals) as caught:
        made(where, stock, {late: 2_000}, yield_bp=10_001)
    assert codes(caught) == ["collection_used_up", "not_on_that_day", "lot_code_used", "yield_wrong"]


def test_only_the_producer_makes_lots_of_its_stock() -> None:
    here, there = place("610828"), place("610827")
    inputs = {collected(there, agreement(there), "N1", 100_000): 100_000}
    with pytest.raises(NotAllowed):
        made(there, stock_of(here), inputs)


class TestHouseholds:
    """Whose the agreements are, and who speaks for whom."""

    def test_the_producer_cannot_confirm_for_the_household(self) -> None:
        where, elsewhere = place("610828"), place("610827")
        signed = agreement(where, confirmed=False)
        for stranger in (where.grower, where.decider, elsewhere.town):
            with pytest.raises(NotAllowed):
                actions.confirm_agreement(stranger, signed)
        actions.confirm_agreement(where.town, signed)
        with pytest.raises(AlreadyConfirmed):
            actions.confirm_agreement(where.town, signed)

    def test_nothing_personal_is_in_the_log_or_in_plain_text(self) -> None:
        where = place()
        number = make_identity(77, TODAY.replace(year=1970, day=1))
        household = actions.record_household(
            where.grower,
            where.producer,
            county=where.county,
            village="枣湾村",
            head_name="唯一之名",
            phone="10012345678",
            id_number=number,
            bank_account="0000007654321",
        )
        household.refresh_from_db()
        assert (household.head_name, household.id_number) == ("唯一之名", number)
        with connection.cursor() as cursor:
            cursor.execute("SELECT row_to_json(h)::text FROM provenance_household h")
            stored = cursor.fetchone()[0]
        for entry in Entry.objects.all():
            stored += bytes(entry.leaf).decode()
        for secret in ("唯一之名", "10012345678", number, "0000007654321"):
            assert secret not in stored

    def test_the_same_person_is_recorded_once(self) -> None:
        where = place()
        number = make_identity(78, TODAY.replace(year=1970, day=1))
        details = {"county": where.county, "village": "枣湾村", "head_name": "王满仓"}
        first = actions.record_household(where.grower, where.producer, id_number=number, **details)
        with pytest.raises(RecordedBefore) as caught:
            actions.record_household(where.grower, where.producer, id_number=number, **details)
        assert caught.value.data == {"code": first.code}

    def test_a_wrong_identity_number_is_refused_without_repeating_it(self) -> None:
        where = place()
        number = make_identity(79, TODAY.replace(year=1970, day=1))
        wrong = number[:16] + str((int(number[16]) + 1) % 10) + number[17]
        with pytest.raises(IdentityWrong) as caught:
            actions.record_household(
                where.grower,
                where.producer,
                county=where.county,
                village="枣湾村",
                head_name="王满仓",
                id_number=wrong,
            )
        assert wrong not in str(caught.value)

    def test_one_agreement_per_household(self) -> None:
        where = place()
        signed = agreement(where)
        with pytest.raises(Refusals) as caught:
            actions.sign_agreement(
                where.grower,
                where.producer,
                signed.household,
                Mechanism.EMPLOYMENT,
                10_001,
                TODAY + timedelta(days=1),
            )
        assert codes(caught) == ["share_wrong", "not_on_that_day", "agreement_exists"]

    def test_a_purchase_note_is_entered_once_and_weighs_something(self) -> None:
        where = place()
        signed = agreement(where)
        collected(where, signed, "N1", 1_000)
        with pytest.raises(Refusals) as caught:
            collect(where.grower, signed, "鲜枣", 0, 10, TODAY - timedelta(days=101), "N1")
        assert codes(caught) == ["nothing_collected", "not_on_that_day", "note_used"]


class TestTrace:
    """Back to villages, never to a person."""

    def test_back(self) -> None:
        where = place()
        inputs = {
            collected(where, agreement(where, "枣湾村"), "N1", 60_000): 60_000,
            collected(where, agreement(where, "枣湾村"), "N2", 30_000): 25_000,
            collected(where, agreement(where, "河畔村"), "N3", 20_000): 15_000,
        }
        origin = queries.trace_back(made(where, stock_of(where), inputs))
        assert (origin.households, origin.grams, origin.made, origin.unit_grams) == (3, 100_000, 100, 500)
        assert [(v.name, v.households, v.grams) for v in origin.villages] == [
            ("枣湾村", 2, 85_000),
            ("河畔村", 1, 15_000),
        ]

    def test_the_producers_balance(self) -> None:
        where = place()
        confirmed, open_one = agreement(where), agreement(where, confirmed=False)
        inputs = {collected(where, confirmed, "N1", 100_000): 80_000}
        collected(where, open_one, "N2", 7_000)
        made(where, stock_of(where), inputs, 79, waste_grams=300)
        balance = queries.balance_of(where.producer, TODAY - timedelta(days=365), TODAY)
        assert (balance.collected, balance.used, balance.made) == (100_000, 80_000, 79 * 500 + 300)
        assert queries.households_of(where.producer) == 1
