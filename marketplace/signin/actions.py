"""Inviting people, taking a role, ending one, letting somebody set up a new device."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta

from allauth.mfa.models import Authenticator
from django.core.signing import BadSignature, Signer
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from marketplace.evidence.actions import EntryDraft, record, record_many
from marketplace.messaging.actions import send
from marketplace.organisations.errors import HouseError, Refusals
from marketplace.organisations.models import Membership, Organisation, OrganisationKind, Role, User
from marketplace.signin.errors import DeviceStays, InvitationNotGood, LastOfRole, NameTaken, PhoneTaken, WrongPassword
from marketplace.signin.models import Invitation
from marketplace.signin.people import KEEPERS, require_to_give
from marketplace.signin.phone_codes import ROLES as ROLES_BY_PHONE
from marketplace.signin.phone_codes import index_of

GOOD_FOR = timedelta(days=7)
_signer = Signer(salt="invitation")


@dataclass(frozen=True)
class NewPerson:
    """What somebody who takes an invitation says of themselves."""

    username: str
    display_name: str
    password: str


def invite(
    actor: User,
    organisation: Organisation,
    role: Role,
    link: Callable[[str], str],
    *,
    note: str = "",
    phone: str = "",
) -> tuple[Invitation, str]:
    """Offer a role to whoever gets the link that `link` makes of a token; the invitation and the link, which is kept nowhere.

    With a phone number a message goes there. It holds the link for roles that sign in by phone anyway; for all others it only
    says that an invitation waits, so that a number typed wrongly lets nobody in. Raises RoleNotYours, RoleDoesNotFit.
    """
    require_to_give(actor, role, organisation)
    token = _signer.sign(secrets.token_urlsafe(24))
    address = link(token)
    with transaction.atomic():
        invitation = Invitation.objects.create(
            organisation=organisation,
            role=role,
            note=note,
            phone=phone,
            token_hash=_hash(token),
            invited_by=actor,
            expires_at=timezone.now() + GOOD_FOR,
        )
        if phone:
            words = _words(organisation, role, address if role in ROLES_BY_PHONE else "")
            send("invitation", f"invitation:{invitation.pk}", phone, words, invitation.expires_at)
        _record("person.invited", actor, organisation, invitation=invitation.pk, role=role.value)
    return invitation, address


def _words(organisation: Organisation, role: Role, address: str) -> str:
    names = {"organisation": organisation.display_name, "role": role.label, "address": address}
    if address:
        return _("%(organisation)s invites you as “%(role)s” to the Qinling Union Mall: %(address)s") % names
    return _("%(organisation)s invites you as “%(role)s” to the Qinling Union Mall. Ask them for the link.") % names


def find_invitation(token: str) -> Invitation:
    """The invitation of a link while it is good. Raises InvitationNotGood. One statement."""
    try:
        _signer.unsign(token)
    except BadSignature:
        raise InvitationNotGood from None
    found = Invitation.objects.select_related("organisation").filter(token_hash=_hash(token)).first()
    if found is None or not _is_good(found):
        raise InvitationNotGood
    return found


def accept(token: str, person: User | NewPerson) -> User:
    """Give the invitation's role to a person who is signed in, or to a new one; the person. The link is used up.

    Locks the invitation: of two who open the same link, one gets the role. Raises InvitationNotGood; NameTaken and PhoneTaken
    together.
    """
    with transaction.atomic():
        found = find_invitation(token)
        invitation = Invitation.objects.select_for_update().get(pk=found.pk)
        if not _is_good(invitation):
            raise InvitationNotGood
        user = person if isinstance(person, User) else _new_user(person, invitation.phone)
        Membership.objects.get_or_create(user=user, organisation=found.organisation, role=invitation.role)
        invitation.accepted_at, invitation.accepted_by = timezone.now(), user
        invitation.save(update_fields=["accepted_at", "accepted_by"])
        _record(
            "person.role_taken",
            user,
            found.organisation,
            invitation=invitation.pk,
            role=invitation.role,
            person=user.pk,
        )
    return user


def begin_with(held: Iterable[Membership]) -> None:
    """Give the first people of an installation their roles: nobody is there yet who could invite them. Two statements."""
    with transaction.atomic():
        begun = Membership.objects.bulk_create(held)
        record_many(
            [
                _entry("person.role_taken", one.user, one.organisation, role=str(one.role), person=one.user_id)
                for one in begun
            ]
        )


def revoke(actor: User, invitation: Invitation) -> None:
    """Take an invitation back. Raises RoleNotYours; InvitationNotGood when it was taken already. Again does nothing."""
    require_to_give(actor, Role(invitation.role), invitation.organisation)
    with transaction.atomic():
        locked = Invitation.objects.select_for_update().get(pk=invitation.pk)
        if locked.revoked_at:
            return
        if locked.accepted_at:
            raise InvitationNotGood
        locked.revoked_at = timezone.now()
        locked.save(update_fields=["revoked_at"])
        _record("person.invitation_revoked", actor, invitation.organisation, invitation=invitation.pk)


def end_membership(actor: User, membership: Membership) -> None:
    """Take a role from a person. Raises RoleNotYours, LastOfRole.

    Locks the organisation: of the last two, one stays, whoever ends them at the same moment.
    """
    role, organisation = Role(membership.role), membership.organisation
    require_to_give(actor, role, organisation)
    with transaction.atomic():
        Organisation.objects.select_for_update().get(pk=organisation.pk)
        held = Membership.objects.filter(organisation=organisation, role=role)
        if not held.filter(pk=membership.pk).exists():
            return
        others = held.filter(user__is_active=True).exclude(pk=membership.pk)
        if role in KEEPERS and not others.exists():
            raise LastOfRole(person=str(membership.user), role=role.label, organisation=organisation.display_name)
        # The database lets nobody go of whom the log has not said so.
        _record("person.role_ended", actor, organisation, role=role.value, person=membership.user_id)
        held.filter(pk=membership.pk).delete()


def give_up_device(actor: User, user: User) -> None:
    """Let a person who lost phone and recovery codes set up a new device. An operator does it, for somebody else.

    Raises DeviceStays. All sessions of the person end.
    """
    if actor == user or not Membership.objects.filter(user=actor, role=Role.OPERATOR).exists():
        raise DeviceStays
    with transaction.atomic():
        locked = User.objects.select_for_update().get(pk=user.pk)
        Authenticator.objects.filter(user=locked).delete()
        locked.session_epoch += 1
        locked.save(update_fields=["session_epoch"])
        record("person.device_given_up", {"person": user.pk, "by": actor.pk}, subject=f"person:{user.pk}")


def change_password(actor: User, present: str, new: str) -> User:
    """Give oneself another password, which the form has found good enough; every other session of the person ends.

    Raises WrongPassword, also for somebody who has none.
    """
    with transaction.atomic():
        locked = User.objects.select_for_update().get(pk=actor.pk)
        if not locked.check_password(present):
            raise WrongPassword
        locked.set_password(new)
        locked.save(update_fields=["password"])
        record("person.password_changed", {"person": actor.pk}, subject=f"person:{actor.pk}")
    return locked


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _is_good(invitation: Invitation) -> bool:
    return not (invitation.accepted_at or invitation.revoked_at) and invitation.expires_at > timezone.now()


def _new_user(person: NewPerson, phone: str) -> User:
    phone_index = index_of(phone)
    refusals: list[HouseError] = []
    if User.objects.filter(username=person.username).exists():
        refusals.append(NameTaken(name=person.username))
    if phone_index and User.objects.filter(phone_index=phone_index).exists():
        refusals.append(PhoneTaken())
    if refusals:
        raise Refusals(refusals)
    return User.objects.create_user(
        person.username,
        password=person.password,
        display_name=person.display_name,
        phone=phone,
        phone_index=phone_index,
    )


def _record(kind: str, actor: User, organisation: Organisation, **facts: int | str) -> None:
    record_many([_entry(kind, actor, organisation, **facts)])


def _entry(kind: str, actor: User, organisation: Organisation, **facts: int | str) -> EntryDraft:
    """An entry without names or numbers: ids only (I10)."""
    union = organisation.pk if organisation.kind == OrganisationKind.UNION else None
    body = {"by": actor.pk, "organisation": organisation.code, **facts}
    return EntryDraft(kind, body, f"organisation:{organisation.code}", union)
