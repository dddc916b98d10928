"""The second factor: who needs it, that no door opens without it, that a code is good once, and that guessing ends soon."""

import contextvars
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.db import connection
from django.test import Client
from django.urls import reverse

from marketplace.api.urls import urlpatterns as api_patterns
from marketplace.demo import cast
from marketplace.organisations.models import Membership, Organisation, Role, User
from marketplace.signin import second_factor
from marketplace.signin.errors import WrongCode
from tests.people import signed_in

CODE, SET_UP = reverse("second_factor"), reverse("second_factor_set_up")


def person(username: str) -> User:
    return User.objects.get(username=username)


def outside(call: Any, *arguments: Any, **options: Any) -> Any:
    """Ask outside the test's own scope."""
    return contextvars.Context().run(lambda: call(*arguments, **options))


def test_officers_approvers_auditors_and_operators_need_it_and_nobody_else() -> None:
    assert {role for role in Role if second_factor.is_needed([Membership(role=role)])} == {
        Role.APPROVER, Role.UNION_OFFICER, Role.AUDITOR, Role.OPERATOR,
        Role.TOWN_OFFICER, Role.SECTOR_OFFICER, Role.COUNTY_OFFICER,
    }  # fmt: skip


def test_a_weak_role_does_not_open_a_door_for_a_person_who_needs_the_code(world: None, client: Client) -> None:
    auditor = person(cast.AUDITOR)
    union = Organisation.objects.get(code=cast.UNION)
    Membership.objects.create(user=auditor, organisation=union, role=Role.BUYER)
    client.force_login(auditor)
    assert client.get(reverse("union:home")).url == f"{CODE}?next=/union/"


def test_the_api_takes_no_session_with_a_password_alone(world: None, client: Client) -> None:
    approver = person(cast.APPROVER)
    client.force_login(approver)
    given = {"union": cast.UNION, "year": 2026, "number": "any", "pk": 1}
    addresses = [
        reverse(address.name, kwargs={name: given[name] for name in address.pattern.converters})
        for address in api_patterns
        if Role.APPROVER in address.callback.audience.roles
    ]
    assert len(addresses) == 10
    for address in addresses:
        answer = outside(client.get, address, headers={"accept-language": "en"})
        assert (answer.status_code, answer.json()["code"]) == (403, "second_factor_missing"), address


def sign_in(client: Client, username: str, query: str = "") -> Any:
    return client.post(reverse("login") + query, {"username": username, "password": cast.PASSWORD})


def test_from_password_to_code_to_the_page_wanted(world: None, client: Client) -> None:
    wanted = client.get(reverse("audit:cases")).url
    answer = client.post(wanted, {"username": cast.AUDITOR, "password": cast.PASSWORD})
    assert answer.url == "/accounts/code/?next=/audit/cases/"
    page = client.get(answer.url)
    code = page.context["shown_code"]
    assert len(code) == 6 and code in page.content.decode()
    answer = client.post(answer.url, {"code": f"{code[:3]} {code[3:]}"})
    assert answer.url == "/audit/cases/"
    assert client.get(answer.url).status_code == 200
    assert client.get(CODE).url == "/audit/"


def test_a_code_is_good_once(world: None) -> None:
    auditor = person(cast.AUDITOR)
    code = second_factor.shown_code(auditor)
    assert second_factor.use(auditor, code).type == "totp"
    with pytest.raises(WrongCode):
        second_factor.use(auditor, code)
    following = second_factor.shown_code(auditor)
    assert following != code
    second_factor.use(auditor, following)
    assert second_factor.shown_code(auditor) == ""


def test_a_code_of_long_ago_is_not_good(world: None) -> None:
    auditor = person(cast.AUDITOR)
    secret = second_factor.get_adapter().decrypt(second_factor.device_of(auditor).data["secret"])
    for away in (-2, 2):
        with pytest.raises(WrongCode):
            second_factor.use(auditor, second_factor.code_at(secret, second_factor.this_period() + away))


def test_guessing_codes_ends_after_eight_from_however_many_addresses(world: None) -> None:
    for number in range(8):
        client = Client(REMOTE_ADDR=f"10.0.0.{number}", headers={"accept-language": "en"})
        sign_in(client, cast.AUDITOR)
        answer = client.post(CODE, {"code": "000000"})
    assert answer.status_code == 429
    client = Client(headers={"accept-language": "en"})
    sign_in(client, cast.AUDITOR)
    answer = client.post(CODE, {"code": second_factor.shown_code(person(cast.AUDITOR))})
    assert answer.status_code == 429
    assert "the door stays shut for 15 more minutes" in answer.content.decode()
    assert 0 < int(answer["Retry-After"]) <= 900
    assert client.get(reverse("audit:home")).url.startswith(CODE)


def test_guessing_a_password_ends_after_eight_at_one_address_and_says_so_in_both_languages(world: None) -> None:
    for _ in range(8):
        answer = Client().post(reverse("login"), {"username": cast.BUYER, "password": "guess"})
    assert answer.status_code == 429
    assert "错误次数过多" in answer.content.decode()
    client = Client(headers={"accept-language": "en"})
    answer = sign_in(client, cast.BUYER)
    assert answer.status_code == 429
    assert "Too many wrong attempts" in answer.content.decode()
    elsewhere = Client(REMOTE_ADDR="10.9.9.9")
    assert sign_in(elsewhere, cast.BUYER).status_code == 302


