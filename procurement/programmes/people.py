"""The people on a programme's list: rows of a roster become recipients, late joiners are added, leavers taken off."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from marketplace.organisations.errors import HouseError, Refusals
from marketplace.organisations.models import Membership, Organisation, Role, User
from marketplace.organisations.personal import blind_index
from marketplace.organisations.queries import require
from marketplace.spreadsheets.cells import clean_text
from procurement.programmes.errors import AlreadyListed, NoAddresses, NotAPerson, TiedAlready
from procurement.programmes.models import Delivery, Programme, Recipient, RosterImport
from procurement.programmes.regions import region_of
from procurement.programmes.roster import Person
from procurement.programmes.roster_cells import (
    LIMITS,
    clean_id,
    clean_name,
    clean_phone,
    id_problem,
    name_problem,
    phone_problem,
)
from procurement.programmes.states import locked_draft, record_step


def recipient_of(programme: Programme, person: Person, imported: RosterImport | None = None) -> Recipient:
    """A person as a recipient of the programme, not saved. Who has no member number is known by name and phone."""
    at_home = programme.delivery == Delivery.HOME
    return Recipient(
        programme=programme,
        union=programme.union,
        imported=imported,
        row=person.row,
        member_no=person.member_no or f"~{blind_index('unnumbered', _known_by(person))[:16]}",
        person=person_of(programme.union, person),
        name=person.name,
        phone=person.phone,
        id_number=person.id_number,
        address=person.address,
        region=(region_of(person.address) if at_home else "") or workplace_region(programme.union),
        department=person.department,
    )


def person_of(union: Organisation, person: Person) -> str:
    """The blind index by which a union's member is found again in all its programmes."""
    return blind_index("member", f"{union.code} {_known_by(person)}")


def person_of_recipient(union: Organisation, recipient: Recipient) -> str:
    """The same for somebody on another union's list, as this union would find them by member number, else name and phone."""
    unnumbered = recipient.member_no.startswith("~")
    known_by = f"{recipient.name} {recipient.phone}" if unnumbered else recipient.member_no
    return blind_index("member", f"{union.code} {known_by}")


def _known_by(person: Person) -> str:
    return person.member_no or f"{person.name} {person.phone}"


def workplace_region(union: Organisation) -> str:
    """Where a union's workplace is, as a delivery region."""
    return union.county_id[:4] if union.county_id else union.region[:4]


def deliver_to(programme: Programme, delivery: Delivery) -> None:
    """Give everybody on the list the region of the new delivery. Under the programme's lock. Raises NoAddresses."""
    if delivery != Delivery.HOME:
        programme.recipients.update(region=workplace_region(programme.union))
        return
    people = list(programme.recipients.only("id", "address"))
    if without := sum(not person.address for person in people):
        raise NoAddresses(count=without)
    for person in people:
        person.region = region_of(person.address) or workplace_region(programme.union)
    Recipient.objects.bulk_update(people, ["region"], batch_size=2_000)


def add_person(
    actor: User,
    programme: Programme,
    *,
    name: str,
    phone: str,
    member_no: str = "",
    address: str = "",
    department: str = "",
    id_number: str = "",
) -> Recipient:
    """Put one more person on a draft's list. Raises NotAllowed, WrongState, Refusals of all that is wrong, AlreadyListed."""
    require(actor, Role.BUYER, programme.union)
    person = Person(
        clean_text(member_no), clean_name(name), clean_phone(phone), clean_id(id_number), clean_text(address),
        clean_text(department), "", "", 0,
    )  # fmt: skip
    with transaction.atomic():
        locked = locked_draft(programme, _("add a person to"))
        if faults := _faults(person, need_address=locked.delivery == Delivery.HOME):
            raise Refusals(faults)
        recipient = recipient_of(locked, person)
        if Recipient.objects.filter(programme=locked, member_no=recipient.member_no).exists():
            raise AlreadyListed(person=person.member_no or person.name)
        recipient.save()
        record_step("recipient.added", locked, recipients=locked.recipients.count())
    return recipient


def take_off(actor: User, programme: Programme, recipient: Recipient) -> None:
    """Take a person off a draft's list. Repeating it does nothing. Raises NotAllowed, WrongState."""
    require(actor, Role.BUYER, programme.union)
    with transaction.atomic():
        locked = locked_draft(programme, _("take a person off"))
        gone, _kinds = Recipient.objects.filter(programme=locked, pk=recipient.pk).delete()
        if gone:
            record_step("recipient.removed", locked, recipients=locked.recipients.count())


def tie_member(user: User, recipient: Recipient) -> None:
    """Tie the account of a member to the person whose gift this is; the holder of the personal link proves it.

    An account is tied once, and a person to one account. Repeating it does nothing. Raises NotAllowed, TiedAlready.
    """
    require(user, Role.MEMBER, recipient.union)
    with transaction.atomic():
        members = Membership.objects.select_for_update().filter(role=Role.MEMBER, organisation=recipient.union)
        mine = members.get(user=user)
        if mine.person == recipient.person:
            return
        if mine.person or members.filter(person=recipient.person).exists():
            raise TiedAlready()
        mine.person = recipient.person
        mine.save(update_fields=["person"])
        record_step("member.tied", recipient.programme, membership=mine.pk)


def _faults(person: Person, *, need_address: bool) -> list[HouseError]:
    """All that is wrong with one person, as a roster's rows are checked."""
    reasons: list[tuple[str, dict[str, str | int]]] = [
        (name_problem(person.name), {}),
        (phone_problem(person.phone), {}),
    ]
    reasons.append((id_problem(person.id_number, person.id_number), {}))
    if need_address and not person.address:
        reasons.append(("address_missing", {}))
    for field in ("member_no", "address", "department"):
        if len(getattr(person, field)) > LIMITS[field]:
            reasons.append(("too_long", {"column": field, "limit": LIMITS[field]}))
    return [NotAPerson(reason, **data) for reason, data in reasons if reason]
