"""Agreements with households: the paper that proves each, and the household's own word by phone or at the town office."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from marketplace.evidence.models import Entry
from marketplace.messaging.models import Message
from marketplace.organisations.errors import NotAllowed, Refusals
from marketplace.organisations.models import User
from marketplace.organisations.scopes import seen_by
from marketplace.signin.phone_codes import index_of
from suppliers.accreditation.models import Mechanism
from suppliers.provenance.actions import change_phone, confirm_agreement, record_household, sign_agreement
from suppliers.provenance.confirming import TRIES, answer, ask_household, code_of, find_question
from suppliers.provenance.errors import (
    AlreadyConfirmed,
    AskedTooOften,
    Disowned,
    OwnSidePhone,
    PaperUnfit,
    PhoneMissing,
    QuestionOver,
    WrongHouseholdCode,
)
from suppliers.provenance.models import EVIDENCE, AgreementPaper, BenefitAgreement, HouseholdCode, PaperKind
from suppliers.provenance.papers import file_evidence, missing_of
from tests.suppliers.small_world import TODAY, Place, place
from tests.world import let_constraints_speak

PHONE, NAME = "10198765432", "鸩羽户"
PAPER = ("合同.pdf", b"%PDF-1.7 signed")


@pytest.fixture
def where(db: None) -> Iterator[Place]:
    with seen_by(None):
        yield place()
        let_constraints_speak()


def signed(where: Place, mechanism: Mechanism = Mechanism.ORDER_PURCHASE, phone: str = PHONE) -> BenefitAgreement:
    household = record_household(
        where.grower, where.producer, county=where.county, village="枣湾村", head_name=NAME, phone=phone
    )
    return sign_agreement(where.grower, where.producer, household, mechanism, 3_000, TODAY, PAPER)


def asked(where: Place, agreement: BenefitAgreement) -> tuple[str, str]:
    """The token of the question's link, and the code in its message."""
    address = ask_household(where.grower, agreement, lambda token: f"https://mall.example/household/{token}/")
    return address.split("/")[-2], code_of(HouseholdCode.objects.latest("pk"))


def state_of(agreement: BenefitAgreement) -> tuple[str, str]:
    fresh = BenefitAgreement.objects.get(pk=agreement.pk)
    return fresh.state, fresh.confirmed_by


