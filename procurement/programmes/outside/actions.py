"""Purchases from outside: registered by the union, judged by the rule of their day, reversed when they were registered wrongly.

What happened is registered whatever the rule says of it; what it says is stored with it, for the union above and the auditors.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import PurePath
from typing import Any

from django.db import transaction
from django.utils import timezone

from marketplace.evidence.actions import record
from marketplace.organisations.errors import HouseError, Refusals
from marketplace.organisations.models import Organisation, Role, User
from marketplace.organisations.paper_files import checked
from marketplace.organisations.papers import scanned
from marketplace.organisations.queries import holds, require
from marketplace.organisations.scopes import seen_by
from marketplace.spreadsheets.workbook import WorkbookError
from marketplace.steps.commands import once
from procurement.policy.errors import NoPolicyInForce
from procurement.policy.models import GiftForm, Policy
from procurement.policy.queries import policy_of
from procurement.priority import rule
from procurement.priority.errors import YearClosed
from procurement.priority.gifts import policy_facts
from procurement.priority.years import open_year
from procurement.programmes.errors import BadFile, NotAPerson
from procurement.programmes.heads import had_by
from procurement.programmes.models import PaperKind, Programme, Recipient
from procurement.programmes.outside.errors import (
    InvoiceRegistered,
    InvoiceUnreadable,
    ListFaulty,
    LongAgo,
    NobodyReached,
    NothingPaid,
    NotYetBought,
    OtherYear,
    ReversalUnexplained,
    ReversedBefore,
    SupplierUnnamed,
    TooMuch,
)
from procurement.programmes.outside.models import OutsideMember, OutsidePaper, OutsidePurchase, OutsideReversal
from procurement.programmes.people import person_of
from procurement.programmes.roster import RosterError, read_roster
from procurement.programmes.roster_faults import Fault

NO_POLICY = "no_policy"
Found = list[Any]  # [code, data] of a violation
_INVOICE = re.compile(r"[0-9A-Z][0-9A-Z-]{5,29}", re.ASCII)
_WHOLE = "outside"
_FIRST_YEAR = 2000
_MOST_FEN, _MOST_MEMBERS = 1_000_000_000, 10_000_000


@dataclass(frozen=True)
class Bought:
    """What an invoice from elsewhere says, and for whom it was; `amount` in fen. `gift_year` is that of the day when none is named."""

    bought_on: date
    occasion: str
    supplier: str
    invoice: str
    amount: int
    members: int = 0
    form: str = GiftForm.GOODS
    gift_year: int = 0
    quotations: int = 0
    approvers: int = 1
    note: str = ""


def register(
    actor: User,
    union: Organisation,
    bought: Bought,
    key: str,
    *,
    persons: Collection[str] = (),
    papers: Sequence[tuple[PaperKind, str, bytes]] = (),
) -> OutsidePurchase:
    """Register a purchase, once per key; `persons` (blind indexes) say whom it reached, else a number of members does.

    Raises NotAllowed, PaperTooLarge, NoPaper, SameKeyOtherBody, and all at once (Refusals) what is wrong, YearClosed too.
    """
    require(actor, Role.BUYER, union)
    bought = _clean(bought, persons)
    body = asdict(bought) | {"persons": _fingerprint(persons)}
    with once(union, key, "outside.register", body) as command, seen_by(None):
        if command.is_repeat:
            return _by_number(command.answer["number"])
        # Two forms sent at once wait here for each other, also when they are of two years.
        Organisation.objects.select_for_update(no_key=True, of=("self",)).get(pk=union.pk)
        earlier = OutsidePurchase.objects.filter(union=union, invoice=bought.invoice).select_related("reversal").first()
        faults = [*_faults(bought), *_registered(earlier)]
        if not any(isinstance(fault, OtherYear | LongAgo) for fault in faults):
            faults += _closed(union, bought.gift_year)
        if faults:
            raise Refusals(faults)
        purchase = _store(actor, union, bought, persons, earlier)
        for kind, name, content in papers:
            file_outside_paper(actor, purchase, kind, name, content)
        command.answer = {"number": purchase.number}
    return purchase


def reverse(actor: User, purchase: OutsidePurchase, because: str) -> OutsideReversal:
    """Take a purchase back that was registered wrongly. Raises NotAllowed, ReversalUnexplained, ReversedBefore, YearClosed."""
    require(actor, Role.BUYER, purchase.union)
    because = because.strip()[:400]
    if not because:
        raise ReversalUnexplained
    with transaction.atomic(), seen_by(None):
        open_year(purchase.union, purchase.gift_year)
        earlier = OutsideReversal.objects.filter(purchase=purchase).first()
        if earlier is not None:
            if (earlier.reversed_by_id, earlier.because) == (actor.pk, because):
                return earlier
            raise ReversedBefore(number=purchase.number, day=timezone.localtime(earlier.at).date())
        body = {"number": purchase.number, "year": purchase.gift_year, "amount": purchase.amount}
        entry = record("outside.reversed", body, subject=f"outside:{purchase.number}", union_id=purchase.union_id)
        return OutsideReversal.objects.create(
            purchase=purchase, union=purchase.union, gift_year=purchase.gift_year, because=because, reversed_by=actor, entry=entry
        )  # fmt: skip


def file_outside_paper(
    actor: User, purchase: OutsidePurchase, kind: PaperKind, file_name: str, content: bytes
) -> OutsidePaper:
    """Put a paper on file beside a purchase. The same file again returns the first one.

    Raises NotAllowed, PaperTooLarge, NoPaper.
    """
    if not holds(actor, Role.BUYER, purchase.union):
        require(actor, Role.APPROVER, purchase.union)
    found = checked(file_name, content)
    with transaction.atomic(), seen_by(None):
        paper: OutsidePaper
        paper, is_new = OutsidePaper.objects.get_or_create(
            purchase=purchase,
            sha256=found.sha256,
            defaults=scanned(found, actor) | {"union": purchase.union, "kind": kind},
        )
        if is_new:
            body = {"number": purchase.number, "kind": kind.value, "sha256": found.sha256, "size": len(content)}
            record("outside.paper", body, subject=f"outside:{purchase.number}", union_id=purchase.union_id)
    return paper


def persons_in(union: Organisation, file_name: str, content: bytes) -> frozenset[str]:
    """The members on a list as the union keeps it, by their blind indexes; nothing else of it is kept. Raises BadFile, ListFaulty."""
    name = PurePath(file_name).name[:200]
    try:
        reading = read_roster(content, need_address=False, filename=name)
    except (WorkbookError, RosterError) as error:
        raise BadFile(reason=error.said) from error
    if reading.faults:
        first = reading.faults[0]
        rows = len({(fault.sheet, fault.row) for fault in reading.faults})
        raise ListFaulty(rows=rows, row=first.row, sheet=first.sheet, why=_why(first))
    return frozenset(person_of(union, person) for person in reading.accepted)


def _why(fault: Fault) -> NotAPerson:
    data = {name: value for name, value in fault.data.items() if name != "reason"}
    return NotAPerson(str(fault.data["reason"]), **{**data, "column": fault.column})


def persons_of(programme: Programme) -> frozenset[str]:
    """The members on a plan's list, by their blind indexes."""
    return frozenset(Recipient.objects.filter(programme=programme).values_list("person", flat=True))


