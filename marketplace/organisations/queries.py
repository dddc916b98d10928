"""Reads about organisations and people."""

from __future__ import annotations

from collections.abc import Iterable

from marketplace.organisations.errors import NotAllowed
from marketplace.organisations.models import Membership, Organisation, OrganisationKind, Role, User


def subtree(union: Organisation) -> list[int]:
    """The ids of this organisation and all below it."""
    return list(Organisation.objects.filter(path__startswith=union.path).values_list("id", flat=True))


def holds(user: User, role: Role, organisation: Organisation) -> bool:
    """Whether the person holds the role in exactly this organisation."""
    return Membership.objects.filter(user=user, role=role, organisation=organisation).exists()


def require(user: User, role: Role, organisation: Organisation) -> None:
    """Raise NotAllowed unless the person holds the role in this organisation."""
    if not holds(user, role, organisation):
        raise NotAllowed(role=role.label, organisation=organisation.display_name)


def require_operator(user: User) -> None:
    """Raise NotAllowed unless the person is an operator of the platform."""
    require(user, Role.OPERATOR, Organisation.objects.get(kind=OrganisationKind.OPERATOR))


def require_above(user: User, role: Role, union: Organisation) -> Organisation:
    """The nearest union strictly above `union` in which the person holds the role; NotAllowed if none."""
    above = Membership.objects.filter(user=user, role=role).exclude(organisation=union).select_related("organisation")
    for membership in sorted(above, key=lambda m: -len(m.organisation.path)):
        if union.path.startswith(membership.organisation.path):
            return membership.organisation
    raise NotAllowed(role=role.label, organisation=str(union.parent or union))


def people_of(role: Role, organisations: Iterable[int]) -> dict[int, list[User]]:
    """Who acts in this role for these organisations, by the organisation's id. One statement."""
    found: dict[int, list[User]] = {}
    rows = Membership.objects.filter(role=role, organisation__in=set(organisations), user__is_active=True)
    for row in rows.select_related("user").order_by("pk"):
        found.setdefault(row.organisation_id, []).append(row.user)
    return found
