"""Verbs of a programme, from the draft to its approval. Placement is in placement.py."""

from __future__ import annotations

import base64
import hashlib
from datetime import date
from pathlib import PurePath

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from marketplace.ledger.models import Purse, PurseKind
from marketplace.organisations.errors import HouseError, Refusals
from marketplace.organisations.models import Organisation, Role, User
from marketplace.organisations.queries import holds, require
from marketplace.shop.catalogue.models import Product
from marketplace.spreadsheets.workbook import WorkbookError
from procurement.policy.models import GiftForm
from procurement.priority.errors import YearClosed
from procurement.programmes.annotate import annotated_copy
from procurement.programmes.errors import (
    BadFile,
    ChoosingDue,
    ImportRunning,
    NothingBlocked,
    NothingToSubstitute,
    OwnPlan,
    PastDate,
    PurseOfAnother,
)
from procurement.programmes.gift_years import unfit
from procurement.programmes.models import (
    Delivery,
    GiftLine,
    ImportState,
    Option,
    Programme,
    ProgrammeState,
    Recipient,
    RosterImport,
)
from procurement.programmes.people import deliver_to, recipient_of
from procurement.programmes.plans import plan_of
from procurement.programmes.roster import RosterError, RosterReading, read_roster
from procurement.programmes.states import expect_state, locked_draft, locked_programme, move, record_step
from procurement.programmes.substitution import substitutions
from procurement.programmes.terms import terms_of


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
    """Draw up a plan. `per_head` is the standard in fen. Raises NotAllowed, PastDate, PurseOfAnother, YearUnfit, YearClosed."""
    require(actor, Role.BUYER, union)
    if need_date <= timezone.localdate():
        raise PastDate(day=need_date)
    _check_purse(purse, union, gift_year)
    _check_year(need_date, gift_year)
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
            form=_form(delivery, form),
            quotations=quotations,
            approvers=approvers,
            created_by=actor,
        )
        record_step(
            "programme.drafted", programme, occasion=occasion, per_head=per_head, need_date=need_date.isoformat()
        )
    return programme


def revise_programme(
    actor: User,
    programme: Programme,
    *,
    title: str,
    occasion: str,
    gift_year: int,
    per_head: int,
    need_date: date,
    delivery: str,
    purse: Purse,
    quotations: int,
    approvers: int,
) -> Programme:
    """Change the frame of a draft; lines paid from its purse go along to the new one. The same frame again changes nothing.

    Raises NotAllowed, WrongState, PastDate, PurseOfAnother, YearUnfit, YearClosed, NoAddresses.
    """
    require(actor, Role.BUYER, programme.union)
    if need_date <= timezone.localdate():
        raise PastDate(day=need_date)
    with transaction.atomic():
        locked = locked_draft(programme, _("change"))
        _check_purse(purse, locked.union, gift_year)
        _check_year(need_date, gift_year)
        if delivery != locked.delivery:
            deliver_to(locked, Delivery(delivery))
        if purse.pk != locked.purse_id:
            locked.gift_lines.filter(purse=locked.purse).update(purse=purse)
        frame = {
            "title": title, "occasion": occasion, "gift_year": gift_year, "per_head": per_head, "need_date": need_date,
            "delivery": delivery, "purse": purse, "quotations": quotations, "approvers": approvers,
            "form": _form(delivery, locked.form),
        }  # fmt: skip
        changed = [name for name, value in frame.items() if getattr(locked, name) != value]
        for name in changed:
            setattr(locked, name, frame[name])
        if changed:
            locked.save(update_fields=changed)
            record_step("programme.revised", locked, changed=sorted(changed))
    return locked


def _form(delivery: str, form: str) -> str:
    """A gift that members call for by voucher is a voucher that names shop and item; as any other delivery it is goods again."""
    if delivery == Delivery.VOUCHER:
        return GiftForm.VOUCHER_NAMED.value
    return GiftForm.GOODS.value if form == GiftForm.VOUCHER_NAMED else form


def withdraw(actor: User, programme: Programme) -> None:
    """Give a draft up. It stays on the list of plans as withdrawn. Raises NotAllowed, WrongState."""
    require(actor, Role.BUYER, programme.union)
    with transaction.atomic():
        move(locked_draft(programme, _("withdraw")), ProgrammeState.WITHDRAWN)
        record_step("programme.withdrawn", programme)


def import_roster(
    actor: User, programme: Programme, file_name: str, content: bytes, waiting: RosterImport | None = None
) -> RosterImport:
    """Read a roster file, keep its good rows, and report every faulty one at once with an annotated copy of the workbook.

    Members that are on the list already are updated, so that a mended copy can be uploaded again. An upload that was `waiting` is
    filled in. Raises NotAllowed, WrongState, BadFile; then nothing is changed.
    """
    require(actor, Role.BUYER, programme.union)
    name = PurePath(file_name).name[:200]
    try:
        reading = read_roster(content, need_address=programme.delivery == Delivery.HOME, filename=name)
    except (WorkbookError, RosterError) as error:
        raise BadFile(reason=error.said) from error
    copy = annotated_copy(content, reading, filename=name) if reading.faults else b""
    with transaction.atomic():
        locked = locked_draft(programme, _("import a roster into"))
        imported = waiting or RosterImport(
            union=locked.union, file_name=name, sha256=hashlib.sha256(content).hexdigest(), imported_by=actor
        )
        imported.programme, imported.state, imported.content = locked, ImportState.DONE, ""
        imported.people, imported.accepted = reading.people, len(reading.accepted)
        imported.faults = [[fault.sheet, fault.row, fault.code] for fault in reading.faults]
        imported.annotated = base64.b64encode(copy).decode()
        imported.save()
        _keep(imported, reading)
        record_step(
            "roster.imported", locked, file_sha256=imported.sha256, people=imported.people, accepted=imported.accepted,
            faulty_rows=len({(f.sheet, f.row) for f in reading.faults}),
        )  # fmt: skip
    return imported


