"""Who may come in where: every address × every role × own and foreign objects."""

from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import get_resolver, path, reverse
from django.utils import timezone

from marketplace.demo import cast
from marketplace.organisations.models import Membership, Organisation, Role, User
from marketplace.signin import second_factor
from marketplace.workspaces import doors
from tests import world as builders
from tests.people import signed_in
from tests.workspaces.url_map import leaves


def without_audience(patterns: Any) -> list[str]:
    return [route for route, pattern, _name in leaves(patterns) if not hasattr(pattern.callback, "audience")]


def test_every_address_says_who_may_come() -> None:
    assert without_audience(get_resolver().url_patterns) == []
    assert len(list(leaves(get_resolver().url_patterns))) > 60


def test_an_address_that_does_not_say_is_found() -> None:
    def careless(request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    urlpatterns = [path("open/", doors.open_to_all(careless)), path("forgotten/", careless)]
    assert without_audience(urlpatterns) == ["forgotten/"]


def test_a_door_open_to_nobody_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="open_to_all"):
        doors.open_to()


# Signing in, acting for an organisation.


def test_a_private_page_is_kept_by_no_cache(world: None, client: Client) -> None:
    client.force_login(User.objects.get(username=cast.BUYER))
    answer = client.get(reverse("union:home"))
    assert set(answer["Cache-Control"].split(", ")) == {"private", "no-store"}


def test_a_stranger_comes_back_to_the_page_after_signing_in(world: None, client: Client) -> None:
    answer = client.get(reverse("union:orders"))
    assert answer.url == "/accounts/sign-in/?next=/union/orders/"
    answer = client.post(answer.url, {"username": cast.BUYER, "password": cast.PASSWORD})
    assert answer.url == "/union/orders/"


@pytest.mark.parametrize(
    ("username", "home"),
    [
        (cast.BUYER, "/union/"),
        (cast.AUDITOR, "/audit/"),
        ("p-jx", "/producer/"),
        (cast.UNION_OFFICER, "/oversight/"),
        ("county.610828", "/oversight/accreditations/"),
    ],
)
def test_everyone_begins_where_their_work_is(world: None, client: Client, username: str, home: str) -> None:
    answer = client.post(reverse("login"), {"username": username, "password": cast.PASSWORD})
    if answer.url.startswith(reverse("second_factor")):
        code = second_factor.shown_code(User.objects.get(username=username))
        answer = client.post(answer.url, {"code": code})
    assert answer.url == home


def test_a_wrong_password_keeps_the_name(world: None, client: Client) -> None:
    answer = client.post(reverse("login"), {"username": cast.BUYER, "password": "wrong"})
    assert answer.status_code == 200
    assert f'value="{cast.BUYER}"' in answer.content.decode()
    assert "_auth_user_id" not in client.session


def test_who_has_two_organisations_sees_one_at_a_time(world: None, client: Client) -> None:
    buyer = User.objects.get(username=cast.BUYER)
    other = Organisation.objects.get(code=builders.YUYANG)
    Membership.objects.create(user=buyer, organisation=other, role=Role.BUYER)
    mine = builders.draft(builders.side())
    theirs = builders.draft(builders.side(builders.YUYANG))
    client.force_login(buyer)

    def seen() -> list[int]:
        return [client.get(reverse("union:programme", args=[p.pk])).status_code for p in (mine, theirs)]

    assert seen() == [200, 404]
    answer = client.post(reverse("organisations"), {"organisation": other.pk})
    assert answer.url == "/union/"
    assert seen() == [404, 200]


def test_nobody_acts_for_an_organisation_without_a_role_there(world: None, client: Client) -> None:
    client.force_login(User.objects.get(username=cast.BUYER))
    other = Organisation.objects.get(code=builders.YUYANG)
    answer = client.post(reverse("organisations"), {"organisation": other.pk})
    assert answer.status_code == 200
    assert doors.SESSION_KEY not in client.session


def test_signing_out_needs_a_post(world: None, client: Client) -> None:
    client.force_login(User.objects.get(username=cast.BUYER))
    assert client.get(reverse("logout")).status_code == 405
    client.post(reverse("logout"))
    assert "_auth_user_id" not in client.session


def test_a_form_from_elsewhere_is_refused(world: None) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.get(username=cast.BUYER))
    assert client.post(reverse("union:programme_new"), {}).status_code == 403


def test_an_auditor_sees_the_unions_below_and_no_others(world: None, client: Client) -> None:
    signed_in(client, User.objects.get(username="auditor.xian"))
    year = timezone.localdate().year
    shown = client.get(reverse("audit:home")).context["page"].object_list
    assert {row.union.code for row in shown} == {
        "U-XA", "U-XA-YT", "U-XA-BQ", "U-XA-YT-01", "U-XA-YT-02", "U-XA-YT-03", "U-XA-BQ-01"
    }  # fmt: skip
    assert client.get(reverse("audit:statement", args=["U-YL", year])).status_code == 404
