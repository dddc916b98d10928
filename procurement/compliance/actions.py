"""Verbs of compliance: an evidence pack is asked for, and made by two steps.

Making it leaves the database: entries get their places and witnesses countersign outside every transaction, by the log's own tick.
So the first step commits the intent (what the pack holds, its manifest in the log), and the second, when the tick has done its
work, the outcome. Both only wait for it, and can be repeated.
"""

from __future__ import annotations

import io
import zipfile
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from django.db import transaction
from django.utils import timezone

from marketplace.evidence import keys
from marketplace.evidence.actions import record
from marketplace.evidence.errors import WitnessMissing
from marketplace.evidence.pack import Intent, intend_pack, seal_pack, unplaced, zip_chunks
from marketplace.organisations.errors import NotAllowed
from marketplace.organisations.models import Membership, Organisation, Role, User
from marketplace.organisations.scopes import seen_by
from marketplace.shop.order.models import Order
from marketplace.steps.actions import retry, write
from marketplace.steps.models import Step, StepState
from procurement.compliance.errors import NoWitnessNamed, PackTooLarge
from procurement.compliance.models import EvidencePack, PackState
from procurement.compliance.pack import contents_of

INTEND, SEAL = "pack.intend", "pack.seal"
LOOK_AGAIN = timedelta(seconds=1)
# So long a witness may take before the step tells that none has countersigned.
PATIENCE = timedelta(minutes=1)
# What is kept in the database and sent by a page; larger packs are written by `manage.py evidence_pack`.
LARGEST = 256 * 2**20


def ask_for_pack(actor: User, order: Order) -> EvidencePack:
    """Let the evidence pack of an order be made, for its union or an auditor of it. While one is being made, that is the one; when its
    steps were given up, they try again. Raises NotAllowed, NoWitnessNamed.
    """
    _require_reader(actor, order.union)
    if not keys.witnesses():
        raise NoWitnessNamed()
    with transaction.atomic(), seen_by(None):
        waiting = EvidencePack.objects.filter(order=order).exclude(state=PackState.DONE)
        pack, is_new = waiting.get_or_create(order=order, defaults={"union": order.union, "asked_by": actor})
        if is_new:
            record("pack.asked", {"pack": pack.pk}, subject=f"order:{order.number}", union_id=order.union_id)
            write(_cause(pack), INTEND)
        elif (step := _step(pack)) is not None and step.state == StepState.FAILED:
            retry(step)
    return pack


def state_of_pack(pack: EvidencePack) -> tuple[str, str]:
    """due, running, done or failed; and the reason of its step's last failure, if any."""
    if pack.state == PackState.DONE:
        return "done", ""
    step = _step(pack)
    if step is None or step.state == StepState.FAILED:
        return "failed", step.reason if step else ""
    return ("running" if pack.state == PackState.INTENDED else "due"), step.reason


def intend(pack_id: int) -> timedelta | None:
    """Note in the log what the pack holds, once everything about the order has its place there; until then, when to look again."""
    pack = _locked(pack_id)
    if pack.state != PackState.DUE:
        return None
    if unplaced(contents_of(pack.order)[0]):
        return LOOK_AGAIN
    entries, files = contents_of(pack.order)  # with the books of offers, which are found by the places
    intent = intend_pack(entries, files)
    pack.entries, pack.manifest = list(intent.entries), intent.manifest
    pack.content = b"".join(zip_chunks(sorted(files.items())))
    pack.state, pack.intended_at = PackState.INTENDED, timezone.now()
    pack.save(update_fields=["entries", "manifest", "content", "state", "intended_at"])
    write(_cause(pack), SEAL, not_before=timezone.now() + LOOK_AGAIN)
    return None


def seal(pack_id: int) -> timedelta | None:
    """Write the pack once a witness has countersigned; until then, when to look again. The order's earlier packs go.

    Raises WitnessMissing after a while, and PackTooLarge.
    """
    pack = _locked(pack_id)
    if pack.state != PackState.INTENDED:
        return None
    intent = Intent(tuple(pack.entries), bytes(pack.manifest))
    if unplaced(intent.entries):
        return LOOK_AGAIN
    with zipfile.ZipFile(io.BytesIO(bytes(pack.content))) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    try:
        with TemporaryDirectory(prefix="pack-") as folder:
            content = seal_pack(Path(folder) / "pack.zip", intent, files).path.read_bytes()
    except WitnessMissing:
        if pack.intended_at is not None and timezone.now() - pack.intended_at < PATIENCE:
            return LOOK_AGAIN
        raise
    if len(content) > LARGEST:
        raise PackTooLarge(order=pack.order.number)
    pack.content, pack.size, pack.sha256 = content, len(content), sha256(content).hexdigest()
    pack.state, pack.made_at = PackState.DONE, timezone.now()
    pack.save(update_fields=["content", "size", "sha256", "state", "made_at"])
    EvidencePack.objects.filter(order=pack.order, state=PackState.DONE).exclude(pk=pack.pk).delete()
    return None


def _locked(pack_id: int) -> EvidencePack:
    rows = EvidencePack.objects.select_for_update(of=("self",)).select_related("order__union")
    found: EvidencePack = rows.get(pk=pack_id)
    return found


def _require_reader(actor: User, union: Organisation) -> None:
    """A buyer or approver of the union, or an auditor of it or of a union above."""
    held = Membership.objects.filter(user=actor).select_related("organisation")
    for membership in held:
        if membership.role in (Role.BUYER, Role.APPROVER) and membership.organisation_id == union.pk:
            return
        if membership.role == Role.AUDITOR and union.path.startswith(membership.organisation.path):
            return
    raise NotAllowed(role=Role.AUDITOR.label, organisation=union.display_name)


def _cause(pack: EvidencePack) -> str:
    return f"pack:{pack.pk}"


def _step(pack: EvidencePack) -> Step | None:
    """The step that the pack waits for."""
    kind = INTEND if pack.state == PackState.DUE else SEAL
    return Step.objects.filter(cause=_cause(pack), kind=kind).first()