def _clean(bought: Bought, persons: Collection[str]) -> Bought:
    invoice = re.sub(r"\s", "", unicodedata.normalize("NFKC", bought.invoice)).upper()
    return replace(
        bought,
        supplier=" ".join(bought.supplier.split())[:120],
        invoice=invoice,
        members=len(persons) or bought.members,
        gift_year=bought.gift_year or bought.bought_on.year,
        note=bought.note.strip()[:400],
    )


def _faults(bought: Bought) -> Iterable[HouseError]:
    if bought.amount < 1:
        yield NothingPaid()
    if bought.members < 1:
        yield NobodyReached()
    if bought.amount > _MOST_FEN or bought.members > _MOST_MEMBERS:
        yield TooMuch()
    if bought.bought_on > timezone.localdate():
        yield NotYetBought(day=bought.bought_on)
    first = bought.bought_on.year
    if first < _FIRST_YEAR:
        yield LongAgo(day=bought.bought_on)
    if bought.gift_year not in (first, first + 1):
        yield OtherYear(day=bought.bought_on, first=first, last=first + 1)
    if not bought.supplier:
        yield SupplierUnnamed()
    if not _INVOICE.fullmatch(bought.invoice):
        yield InvoiceUnreadable(invoice=bought.invoice[:40])


def _registered(earlier: OutsidePurchase | None) -> Iterable[HouseError]:
    if earlier is not None and not earlier.is_reversed:
        day = timezone.localtime(earlier.at).date()
        yield InvoiceRegistered(invoice=earlier.invoice, day=day, number=earlier.number)