def another(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


class TestPapers:
    """Each mechanism has its papers; a scan is filed once and stays."""

    @pytest.mark.parametrize("mechanism", list(Mechanism))
    def test_the_paper_that_was_signed_is_on_file_and_others_are_missing(
        self, where: Place, mechanism: Mechanism
    ) -> None:
        agreement = signed(where, mechanism)
        first, *others = EVIDENCE[mechanism]
        assert [(paper.kind, paper.plain()) for paper in agreement.papers.all()] == [(first, PAPER[1])]
        assert missing_of(agreement, agreement.papers.all()) == [str(kind.label) for kind in others]
        for kind in others:
            file_evidence(where.grower, agreement, kind, "名单.png", b"\x89PNG\r\n\x1a\n" + kind.encode())
        assert missing_of(agreement, agreement.papers.all()) == []

    def test_the_same_file_is_filed_once_and_the_log_holds_its_sum(self, where: Place) -> None:
        agreement = signed(where)
        paper = file_evidence(where.grower, agreement, PaperKind.CONTRACT, *PAPER)
        assert AgreementPaper.objects.get() == paper
        body = Entry.objects.get(kind="agreement.paper").body
        assert body == {
            "household": agreement.household.code, "producer": where.producer.code, "kind": "contract",
            "sha256": paper.sha256, "size": len(PAPER[1]),
        }  # fmt: skip

    def test_what_proves_nothing_is_refused(self, where: Place) -> None:
        agreement = signed(where)
        with pytest.raises(PaperUnfit):
            file_evidence(where.grower, agreement, PaperKind.LEASE, *PAPER)
        with pytest.raises(NotAllowed):
            file_evidence(where.town, agreement, PaperKind.CONTRACT, *PAPER)
        household = record_household(
            where.grower, where.producer, county=where.county, village="枣湾村", head_name=NAME
        )
        with pytest.raises(Refusals) as caught:
            sign_agreement(
                where.grower, where.producer, household, Mechanism.COMMISSION, 10_001, TODAY + timedelta(days=1),
                ("合同.pdf", b"MZ"),
            )  # fmt: skip
        assert caught.value.data["codes"] == ["share_wrong", "not_on_that_day", "no_paper"]
        assert not BenefitAgreement.objects.filter(household=household).exists()


class TestByPhone:
    """Asked → confirmed or disowned, each once; everything else is refused."""

    def test_a_household_confirms_with_the_code_that_came_to_its_phone(self, where: Place) -> None:
        agreement = signed(where)
        token, code = asked(where, agreement)
        message = Message.objects.get(kind="household_code")
        assert (message.recipient, code in message.words, token in message.words) == (PHONE, True, True)
        assert find_question(token).agreement.producer == where.producer
        answer(token, f" {code[:3]} {code[3:]}", is_ours=True)
        assert state_of(agreement) == ("confirmed_by_household", "code")
        body = {"household": agreement.household.code, "producer": where.producer.code, "by": "code"}
        assert Entry.objects.get(kind="agreement.confirmed").body == body
        for again in (True, False):
            with pytest.raises(QuestionOver):
                answer(token, code, is_ours=again)
        with pytest.raises(AlreadyConfirmed):
            asked(where, agreement)
        with pytest.raises(AlreadyConfirmed):
            confirm_agreement(where.town, agreement)

    def test_who_knows_nothing_of_it_is_not_asked_again_and_the_office_may_still_confirm(self, where: Place) -> None:
        agreement = signed(where)
        token, code = asked(where, agreement)
        answer(token, code, is_ours=False)
        assert state_of(agreement) == ("disowned", "")
        assert Entry.objects.filter(kind="agreement.disowned").count() == 1
        with pytest.raises(QuestionOver):
            answer(token, code, is_ours=True)
        with pytest.raises(Disowned):
            asked(where, agreement)
        confirm_agreement(where.town, agreement, ("签字.jpg", b"\xff\xd8\xff signed"))
        assert state_of(agreement) == ("confirmed_by_household", "office")
        assert AgreementPaper.objects.get(kind=PaperKind.CONFIRMED).added_by == where.town

    def test_after_wrong_codes_the_question_is_over(self, where: Place) -> None:
        agreement = signed(where)
        token, code = asked(where, agreement)
        for left in reversed(range(TRIES)):
            with pytest.raises(WrongHouseholdCode) as caught:
                answer(token, another(code), is_ours=True)
            assert caught.value.data == {"left": left}
        with pytest.raises(QuestionOver):
            answer(token, code, is_ours=True)
        assert state_of(agreement) == ("unconfirmed", "")

    def test_only_the_latest_question_in_time_is_good(self, where: Place) -> None:
        agreement = signed(where)
        (old, old_code), (new, new_code) = asked(where, agreement), asked(where, agreement)
        with pytest.raises(QuestionOver):
            answer(old, old_code, is_ours=True)
        HouseholdCode.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
        for token in (new, "no-such-token"):
            with pytest.raises(QuestionOver):
                answer(token, new_code, is_ours=True)
        asked(where, agreement)
        with pytest.raises(AskedTooOften):
            asked(where, agreement)

    def test_the_producers_own_phone_answers_for_nobody(self, where: Place) -> None:
        User.objects.filter(pk=where.grower.pk).update(phone_index=index_of(PHONE))
        with pytest.raises(OwnSidePhone):
            signed(where)
        agreement = signed(where, phone="")
        with pytest.raises(PhoneMissing):
            asked(where, agreement)
        with pytest.raises(OwnSidePhone):
            change_phone(where.grower, agreement.household, PHONE)

    def test_a_corrected_number_makes_the_question_to_the_old_one_void(self, where: Place) -> None:
        agreement = signed(where)
        token, code = asked(where, agreement)
        change_phone(where.grower, agreement.household, PHONE)
        assert find_question(token).agreement == agreement
        change_phone(where.grower, agreement.household, "10100000001")
        with pytest.raises(QuestionOver):
            answer(token, code, is_ours=True)

    def test_who_may_ask(self, where: Place) -> None:
        agreement, elsewhere = signed(where), place("610827")
        for stranger in (elsewhere.grower, where.town, where.decider):
            with pytest.raises(NotAllowed):
                ask_household(stranger, agreement, str)

    def test_nothing_that_identifies_it_is_in_the_log_or_in_plain_text(self, where: Place) -> None:
        token, code = asked(where, signed(where))
        with connection.cursor() as cursor:
            stored = ""
            for table in ("provenance_household", "provenance_householdcode", "messaging_message", "evidence_entry"):
                cursor.execute(f"SELECT row_to_json(t)::text FROM {table} t")
                stored += "".join(row for (row,) in cursor.fetchall())
        stored += "".join(bytes(entry.leaf).decode() for entry in Entry.objects.all())
        assert [secret for secret in (NAME, PHONE, token, f'"{code}"') if secret in stored] == []


@pytest.mark.parametrize(
    ("words", "statement"),
    [
        ("is not what its household said", "UPDATE provenance_benefitagreement SET confirmed_at = now(), confirmed_by = 'code'"),
        ("is not what its household said", "UPDATE provenance_benefitagreement SET confirmed_at = now(), confirmed_by = 'office'"),
        ("is not what its household said", "UPDATE provenance_benefitagreement SET disowned_at = now()"),
        ("confirmed_in_some_way", "UPDATE provenance_benefitagreement SET confirmed_at = now()"),
        ("stays as it was signed", "UPDATE provenance_benefitagreement SET share_bp = 1"),
        ("stays as it was signed", "UPDATE provenance_benefitagreement SET mechanism = 'employment'"),
        ("permission denied", "DELETE FROM provenance_benefitagreement"),
        ("permission denied", "UPDATE provenance_agreementpaper SET kind = 'lease'"),
        ("no more tries", "UPDATE provenance_householdcode SET tries = tries - 1"),
        ("no more tries", "UPDATE provenance_householdcode SET expires_at = expires_at + interval '1 day'"),
        ("no more tries", "UPDATE provenance_householdcode SET salt = ''"),
    ],
)  # fmt: skip
def test_raw_sql(where: Place, words: str, statement: str) -> None:
    token, code = asked(where, signed(where))
    with pytest.raises(WrongHouseholdCode):
        answer(token, another(code), is_ours=True)
    with pytest.raises(DatabaseError, match=words), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(statement)
        let_constraints_speak()


def test_what_was_said_is_said_once(where: Place) -> None:
    agreement = signed(where)
    token, code = asked(where, agreement)
    answer(token, code, is_ours=True)
    for change in ({"confirmed_at": None, "confirmed_by": ""}, {"disowned_at": timezone.now()}):
        said: dict[str, Any] = change
        with pytest.raises(DatabaseError, match="said once"), transaction.atomic():
            BenefitAgreement.objects.filter(pk=agreement.pk).update(**said)
