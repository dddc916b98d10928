"""Enter a spreadsheet of purchases: good rows are kept, every faulty one is told at once and marked in a copy."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import PurePath

from django.db import transaction
from django.utils.translation import override

from marketplace.organisations.errors import HouseError
from marketplace.organisations.models import Organisation, Role, User
from marketplace.organisations.queries import require
from marketplace.organisations.refusals import kept
from marketplace.organisations.scopes import seen_by
from marketplace.spreadsheets.cells import column_letter
from marketplace.spreadsheets.marked import Mark, marked_copy
from marketplace.spreadsheets.workbook import Cell, WorkbookError
from suppliers.provenance.actions import lock
from suppliers.provenance.errors import NotOnThatDay
from suppliers.provenance.models import BenefitAgreement, Collection, PurchaseImport
from suppliers.provenance.purchase_errors import BadSheet, HouseholdUnknown, NoteTwice
from suppliers.provenance.purchase_sheets import Fault, Reading, Row, read_purchases, repeated
from suppliers.provenance.purchases import Bought, enter, faults_of, last_entries


def import_purchases(actor: User, producer: Organisation, file_name: str, content: bytes) -> PurchaseImport:
    """Enter the purchases of a workbook, as `collect` would each of them, in a constant number of statements.

    A row that is in the ledger just as it stands is passed over, so that a mended copy can be sent again. Raises NotAllowed, BadSheet,
    NoPurchases, TooManyPurchases; then nothing is entered.
    """
    require(actor, Role.PRODUCER, producer)
    name = PurePath(file_name).name[:200]
    try:
        reading = read_purchases(content, name)
    except WorkbookError as error:
        raise BadSheet(reason=error.said) from error
    with transaction.atomic(), seen_by(None):
        lock(producer)
        earlier = last_entries(producer, {row.note for row in reading.rows})
        good, known, faults = _sorted(producer, reading.rows, earlier)
        enter(producer, good, earlier)
        faults = sorted([*reading.faults, *faults], key=lambda fault: (fault.sheet, fault.row, fault.column))
        copy = _copy(content, name, reading, faults, len(good)) if faults else b""
        return PurchaseImport.objects.create(
            producer=producer, file_name=name, sha256=hashlib.sha256(content).hexdigest(), found=reading.found,
            entered=len(good), known=known, annotated=base64.b64encode(copy).decode(), imported_by=actor,
            faults=[[fault.sheet, fault.row, fault.column, kept(fault.error)] for fault in faults],
        )  # fmt: skip


def _sorted(
    producer: Organisation, rows: Sequence[Row], earlier: Mapping[str, Collection]
) -> tuple[list[Bought], int, list[Fault]]:
    """What is to be entered, how many rows are in the ledger already, and what is wrong with the others. One statement."""
    agreements = {
        one.household.code: one
        for one in BenefitAgreement.objects.filter(
            producer=producer, household__code__in={row.household for row in rows}
        ).select_related("household")
    }
    twice = repeated(rows)
    good: list[Bought] = []
    faults: list[Fault] = []
    known = 0
    for row in rows:
        agreement, before = agreements.get(row.household), earlier.get(row.note)
        first = twice.get((row.sheet, row.number))
        if first is not None:
            faults.append(_fault(row, NoteTwice(note=row.note, row=first)))
        if agreement is None:
            faults.append(_fault(row, HouseholdUnknown(household=row.household)))
            continue
        bought = Bought(agreement, row.produce, row.grams, row.price, row.collected_on, row.note)
        if before is not None and not before.is_reversed and _same(before, bought):
            known += first is None
            continue
        found = faults_of(bought, before)
        faults += [_fault(row, error) for error in found]
        if not found and first is None:
            good.append(bought)
    return good, known, faults


def _same(entry: Collection, bought: Bought) -> bool:
    return (entry.agreement_id, entry.produce, entry.grams, entry.price, entry.collected_on) == (
        bought.agreement.pk, bought.produce, bought.grams, bought.price, bought.collected_on,
    )  # fmt: skip


def _fault(row: Row, error: HouseError) -> Fault:
    field = {HouseholdUnknown: "household", NotOnThatDay: "collected_on"}.get(type(error), "note")
    return Fault(row.sheet, row.number, column_letter(row.columns[field]), error)


def _copy(content: bytes, name: str, reading: Reading, faults: Sequence[Fault], entered: int) -> bytes:
    marks = [Mark(fault.sheet, fault.row, fault.column, _in_both(fault.error)) for fault in faults]
    summary: list[tuple[Cell, ...]] = [
        ("收购单 / Purchase notes", reading.found),
        ("已录入 / Entered", entered),
        ("需修改的行 / Rows to mend", len({(mark.sheet, mark.row) for mark in marks})),
        ("",),
        ("工作表 / Sheet", "行 / Row", "列 / Column", "问题 / What to mend"),
        *((mark.sheet, mark.row, mark.column, mark.words) for mark in marks),
    ]
    return marked_copy(content, marks, reading.headers, summary, filename=name)


def _in_both(error: HouseError) -> str:
    """The refusal in Chinese and in English: the copy may be mended by somebody else."""
    said = []
    for language in ("zh-hans", "en"):
        with override(language):
            said.append(str(error))
    return " ".join(said)
