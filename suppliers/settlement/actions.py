"""Verbs that settle: accrue what an accepted delivery earns, record payments, pay out, confirm."""

from __future__ import annotations

from collections import defaultdict

from django.db import connection, transaction
from django.utils import timezone

from marketplace.evidence.actions import record
from marketplace.fulfilment.models import SupplierOrder
from marketplace.fulfilment.queries import amount
from marketplace.ledger.actions import account, accounts, post
from marketplace.ledger.models import Account, AccountKind
from marketplace.organisations.models import Role, User
from marketplace.organisations.queries import require
from marketplace.organisations.scopes import seen_by
from suppliers.settlement.errors import NoProvenance, NothingDue
from suppliers.settlement.models import Accrual, HouseholdAccrual
from suppliers.settlement.shares import divide

# Fen of sales and what each household brought, per lot that an accepted supplier order was filled from. `accredited` says whether
# the line was decided as an assistance product at all: other goods earn their seller alone.
_LOTS = """
    SELECT lot.id, lot.code, sale.fen, sale.assistance, a.share_bp, a.household_id, sum(i.grams)::bigint
    FROM (
        SELECT al.lot_id, sum(al.quantity * l.unit_price_incl_tax * 100)::bigint AS fen, bool_or(ac.id IS NOT NULL) AS assistance
        FROM fulfilment_parcel p
        JOIN fulfilment_parcelline pl ON pl.parcel_id = p.id
        JOIN order_line l ON l.id = pl.line_id
        JOIN fulfilment_allocation al ON al.parcel_line_id = pl.id
        LEFT JOIN accreditation_accreditation ac ON ac.product_id = l.product_id AND ac.state IN ('valid', 'suspended', 'revoked')
            AND l.components IS NULL
        WHERE p.supplier_order_id = %s AND p.state = 'accepted'
        GROUP BY al.lot_id
    ) sale
    JOIN stock_lot lot ON lot.id = sale.lot_id
    LEFT JOIN provenance_lotinput i ON i.lot_id = lot.id
    LEFT JOIN provenance_collection c ON c.id = i.collection_id
    LEFT JOIN provenance_benefitagreement a ON a.id = c.agreement_id
    GROUP BY lot.id, lot.code, sale.fen, sale.assistance, a.share_bp, a.household_id
    ORDER BY lot.id, a.household_id
"""

Credit = tuple[int, int, int, int]  # lot, household, grams, fen


def settle(supplier_order: SupplierOrder) -> Accrual:
    """Accrue what an accepted supplier order earns: the enterprise's fee, the households by the lots shipped, the producer the rest.

    Carried out by a step, once. Raises NoProvenance.
    """
    with transaction.atomic(), seen_by(None):
        gross = amount(supplier_order)
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
            _cause(supplier_order),
            _owed(accrual),
            union=supplier_order.union,
        )
        record(
            "supplier_order.accrued",
            {"number": supplier_order.number, "gross": gross, "fee": fee, "households": households, "net": accrual.net,
             "household_count": len({h for _, h, _, _ in credits})},
            subject=_cause(supplier_order),
            union_id=supplier_order.union_id,
        )  # fmt: skip
    return accrual


