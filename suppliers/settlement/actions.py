"""Verbs that settle: accrue what an accepted delivery earns, record payments, pay out, confirm."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from marketplace.evidence.actions import record
from marketplace.fulfilment.models import SupplierOrder
from marketplace.fulfilment.queries import amount
from marketplace.fulfilment.rows import locked
from marketplace.ledger.actions import account, accounts, post
from marketplace.ledger.models import Account, AccountKind
from marketplace.organisations.models import Role, User
from marketplace.organisations.queries import require
from marketplace.organisations.scopes import seen_by
from suppliers.provenance.graph import behind
from suppliers.provenance.weights import whole
from suppliers.settlement.errors import NoProvenance, NothingDue
from suppliers.settlement.models import Accrual, HouseholdAccrual
from suppliers.settlement.shares import divide

# Fen of sales per lot that an accepted supplier order was filled from. `assistance` says whether the line was decided as an
# assistance product at all: other goods earn their seller alone.
_LOTS = """
    SELECT lot.id, lot.code, sale.fen, sale.assistance
    FROM (
        SELECT al.lot_id, sum(al.quantity * l.unit_price_incl_tax * 100)::bigint AS fen,
            bool_or(l.components IS NULL AND EXISTS (
                SELECT FROM accreditation_accreditation ac
                WHERE ac.product_id = l.product_id AND ac.state IN ('valid', 'suspended', 'revoked')
            )) AS assistance
        FROM fulfilment_parcel p
        JOIN fulfilment_parcelline pl ON pl.parcel_id = p.id
        JOIN order_line l ON l.id = pl.line_id
        JOIN fulfilment_allocation al ON al.parcel_line_id = pl.id
        WHERE p.supplier_order_id = %s AND p.state = 'accepted'
        GROUP BY al.lot_id
    ) sale
    JOIN stock_lot lot ON lot.id = sale.lot_id
    ORDER BY lot.id
