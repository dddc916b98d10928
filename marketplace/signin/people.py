"""Who may give which role where."""

from __future__ import annotations

from marketplace.organisations.models import Membership, Organisation, OrganisationKind, Role, User
from marketplace.signin.errors import RoleDoesNotFit, RoleNotYours

ROLES_OF: dict[str, tuple[Role, ...]] = {
    OrganisationKind.UNION: (Role.BUYER, Role.APPROVER, Role.MEMBER, Role.UNION_OFFICER, Role.AUDITOR),
    OrganisationKind.PRODUCER: (Role.PRODUCER,),
    OrganisationKind.TRADER: (Role.PRODUCER,),
    OrganisationKind.PROVINCE_ENTERPRISE: (Role.PROVINCE,),
    OrganisationKind.COUNTY_OFFICE: (Role.TOWN_OFFICER, Role.SECTOR_OFFICER, Role.COUNTY_OFFICER),
    OrganisationKind.OPERATOR: (Role.OPERATOR,),
}

# Whom people of an organisation invite into it themselves. Auditors and officers are never chosen by those they look at.
OWN_PEOPLE: dict[Role, frozenset[Role]] = {
    Role.APPROVER: frozenset({Role.BUYER, Role.APPROVER, Role.MEMBER}),
    Role.PRODUCER: frozenset({Role.PRODUCER}),
}

# Without the last of them an organisation could neither decide nor invite.
KEEPERS = frozenset({Role.APPROVER, Role.PRODUCER, Role.PROVINCE, Role.OPERATOR})


def roles_to_give(actor: User, organisation: Organisation) -> tuple[Role, ...]:
    """The roles that this person may give and take in this organisation, in the order of a list. One statement."""
    held = set(Membership.objects.filter(user=actor).values_list("role", "organisation_id"))
    possible = ROLES_OF.get(organisation.kind, ())
    if any(role == Role.OPERATOR for role, _organisation in held):
        return possible
    mine = {given for role, where in held if where == organisation.pk for given in OWN_PEOPLE.get(Role(role), ())}
    return tuple(role for role in possible if role in mine)


def require_to_give(actor: User, role: Role, organisation: Organisation) -> None:
    """Raise RoleDoesNotFit or RoleNotYours unless this person may give and take this role in this organisation."""
    names = {"role": role.label, "organisation": organisation.display_name}
    if role not in ROLES_OF.get(organisation.kind, ()):
        raise RoleDoesNotFit(**names)
    if role not in roles_to_give(actor, organisation):
        raise RoleNotYours(**names)