def _credits(supplier_order: SupplierOrder) -> list[Credit]:
    """What each household earns of each lot: its agreement's part of the sales, by the weight that it brought."""
    with connection.cursor() as cursor:
        cursor.execute(_LOTS, [supplier_order.pk])
        rows = cursor.fetchall()
    by_lot: defaultdict[tuple[int, int], dict[int, tuple[int, int]]] = defaultdict(dict)
    for lot, code, fen, assistance, share_bp, household, grams in rows:
        if household is None:
            if assistance:
                raise NoProvenance(lot=code)
            continue
        by_lot[lot, fen][household] = (share_bp, grams)
    credits: list[Credit] = []
    for (lot, fen), brought in sorted(by_lot.items()):
        sales = divide(fen, {household: grams for household, (_, grams) in brought.items()})
        credits += [(lot, h, brought[h][1], sales[h] * brought[h][0] // 10_000) for h in sorted(brought)]
    return credits


def _owed(accrual: Accrual) -> dict[Account, int]:
    """The legs of an accrual: the seller's revenue against what the enterprise, the producer and each household are owed."""
    so = accrual.supplier_order
    legs: defaultdict[Account, int] = defaultdict(int)
    legs[account(AccountKind.REVENUE, so.seller)] -= accrual.gross
    legs[account(AccountKind.OWED, accrual.producer)] += accrual.net
    if so.enterprise and accrual.fee:
        legs[account(AccountKind.OWED, so.enterprise, "fees")] += accrual.fee
    for code, fen in _by_household(accrual).items():
        legs[code] += fen
    return dict(legs)


def _by_household(accrual: Accrual) -> dict[Account, int]:
    owed: defaultdict[str, int] = defaultdict(int)
    for row in accrual.by_household.select_related("household"):
        owed[row.household.code] += row.amount
    held = accounts(AccountKind.OWED, dict.fromkeys(owed, accrual.producer))
    return {held[code]: fen for code, fen in owed.items()}


def record_payment(actor: User, supplier_order: SupplierOrder, bank_reference: str) -> None:
    """Record that the union's bank paid the seller of record for an accepted supplier order. Repeating it does nothing.

    Raises NotAllowed, NothingDue.
    """
    require(actor, Role.BUYER, supplier_order.union)
    with transaction.atomic(), seen_by(None):
        locked = (
            SupplierOrder.objects.select_for_update(of=("self",))
            .select_related("order", "seller", "union")
            .get(pk=supplier_order.pk)
        )
        if locked.paid_at:
            return
        paid = amount(locked)
        if not paid:
            raise NothingDue(number=locked.number)
        post(
            f"supplier_order:{locked.number}:paid",
            "supplier_order.paid",
            _cause(locked),
            {
                account(AccountKind.DUE, locked.seller, locked.union.code): -paid,
                account(AccountKind.PAID, locked.seller, locked.union.code): paid,
            },
            union=locked.union,
        )
        locked.paid_at = timezone.now()
        locked.save(update_fields=["paid_at"])
        record("supplier_order.paid", {"number": locked.number, "paid": paid, "bank_reference": bank_reference},
               subject=_cause(locked), union_id=locked.union_id)  # fmt: skip


def pay_out(actor: User, accrual: Accrual) -> None:
    """Record that the producer and its households were paid what a supplier order earned them. Repeating it does nothing.

    The province enterprise does it where it has a contract, the producer itself where it sells directly. Raises NotAllowed.
    """
    so = accrual.supplier_order
    if so.enterprise is not None:
        require(actor, Role.PROVINCE, so.enterprise)
    else:
        require(actor, Role.PRODUCER, so.producer)
    with transaction.atomic(), seen_by(None):
        if not Accrual.objects.filter(pk=accrual.pk, paid_at__isnull=True).update(paid_at=timezone.now()):
            return
        accrual.by_household.update(paid_at=timezone.now())
        owed = {account(AccountKind.OWED, so.producer): accrual.net} | _by_household(accrual)
        total = sum(owed.values())
        post(
            f"supplier_order:{so.number}:paid_out",
            "supplier_order.paid_out",
            _cause(so),
            {a: -fen for a, fen in owed.items()} | {account(AccountKind.RECEIVED, so.producer): total},
            union=so.union,
        )
        record("supplier_order.paid_out", {"number": so.number, "total": total, "households": accrual.households},
               subject=_cause(so), union_id=so.union_id)  # fmt: skip


def confirm_payout(actor: User, accrual: Accrual) -> int:
    """Record that the households confirmed what they got (the village office's collected slips); how many rows that was."""
    require(actor, Role.PRODUCER, accrual.producer)
    with transaction.atomic(), seen_by(None):
        confirmed = accrual.by_household.filter(paid_at__isnull=False, confirmed_at__isnull=True).update(
            confirmed_at=timezone.now()
        )
        if confirmed:
            record("households.confirmed", {"number": accrual.supplier_order.number, "rows": confirmed},
                   subject=_cause(accrual.supplier_order), union_id=accrual.supplier_order.union_id)  # fmt: skip
    return confirmed


def _cause(supplier_order: SupplierOrder) -> str:
    return f"order:{supplier_order.order.number}"
