"""Goods that do not reach their members as ordered: cancelled before shipping, refused on arrival, returned after acceptance.

Locks: the supplier order, the union's year (through LossPolicy), ledger accounts, lots, stock (docs/decisions/0006-lock-order.md).
Statements do not grow with the number of parcels, only with the number of different reasons told at once.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import connection, transaction
from django.utils import timezone

from marketplace.evidence.actions import EntryDraft, record_many
from marketplace.fulfilment.errors import (
    NamedTwice,
    NothingNamed,
    ParcelsElsewhere,
    ParcelsMovedOn,
    ReasonUnfit,
    ReturnTooLate,
)
from marketplace.fulfilment.models import (
    REASONS,
    Loss,
    LossKind,
    LossReason,
    Parcel,
    ParcelState,
    Party,
    SupplierOrder,
)
from marketplace.fulfilment.policy import loss_policy
from marketplace.fulfilment.rows import locked
from marketplace.ledger.actions import account, carry_on, post
from marketplace.ledger.models import Account, AccountKind, Transaction
from marketplace.organisations.errors import HouseError, Refusals
from marketplace.organisations.models import Role, User
from marketplace.organisations.queries import require
from marketplace.organisations.scopes import seen_by
from marketplace.steps.actions import write
from marketplace.stock.actions import release, write_off

UNSHIPPED = (ParcelState.UNCALLED, ParcelState.PLACED, ParcelState.ASSIGNED)


@dataclass(frozen=True)
class Report:
    """What somebody says of some parcels (ids): one reason for all of them, and words if they like."""

    parcels: tuple[int, ...]
    reason: str
    words: str = ""


def cancel(actor: User, supplier_order: SupplierOrder, report: Report) -> list[Loss]:
    """The union gives up parcels that were not shipped; money and stock go back. Parcels cancelled already are passed over.

    Raises NotAllowed, Refusals naming every fault at once, and what the loss policy says against it.
    """
    require(actor, Role.BUYER, supplier_order.union)
    with transaction.atomic(), seen_by(None):
        return _lose(_begun(supplier_order), actor, LossKind.CANCELLED, Party.UNION, [report], UNSHIPPED)


def give_up(actor: User, supplier_order: SupplierOrder, report: Report) -> list[Loss]:
    """The producer cannot supply parcels that were not shipped; what it does not have leaves its stock. As `cancel` otherwise."""
    require(actor, Role.PRODUCER, supplier_order.producer)
    with transaction.atomic(), seen_by(None):
        return _lose(_begun(supplier_order), actor, LossKind.CANCELLED, Party.PRODUCER, [report], UNSHIPPED)


def give_back(actor: User, supplier_order: SupplierOrder, reports: Sequence[Report]) -> list[Loss]:
    """The union returns accepted parcels within the days that the policy gave. Parcels returned already are passed over.

    What the union had paid for them the seller owes back; what producer and households earned is corrected by a step.
    Raises NotAllowed, ReturnTooLate, Refusals naming every fault at once.
    """
    require(actor, Role.BUYER, supplier_order.union)
    with transaction.atomic(), seen_by(None):
        held = _begun(supplier_order)
        last = last_return_day(held)
        if last is not None and timezone.localdate() > last:
            raise ReturnTooLate(number=held.number, day=last, days=held.return_days)
        losses = _lose(held, actor, LossKind.RETURNED, Party.PRODUCER, reports, (ParcelState.ACCEPTED,))
        for loss in losses:
            write(f"loss:{loss.pk}", "loss.correct_accrual")
        return losses


def refuse(actor: User, held: SupplierOrder, reports: Sequence[Report]) -> list[Loss]:
    """Refuse shipped parcels within an acceptance, which holds the supplier order's lock and comes after this."""
    loss_policy().lock(held.order.union, held.order.gift_year)
    return _lose(held, actor, LossKind.REFUSED, Party.PRODUCER, reports, (ParcelState.SHIPPED,))


def last_return_day(supplier_order: SupplierOrder) -> date | None:
    """The last day on which goods of an accepted supplier order can be returned; None before acceptance."""
    if supplier_order.accepted_at is None:
        return None
    return timezone.localtime(supplier_order.accepted_at).date() + timedelta(days=supplier_order.return_days)