"""

Credit = tuple[int, int, int, int]  # lot, household, grams, fen


def settle(supplier_order: SupplierOrder) -> Accrual | None:
    """Accrue what an accepted supplier order earns: the enterprise's fee, the households by the lots shipped, the producer the rest.

    Carried out by a step, once; None when everything was returned before. Raises NoProvenance.
    """
    with transaction.atomic(), seen_by(None):
        supplier_order = locked(supplier_order)
        gross = amount(supplier_order)
        if not gross:
            return None
        credits = _credits(supplier_order)
        fee = gross * supplier_order.fee_bp // 10_000
        households = sum(fen for *_, fen in credits)
        accrual = Accrual.objects.create(
            supplier_order=supplier_order,
            producer=supplier_order.producer,
            gross=gross,
            fee=fee,
            households=households,
            net=gross - fee - households,
        )
        HouseholdAccrual.objects.bulk_create(
            [
                HouseholdAccrual(
                    accrual=accrual,
                    household_id=h,
                    lot_id=lot,
                    producer=supplier_order.producer,
                    grams=grams,
                    amount=fen,
                )
                for lot, h, grams, fen in credits
            ]
        )
        post(
            f"supplier_order:{supplier_order.number}:accrued",
            "supplier_order.accrued",
            cause_of(supplier_order),
            legs_of(accrual),
            union=supplier_order.union,
        )
        record(
            "supplier_order.accrued",
            {"number": supplier_order.number, "gross": gross, "fee": fee, "households": households, "net": accrual.net,
             "household_count": len({h for _, h, _, _ in credits})},
            subject=cause_of(supplier_order),
            union_id=supplier_order.union_id,
        )  # fmt: skip
    return accrual


def _credits(supplier_order: SupplierOrder) -> list[Credit]:
    """What each household earns of each lot: its agreement's part of the sales, by the weight that it brought. Two statements."""
    with connection.cursor() as cursor:
        cursor.execute(_LOTS, [supplier_order.pk])
        rows = cursor.fetchall()
    history = behind(lot for lot, *_ in rows)
    credits: list[Credit] = []
    for lot, code, fen, assistance in rows:
        brought = history.by_household(lot)
        if assistance and not brought:
            raise NoProvenance(lot=code)
        sales = divide(fen, whole(brought))
        credits += [
            (lot, household, round(brought[household]), sales[household] * history.shares[household] // 10_000)
            for household in sorted(brought)
        ]
    return credits


def legs_of(accrual: Accrual) -> dict[Account, int]:
    """The legs of an accrual: the seller's revenue against what the enterprise, the producer and each household are owed."""
    so = accrual.supplier_order
    legs: defaultdict[Account, int] = defaultdict(int)
    legs[account(AccountKind.REVENUE, so.seller)] -= accrual.gross
    legs[account(AccountKind.OWED, accrual.producer)] += accrual.net
    if so.enterprise and accrual.fee:
        legs[account(AccountKind.OWED, so.enterprise, "fees")] += accrual.fee
    for held, fen in owed_to_households([accrual]).items():
        legs[held] += fen
    return dict(legs)


def owed_to_households(accruals: Sequence[Accrual]) -> dict[Account, int]:
    """What the accruals (of one producer) owe each household, by its account."""
    owed: defaultdict[str, int] = defaultdict(int)
    for row in HouseholdAccrual.objects.filter(accrual__in=accruals).select_related("household"):
        owed[row.household.code] += row.amount
    held = accounts(AccountKind.OWED, dict.fromkeys(owed, accruals[0].producer))
    return {held[code]: fen for code, fen in owed.items()}


def record_payment(actor: User, supplier_order: SupplierOrder, bank_reference: str) -> None:
    """Record that the union's bank paid the seller of record for an accepted supplier order. Repeating it does nothing.

    Raises NotAllowed, NothingDue.
    """
    require(actor, Role.BUYER, supplier_order.union)
    with transaction.atomic(), seen_by(None):
        held = locked(supplier_order)
        if held.paid_at:
            return
        paid = amount(held)
        if not paid:
            raise NothingDue(number=held.number)
        post(
            f"supplier_order:{held.number}:paid",
            "supplier_order.paid",
            cause_of(held),
            {
                account(AccountKind.DUE, held.seller, held.union.code): -paid,
                account(AccountKind.PAID, held.seller, held.union.code): paid,
            },
            union=held.union,
        )
        held.paid_at = timezone.now()
        held.save(update_fields=["paid_at"])
        record("supplier_order.paid", {"number": held.number, "paid": paid, "bank_reference": bank_reference},
               subject=cause_of(held), union_id=held.union_id)  # fmt: skip


def pay_out(actor: User, accrual: Accrual) -> int:
    """Record that the producer and its households were paid what a supplier order earned them, less what was returned since; how much.

    The province enterprise does it where it has a contract, the producer itself where it sells directly. Repeating it does
    nothing. Raises NotAllowed, NothingDue.
    """
    so = accrual.supplier_order
    require_payer(actor, so)
    with transaction.atomic(), seen_by(None):
        rows = list(
            Accrual.objects.select_for_update(of=("self",))
            .filter(Q(pk=accrual.pk) | Q(corrects=accrual.pk), paid_at__isnull=True)
            .select_related("producer")
            .order_by("pk")
        )
        if not any(row.pk == accrual.pk for row in rows):
            return 0
        total = sum(row.net + row.households for row in rows)
        if total <= 0:
            raise NothingDue(number=so.number)
        owed: defaultdict[Account, int] = defaultdict(
            int, {account(AccountKind.OWED, so.producer): sum(r.net for r in rows)}
        )
        for held, fen in owed_to_households(rows).items():
            owed[held] += fen
        Accrual.objects.filter(pk__in=[row.pk for row in rows]).update(paid_at=timezone.now())
        HouseholdAccrual.objects.filter(accrual__in=rows).update(paid_at=timezone.now())
        post(
            f"supplier_order:{so.number}:paid_out",
            "supplier_order.paid_out",
            cause_of(so),
            {a: -fen for a, fen in owed.items()} | {account(AccountKind.RECEIVED, so.producer): total},
            union=so.union,
        )
        households = sum(row.households for row in rows)
        record("supplier_order.paid_out", {"number": so.number, "total": total, "households": households},
               subject=cause_of(so), union_id=so.union_id)  # fmt: skip
    return total


def require_payer(actor: User, supplier_order: SupplierOrder) -> None:
    """Raise NotAllowed unless the person acts for whoever pays the producer: its enterprise, or itself where it sells directly."""
    if supplier_order.enterprise is not None:
        require(actor, Role.PROVINCE, supplier_order.enterprise)
    else:
        require(actor, Role.PRODUCER, supplier_order.producer)


def confirm_payout(actor: User, accrual: Accrual) -> int:
    """Record that the households confirmed what they got (the village office's collected slips); how many rows that was."""
    require(actor, Role.PRODUCER, accrual.producer)
    with transaction.atomic(), seen_by(None):
        confirmed = accrual.by_household.filter(paid_at__isnull=False, confirmed_at__isnull=True).update(
            confirmed_at=timezone.now()
        )
        if confirmed:
            record("households.confirmed", {"number": accrual.supplier_order.number, "rows": confirmed},
                   subject=cause_of(accrual.supplier_order), union_id=accrual.supplier_order.union_id)  # fmt: skip
    return confirmed


def cause_of(supplier_order: SupplierOrder) -> str:
    """The log's subject, and the ledger's cause, of everything about a supplier order."""
    return f"order:{supplier_order.order.number}"
