"""Verbs of a programme, from the draft to its approval. Placement is in placement.py."""

from __future__ import annotations

import base64
import hashlib
from datetime import date
from pathlib import PurePath
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from marketplace.evidence.actions import record
from marketplace.ledger.models import Purse, PurseKind
from marketplace.organisations.errors import Refusals
from marketplace.organisations.models import Organisation, Role, User
from marketplace.organisations.personal import blind_index
from marketplace.organisations.queries import holds, require
from marketplace.shop.catalogue.models import Product
from procurement.programmes.annotate import annotated_copy
from procurement.programmes.errors import BadFile, NothingToSubstitute, OwnPlan, PastDate, PurseOfAnother, WrongState
from procurement.programmes.models import Delivery, GiftLine, Programme, ProgrammeState, Recipient, RosterImport
from procurement.programmes.plans import plan_of
from procurement.programmes.regions import region_of
from procurement.programmes.roster import Person, RosterError, RosterReading, read_roster
from procurement.programmes.substitution import substitutes_for
from procurement.programmes.workbook import WorkbookError


def create_programme(
    actor: User,
    union: Organisation,
    *,
    title: str,
    occasion: str,
    gift_year: int,
    per_head: int,
    need_date: date,
    delivery: str,
    purse: Purse,
    form: str = "goods",
    quotations: int = 0,
    approvers: int = 1,
) -> Programme:
    """Draw up a plan. `per_head` is the standard in fen. Raises NotAllowed, PastDate, PurseOfAnother."""
    require(actor, Role.BUYER, union)
    if need_date <= timezone.localdate():
        raise PastDate(day=need_date)
    _check_purse(purse, union, gift_year)
    with transaction.atomic():
        programme = Programme.objects.create(
            union=union,
            title=title,
            occasion=occasion,
            gift_year=gift_year,
            per_head=per_head,
            need_date=need_date,
            delivery=delivery,
            purse=purse,
            form=form,
            quotations=quotations,
            approvers=approvers,
            created_by=actor,
        )
        _record("programme.drafted", programme, occasion=occasion, per_head=per_head, need_date=need_date.isoformat())
    return programme


def import_roster(actor: User, programme: Programme, file_name: str, content: bytes) -> RosterImport:
    """Read a roster file, keep its good rows, and report every faulty one at once with an annotated copy of the workbook.

    Members that are on the list already are updated, so that a mended copy can be uploaded again. Raises NotAllowed, WrongState,
    BadFile; then nothing is changed.
    """
    require(actor, Role.BUYER, programme.union)
    name = PurePath(file_name).name[:200]
    try:
        reading = read_roster(content, need_address=programme.delivery == Delivery.HOME, filename=name)
    except (WorkbookError, RosterError) as error:
        raise BadFile(reason=error.sentence) from error
    copy = annotated_copy(content, reading, filename=name) if reading.faults else b""
    with transaction.atomic():
        locked = _draft(programme, "import a roster into")
        imported = RosterImport.objects.create(
            programme=locked,
            union=locked.union,
            file_name=name,
            sha256=hashlib.sha256(content).hexdigest(),
            people=reading.people,
            accepted=len(reading.accepted),
            faults=[[fault.sheet, fault.row, fault.code] for fault in reading.faults],
            annotated=base64.b64encode(copy).decode(),
            imported_by=actor,
        )
        _keep(imported, reading)
        _record(
            "roster.imported", locked, file_sha256=imported.sha256, people=imported.people, accepted=imported.accepted,
            faulty_rows=len({(f.sheet, f.row) for f in reading.faults}),
        )  # fmt: skip
    return imported


def _keep(imported: RosterImport, reading: RosterReading) -> None:
    recipients = [_recipient(imported, person) for person in reading.accepted]
    # One statement: rows of one member would collide within it, but the reader lets a member number through only once.
    Recipient.objects.bulk_create(
        recipients,
        batch_size=5_000,
        update_conflicts=True,
        unique_fields=["programme", "member_no"],
        update_fields=["imported", "row", "person", "name", "phone", "id_number", "address", "region", "department"],
    )


def _recipient(imported: RosterImport, person: Person) -> Recipient:
    programme = imported.programme
    known_by = person.member_no or f"{person.name} {person.phone}"
    at_home = programme.delivery == Delivery.HOME
    return Recipient(
        programme=programme,
        union=programme.union,
        imported=imported,
        row=person.row,
        member_no=person.member_no or f"~{blind_index('unnumbered', known_by)[:16]}",
        person=blind_index("member", f"{programme.union.code} {known_by}"),
        name=person.name,
        phone=person.phone,
        id_number=person.id_number,
        address=person.address,
        region=(region_of(person.address) if at_home else "") or workplace_region(programme.union),
        department=person.department,
    )


def workplace_region(union: Organisation) -> str:
    """Where a union's workplace is, as a delivery region."""
    return union.county_id[:4] if union.county_id else union.region[:4]


