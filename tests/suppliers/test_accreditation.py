"""The way of an accreditation: each step by the right office, in the right order, and written down."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from marketplace.evidence.models import Entry
from marketplace.organisations.errors import NotAllowed, Refusals
from marketplace.organisations.models import Organisation, OrganisationKind, Role
from suppliers.accreditation import actions, queries
from suppliers.accreditation.applying import apply
from suppliers.accreditation.errors import NoReason, NoticeRunning, PeriodWrong, WrongState
from suppliers.accreditation.models import Accreditation, Mechanism
from tests.suppliers.small_world import TODAY, Place, person, place, product

pytestmark = pytest.mark.django_db

YEAR_ON = TODAY + timedelta(days=365)


def applied(where: Place, sku: str = "DATE") -> Accreditation:
    return apply(where.grower, where.producer, product(where, sku), Mechanism.ORDER_PURCHASE, 6)


def on_notice(where: Place, notice_days: int = 0) -> Accreditation:
    accreditation = applied(where)
    actions.review_town(where.town, accreditation)
    actions.review_sector(where.sector, accreditation)
    actions.decide_county(where.decider, accreditation)
    actions.publish(where.decider, accreditation, notice_days=notice_days)
    return accreditation


def valid(where: Place) -> Accreditation:
    accreditation = on_notice(where)
    actions.make_valid(where.decider, accreditation, TODAY, YEAR_ON)
    return accreditation


def test_the_whole_way_is_in_the_log() -> None:
    accreditation = valid(place())
    assert accreditation.state == "valid"
    subject = f"product:{accreditation.product_id}"
    entries = Entry.objects.filter(subject=subject, kind__startswith="accreditation.").order_by("id")
    assert [entry.kind for entry in entries] == [
        "accreditation.applied",
        "accreditation.town_review",
        "accreditation.sector_review",
        "accreditation.county_decision",
        "accreditation.public_notice",
        "accreditation.valid",
    ]
    assert entries[0].body["households"] == 6
    last = entries[5].body
    assert (last["number"], last["valid_to"]) == (accreditation.number, YEAR_ON.isoformat())


def test_each_step_needs_its_own_officer_of_the_products_county() -> None:
    here, there = place("610828"), place("610827")
    accreditation = applied(here)
    for stranger in (here.grower, here.sector, here.decider, there.town):
        with pytest.raises(NotAllowed):
            actions.review_town(stranger, accreditation)
    actions.review_town(here.town, accreditation)
    for stranger in (here.town, here.decider, there.sector):
        with pytest.raises(NotAllowed):
            actions.review_sector(stranger, accreditation)
    assert Accreditation.objects.get().state == "town_review"


def test_only_the_producer_itself_applies() -> None:
    here, there = place("610828"), place("610827")
    with pytest.raises(NotAllowed):
        apply(there.grower, here.producer, product(here), Mechanism.ORDER_PURCHASE, 6)


def test_no_step_is_skipped_and_none_is_done_twice() -> None:
    where = place()
    accreditation = applied(where)
    with pytest.raises(WrongState):
        actions.decide_county(where.decider, accreditation)
    actions.review_town(where.town, accreditation)
    with pytest.raises(WrongState) as caught:
        actions.review_town(where.town, accreditation)
    assert caught.value.data["number"] == accreditation.number
    assert Entry.objects.filter(kind="accreditation.town_review").count() == 1


def test_the_database_refuses_a_step_back() -> None:
    accreditation = valid(place())
    with pytest.raises(IntegrityError, match="no declared transition"), transaction.atomic():
        Accreditation.objects.filter(pk=accreditation.pk).update(state="applied")


def test_all_faults_of_an_application_come_at_once() -> None:
    where, elsewhere = place("610113", listed=False), place("610828")
    where.producer.good_standing = False
    where.producer.save()
    foreign = product(elsewhere)
    foreign.licence = foreign.licence[:-1] + str((int(foreign.licence[-1]) + 1) % 10)
    foreign.save()
    with pytest.raises(Refusals) as caught:
        apply(where.grower, where.producer, foreign, Mechanism.ORDER_PURCHASE, 0)
    assert caught.value.data["codes"] == [
        "county_not_listed",
        "not_in_good_standing",
        "other_origin",
        "no_households",
        "licence_wrong",
    ]
    assert not Accreditation.objects.exists()


def test_a_trader_is_told_to_let_the_producer_apply() -> None:
    where = place()
    trader = Organisation.objects.create(
        kind=OrganisationKind.TRADER, code="T", name="商贸公司", name_en="Trader", county=where.county
    )
    with pytest.raises(Refusals) as caught:
        apply(person("trader", Role.PRODUCER, trader), trader, product(where), Mechanism.ORDER_PURCHASE, 6)
    assert caught.value.data["codes"] == ["not_a_producer"]


def test_a_licence_of_another_county_is_a_flag_for_a_person_and_no_refusal() -> None:
    where, other = place("610828"), place("610827")
    goods = product(where)
    goods.licence = product(other, "OTHER").licence
    goods.save()
    apply(where.grower, where.producer, goods, Mechanism.ORDER_PURCHASE, 6)
    assert Entry.objects.get(kind="accreditation.applied").body["flags"] == ["county_differs"]


def test_one_application_at_a_time() -> None:
    where = place()
    first = applied(where)
    again = (where.grower, where.producer, first.product, Mechanism.ORDER_PURCHASE, 6)
    with pytest.raises(Refusals) as caught:
        apply(*again)
    assert caught.value.data["codes"] == ["already_under_way"]
    actions.refuse(where.town, first, "The households were not found.")
    assert apply(*again).number == f"RD610828-{first.product_id:06d}-2"


def test_not_valid_before_the_public_notice_is_over() -> None:
    where = place()
    accreditation = on_notice(where, notice_days=7)
    with pytest.raises(NoticeRunning) as caught:
        actions.make_valid(where.decider, accreditation, TODAY, YEAR_ON)
    assert caught.value.data["until"] == TODAY + timedelta(days=7)
    accreditation.refresh_from_db()
    assert accreditation.state == "public_notice"


def test_the_notice_is_seven_days_unless_settings_say_otherwise(settings) -> None:
    where = place()
    accreditation = on_notice(where, notice_days=None)
    assert Entry.objects.get(kind="accreditation.public_notice").body["notice_days"] == 7
    actions.refuse(where.decider, accreditation, "Objection upheld.")
    settings.ACCREDITATION_NOTICE_DAYS = 3
    again = apply(where.grower, where.producer, accreditation.product, Mechanism.ORDER_PURCHASE, 6)
    actions.review_town(where.town, again)
    actions.review_sector(where.sector, again)
    actions.decide_county(where.decider, again)
    actions.publish(where.decider, again)
    assert Entry.objects.filter(kind="accreditation.public_notice").latest("id").body["notice_days"] == 3


def test_a_period_ends_after_it_begins() -> None:
    where = place()
    with pytest.raises(PeriodWrong):
        actions.make_valid(where.decider, on_notice(where), TODAY, TODAY)


def test_refusing_is_the_next_officers_and_needs_a_reason() -> None:
    where = place()
    accreditation = applied(where)
    with pytest.raises(NotAllowed):
        actions.refuse(where.decider, accreditation, "No.")
    with pytest.raises(NoReason):
        actions.refuse(where.town, accreditation, "  ")
    actions.refuse(where.town, accreditation, "The orchard is in another county.")
    assert accreditation.state == "refused"
    with pytest.raises(WrongState):
        actions.refuse(where.town, accreditation, "Again.")


def test_valid_from_the_first_day_until_the_day_before_the_last() -> None:
    accreditation = valid(place())
    product_id = accreditation.product_id
    assert queries.valid_for([product_id]) == {product_id: accreditation}
    assert queries.valid_for([product_id], TODAY - timedelta(days=1)) == {}
    assert queries.valid_for([product_id], YEAR_ON - timedelta(days=1)) == {product_id: accreditation}
    assert queries.valid_for([product_id], YEAR_ON) == {}


def test_suspension_reinstatement_and_revocation() -> None:
    where = place()
    accreditation = valid(where)
    actions.suspend(where.decider, accreditation, "Residues found in a sample.")
    assert queries.valid_for([accreditation.product_id]) == {}
    actions.reinstate(where.decider, accreditation, "The second sample was clean.")
    assert queries.valid_for([accreditation.product_id]) == {accreditation.product_id: accreditation}
    actions.revoke(where.decider, accreditation, "Bought in from elsewhere.")
    assert accreditation.state == "revoked"
    with pytest.raises(WrongState):
        actions.reinstate(where.decider, accreditation, "Please.")
    assert Entry.objects.get(kind="accreditation.revoked").body["reason"] == "Bought in from elsewhere."


def test_a_producer_that_lost_its_standing_has_no_assistance_products() -> None:
    where = place()
    accreditation = valid(where)
    where.producer.good_standing = False
    where.producer.save()
    assert queries.valid_for([accreditation.product_id]) == {}


def test_a_renewal_takes_the_place_of_the_old_one() -> None:
    where = place()
    old = valid(where)
    Accreditation.objects.filter(pk=old.pk).update(valid_to=TODAY + timedelta(days=30))
    new = apply(where.grower, where.producer, old.product, Mechanism.ORDER_PURCHASE, 8)
    actions.review_town(where.town, new)
    actions.review_sector(where.sector, new)
    actions.decide_county(where.decider, new)
    actions.publish(where.decider, new, notice_days=0)
    actions.make_valid(where.decider, new, TODAY, YEAR_ON)
    old.refresh_from_db()
    assert (old.state, queries.valid_for([old.product_id])[old.product_id]) == ("revoked", new)
    assert Entry.objects.get(kind="accreditation.revoked").body["replaced_by"] == new.number
