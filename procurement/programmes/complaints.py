"""What members say about their parcels: it has come, or something is wrong; and what the union answers."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from marketplace.evidence.actions import record
from marketplace.fulfilment.models import Parcel, ParcelState
from marketplace.organisations.models import Role, User
from marketplace.organisations.queries import require
from procurement.programmes.errors import ComplaintClosed, NotOnItsWay, WordsMissing
from procurement.programmes.models import Complaint, ComplaintReason, ComplaintState, Receipt, Recipient

LONGEST = 1_000
UNDER_WAY = (ParcelState.SHIPPED, ParcelState.ACCEPTED, ParcelState.REFUSED)


def confirm_receipt(recipient: Recipient, parcel: Parcel) -> Receipt:
    """The member has the parcel. Sent again, it is noted once. Raises NotOnItsWay."""
    _expect_under_way(parcel)
    with transaction.atomic():
        receipt, is_new = Receipt.objects.get_or_create(
            parcel=parcel, defaults={"recipient": recipient, "union": recipient.union}
        )
        if is_new:
            _record("parcel.received", parcel)
    return receipt


def report(recipient: Recipient, parcel: Parcel, reason: str, words: str = "") -> Complaint:
    """Tell the union what is wrong with a parcel. The same problem again, while it is open, is the same complaint.

    Raises NotOnItsWay, WordsMissing (what is missing, broken or wrong has to be said).
    """
    _expect_under_way(parcel)
    words = words.strip()[:LONGEST]
    if not words and reason != ComplaintReason.MISSING:
        raise WordsMissing()
    with transaction.atomic():
        earlier = Complaint.objects.select_for_update().filter(parcel=parcel, reason=reason)
        complaint, is_new = earlier.exclude(state=ComplaintState.CLOSED).get_or_create(
            parcel=parcel,
            reason=reason,
            defaults={"recipient": recipient, "union": recipient.union, "words": words},
        )
        if is_new:
            _record("complaint.reported", parcel, reason=reason)
    return complaint


def answer(actor: User, complaint: Complaint, words: str) -> None:
    """Tell the member what will be done. The last answer stands. Raises NotAllowed, ComplaintClosed, WordsMissing."""
    require(actor, Role.BUYER, complaint.union)
    words = words.strip()[:LONGEST]
    if not words:
        raise WordsMissing()
    with transaction.atomic():
        locked = _locked(complaint)
        if locked.state == ComplaintState.CLOSED:
            raise ComplaintClosed()
        locked.answer, locked.answered_by, locked.answered_at = words, actor, timezone.now()
        locked.state = ComplaintState.ANSWERED
        locked.save(update_fields=["answer", "answered_by", "answered_at", "state"])
        _record("complaint.answered", locked.parcel, reason=locked.reason)


def close(actor: User, complaint: Complaint) -> None:
    """The matter is settled. Repeating it does nothing. Raises NotAllowed."""
    require(actor, Role.BUYER, complaint.union)
    with transaction.atomic():
        locked = _locked(complaint)
        if locked.state == ComplaintState.CLOSED:
            return
        locked.state, locked.closed_at = ComplaintState.CLOSED, timezone.now()
        locked.save(update_fields=["state", "closed_at"])
        _record("complaint.closed", locked.parcel, reason=locked.reason)


def _locked(complaint: Complaint) -> Complaint:
    rows = Complaint.objects.select_for_update(of=("self",)).select_related("parcel__supplier_order__order")
    found: Complaint = rows.get(pk=complaint.pk)
    return found


def _expect_under_way(parcel: Parcel) -> None:
    if parcel.state not in UNDER_WAY:
        raise NotOnItsWay(state=ParcelState(parcel.state).label)


def _record(kind: str, parcel: Parcel, **facts: Any) -> None:
    order = parcel.supplier_order.order
    record(kind, {"parcel": parcel.pk, **facts}, subject=f"order:{order.number}", union_id=parcel.union_id)
