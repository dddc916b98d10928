"""Own objects of the pages of signing in."""

from types import SimpleNamespace
from typing import Any

from marketplace.demo import cast
from marketplace.organisations.models import Organisation, Role, User
from marketplace.signin.actions import invite

# Whoever has the link may open an invitation; an operator opens every organisation's people.
SHARED = frozenset({"people_of"})


def own(made: SimpleNamespace) -> dict[str, dict[str, Any]]:
    """Parameters by address, for an invitation of Yanta's union."""
    union = Organisation.objects.get(code=cast.UNION)
    approver = User.objects.get(username=cast.APPROVER)
    tokens: list[str] = []
    invite(approver, union, Role.BUYER, lambda token: tokens.append(token) or token)  # type: ignore[func-returns-value]
    return {"invitation": {"token": tokens[0]}, "people_of": {"code": cast.UNION}}
