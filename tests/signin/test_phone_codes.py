"""Codes by phone: for producers and members only, good once and for five minutes, and telling nobody which numbers are known."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from marketplace.demo import cast
from marketplace.messaging.models import Message, MessageState
from marketplace.organisations.models import Membership, Organisation, Role, User
from marketplace.signin import phone_codes
from marketplace.signin.errors import TooManyCodes, WrongPhoneCode
from marketplace.signin.models import PhoneCode
from marketplace.steps.actions import run_all_due
from marketplace.steps.models import Step, StepState

ASK, ENTER = reverse("phone_sign_in"), reverse("phone_code")
UNKNOWN = "10099999999"
HERE = "127.0.0.1"


@pytest.fixture
def producer(world: None) -> User:
    return User.objects.get(username="p-jx")


def asked_by(client: Client, phone: str) -> Any:
    return client.post(ASK, {"phone": phone})


def long_ago(asked: PhoneCode, **ago: int) -> None:
    earlier = timezone.now() - timedelta(**ago)
    PhoneCode.objects.filter(pk=asked.pk).update(asked_at=earlier, expires_at=earlier + phone_codes.GOOD_FOR)


def test_from_number_to_code_to_the_page_wanted(producer: User, client: Client) -> None:
    answer = client.post(f"{ASK}?next=/producer/stock/", {"phone": f"+86 {producer.phone[:3]}-{producer.phone[3:]}"})
    assert answer.url == f"{ENTER}?next=%2Fproducer%2Fstock%2F"
    page = client.get(answer.url)
    code = page.context["shown_code"]
    assert producer.phone not in page.content.decode() and "100******" in page.content.decode()
    before = client.session.session_key
    answer = client.post(answer.url, {"code": code})
    assert answer.url == "/producer/stock/"
    assert client.session["_auth_user_id"] == str(producer.pk)
    assert client.session.session_key != before


def test_the_step_sends_the_code_to_its_owner_once(producer: User, capsys) -> None:
    asked = phone_codes.ask(producer.phone, HERE)
    run_all_due()
    message = Message.objects.get(kind="sign_in_code")
    assert (message.recipient, message.state, message.words) == (producer.phone, MessageState.SENT, "")
    assert capsys.readouterr().err.count(phone_codes.code_of(asked)) == 1
    Step.objects.update(state=StepState.DUE, next_run_at=timezone.now())
    run_all_due()
    assert Message.objects.count() == 1
    assert phone_codes.code_of(asked) not in capsys.readouterr().err


def test_nothing_is_sent_to_a_number_that_is_nobodys(world: None) -> None:
    phone_codes.ask(UNKNOWN, HERE)
    run_all_due()
    assert Message.objects.count() == 0


def test_an_unknown_number_is_answered_alike(producer: User) -> None:
    """The same pages, status and number of statements, from the question to the wrong code."""
    seen = []
    for phone in (producer.phone, UNKNOWN):
        client = Client(headers={"accept-language": "en"})
        with CaptureQueriesContext(connection) as asking:
            answer = asked_by(client, phone)
        asked = len(asking)
        page = client.get(answer.url)
        masked = page.context["phone"]
        with CaptureQueriesContext(connection) as entering:
            wrong = client.post(ENTER, {"code": "abcdef"})
        said = [str(sentence) for sentence in wrong.context["form"].non_field_errors()]
        seen.append((answer.status_code, answer.url, asked, len(entering), wrong.status_code, said, len(masked)))
    assert seen[0] == seen[1]


def test_the_table_holds_neither_number_nor_code(producer: User) -> None:
    asked = phone_codes.ask(producer.phone, HERE)
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(c)::text FROM signin_phonecode c")
        stored = cursor.fetchone()[0]
        cursor.execute("SELECT row_to_json(u)::text FROM organisations_user u WHERE id = %s", [producer.pk])
        person = cursor.fetchone()[0]
    assert phone_codes.code_of(asked) not in stored
    assert producer.phone not in stored + person
    assert HERE not in stored


def test_a_code_is_good_once(producer: User) -> None:
    code = phone_codes.code_of(phone_codes.ask(producer.phone, HERE))
    assert phone_codes.redeem(producer.phone, code) == producer
    with pytest.raises(WrongPhoneCode):
        phone_codes.redeem(producer.phone, code)


def test_a_code_is_good_for_five_minutes(producer: User) -> None:
    asked = phone_codes.ask(producer.phone, HERE)
    long_ago(asked, minutes=5)
    with pytest.raises(WrongPhoneCode):
        phone_codes.redeem(producer.phone, phone_codes.code_of(asked))


def test_a_code_is_good_for_five_tries(producer: User) -> None:
    asked = phone_codes.ask(producer.phone, HERE)
    for _ in range(5):
        with pytest.raises(WrongPhoneCode):
            phone_codes.redeem(producer.phone, "wrong")
    with pytest.raises(WrongPhoneCode):
        phone_codes.redeem(producer.phone, phone_codes.code_of(asked))


def test_only_the_latest_code_counts(producer: User) -> None:
    first = phone_codes.ask(producer.phone, HERE)
    long_ago(first, minutes=2)
    second = phone_codes.ask(producer.phone, HERE)
    with pytest.raises(WrongPhoneCode):
        phone_codes.redeem(producer.phone, phone_codes.code_of(first))
    assert phone_codes.redeem(producer.phone, phone_codes.code_of(second)) == producer


def test_a_code_belongs_to_its_number(producer: User) -> None:
    code = phone_codes.code_of(phone_codes.ask(producer.phone, HERE))
    other = User.objects.get(username="p-mz")
    with pytest.raises(WrongPhoneCode):
        phone_codes.redeem(other.phone, code)


@pytest.mark.parametrize("phone", ["known", UNKNOWN])
def test_a_number_gets_one_code_a_minute_and_five_an_hour(producer: User, phone: str) -> None:
    number = producer.phone if phone == "known" else phone
    for minutes in (50, 40, 30, 20):
        long_ago(phone_codes.ask(number, HERE), minutes=minutes)
    phone_codes.ask(number, HERE)
    with pytest.raises(TooManyCodes) as refused:
        phone_codes.ask(number, HERE)
    assert refused.value.data == {"minutes": 60}
    PhoneCode.objects.all().delete()
    phone_codes.ask(number, HERE)
    with pytest.raises(TooManyCodes) as refused:
        phone_codes.ask(number, HERE)
    assert refused.value.data == {"minutes": 1}


def test_an_address_gets_thirty_codes_an_hour(world: None) -> None:
    for number in range(30):
        phone_codes.ask(f"100{number:08d}", HERE)
    with pytest.raises(TooManyCodes):
        phone_codes.ask(UNKNOWN, HERE)
    phone_codes.ask(UNKNOWN, "10.0.0.9")


def test_whoever_also_has_another_role_needs_the_password(producer: User) -> None:
    asked = phone_codes.ask(producer.phone, HERE)
    Membership.objects.create(user=producer, organisation=Organisation.objects.get(code="U-HZ"), role=Role.BUYER)
    with pytest.raises(WrongPhoneCode):
        phone_codes.redeem(producer.phone, phone_codes.code_of(asked))
    run_all_due()
    assert Message.objects.count() == 0


def test_guessing_across_codes_is_locked_out(producer: User) -> None:
    client = Client(headers={"accept-language": "en"})
    answer = asked_by(client, producer.phone)
    for number in range(8):
        client.defaults["REMOTE_ADDR"] = f"10.0.1.{number}"
        answer = client.post(ENTER, {"code": "000000"})
    assert answer.status_code == 429
    assert "Too many wrong attempts" in answer.content.decode()


def test_nobody_enters_a_code_without_asking(world: None, client: Client) -> None:
    assert client.get(ENTER).url == ASK
    assert client.post(ENTER, {"code": "000000"}).url == ASK


def test_a_number_that_is_none_is_said_so_and_kept(world: None, client: Client) -> None:
    answer = client.post(ASK, {"phone": "0913-8888"}, headers={"accept-language": "en"})
    assert answer.status_code == 200
    assert answer.context["form"].errors == {"phone": ["A mobile number has eleven digits and begins with 1."]}
    assert 'value="0913-8888"' in answer.content.decode()


@pytest.mark.parametrize("there", ["https://evil.example/", "//evil.example/"])
def test_nobody_is_led_to_another_site(producer: User, client: Client, there: str) -> None:
    assert client.post(f"{ASK}?next={there}", {"phone": producer.phone}).url == ENTER
    code = client.get(ENTER).context["shown_code"]
    assert client.post(f"{ENTER}?next={there}", {"code": code}).url == "/producer/"


def test_outside_a_demonstration_the_page_shows_no_code(producer: User, client: Client, settings) -> None:
    asked_by(client, producer.phone)
    settings.MESSAGE_PROVIDER = "marketplace.messaging.provider.NoProvider"
    page = client.get(ENTER)
    assert page.context["shown_code"] == ""
    assert phone_codes.code_of(PhoneCode.objects.get()) not in page.content.decode()


def test_invented_members_and_producers_have_numbers_of_no_network(world: None) -> None:
    may = User.objects.filter(memberships__role__in=phone_codes.ROLES).distinct()
    assert {user.phone[:3] for user in may} == {"100"}
    assert User.objects.get(username=cast.BUYER).phone == ""
