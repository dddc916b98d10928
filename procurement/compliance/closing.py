"""Closing a gift year: its statement is sealed; what was set aside and not spent is a shortfall and goes on to the next year, and so
do assistance goods that are still to be bought for its ordinary ones. See docs/decisions/0028.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from hashlib import sha256
from typing import Any

from django.db import transaction
from django.db.models import Count, Max, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from marketplace.evidence.actions import record
from marketplace.evidence.canonical import canonical
from marketplace.fulfilment.losses import UNSHIPPED
from marketplace.fulfilment.models import Loss, Parcel, ParcelState, SupplierOrder
from marketplace.ledger.actions import close_purses, yuan
from marketplace.organisations.errors import HouseError, Refusals
from marketplace.organisations.models import Organisation, Role, User
from marketplace.organisations.queries import holds, require_above
from marketplace.organisations.scopes import seen_by
from procurement.compliance.errors import (
    EarlierYearOpen,
    GoodsUnderWay,
    NotPaidYet,
    OffersUnanswered,
    PlansWaiting,
    ProblemsOpen,
    RefundsDue,
    RequestsUndecided,
    YearNotOver,
)
from procurement.compliance.models import YearClosing
from procurement.compliance.queries import statement
from procurement.priority.models import OPEN_STATES, PriorityException, UnionYear
from procurement.priority.reserves import reserve
from procurement.priority.years import excess, flag, lock_year, policy_of_year, share_in_force
from procurement.programmes.models import Complaint, ComplaintState, Programme, ProgrammeState
from procurement.programmes.reattribution.queries import unanswered

_WAITING = [ProgrammeState.CHOOSING, ProgrammeState.SUBMITTED, ProgrammeState.APPROVED]
_NAMED = 5


def close_year(actor: User, union: Organisation, gift_year: int) -> YearClosing:
    """Close a union's gift year, as its approver or an officer of a union above. Closed before, it is the same closing.

    Locks the year, the next one, then accounts. Raises NotAllowed, NoPolicyInForce, and all at once (Refusals) what is still open.
    """
    closed_for = union if holds(actor, Role.APPROVER, union) else require_above(actor, Role.UNION_OFFICER, union)
    with transaction.atomic(), seen_by(None):
        lock_year(union, gift_year)
        closed: YearClosing | None = YearClosing.objects.filter(union=union, gift_year=gift_year).first()
        if closed is not None:
            return closed
        if faults := still_open(union, gift_year):
            raise Refusals(faults)
        lock_year(union, gift_year + 1)
        closing = _seal(actor, union, closed_for, gift_year)
        close_purses(union, gift_year)
        _carry_make_good(union, gift_year + 1)
    return closing


def still_open(union: Organisation, gift_year: int) -> list[HouseError]:
    """What keeps the year from being closed, each with its way out. Constant statements; within a scope that sees the union."""
    faults: list[HouseError] = []
    if timezone.localdate() <= date(gift_year, 12, 31):
        faults.append(YearNotOver(year=gift_year))
    earlier = UnionYear.objects.filter(union=union, gift_year__lt=gift_year, closed_at=None).order_by("gift_year")
    if before := earlier.values_list("gift_year", flat=True).first():
        faults.append(EarlierYearOpen(earlier=before))
    plans = Programme.objects.filter(union=union, gift_year=gift_year, state__in=_WAITING).order_by("pk")
    if titles := list(plans.values_list("title", flat=True)):
        faults.append(PlansWaiting(count=len(titles), titles=_listed(titles)))
    offered = unanswered(union, gift_year).order_by("pk").values_list("order__number", flat=True)
    if numbers := list(offered):
        faults.append(OffersUnanswered(numbers=_listed(numbers)))
    return [*faults, *_goods(union, gift_year), *_claims(union, gift_year)]


def returns_until(union: Organisation, gift_year: int) -> date | None:
    """The last day on which goods of the year can be given back, today or later; then it is booked in the next year. None: no more."""
    accepted = SupplierOrder.objects.filter(union=union, order__gift_year=gift_year, accepted_at__isnull=False)
    latest = accepted.values("return_days").annotate(at=Max("accepted_at"))
    days = [timezone.localtime(row["at"]).date() + timedelta(days=row["return_days"]) for row in latest]
    last = max(days, default=date.min)
    return last if last >= timezone.localdate() else None


def _goods(union: Organisation, gift_year: int) -> Iterable[HouseError]:
    parcels = Parcel.objects.filter(union=union, supplier_order__order__gift_year=gift_year)
    moving = parcels.filter(state__in=[*UNSHIPPED, ParcelState.SHIPPED])
    rows = (
        moving.values_list("supplier_order__order__number")
        .annotate(n=Count("pk"))
        .order_by("supplier_order__order__number")
    )
    if under_way := list(rows):
        numbers = [number for number, _count in under_way]
        count = sum(n for _number, n in under_way)
        yield GoodsUnderWay(parcels=count, orders=len(numbers), numbers=_listed(numbers))
    accepted = SupplierOrder.objects.filter(
        union=union, order__gift_year=gift_year, accepted_at__isnull=False, paid_at=None
    )
    arrived = Parcel.objects.filter(supplier_order__in=accepted, state=ParcelState.ACCEPTED)
    unpaid = arrived.values_list("supplier_order__number", flat=True).distinct().order_by("supplier_order__number")
    if numbers := list(unpaid):
        yield NotPaidYet(count=len(numbers), numbers=_listed(numbers))


def _claims(union: Organisation, gift_year: int) -> Iterable[HouseError]:
    owed = Loss.objects.filter(
        union=union, supplier_order__order__gift_year=gift_year, refund_due__gt=0, refund__isnull=True
    )
    rows = owed.values_list("supplier_order__number").annotate(fen=Sum("refund_due")).order_by("supplier_order__number")
    if refunds := list(rows):
        amount = yuan(sum(fen for _number, fen in refunds))
        yield RefundsDue(amount=amount, numbers=_listed(number for number, _fen in refunds))
    of_year = Complaint.objects.filter(union=union, parcel__supplier_order__order__gift_year=gift_year)
    if problems := of_year.filter(state=ComplaintState.OPEN).count():
        yield ProblemsOpen(count=problems)
    asked = PriorityException.objects.filter(
        union=union, state__in=OPEN_STATES, valid_from__lte=date(gift_year, 12, 31)
    )
    if numbers := list(asked.order_by("pk").values_list("number", flat=True)):
        yield RequestsUndecided(numbers=_listed(numbers))


def _listed(names: Iterable[str]) -> str:
    """The first few of them."""
    found = list(names)
    return _(", ").join(found[:_NAMED]) + (_(" and others") if len(found) > _NAMED else "")


def _seal(actor: User, union: Organisation, closed_for: Organisation, gift_year: int) -> YearClosing:
    """The statement as it stands, its hash in the log, and the closing, with which the database closes the year."""
    now = statement(union, gift_year)
    sealed = replace(now, closed_on=timezone.localdate().isoformat(), shortfall=now.reserve)
    content = canonical(sealed.as_dict())
    body: dict[str, Any] = {
        "union": union.code,
        "year": gift_year,
        "closed_for": closed_for.code,
        "policy": sealed.policy,
        "minimum_share_bp": sealed.minimum_share_bp,
        "assistance": sealed.assistance,
        "ordinary": sealed.ordinary,
        "brought_forward": sealed.brought_forward,
        "shortfall": sealed.shortfall,
        "carried_forward": sealed.carried_forward,
        "to_make_good": sealed.to_make_good,
        "statement_sha256": sha256(content).hexdigest(),
    }
    entry = record("year.closed", body, subject=f"year:{union.code}:{gift_year}", union_id=union.pk)
    closing: YearClosing = YearClosing.objects.create(
        union=union,
        gift_year=gift_year,
        policy=policy_of_year(union, gift_year),
        statement=content.decode(),
        entry=entry,
        closed_by=actor,
        closed_for=closed_for,
    )
    return closing


def _carry_make_good(union: Organisation, gift_year: int) -> None:
    """Note whether the next year, with what was brought forward to it, has something to make good before ordinary goods."""
    year = lock_year(union, gift_year)
    held = reserve(union, gift_year)
    flag(year, due=excess(year.counted, year.ordinary, held, share_in_force(union)) > 0)