def put_gift_line(
    actor: User,
    programme: Programme,
    slot: int,
    product: Product,
    *,
    per_head: int = 1,
    heads: int | None = None,
    purse: Purse | None = None,
    region: str = "",
) -> GiftLine:
    """Put a product into a part of the gift, for `heads` recipients or for all the rest.

    Raises NotAllowed, WrongState, PurseOfAnother.
    """
    require(actor, Role.BUYER, programme.union)
    purse = purse or programme.purse
    with transaction.atomic():
        locked = _draft(programme, "change the goods of")
        _check_purse(purse, locked.union, locked.gift_year, for_line=True)
        line, _created = GiftLine.objects.update_or_create(
            programme=locked,
            slot=slot,
            product=product,
            region=region,
            purse=purse,
            defaults={"union": locked.union, "per_head": per_head, "heads": heads},
        )
    return line


def next_slot(programme: Programme) -> int:
    """The number of a new part of the gift."""
    last = GiftLine.objects.filter(programme=programme).aggregate(last=Max("slot"))["last"]
    return (last or 0) + 1


def clear_slot(actor: User, programme: Programme, slot: int) -> None:
    """Take a part out of the gift. Raises NotAllowed, WrongState."""
    require(actor, Role.BUYER, programme.union)
    with transaction.atomic():
        locked = _draft(programme, "change the goods of")
        GiftLine.objects.filter(programme=locked, slot=slot).delete()


def substitute(actor: User, programme: Programme, slot: int) -> list[GiftLine]:
    """Replace what is blocked in a part of the gift by the rule's best substitutes; what they cannot cover stays ordinary.

    Raises NotAllowed, WrongState, NothingToSubstitute.
    """
    require(actor, Role.BUYER, programme.union)
    with transaction.atomic():
        locked = _draft(programme, "change the goods of")
        wanted = substitutes_for(plan_of(locked), slot)
        if wanted is None:
            raise NothingToSubstitute(slot=slot)
        GiftLine.objects.filter(programme=locked, slot=slot).delete()
        lines = GiftLine.objects.bulk_create(wanted)
        _record("gift.substituted", locked, slot=slot, products=sorted({line.product_id for line in lines}))
    return lines


def submit(actor: User, programme: Programme) -> None:
    """Send the plan to the approver. Raises NotAllowed, WrongState, Refusals of the plan's own faults."""

    require(actor, Role.BUYER, programme.union)
    with transaction.atomic():
        locked = _draft(programme, "submit")
        if faults := plan_of(locked).faults:
            raise Refusals(list(faults))
        move(locked, ProgrammeState.SUBMITTED, submitted_by=actor)
        _record("programme.submitted", locked)


def approve(actor: User, programme: Programme) -> None:
    """Approve another person's plan. Raises NotAllowed, OwnPlan, WrongState."""
    with transaction.atomic():
        locked = locked_programme(programme)
        if actor.pk in (locked.created_by_id, locked.submitted_by_id):
            raise OwnPlan(programme=locked.title)
        require(actor, Role.APPROVER, locked.union)
        expect_state(locked, ProgrammeState.SUBMITTED, "approve")
        move(locked, ProgrammeState.APPROVED, approved_by=actor, approved_at=timezone.now())
        _record("programme.approved", locked)


def send_back(actor: User, programme: Programme) -> None:
    """Return a plan that waits for approval, or an approved one that was not placed, to its draft. Raises NotAllowed, WrongState."""
    if not holds(actor, Role.BUYER, programme.union):
        require(actor, Role.APPROVER, programme.union)
    with transaction.atomic():
        locked = locked_programme(programme)
        if locked.state not in (ProgrammeState.SUBMITTED, ProgrammeState.APPROVED):
            expect_state(locked, ProgrammeState.SUBMITTED, "send back")
        move(locked, ProgrammeState.DRAFT, approved_by=None, approved_at=None, submitted_by=None)
        _record("programme.sent_back", locked)


def _check_purse(purse: Purse, union: Organisation, gift_year: int, *, for_line: bool = False) -> None:
    if purse.union_id != union.pk or purse.gift_year != gift_year or (purse.kind != PurseKind.GENERAL and not for_line):
        raise PurseOfAnother(purse=purse.name, year=gift_year)


def locked_programme(programme: Programme) -> Programme:
    """The programme with its row lock: verbs on one programme come one after the other."""
    return Programme.objects.select_for_update(of=("self",)).select_related("union", "purse").get(pk=programme.pk)


def _draft(programme: Programme, verb: str) -> Programme:
    locked = locked_programme(programme)
    expect_state(locked, ProgrammeState.DRAFT, verb)
    return locked


def expect_state(programme: Programme, needed: ProgrammeState, verb: str) -> None:
    """Raise WrongState unless the programme is in the state that the verb needs."""
    if programme.state != needed:
        raise WrongState(
            programme=programme.title, state=ProgrammeState(programme.state).label, needed=needed.label, verb=verb
        )


def move(programme: Programme, state: ProgrammeState, **changes: Any) -> None:
    """Move under the row's lock; the database knows which moves are declared."""
    programme.state = state
    for name, value in changes.items():
        setattr(programme, name, value)
    programme.save(update_fields=["state", *changes])


def _record(kind: str, programme: Programme, **facts: Any) -> None:
    record(kind, {"programme": programme.pk, **facts}, subject=f"programme:{programme.pk}", union_id=programme.union_id)
