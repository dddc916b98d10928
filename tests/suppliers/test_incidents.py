"""Holds, recalls, best-before dates and pass certificates: what may not go to parcels stays, and is not for sale."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.test.utils import CaptureQueriesContext

from marketplace.evidence.models import Entry
from marketplace.fulfilment.lots import why_unfit
from marketplace.organisations.days import day_in_words
from marketplace.organisations.errors import HouseError, NotAllowed, Refusals
from marketplace.organisations.models import Organisation, OrganisationKind, Role, User
from marketplace.organisations.scopes import seen_by
from marketplace.shop.catalogue.models import CommodityClass
from marketplace.stock.actions import allocate_lots, release, reserve, ship, use_lots
from marketplace.stock.errors import LotStopped
from marketplace.stock.models import Condition, Lot, Movement, Stock
from suppliers.provenance.certificates import Collected, enter_collected, issue_certificate
from suppliers.provenance.errors import (
    AlreadyRecalled,
    CertificateEntered,
    CertificateNumberUsed,
    NotYourHold,
    RecallStays,
)
from suppliers.provenance.incidents import hold, lift, mind_dates, recall
from suppliers.provenance.models import CertificateRule, Incident, IncidentReason, PassCertificate
from suppliers.settlement.models import Contract
from tests.suppliers.farm import KEEPS, MIX, REPACK, Farm
from tests.suppliers.small_world import TODAY, person, place
from tests.world import let_constraints_speak

TEST, HARMFUL = IncidentReason.TEST, IncidentReason.HARMFUL


@pytest.fixture
def farm(db: None) -> Any:
    with seen_by(None):
        yield Farm()
        let_constraints_speak()


def state_of(lot: Lot) -> str:
    return str(Lot.objects.get(pk=lot.pk).condition)


def on_sale(stock: Stock) -> tuple[int, int]:
    stock.refresh_from_db()
    return stock.available, stock.withheld


def enterprise(farm: Farm) -> tuple[User, Organisation]:
    made = Organisation.objects.create(kind=OrganisationKind.PROVINCE_ENTERPRISE, code="E-1", name="省企", name_en="E")
    Contract.objects.create(
        enterprise=made, producer=farm.place.producer, mode="resale", fee_bp=300,
        period=DateRange(TODAY - timedelta(days=9), TODAY + timedelta(days=9)),
    )  # fmt: skip
    return person("enterprise", Role.PROVINCE, made), made


def operator() -> tuple[User, Organisation]:
    made = Organisation.objects.create(kind=OrganisationKind.OPERATOR, code="OP", name="运营", name_en="Operator")
    return person("operator", Role.OPERATOR, made), made


class TestStates:
    """good ↔ held, good → recalled, held → recalled; every other move is refused, by verbs and by the database."""

    def test_a_hold_takes_a_lot_off_sale_and_lifting_it_brings_it_back(self, farm: Farm) -> None:
        grower, producer = farm.place.grower, farm.place.producer
        held = hold(grower, producer, farm.lot, TEST, "等待检测")
        assert (state_of(farm.lot), on_sale(farm.loose)) == ("held", (0, 100))
        assert hold(grower, producer, farm.lot, TEST).pk == held.pk
        lift(grower, held, "合格")
        assert (state_of(farm.lot), on_sale(farm.loose)) == ("good", (100, 0))
        lift(grower, held)
        moves = Movement.objects.exclude(kind="receive").values_list("kind", "quantity").order_by("pk")
        assert list(moves) == [("withhold", 100), ("restore", 100)]
        kinds = Entry.objects.filter(subject=f"lot:{farm.lot.pk}").order_by("pk").values_list("kind", flat=True)
        assert list(kinds) == ["lot.made", "lot.held", "lot.released"]
        assert hold(grower, producer, farm.lot, TEST).pk != held.pk

    def test_a_recall_goes_on_to_everything_made_of_the_lot_and_is_never_undone(self, farm: Farm) -> None:
        gift = farm.work(REPACK, {}, {farm.lot: 60}, [farm.new("G1", 15, 2_000, farm.gift)])[0]
        last = farm.work(MIX, {farm.collected("N9", 1_000): 1_000}, {gift: 5}, [farm.new("M1", 11, 1_000)])[0]
        other = farm.work(REPACK, {}, {farm.lot: 10}, [farm.new("L2", 10, 500)])[0]
        grower, producer = farm.place.grower, farm.place.producer
        held = hold(grower, producer, last, TEST)
        first = recall(grower, producer, gift, HARMFUL, "农残超标")
        assert [state_of(lot) for lot in (farm.lot, gift, last, other)] == ["good", "recalled", "recalled", "good"]
        assert (on_sale(farm.loose), on_sale(farm.gift)) == ((40, 11), (0, 10))
        assert recall(grower, producer, gift, HARMFUL).pk == first.pk
        with pytest.raises(RecallStays):
            lift(grower, first)
        lift(grower, held)
        assert state_of(last) == "recalled"
        with pytest.raises(AlreadyRecalled):
            hold(grower, producer, last, TEST)
        assert recall(grower, producer, last, HARMFUL).pk != first.pk
        with pytest.raises(Refusals) as caught:
            farm.work(REPACK, {}, {last: 1}, [farm.new("G2", 1, 500)])
        assert caught.value.data["codes"] == ["lot_unfit"]

    def test_two_holds_are_lifted_by_those_who_placed_them(self, farm: Farm) -> None:
        grower, decider = farm.place.grower, farm.place.decider
        office = decider.memberships.get().organisation
        own, theirs = hold(grower, farm.place.producer, farm.lot, TEST), hold(decider, office, farm.lot, HARMFUL)
        with pytest.raises(NotYourHold):
            lift(grower, theirs)
        lift(grower, own)
        assert state_of(farm.lot) == "held"
        lift(decider, theirs)
        assert state_of(farm.lot) == "good"

    def test_who_may(self, farm: Farm) -> None:
        there = place("610827")
        acting, contracted = enterprise(farm)
        operating, house = operator()
        elsewhere = Organisation.objects.create(
            kind=OrganisationKind.PROVINCE_ENTERPRISE, code="E-2", name="省企", name_en="E"
        )
        for actor, by in (
            (there.grower, there.producer), (there.decider, there.decider.memberships.get().organisation),
            (farm.place.town, farm.place.town.memberships.get().organisation), (operating, house), (acting, elsewhere),
            (farm.place.grower, contracted), (there.grower, farm.place.producer),
        ):  # fmt: skip
            with pytest.raises(NotAllowed):
                hold(actor, by, farm.lot, TEST)
        lift(acting, hold(acting, contracted, farm.lot, TEST))
        assert recall(operating, house, farm.lot, HARMFUL).by == house

    @pytest.mark.parametrize(
        ("words", "statement"),
        [
            ("may not move from recalled", "UPDATE stock_lot SET condition = 'good' WHERE code = 'L1'"),
            ("may not move from recalled", "UPDATE stock_lot SET condition = 'held' WHERE code = 'L1'"),
            ("is held, which is not", "UPDATE stock_lot SET condition = 'held' WHERE code = 'L2'"),
            ("is recalled, which is not", "UPDATE stock_lot SET condition = 'recalled' WHERE code = 'L2'"),
            ("only_a_hold_is_lifted", "UPDATE provenance_incident SET state = 'lifted', lifted_at = now(),"
             " lifted_by_id = opened_by_id WHERE kind = 'recall'"),
            ("only_a_hold_is_lifted", "UPDATE provenance_incident SET state = 'lifted' WHERE kind = 'hold'"),
            ("is held, which is not", "UPDATE provenance_incident SET state = 'lifted', lifted_at = now(),"
             " lifted_by_id = opened_by_id WHERE kind = 'hold'"),
            ("not changed afterwards", "UPDATE provenance_incident SET reason = 'label'"),
            ("permission denied", "DELETE FROM provenance_incident"),
            ("permission denied", "DELETE FROM provenance_incidentlot"),
            ("permission denied", "UPDATE provenance_passcertificate SET number = ''"),
            ("is good, which is not", "INSERT INTO provenance_incidentlot (incident_id, lot_id)"
             " SELECT max(i.id), l.id FROM provenance_incident i, stock_lot l WHERE l.code = 'L2' GROUP BY l.id"),
        ],
    )  # fmt: skip
    def test_raw_sql(self, farm: Farm, words: str, statement: str) -> None:
        grower, producer = farm.place.grower, farm.place.producer
        good, third = farm.work(REPACK, {}, {farm.lot: 20}, [farm.new("L2", 10, 500), farm.new("L3", 10, 500)])
        recall_root = farm.work(REPACK, {}, {good: 1}, [farm.new("L4", 1, 500)])[0]
        recall(grower, producer, recall_root, HARMFUL)
        hold(grower, producer, third, TEST)
        statement = statement.replace("'L1'", "'L4'")
        with pytest.raises(DatabaseError, match=words), transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(statement)
            let_constraints_speak()

    def test_what_was_lifted_stays_lifted(self, farm: Farm) -> None:
        held = hold(farm.place.grower, farm.place.producer, farm.lot, TEST)
        lift(farm.place.grower, held)
        with pytest.raises(DatabaseError, match=r"not changed afterwards|may not move"), transaction.atomic():
            Incident.objects.filter(pk=held.pk).update(state="open", lifted_at=None, lifted_by=None)


class TestStock:
    """What is promised stays promised; what is for sale is never more than what may be assigned."""

    def test_promised_units_are_not_taken_twice_and_come_back_with_care(self, farm: Farm) -> None:
        grower, producer = farm.place.grower, farm.place.producer
        reserve({farm.loose.pk: 30}, "order:1")
        held = hold(grower, producer, farm.lot, TEST)
        assert on_sale(farm.loose) == (0, 70)
        # Twenty more of sound goods: the thirty that are promised come first.
        farm.work("make", {farm.collected("N9", 10_000): 10_000}, {}, [farm.new("L2", 20, 500)])
        assert on_sale(farm.loose) == (0, 90)
        farm.work("make", {farm.collected("N8", 10_000): 10_000}, {}, [farm.new("L3", 20, 500)])
        assert on_sale(farm.loose) == (10, 100)
        # A union gives up ten: they are sound goods' ten.
        release({farm.loose.pk: 10}, "loss:1")
        assert on_sale(farm.loose) == (20, 100)
        lift(grower, held)
        assert on_sale(farm.loose) == (120, 0)

    def test_what_is_cancelled_of_held_goods_is_not_sold_again(self, farm: Farm) -> None:
        reserve({farm.loose.pk: 30}, "order:1")
        hold(farm.place.grower, farm.place.producer, farm.lot, TEST)
        release({farm.loose.pk: 30}, "loss:1")
        assert on_sale(farm.loose) == (0, 100)

    def test_a_stopped_lot_is_not_given_out_used_or_shipped(self, farm: Farm) -> None:
        reserve({farm.loose.pk: 5}, "order:1")
        assert allocate_lots({farm.lot.pk: 5}) == set()
        hold(farm.place.grower, farm.place.producer, farm.lot, TEST)
        assert allocate_lots({farm.lot.pk: 1}) == use_lots({farm.lot.pk: 1}) == {farm.lot.pk}
        with pytest.raises(Refusals) as caught, transaction.atomic():
            ship({farm.loose.pk: 5}, {farm.lot.pk: 5}, "consignment:1")
        assert [type(one) for one in caught.value.refusals] == [LotStopped]

    def test_a_lot_at_its_date_is_off_sale_from_the_next_morning(self, farm: Farm, settings: Any) -> None:
        settings.LOT_DAYS_LEFT = 90
        mind_dates()
        assert (on_sale(farm.loose), why_unfit(farm.lot)) == ((100, 0), "")
        settings.LOT_DAYS_LEFT = 91
        mind_dates()
        mind_dates()
        assert (on_sale(farm.loose), why_unfit(farm.lot)) == ((0, 100), f"best before {day_in_words(KEEPS)}")
        with pytest.raises(HouseError):
            reserve({farm.loose.pk: 1}, "order:1")

    def test_of_a_lot_off_sale_for_its_date_others_are_still_made(self, farm: Farm, settings: Any) -> None:
        settings.LOT_DAYS_LEFT = 91
        mind_dates()
        farm.work("make", {}, {farm.lot: 40}, [farm.new("J1", 20, 500, farm.gift, keeps=KEEPS + timedelta(days=300))])
        assert (on_sale(farm.loose), on_sale(farm.gift)) == ((0, 60), (20, 0))

    def test_a_shorter_time_brings_lots_back_on_sale(self, farm: Farm, settings: Any) -> None:
        settings.LOT_DAYS_LEFT = 91
        mind_dates()
        settings.LOT_DAYS_LEFT = 90
        mind_dates()
        assert on_sale(farm.loose) == (100, 0)

    def test_statements_do_not_grow_with_the_lots(self, farm: Farm) -> None:
        few, many = farm.work(REPACK, {}, {farm.lot: 60}, [farm.new("A", 10, 500), farm.new("B", 50, 500)])
        farm.work(REPACK, {}, {few: 2}, [farm.new("A1", 2, 500)])
        farm.work(REPACK, {}, {many: 40}, [farm.new(f"B{n}", 1, 500) for n in range(40)])
        counts = []
        for lot in (few, many):
            with CaptureQueriesContext(connection) as captured:
                recall(farm.place.grower, farm.place.producer, lot, HARMFUL)
            counts.append(len(captured))
        assert counts[0] == counts[1]


class TestCertificates:
    """Fresh goods need a pass certificate per lot, from the day that the rule names."""

    @pytest.fixture
    def fresh(self, farm: Farm) -> Farm:
        group = CommodityClass.objects.create(code="fruit", name="鲜果", name_en="Fresh fruit")
        CommodityClass.objects.filter(code="date.red").update(parent=group)
        CertificateRule.objects.create(commodity_class=group, since=TODAY - timedelta(days=5))
        return farm

    def lot(self, farm: Farm, code: str = "F1") -> Lot:
        return Lot.objects.get(pk=farm.work(REPACK, {}, {farm.lot: 10}, [farm.new(code, 10, 500)])[0].pk)

    def test_a_new_lot_needs_one_and_an_older_one_does_not(self, fresh: Farm) -> None:
        lot = self.lot(fresh)
        assert (lot.certificate_due, fresh.lot.certificate_due) == (True, False)
        assert allocate_lots({lot.pk: 1}) == {lot.pk}
        assert on_sale(fresh.loose) == (90, 10)
        paper = issue_certificate(fresh.place.grower, lot)
        assert (paper.number, paper.quantity, paper.issued_on) == ("HG-F1", "10 × 500 g = 5.0 kg", TODAY)
        assert paper.keep_until >= TODAY + timedelta(days=184)
        assert issue_certificate(fresh.place.grower, lot).pk == paper.pk
        assert (on_sale(fresh.loose), allocate_lots({lot.pk: 1})) == ((100, 0), set())
        assert Entry.objects.get(kind="lot.certified").body["number"] == "HG-F1"
        again = fresh.work(REPACK, {}, {lot: 2}, [fresh.new("F2", 2, 500)])[0]
        assert Lot.objects.get(pk=again.pk).certificate_due
        fresh.work(REPACK, {}, {again: 1}, [fresh.new("F3", 1, 500, fresh.gift)])
        assert (on_sale(fresh.loose), on_sale(fresh.gift)) == ((98, 1), (0, 1))

    def test_dates_of_the_rule(self, fresh: Farm) -> None:
        CertificateRule.objects.update(until=TODAY - timedelta(days=1))
        assert not self.lot(fresh).certificate_due

    def test_one_that_was_collected(self, fresh: Farm) -> None:
        lot = self.lot(fresh)
        paper = Collected("SX-1", "鲜枣", "5 kg", "佳县", "某某", "10000000000", TODAY)
        with pytest.raises(Refusals) as caught:
            enter_collected(fresh.place.grower, lot, Collected("", "", "", "", "", "", TODAY + timedelta(days=1)))
        assert caught.value.data["codes"] == ["certificate_unfit", "not_on_that_day"]
        with pytest.raises(NotAllowed):
            enter_collected(fresh.place.town, lot, paper)
        assert enter_collected(fresh.place.grower, lot, paper).kind == "collected"
        with pytest.raises(CertificateEntered):
            issue_certificate(fresh.place.grower, lot)
        with pytest.raises(CertificateNumberUsed):
            enter_collected(fresh.place.grower, self.lot(fresh, "F2"), paper)
        with connection.cursor() as cursor:
            cursor.execute("SELECT row_to_json(c)::text FROM provenance_passcertificate c")
            stored = cursor.fetchone()[0]
        assert not {"某某", "10000000000"} & set(stored.split('"'))

    def test_the_database_asks_for_it_too(self, fresh: Farm) -> None:
        lot = self.lot(fresh)
        with pytest.raises(DatabaseError, match="needs a pass certificate"), transaction.atomic():
            Lot.objects.filter(pk=lot.pk).update(certificate_due=False)
        with pytest.raises(DatabaseError, match="kept_half_a_year"), transaction.atomic():
            PassCertificate.objects.create(
                lot=lot, producer=fresh.place.producer, kind="issued", number="X", product="x", quantity="x", origin="x",
                issued_on=TODAY, keep_until=TODAY + timedelta(days=150), recorded_by=fresh.place.grower,
            )  # fmt: skip
        assert not Lot.objects.filter(pk=lot.pk, condition=Condition.HELD).exists()
