"""On the sign-in page of a demonstration: one invented person of every role, as whom one may look around."""

from __future__ import annotations

from django.utils.translation import get_language

from marketplace.demo.cast import APPROVER, AUDITOR, BUYER, LOGINS, PASSWORD, UNION_OFFICER

_SHOWN = (
    BUYER, APPROVER, "member", "p-jx", "enterprise", "town.610828", "county.610828", UNION_OFFICER, AUDITOR, "operator",
)  # fmt: skip


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