def _closed(union: Organisation, year: int) -> Iterable[HouseError]:
    """Lock the year, before what members had in it is read; it has to be open."""
    try:
        open_year(union, year)
    except YearClosed as error:
        yield error


def _store(
    actor: User, union: Organisation, bought: Bought, persons: Collection[str], earlier: OutsidePurchase | None
) -> OutsidePurchase:
    number = f"OUT-{union.code}-{timezone.now():%Y%m%d%H%M%S%f}"
    per_head = -(-bought.amount // bought.members)
    policy, found = _judged(union, bought, per_head, persons)
    facts = {
        "bought_on": bought.bought_on.isoformat(),
        "occasion": str(bought.occasion),
        "form": str(bought.form),
        "invoice": bought.invoice,
        "amount": bought.amount,
        "members": bought.members,
        "quotations": bought.quotations,
        "approvers": bought.approvers,
    }
    body = facts | {
        "number": number,
        "year": bought.gift_year,
        "per_head": per_head,
        "persons_sha256": _fingerprint(persons),
        "policy": policy.version if policy else "",
        "found": [code for code, _data in found],
        "replaces": earlier.number if earlier else "",
    }
    entry = record("outside.registered", body, subject=f"outside:{number}", union_id=union.pk)
    purchase: OutsidePurchase = OutsidePurchase.objects.create(
        **asdict(bought), union=union, number=number, per_head=per_head, named=bool(persons), policy=policy, found=found,
        replaces=earlier, registered_by=actor, entry=entry,
    )  # fmt: skip
    OutsideMember.objects.bulk_create(
        [OutsideMember(purchase=purchase, union=union, person=person) for person in sorted(persons)], batch_size=5_000
    )
    return purchase


def _judged(
    union: Organisation, bought: Bought, per_head: int, persons: Collection[str]
) -> tuple[Policy | None, list[Found]]:
    """What the rule of that day says against it, by the engine's own pass: cap, occasion, form and procurement steps.

    First choice, share and floor are of what is bought here; they say nothing of it.
    """
    try:
        policy = policy_of(union, bought.bought_on)
    except NoPolicyInForce:
        return None, [[NO_POLICY, {}]]
    facts = replace(policy_facts(policy), first_choice=False, minimum_share_bp=0, floor_fen=0, keep_last_year=False)
    had = had_by(union, bought.gift_year, persons)
    day = bought.bought_on.isoformat()
    whole = rule.Line(
        ref=_WHOLE, product=_WHOLE, producer="", county="", commodity_class=_WHOLE, assistance=False, accreditation="",
        price_fen=bought.amount, content=1, reference_price_fen=0, quantity=1, region="", need_date=day, purse=_WHOLE,
        purse_covered=True, purse_ring_fenced=False, available=1,
    )  # fmt: skip
    gift = rule.Gift(
        policy=facts, decided_on=day, occasion=bought.occasion, form=bought.form, gift_year=bought.gift_year,
        recipients=bought.members, per_head_fen=per_head, per_head_year_fen=had.most, per_head_assistance_fen=0, lines=(whole,),
        year=rule.Year(0, 0, 0, make_good_due=False, assistance_per_head_fen=0),
        documents=rule.Documents(bought.quotations, bought.approvers), rotation=(), offer_book_root="", year_heads=had.heads,
    )  # fmt: skip
    return policy, [[violation.code, violation.data] for violation in rule.judge(gift).violations]


def _fingerprint(persons: Collection[str]) -> str:
    """The list's SHA-256, "" without one; blind indexes tell nothing without the key, so that no salt is needed."""
    return hashlib.sha256("\n".join(sorted(persons)).encode()).hexdigest() if persons else ""


def _by_number(number: str) -> OutsidePurchase:
    purchase: OutsidePurchase = OutsidePurchase.objects.get(number=number)
    return purchase