def _keep(imported: RosterImport, reading: RosterReading) -> None:
    recipients = [recipient_of(imported.programme, person, imported) for person in reading.accepted]
    # One statement: rows of one member would collide within it, but the reader lets a member number through only once.
    Recipient.objects.bulk_create(
        recipients,
        batch_size=5_000,
        update_conflicts=True,
        unique_fields=["programme", "member_no"],
        update_fields=["imported", "row", "person", "name", "phone", "id_number", "address", "region", "department"],
    )


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
        locked = locked_draft(programme, _("change the goods of"))
        _check_purse(purse, locked.union, locked.gift_year, for_line=True)
        line, _is_new = GiftLine.objects.update_or_create(
            programme=locked,
            slot=slot,
            option=None,
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
        locked = locked_draft(programme, _("change the goods of"))
        GiftLine.objects.filter(programme=locked, slot=slot).delete()
        Option.objects.filter(programme=locked, slot=slot).delete()


def substitute(actor: User, programme: Programme, slot: int | None = None) -> list[GiftLine]:
    """Replace what is blocked by the rule's best substitutes, in one part of the gift or in all (None): one plan for the whole gift.

    What they cannot cover stays ordinary. Where members choose, it waits until they have. Raises NotAllowed, WrongState,
    NothingToSubstitute, NothingBlocked, ChoosingDue.
    """
    require(actor, Role.BUYER, programme.union)
    with transaction.atomic():
        locked = locked_draft(programme, _("change the goods of"))
        plan = plan_of(locked)
        if any(slot in (None, piece.gift_line.slot) for piece in plan.open_pieces):
            raise ChoosingDue()
        found = substitutions(plan)
        wanted = {place: one for place, one in found.items() if slot in (None, place)}
        if not wanted:
            raise NothingToSubstitute(slot=slot) if slot else NothingBlocked()
        GiftLine.objects.filter(programme=locked, slot__in=wanted).delete()
        lines = GiftLine.objects.bulk_create([line for one in wanted.values() for line in one.lines])
        for place, one in wanted.items():
            products = sorted({line.product_id for line in one.lines})
            record_step("gift.substituted", locked, slot=place, products=products, dearer_by=one.difference)
    return lines


def submit(actor: User, programme: Programme) -> None:
    """Send the plan to the approver. Raises NotAllowed, WrongState, Refusals of the plan's own faults."""

    require(actor, Role.BUYER, programme.union)
    with transaction.atomic():
        locked = locked_draft(programme, _("submit"))
        plan = plan_of(locked)
        faults: list[HouseError] = list(plan.faults)
        if locked.purse.carried_to_id is not None:
            faults.append(YearClosed(year=locked.gift_year, union=locked.union.display_name))
        if RosterImport.objects.filter(programme=locked, state=ImportState.DUE).exists():
            faults.append(ImportRunning())
        if faults:
            raise Refusals(faults)
        move(locked, ProgrammeState.SUBMITTED, submitted_by=actor, sent_back_because="", terms=terms_of(plan))
        record_step("programme.submitted", locked)


def approve(actor: User, programme: Programme) -> None:
    """Approve another person's plan. Raises NotAllowed, OwnPlan, WrongState."""
    with transaction.atomic():
        locked = locked_programme(programme)
        if actor.pk in (locked.created_by_id, locked.submitted_by_id):
            raise OwnPlan(programme=locked.title)
        require(actor, Role.APPROVER, locked.union)
        expect_state(locked, ProgrammeState.SUBMITTED, _("approve"))
        move(locked, ProgrammeState.APPROVED, approved_by=actor, approved_at=timezone.now())
        record_step("programme.approved", locked)


def send_back(actor: User, programme: Programme, because: str = "") -> None:
    """Return a plan that waits for approval, or an approved one that was not placed, to its draft, and say why.

    Raises NotAllowed, WrongState.
    """
    if not holds(actor, Role.BUYER, programme.union):
        require(actor, Role.APPROVER, programme.union)
    with transaction.atomic():
        locked = locked_programme(programme)
        if locked.state not in (ProgrammeState.SUBMITTED, ProgrammeState.APPROVED):
            expect_state(locked, ProgrammeState.SUBMITTED, _("send back"))
        changes = {"approved_by": None, "approved_at": None, "submitted_by": None, "sent_back_because": because[:400]}
        move(locked, ProgrammeState.DRAFT, **changes)
        record_step("programme.sent_back", locked)


def _check_purse(purse: Purse, union: Organisation, gift_year: int, *, for_line: bool = False) -> None:
    if purse.union_id != union.pk or purse.gift_year != gift_year or (purse.kind != PurseKind.GENERAL and not for_line):
        raise PurseOfAnother(purse=purse.name, year=gift_year)
    if purse.carried_to_id is not None:
        raise YearClosed(year=gift_year, union=union.display_name)


def _check_year(need_date: date, gift_year: int) -> None:
    if fault := unfit(need_date, gift_year):
        raise fault
