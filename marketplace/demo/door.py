"""On the sign-in page of a demonstration: one invented person of every role, as whom one may look around."""

from __future__ import annotations

from django.utils.translation import get_language

from marketplace.demo.cast import APPROVER, AUDITOR, BUYER, LOGINS, PASSWORD, UNION_OFFICER
from marketplace.organisations.models import User

_SHOWN = (
    BUYER, APPROVER, "member", "p-jx", "enterprise", "town.610828", "county.610828", UNION_OFFICER, AUDITOR, "operator",
)  # fmt: skip
_BY_PHONE = ("p-jx", "member")  # who is shown where a phone number is asked for


def logins() -> list[dict[str, str]]:
    """User name, password, and who it is in the reader's language: the role, and where."""
    people = {login.username: login for login in LOGINS}
    shown = []
    for login in (people[name] for name in _SHOWN):
        if get_language() == "en":
            role, _comma, where = login.who_en.partition(", ")
            role = role[:1].upper() + role[1:]
        else:
            role, _bracket, where = login.who.rstrip("）").partition("（")
        shown.append({"username": login.username, "password": PASSWORD, "role": role, "note": where})
    return shown


def phones() -> list[dict[str, str]]:
    """Phone number, and whose it is, of those who may be tried out by a code. One statement."""
    numbers = {person.username: person.phone for person in User.objects.filter(username__in=_BY_PHONE)}
    people = [login for login in logins() if login["username"] in _BY_PHONE]
    return [login | {"phone": numbers[login["username"]]} for login in people if login["username"] in numbers]
