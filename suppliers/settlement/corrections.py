"""Goods returned after acceptance: what producer and households had earned is taken back, and a seller's refund is recorded.

What was not paid out yet is paid out less; what was paid out already the producer (its households through it) owes back, which
shows as such until it is set off or given back (docs/decisions/0014-goods-that-do-not-arrive.md).
"""

from __future__ import annotations

from collections import defaultdict

from django.db import connection, transaction
from django.db.models import Sum
from django.utils import timezone

from marketplace.evidence.actions import record
from marketplace.fulfilment.losses import purses_of
from marketplace.fulfilment.models import Loss, LossKind, ParcelState, SupplierOrder
from marketplace.fulfilment.queries import amount
from marketplace.fulfilment.rows import locked
from marketplace.ledger.actions import account, carry_on, post
from marketplace.ledger.models import AccountKind, Transaction
from marketplace.organisations.models import Role, User
from marketplace.organisations.queries import require
from marketplace.organisations.scopes import seen_by
from suppliers.settlement.actions import cause_of, legs_of, require_payer
from suppliers.settlement.errors import NothingOwedBack, ReferenceMissing
from suppliers.settlement.models import Accrual, HouseholdAccrual, Refund

_BY_LOT = """
    SELECT al.lot_id, sum(al.quantity * (l.unit_price_incl_tax * 100)::bigint)::bigint,
        coalesce(sum(al.quantity * (l.unit_price_incl_tax * 100)::bigint) FILTER (WHERE p.state = 'accepted'), 0)::bigint
    FROM fulfilment_parcel p
    JOIN fulfilment_parcelline pl ON pl.parcel_id = p.id
    JOIN order_line l ON l.id = pl.line_id
    JOIN fulfilment_allocation al ON al.parcel_line_id = pl.id
    WHERE p.supplier_order_id = %(supplier_order)s
        AND (p.state = 'accepted' OR p.state = 'returned' AND p.loss_id <> ALL(%(before)s))
    GROUP BY al.lot_id
"""


def correct(loss: Loss) -> Accrual | None:
    """Correct the accrual of a returned delivery down to what is still accepted. Carried out by a step.

    None when there is nothing to correct: the goods were returned before anything was accrued, or an earlier correction took them
    in. Locks the supplier order, the accrual, ledger accounts.
    """
    with transaction.atomic(), seen_by(None):
        so = locked(loss.supplier_order)
        first = Accrual.objects.select_for_update(of=("self",)).filter(supplier_order=so, corrects__isnull=True).first()
        if first is None:
            return None
        so_far = Accrual.objects.filter(supplier_order=so).aggregate(
            gross=Sum("gross"), fee=Sum("fee"), households=Sum("households")
        )
        gross = amount(so)
        if gross == so_far["gross"]:
            return None
        fee = gross * so.fee_bp // 10_000 - so_far["fee"]
        by_household = _taken_back(so, first)
        households = sum(fen for *_, fen in by_household)
        gross -= so_far["gross"]
        correction = Accrual.objects.create(
            supplier_order=so,
            producer=so.producer,
            corrects=first,
            loss=loss,
            gross=gross,
            fee=fee,
            households=households,
            net=gross - fee - households,
        )
        HouseholdAccrual.objects.bulk_create(
            [
                HouseholdAccrual(
                    accrual=correction, household_id=h, lot_id=lot, producer=so.producer, grams=0, amount=fen
                )
                for h, lot, fen in by_household
            ]
        )
        _post(correction, first)
        record(
            "supplier_order.accrual_corrected",
            {"number": so.number, "loss": loss.pk, "gross": gross, "fee": fee, "households": households,
             "net": correction.net, "owed_back": int(first.paid_at is not None)},
            subject=cause_of(so),
            union_id=so.union_id,
        )  # fmt: skip
    return correction


def record_refund(actor: User, loss: Loss, bank_reference: str) -> None:
    """Record that the seller of record gave the union's money back: each purse gets its own. Repeating it does nothing.

    Raises NotAllowed, NothingOwedBack, ReferenceMissing.
    """
    so = loss.supplier_order
    require(actor, Role.BUYER, so.union)
    reference = bank_reference.strip()[:80]
    if not reference:
        raise ReferenceMissing(number=so.number)
    with transaction.atomic(), seen_by(None):
        so = locked(so)
        if Refund.objects.filter(loss=loss).exists():
            return
        if not loss.refund_due:
            raise NothingOwedBack(number=so.number)
        Refund.objects.create(loss=loss, union=so.union, amount=loss.refund_due, bank_reference=reference)
        purses = purses_of([loss])[loss.pk]
        legs = {account(AccountKind.REFUND, so.seller, so.union.code): -loss.refund_due, **purses}
        placed = Transaction.objects.get(key=f"order:{so.order.number}:placed")
        post(f"loss:{loss.pk}:refunded", "loss.refunded", cause_of(so), legs, union=so.union, corrects=placed)
        carry_on([purse.pk for purse in purses], f"loss:{loss.pk}")
        record(
            "loss.refunded", {"number": so.number, "loss": loss.pk, "amount": loss.refund_due, "bank_reference": reference},
            subject=cause_of(so), union_id=so.union_id,
        )  # fmt: skip