def purses_of(losses: Sequence[Loss]) -> dict[int, dict[Account, int]]:
    """For each loss (id), the purses' accounts that paid for its parcels, with fen: each purse gets its own back."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT p.loss_id, u.account_id, sum(pl.quantity * (l.unit_price_incl_tax * 100)::bigint)::bigint
            FROM fulfilment_parcel p
            JOIN fulfilment_parcelline pl ON pl.parcel_id = p.id
            JOIN order_line l ON l.id = pl.line_id
            JOIN ledger_purse u ON u.id = l.purse_id
            WHERE p.loss_id = ANY(%s) GROUP BY 1, 2
            """,
            [[loss.pk for loss in losses]],
        )
        rows = cursor.fetchall()
    held = Account.objects.in_bulk({account_id for _loss, account_id, _fen in rows})
    found: defaultdict[int, dict[Account, int]] = defaultdict(dict)
    for loss, account_id, fen in rows:
        found[loss][held[account_id]] = fen
    return found


def _begun(supplier_order: SupplierOrder) -> SupplierOrder:
    held = locked(supplier_order)
    loss_policy().lock(held.order.union, held.order.gift_year)
    return held


def _lose(
    held: SupplierOrder,
    actor: User,
    kind: LossKind,
    by: Party,
    reports: Sequence[Report],
    states: tuple[ParcelState, ...],
) -> list[Loss]:
    """Move the parcels, then money, then the year's figures, then the log, then (unshipped goods) lots and stock."""
    reports = _still_to_do(held, kind, by, reports, states)
    if not reports:
        return []
    losses = _write(held, actor, kind, by, reports)
    given = purses_of(losses)
    for loss in losses:
        _give_money_back(held, loss, given[loss.pk])
    loss_policy().lost(held.order, losses)
    record_many([_entry(held, loss) for loss in losses])
    if kind == LossKind.CANCELLED:
        _give_goods_back(losses, by)
    return losses


def _still_to_do(
    held: SupplierOrder, kind: LossKind, by: Party, reports: Sequence[Report], states: tuple[ParcelState, ...]
) -> list[Report]:
    """The reports without the parcels that went this way before. Raises Refusals with every fault of all of them."""
    named = [parcel for report in reports for parcel in report.parcels]
    found = dict(Parcel.objects.filter(supplier_order=held, pk__in=named).values_list("pk", "state"))
    faults: list[HouseError] = []
    if not named:
        faults.append(NothingNamed(number=held.number))
    if any(times > 1 for times in Counter(named).values()):
        faults.append(NamedTwice(number=held.number))
    if unknown := len(set(named) - set(found)):
        faults.append(ParcelsElsewhere(number=held.number, count=unknown))
    for reason in {report.reason for report in reports} - set(REASONS[kind, by]):
        label = LossReason(reason).label if reason in LossReason.values else reason
        faults.append(ReasonUnfit(reason=label, kind=kind.label))
    moved_on = Counter(state for state in found.values() if state not in states and state != kind)
    faults += [
        ParcelsMovedOn(number=held.number, count=count, state=ParcelState(state).label, kind=kind.label)
        for state, count in sorted(moved_on.items())
    ]
    if faults:
        raise Refusals(faults)
    left = [Report(tuple(p for p in r.parcels if found[p] in states), r.reason, r.words) for r in reports]
    return [report for report in left if report.parcels]