def test_a_lock_out_keeps_no_password_and_no_code(world: None, client: Client) -> None:
    client.post(reverse("login"), {"username": cast.BUYER, "password": "mistyped-secret"})
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(a)::text FROM axes_accessattempt a")
        assert "mistyped-secret" not in cursor.fetchone()[0]


def newcomer() -> User:
    user = User.objects.create_user("newcomer", password=cast.PASSWORD)
    Membership.objects.create(user=user, organisation=Organisation.objects.get(code="U-HZ"), role=Role.APPROVER)
    return user


def test_who_has_no_device_sets_one_up_and_gets_recovery_codes_once(world: None, client: Client) -> None:
    newcomer()
    answer = sign_in(client, "newcomer")
    answer = client.get(answer.url)
    assert answer.url == f"{SET_UP}?next=%2Funion%2F"
    page = client.get(answer.url)
    assert "<svg" in page.content.decode() and "style=" not in page.context["picture"]
    secret = page.context["secret"].replace(" ", "")
    before = client.cookies["sessionid"].value
    answer = client.post(answer.url, {"code": second_factor.code_at(secret, second_factor.this_period())})
    assert answer.url == "/accounts/recovery-codes/?next=%2Funion%2F"
    assert client.cookies["sessionid"].value != before
    page = client.get(answer.url)
    codes = page.context["codes"]
    assert len(codes) == 10 and page.context["go_on"] == "/union/"
    assert client.get(answer.url).context["codes"] == []
    assert client.get("/union/").status_code == 200

    again = Client()
    sign_in(again, "newcomer")
    assert again.post(CODE, {"code": codes[3]}).url == "/union/"
    third = Client()
    sign_in(third, "newcomer")
    assert third.post(CODE, {"code": codes[3]}).status_code == 200


def test_a_wrong_first_code_takes_no_device(world: None, client: Client) -> None:
    user = newcomer()
    sign_in(client, "newcomer")
    secret = client.get(SET_UP).context["secret"]
    answer = client.post(SET_UP, {"code": "000000"})
    assert answer.context["secret"] == secret
    assert not second_factor.is_set_up(user)


def test_a_password_alone_changes_no_device_and_sees_no_recovery_codes(world: None, client: Client) -> None:
    sign_in(client, cast.AUDITOR)
    assert client.get(SET_UP).url == CODE
    assert client.post(SET_UP, {"code": "000000"}).url == CODE
    for ask in (client.get, client.post):
        assert ask(reverse("recovery_codes")).url.startswith(CODE)


def test_secrets_lie_encrypted(world: None, client: Client) -> None:
    user = newcomer()
    secret = second_factor.new_secret()
    codes = second_factor.set_up(user, secret, second_factor.code_at(secret, second_factor.this_period()))
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(data::text, ' ') FROM mfa_authenticator WHERE user_id = %s", [user.pk])
        stored = cursor.fetchone()[0]
    assert secret not in stored
    assert [code for code in codes if code in stored] == []


def test_codes_are_shown_for_invented_people_of_a_demonstration_only(world: None, settings) -> None:
    user = newcomer()
    secret = second_factor.new_secret()
    second_factor.set_up(user, secret, second_factor.code_at(secret, second_factor.this_period()))
    assert second_factor.shown_code(user) == ""
    assert second_factor.shown_code(person(cast.APPROVER)) != ""
    settings.EMBEDDED = False
    assert second_factor.shown_code(person(cast.APPROVER)) == ""


def test_every_invented_person_who_needs_a_device_has_one(world: None) -> None:
    needing = set(Membership.objects.filter(role__in=second_factor.STRONG_ROLES).values_list("user", flat=True))
    assert set(Authenticator.objects.values_list("user", flat=True)) == needing


@pytest.mark.parametrize("name", ["login", "second_factor"])
@pytest.mark.parametrize(
    "there", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "/\\evil.example"]
)
def test_nobody_is_led_to_another_site(world: None, client: Client, name: str, there: str) -> None:
    answer = sign_in(client, cast.AUDITOR, f"?next={there}")
    assert answer.url == "/accounts/code/?next=/audit/"
    if name == "second_factor":
        code = second_factor.shown_code(person(cast.AUDITOR))
        assert client.post(CODE, {"code": code, "next": there}).url == "/audit/"


def test_a_session_that_a_stranger_prepared_is_not_the_persons(world: None, client: Client) -> None:
    client.get(reverse("login"))
    client.post(reverse("set_language"), {"language": "en"})
    session = client.session
    session["planted"] = True
    session.save()
    planted = session.session_key
    client.cookies["sessionid"] = planted
    sign_in(client, cast.AUDITOR)
    with_password = client.cookies["sessionid"].value
    assert with_password != planted
    client.post(CODE, {"code": second_factor.shown_code(person(cast.AUDITOR))})
    assert client.cookies["sessionid"].value not in {planted, with_password}
    stolen = Client()
    stolen.cookies["sessionid"] = with_password
    assert stolen.get(reverse("audit:home")).url.startswith(reverse("login"))


def test_a_proof_belongs_to_the_person_who_gave_it(world: None, client: Client) -> None:
    signed_in(client, person(cast.AUDITOR))
    assert outside(client.get, reverse("audit:home")).status_code == 200
    client.force_login(person(cast.APPROVER))
    assert outside(client.get, reverse("union:home")).url.startswith(CODE)


def test_a_door_asks_no_statement_more_for_the_second_factor(world: None, django_assert_num_queries) -> None:
    session, user, roles = 1, 1, 1
    client = Client()
    client.force_login(person(cast.APPROVER))
    with django_assert_num_queries(session + user + roles):
        outside(client.get, reverse("union:home"))
