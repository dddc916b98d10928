"""Objections within the public notice: raised by anybody, answered by the county, before the accreditation becomes valid."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from marketplace.evidence.actions import record
from marketplace.evidence.models import Entry
from marketplace.organisations.errors import NotAllowed, Refusals
from marketplace.organisations.models import Reveal, Role
from marketplace.organisations.published import WordsMissing
from marketplace.organisations.scopes import seen_by
from suppliers.accreditation import actions
from suppliers.accreditation.applying import apply
from suppliers.accreditation.errors import (
    NotOnNotice,
    ObjectedAlready,
    ObjectedTooOften,
    ObjectionAnswered,
    ObjectionsOpen,
    OwnObjection,
    WrongState,
)
from suppliers.accreditation.models import Accreditation, Mechanism, Objection
from suppliers.accreditation.objecting import (
    MOST_FROM_ONE_PLACE,
    contact_of,
    dismiss,
    on_notice,
    raise_objection,
    uphold,
)
from tests.races import race
from tests.suppliers.small_world import TODAY, Place, person, place, product
from tests.world import let_constraints_speak

YEAR_ON = TODAY + timedelta(days=365)
NAME, CONTACT, WORDS = "鸩羽翾", "10187654321", "原料来自外县。"


@pytest.fixture
def where(db: None) -> Iterator[Place]:
    with seen_by(None):
        yield place()
        let_constraints_speak()


def noticed(where: Place, days: int = 7) -> Accreditation:
    one = apply(where.grower, where.producer, product(where), Mechanism.ORDER_PURCHASE, 6)
    actions.review_town(where.town, one)
    actions.review_sector(where.sector, one)
    actions.decide_county(where.decider, one)
    actions.publish(where.decider, one, notice_days=days)
    return one


def objected(one: Accreditation, **changes: Any) -> Objection:
    said = {"name": NAME, "contact": CONTACT, "text": WORDS, "address": "198.51.100.7"} | changes
    return raise_objection(one, **said)


def over(one: Accreditation) -> None:
    """Let the notice end today: what the log said last of it counts."""
    said = {"number": one.number, "notice_until": TODAY.isoformat()}
    record("accreditation.public_notice", said, subject=f"product:{one.product_id}")


class TestRaising:
    """Anybody, within the notice, once; the words are public, the person is not."""

    def test_what_is_kept_where(self, where: Place) -> None:
        one = noticed(where)
        objection = objected(one, text=f"  {WORDS} ")
        assert (objection.state, objection.text, objection.masked_name) == ("open", WORDS, "鸩**")
        entry = Entry.objects.get(kind="objection.raised")
        assert entry.body == {
            "number": one.number, "objection": objection.pk, "words": hashlib.sha256(WORDS.encode()).hexdigest(),
        }  # fmt: skip
        with connection.cursor() as cursor:
            cursor.execute("SELECT name, contact FROM accreditation_objection")
            for stored in cursor.fetchone():
                assert NAME.encode() not in bytes(stored)
                assert CONTACT.encode() not in bytes(stored)

    def test_only_on_public_notice(self, where: Place) -> None:
        one = noticed(where, days=0)
        assert not on_notice(one)
        with pytest.raises(NotOnNotice):
            objected(one)
        actions.make_valid(where.decider, one, TODAY, YEAR_ON)
        with pytest.raises(NotOnNotice):
            objected(one)
        with pytest.raises(IntegrityError, match="to what is on public notice"), transaction.atomic():
            Objection.objects.create(accreditation=one, contact_index="x", address_index="x", text=WORDS)

    def test_all_faults_at_once(self, where: Place) -> None:
        one = noticed(where)
        with pytest.raises(Refusals) as caught:
            objected(one, name=" ", text=f"找 {CONTACT[:3]} {CONTACT[3:]}")
        assert caught.value.data["codes"] == ["name_missing", "personal_data"]
        with pytest.raises(Refusals) as caught:
            objected(one, text="  ")
        assert caught.value.data["codes"] == ["words_missing"]

    def test_one_contact_objects_once_and_one_place_not_without_end(self, where: Place) -> None:
        one = noticed(where)
        objected(one)
        with pytest.raises(ObjectedAlready):
            objected(one, contact=f" {CONTACT[:3]} {CONTACT[3:]}", text="又")
        for number in range(1, MOST_FROM_ONE_PLACE):
            objected(one, contact=f"{number}@example.org")
        with pytest.raises(ObjectedTooOften):
            objected(one, contact="last@example.org")
        objected(one, contact="elsewhere@example.org", address="198.51.100.8")


class TestAnswering:
    """The county answers each, once; upheld refuses the accreditation, dismissed lets it go on."""

    def test_none_becomes_valid_while_one_is_open(self, where: Place) -> None:
        one = noticed(where)
        objection = objected(one)
        over(one)
        with pytest.raises(ObjectionsOpen) as caught:
            actions.make_valid(where.decider, one, TODAY, YEAR_ON)
        assert caught.value.data == {"number": one.number, "count": 1}
        with pytest.raises(IntegrityError, match="only when every objection to it is dismissed"), transaction.atomic():
            Accreditation.objects.filter(pk=one.pk).update(state="valid", valid_from=TODAY, valid_to=YEAR_ON)
        dismiss(where.decider, objection, "收购台账与农户核对一致。")
        actions.make_valid(where.decider, one, TODAY, YEAR_ON)
        assert (one.state, objection.state, objection.answered_by) == ("valid", "dismissed", where.decider)
        assert Entry.objects.get(kind="objection.dismissed").body["answer"] == "收购台账与农户核对一致。"

    def test_upheld_refuses_the_accreditation_with_the_answer(self, where: Place) -> None:
        one = noticed(where)
        first, second = objected(one), objected(one, contact="b@example.org")
        uphold(where.decider, first, "原料确来自外县。")
        one.refresh_from_db()
        assert (one.state, first.state) == ("refused", "upheld")
        assert Entry.objects.get(kind="accreditation.refused").body["reason"] == "原料确来自外县。"
        # The other one is answered all the same, and nothing is refused twice.
        uphold(where.decider, second, "同上。")
        assert Entry.objects.filter(kind="accreditation.refused").count() == 1

    def test_who_may_answer_and_how_often(self, where: Place) -> None:
        elsewhere, one = place("610827"), noticed(where)
        objection = objected(one, actor=where.decider)
        for stranger in (where.grower, where.town, where.sector, elsewhere.decider):
            for verb in (dismiss, uphold):
                with pytest.raises(NotAllowed):
                    verb(stranger, objection, "No.")
        with pytest.raises(OwnObjection):
            dismiss(where.decider, objection, "No.")
        office = where.decider.memberships.get().organisation
        colleague = person("colleague", Role.COUNTY_OFFICER, office)
        with pytest.raises(WordsMissing):
            dismiss(colleague, objection, " ")
        dismiss(colleague, objection, "台账一致。")
        with pytest.raises(ObjectionAnswered):
            uphold(colleague, objection, "改判。")
        assert (objection.state, Accreditation.objects.get().state) == ("dismissed", "public_notice")

    def test_what_was_said_stays(self, where: Place) -> None:
        objection = objected(noticed(where))
        changes: list[dict[str, Any]] = [
            {"text": "无"}, {"state": "dismissed"}, {"state": "dismissed", "answer": "无", "answered_by": None},
        ]  # fmt: skip
        for change in changes:
            with pytest.raises(IntegrityError), transaction.atomic():
                Objection.objects.filter(pk=objection.pk).update(**change)
        dismiss(where.decider, objection, "台账一致。")
        later: list[dict[str, Any]] = [{"answer": "无"}, {"state": "open"}, {"state": "upheld"}]
        for change in later:
            with pytest.raises(IntegrityError), transaction.atomic():
                Objection.objects.filter(pk=objection.pk).update(**change)
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("DELETE FROM accreditation_objection")

    def test_the_contact_is_shown_to_the_county_and_that_is_recorded(self, where: Place) -> None:
        objection = objected(noticed(where))
        office = where.decider.memberships.get().organisation
        with pytest.raises(NotAllowed):
            contact_of(where.town, office, objection)
        assert not Reveal.objects.exists()
        assert contact_of(where.decider, office, objection) == (NAME, CONTACT)
        reveal = Reveal.objects.get()
        assert (reveal.user, reveal.purpose, reveal.subject) == (
            where.decider, "objection", objection.accreditation.number,
        )  # fmt: skip


def test_two_at_once_of_whom_one_is_too_late(fresh_database: Any) -> None:
    """Two officers decide about one objection, two about one application: whoever comes second is refused, nothing is overwritten."""
    with seen_by(None):
        where = place()
        colleague = person("colleague", Role.COUNTY_OFFICER, where.decider.memberships.get().organisation)
        one = noticed(where)
        objection = objected(one)
        with psycopg.connect(fresh_database.url) as session:
            session.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            with pytest.raises(psycopg.DatabaseError, match="READ COMMITTED only"):
                session.execute("UPDATE accreditation_accreditation SET state = 'valid' WHERE id = %s", [one.pk])

        def fresh() -> Accreditation:
            return Accreditation.objects.get(pk=one.pk)

        def same() -> Objection:
            return Objection.objects.get(pk=objection.pk)

        outcomes = race([
            lambda: dismiss(where.decider, same(), "台账一致。"), lambda: uphold(colleague, same(), "确来自外县。"),
        ])  # fmt: skip
        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["NoneType", "ObjectionAnswered"]
        state = "public_notice" if same().state == "dismissed" else "refused"
        assert fresh().state == state
        if state == "public_notice":
            actions.refuse(where.decider, fresh(), "撤回。")
        again = apply(where.grower, where.producer, one.product, Mechanism.ORDER_PURCHASE, 6)
        outcomes = race([
            lambda: actions.review_town(where.town, Accreditation.objects.get(pk=again.pk)),
            lambda: actions.refuse(where.town, Accreditation.objects.get(pk=again.pk), "户数不实。"),
        ])  # fmt: skip
        assert [type(outcome) for outcome in outcomes if outcome] == [WrongState]