def _write(held: SupplierOrder, actor: User, kind: LossKind, by: Party, reports: Sequence[Report]) -> list[Loss]:
    """Insert the losses and move their parcels. Three statements."""
    parcels = [parcel for report in reports for parcel in report.parcels]
    places = [place for place, report in enumerate(reports) for _ in report.parcels]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT g.place, sum(pl.quantity * (l.unit_price_incl_tax * 100)::bigint)::bigint
            FROM unnest(%s::bigint[], %s::int[]) AS g(parcel, place)
            JOIN fulfilment_parcelline pl ON pl.parcel_id = g.parcel
            JOIN order_line l ON l.id = pl.line_id GROUP BY 1
            """,
            [parcels, places],
        )
        amounts = dict(cursor.fetchall())
        paid = kind == LossKind.RETURNED and held.paid_at is not None
        losses = Loss.objects.bulk_create(
            [
                Loss(
                    supplier_order=held,
                    union=held.union,
                    producer=held.producer,
                    kind=kind,
                    by=by,
                    reason=report.reason,
                    words=report.words.strip()[:200],
                    parcels=len(report.parcels),
                    amount=amounts[place],
                    refund_due=amounts[place] if paid else 0,
                    reported_by=actor,
                )
                for place, report in enumerate(reports)
            ]
        )
        cursor.execute(
            "UPDATE fulfilment_parcel p SET state = %s, loss_id = g.loss FROM unnest(%s::bigint[], %s::bigint[]) AS g(id, loss)"
            " WHERE p.id = g.id",
            [kind.value, parcels, [losses[place].pk for place in places]],
        )
    return losses


def _give_money_back(held: SupplierOrder, loss: Loss, purses: Mapping[Account, int]) -> None:
    """To the purses that paid. What the seller was paid already it owes, until the refund is recorded."""
    cause = f"order:{held.order.number}"
    name = f"supplier_order:{held.number}"
    if loss.refund_due:
        held_by_seller = {
            account(AccountKind.PAID, held.seller, held.union.code): -loss.amount,
            account(AccountKind.REFUND, held.seller, held.union.code): loss.amount,
        }
        paid = Transaction.objects.get(key=f"{name}:paid")
        post(f"loss:{loss.pk}:owed", "loss.owed", cause, held_by_seller, union=held.union, corrects=paid)
        return
    reserved = account(AccountKind.RESERVED, held.union)
    if loss.kind == LossKind.RETURNED:
        undone = {account(AccountKind.DUE, held.seller, held.union.code): -loss.amount, reserved: loss.amount}
        accepted = Transaction.objects.get(key=f"{name}:accepted")
        post(f"loss:{loss.pk}:undone", "loss.undone", cause, undone, union=held.union, corrects=accepted)
    placed = Transaction.objects.get(key=f"order:{held.order.number}:placed")
    legs = {reserved: -loss.amount, **purses}
    post(f"loss:{loss.pk}:given_back", "loss.given_back", cause, legs, union=held.union, corrects=placed)
    carry_on([purse.pk for purse in purses], f"loss:{loss.pk}")


def _give_goods_back(losses: Sequence[Loss], by: Party) -> None:
    """Units by stock record, and by lot where lots were given; the union's go back on sale, the producer's do not exist."""
    units, lots = _units(losses)
    cause = f"loss:{losses[0].pk}"
    if by == Party.UNION:
        release(units, cause, lots)
    else:
        write_off(units, cause, lots)


def _units(losses: Sequence[Loss]) -> tuple[dict[int, int], dict[int, int]]:
    ids = [loss.pk for loss in losses]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT sr.stock_id, sum(pl.quantity)::bigint FROM fulfilment_parcel p
            JOIN fulfilment_parcelline pl ON pl.parcel_id = p.id
            JOIN order_line l ON l.id = pl.line_id
            JOIN partner_stockrecord sr ON sr.id = l.stockrecord_id
            WHERE p.loss_id = ANY(%s) GROUP BY 1
            """,
            [ids],
        )
        units = dict(cursor.fetchall())
        cursor.execute(
            """
            SELECT a.lot_id, sum(a.quantity)::bigint FROM fulfilment_parcel p
            JOIN fulfilment_parcelline pl ON pl.parcel_id = p.id
            JOIN fulfilment_allocation a ON a.parcel_line_id = pl.id
            WHERE p.loss_id = ANY(%s) GROUP BY 1
            """,
            [ids],
        )
        return units, dict(cursor.fetchall())


def _entry(held: SupplierOrder, loss: Loss) -> EntryDraft:
    """Without the words, in which somebody may have written a name."""
    body = {
        "number": held.number,
        "loss": loss.pk,
        "by": loss.by,
        "reason": loss.reason,
        "parcels": loss.parcels,
        "amount": loss.amount,
        "refund_due": loss.refund_due,
    }
    return EntryDraft(f"parcels.{loss.kind}", body, f"order:{held.order.number}", held.union_id)