def note_given_back(actor: User, correction: Accrual) -> None:
    """Note that what a producer owed back was given back, or set off against later pay. Repeating it does nothing.

    Whoever pays the producer notes it. Raises NotAllowed, NothingOwedBack.
    """
    so = correction.supplier_order
    require_payer(actor, so)
    with transaction.atomic(), seen_by(None):
        held = Accrual.objects.select_for_update(of=("self",)).select_related("corrects").get(pk=correction.pk)
        if held.corrects is None or held.corrects.paid_at is None:
            raise NothingOwedBack(number=so.number)
        if held.paid_at:
            return
        back = -(held.net + held.households)
        post(
            f"loss:{held.loss_id}:repaid",
            "loss.repaid",
            cause_of(so),
            {account(AccountKind.OWED_BACK, so.producer): -back, account(AccountKind.REVENUE, so.seller): back},
            union=so.union,
        )
        held.paid_at = timezone.now()
        held.save(update_fields=["paid_at"])
        held.by_household.update(paid_at=held.paid_at)
        record("loss.repaid", {"number": so.number, "loss": held.loss_id, "amount": back},
               subject=cause_of(so), union_id=so.union_id)  # fmt: skip


def _taken_back(so: SupplierOrder, first: Accrual) -> list[tuple[int, int, int]]:
    """What each household had earned of each lot and has no more, as (household, lot, fen below zero).

    By the part of the lot's sales that is still accepted, rounded down: nobody's part ever rises when goods come back.
    """
    with connection.cursor() as cursor:
        cursor.execute(_BY_LOT, {"supplier_order": so.pk, "before": _returned_before(so, first)})
        sales = {lot: (accrued, left) for lot, accrued, left in cursor.fetchall()}
    earned: defaultdict[tuple[int, int], int] = defaultdict(int)
    now: defaultdict[tuple[int, int], int] = defaultdict(int)
    for row in HouseholdAccrual.objects.filter(accrual__supplier_order=so):
        key = (row.household_id, row.lot_id)
        now[key] += row.amount
        if row.accrual_id == first.pk:
            earned[key] += row.amount
    changed = {key: fen * sales[key[1]][1] // sales[key[1]][0] - now[key] for key, fen in earned.items()}
    return [(household, lot, fen) for (household, lot), fen in sorted(changed.items()) if fen]


def _returned_before(so: SupplierOrder, first: Accrual) -> list[int]:
    """Losses whose goods were returned before anything was accrued, so that the accrual never held them.

    Returns of one supplier order follow each other under its lock: those before the accrual are the first ones, and together come to
    what was ever accepted less what was accrued.
    """
    missing = amount(so, (ParcelState.ACCEPTED, ParcelState.RETURNED)) - first.gross
    found = []
    for loss in Loss.objects.filter(supplier_order=so, kind=LossKind.RETURNED).order_by("pk"):
        missing -= loss.amount
        if missing < 0:
            break
        found.append(loss.pk)
    return found


def _post(correction: Accrual, first: Accrual) -> None:
    """Against what is owed while nothing was paid out; else producer and households owe it back, and only the fee is reversed."""
    so = correction.supplier_order
    accrued = Transaction.objects.get(key=f"supplier_order:{so.number}:accrued")
    key, cause, union = f"loss:{correction.loss_id}", cause_of(so), so.union
    if first.paid_at is None:
        post(f"{key}:corrected", "accrual.corrected", cause, legs_of(correction), union=union, corrects=accrued)
        return
    if so.enterprise and correction.fee:
        fee = {
            account(AccountKind.REVENUE, so.seller): -correction.fee,
            account(AccountKind.OWED, so.enterprise, "fees"): correction.fee,
        }
        post(f"{key}:corrected", "accrual.corrected", cause, fee, union=union, corrects=accrued)
    back = -(correction.net + correction.households)
    owed = {
        account(AccountKind.RECEIVED, so.producer): -back,
        account(AccountKind.OWED_BACK, so.producer): back,
    }
    paid_out = Transaction.objects.get(key=f"supplier_order:{so.number}:paid_out")
    post(f"{key}:owed_back", "accrual.owed_back", cause, owed, union=union, corrects=paid_out)
