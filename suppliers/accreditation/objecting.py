"""Objections within the public notice: anybody raises one, the county answers each before the accreditation becomes valid.

Words stay in our rows; the log carries the hash of what an objector wrote, and what the county answered.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from marketplace.evidence.actions import record
from marketplace.organisations.errors import HouseError, Refusals
from marketplace.organisations.models import Organisation, Reveal, Role, User
from marketplace.organisations.personal import blind_index
from marketplace.organisations.published import publishable
from suppliers.accreditation.actions import refuse, require_officer
from suppliers.accreditation.errors import (
    NameMissing,
    NotOnNotice,
    ObjectedAlready,
    ObjectedTooOften,
    ObjectionAnswered,
    OwnObjection,
)
from suppliers.accreditation.models import Accreditation, AccreditationState, Objection, ObjectionState
from suppliers.accreditation.queries import notice_ends

_WHILE, MOST_FROM_ONE_PLACE = timedelta(days=1), 5


def raise_objection(
    accreditation: Accreditation, name: str, contact: str, text: str, *, address: str, actor: User | None = None
) -> Objection:
    """Object to what is on public notice. `address` is where it comes from on the network; `actor` is None for a visitor.

    Raises Refusals of NameMissing, WordsMissing, PersonalData; NotOnNotice, ObjectedAlready, ObjectedTooOften.
    """
    name, contact, words = _ready(name, contact, text)
    contact_index = blind_index("contact", "".join(contact.split()).lower())
    address_index = blind_index("network address", address)
    with transaction.atomic():
        # Whoever puts it into force meanwhile waits, or was faster.
        found = Accreditation.objects.select_for_update(no_key=True).get(pk=accreditation.pk)
        if not on_notice(found):
            raise NotOnNotice(number=found.number)
        if found.objections.filter(contact_index=contact_index).exists():
            raise ObjectedAlready(number=found.number)
        recent = Objection.objects.filter(address_index=address_index, at__gt=timezone.now() - _WHILE)
        if recent.count() >= MOST_FROM_ONE_PLACE:
            raise ObjectedTooOften(most=MOST_FROM_ONE_PLACE)
        objection = Objection.objects.create(
            accreditation=found,
            name=name,
            contact=contact,
            contact_index=contact_index,
            address_index=address_index,
            raised_by=actor,
            text=words,
        )
        digest = hashlib.sha256(words.encode()).hexdigest()
        body = {"number": found.number, "objection": objection.pk, "words": digest}
        record("objection.raised", body, subject=f"product:{found.product_id}")
    return objection


def _ready(name: str, contact: str, text: str) -> tuple[str, str, str]:
    """Name, contact and words as they are kept. Raises Refusals with every fault in them."""
    name, contact, words = name.strip(), contact.strip(), ""
    faults: list[HouseError] = [] if name and contact else [NameMissing()]
    try:
        words = publishable(text)
    except HouseError as error:
        faults.append(error)
    if faults:
        raise Refusals(faults)
    return name, contact, words


def on_notice(accreditation: Accreditation) -> bool:
    """Whether it can be objected to today: on public notice, and not until after the day that the public was told."""
    if accreditation.state != AccreditationState.PUBLIC_NOTICE:
        return False
    until = notice_ends([accreditation]).get(accreditation.number)
    return until is not None and timezone.localdate() < until


def dismiss(actor: User, objection: Objection, answer: str) -> None:
    """Answer that the accreditation stands all the same, and why; it is published.

    Raises NotAllowed, OwnObjection, WordsMissing, PersonalData, ObjectionAnswered.
    """
    with transaction.atomic():
        _answer(actor, objection, ObjectionState.DISMISSED, answer)


def uphold(actor: User, objection: Objection, answer: str) -> None:
    """Answer that the objector is right, and why: that refuses the accreditation.

    Raises NotAllowed, OwnObjection, WordsMissing, PersonalData, ObjectionAnswered.
    """
    with transaction.atomic():
        accreditation = _answer(actor, objection, ObjectionState.UPHELD, answer)
        if accreditation.state == AccreditationState.PUBLIC_NOTICE:
            refuse(actor, accreditation, answer)


def _answer(actor: User, objection: Objection, state: ObjectionState, answer: str) -> Accreditation:
    """Answer it once, under the accreditation's lock, which is given back as it stands now."""
    # In the order of `raise_objection` and `make_valid`: first the accreditation.
    found = Accreditation.objects.select_for_update(no_key=True, of=("self",)).select_related("county")
    accreditation = found.get(pk=objection.accreditation_id)
    require_officer(actor, Role.COUNTY_OFFICER, accreditation.county)
    if objection.raised_by_id == actor.pk:
        raise OwnObjection(number=accreditation.number)
    words = publishable(answer)
    told = {"state": state, "answer": words, "answered_by": actor, "answered_at": timezone.now()}
    moved = Objection.objects.filter(pk=objection.pk, state=ObjectionState.OPEN).update(**told)
    objection.refresh_from_db()
    if not moved:
        raise ObjectionAnswered(number=accreditation.number, state=str(objection.get_state_display()))
    kind = "objection.upheld" if state == ObjectionState.UPHELD else "objection.dismissed"
    body = {"number": accreditation.number, "objection": objection.pk, "answer": words}
    record(kind, body, subject=f"product:{accreditation.product_id}")
    return accreditation


def contact_of(actor: User, office: Organisation, objection: Objection) -> tuple[str, str]:
    """Name and contact of who objected, to ask them; recorded as a reveal for that office. Raises NotAllowed."""
    accreditation = objection.accreditation
    require_officer(actor, Role.COUNTY_OFFICER, accreditation.county)
    Reveal.objects.create(user=actor, organisation=office, purpose="objection", subject=accreditation.number, count=1)
    return objection.name, objection.contact
