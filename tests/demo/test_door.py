"""The sign-in page of a demonstration lets a stranger in as anybody."""

from django.test import Client
from django.urls import reverse
from django.utils import translation

from marketplace.demo import cast
from marketplace.demo.door import logins, phones
from marketplace.organisations.models import Membership, Role, User
from marketplace.organisations.scopes import seen_by


def test_one_person_for_every_workspace_in_the_readers_language(world: None) -> None:
    shown = logins()
    assert shown[0] == {"username": "buyer", "password": cast.PASSWORD, "role": "Union buyer", "note": "Yanta district"}
    with translation.override("zh-hans"):
        assert (logins()[0]["role"], logins()[0]["note"]) == ("工会经办人", "雁塔区总工会")
    with seen_by(None):
        roles = set(
            Membership.objects.filter(user__username__in=[s["username"] for s in shown]).values_list("role", flat=True)
        )
    assert roles == set(Role.values) - {Role.SECTOR_OFFICER}
    for login in shown:
        assert User.objects.get(username=login["username"]).check_password(login["password"])


def test_only_a_demonstration_shows_them(world: None, client: Client, settings, tmp_path) -> None:
    settings.STATIC_ROOT = tmp_path
    assert "qinling-demo-only" not in client.get(reverse("login")).content.decode()
    settings.DEMO_LOGINS = "marketplace.demo.door.logins"
    page = client.get(reverse("login")).content.decode()
    assert page.count('data-fill="sign-in"') == len(logins())
    assert 'data-username="auditor"' in page


def test_the_phones_page_names_numbers_by_which_one_gets_in(world: None, client: Client, settings, tmp_path) -> None:
    settings.STATIC_ROOT = tmp_path
    number = User.objects.get(username="p-jx").phone
    assert number not in client.get(reverse("phone_sign_in")).content.decode()
    settings.DEMO_PHONES = "marketplace.demo.door.phones"
    page = client.get(reverse("phone_sign_in")).content.decode()
    assert [phone["username"] in {"p-jx", "member"} and phone["phone"] in page for phone in phones()] == [True, True]
    assert client.post(reverse("phone_sign_in"), {"phone": number}).url == reverse("phone_code")
