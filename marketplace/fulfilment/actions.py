"""Verbs from the placed order to the accepted parcel."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from marketplace.evidence.actions import EntryDraft, record_many
from marketplace.fulfilment.codes import waybill_number
from marketplace.fulfilment.errors import WaybillMissing, WaybillUsed
from marketplace.fulfilment.losses import Report, refuse
from marketplace.fulfilment.lots import refuse_stopped
from marketplace.fulfilment.models import Consignment, Parcel, ParcelState, SupplierOrder
from marketplace.fulfilment.queries import amount, to_pack
from marketplace.fulfilment.rows import expect, locked, note
from marketplace.ledger.actions import account, post
from marketplace.ledger.models import AccountKind
from marketplace.organisations.models import Organisation, Reveal, Role, User
from marketplace.organisations.personal import encrypt
from marketplace.organisations.queries import require
from marketplace.organisations.scopes import seen_by
from marketplace.shop.order.models import Order
from marketplace.steps.actions import write
from marketplace.stock.actions import ship as ship_stock


@dataclass(frozen=True)
class Terms:
    """Who sells a producer's goods, how, and for what fee (hundredths of a per cent); no enterprise where it sells directly."""

    seller: Organisation
    enterprise: Organisation | None
    mode: str
    fee_bp: int


@dataclass(frozen=True)
class ParcelDraft:
    """A parcel to be written: who gets it, label fields as ciphertext, and (order line id, units)."""

    producer_id: int
    recipient: int
    region: str
    department: str
    name: bytes
    phone: bytes
    address: bytes
    items: tuple[tuple[int, int], ...]


def open_supplier_orders(
    order: Order,
    terms: Mapping[Organisation, Terms],
    parcels: Iterable[ParcelDraft],
    need_date: date,
    acceptance_days: int,
    return_days: int,
    *,
    by_voucher: bool = False,
) -> list[SupplierOrder]:
    """Write supplier orders, parcels and their lines within a placement's transaction, and the steps that send them.

    `by_voucher`: each parcel waits until its member calls for it (`call_for`). Constant in the number of recipients but for the two
    COPYs of their rows.
    """
    opened = SupplierOrder.objects.bulk_create(
        [
            SupplierOrder(
                number=f"{order.number}-{producer.code}",
                order=order,
                union=order.union,
                producer=producer,
                seller=t.seller,
                enterprise=t.enterprise,
                mode=t.mode,
                fee_bp=t.fee_bp,
                need_date=need_date,
                acceptance_days=acceptance_days,
                return_days=return_days,
            )
            for producer, t in sorted(terms.items(), key=lambda item: item[0].pk)
        ]
    )
    begin = ParcelState.UNCALLED if by_voucher else ParcelState.PLACED
    _copy_parcels(order, {so.producer_id: so.pk for so in opened}, list(parcels), begin)
    record_many([_opened(so) for so in opened])
    write(f"order:{order.number}", "supplier_order.send", [str(so.pk) for so in opened])
    return opened


def _opened(so: SupplierOrder) -> EntryDraft:
    body = {
        "number": so.number,
        "producer": so.producer.code,
        "seller": so.seller.code,
        "mode": so.mode,
        "fee_bp": so.fee_bp,
    }
    return EntryDraft("supplier_order.opened", body, f"order:{so.order.number}", so.union_id)


def _copy_parcels(
    order: Order, supplier_orders: Mapping[int, int], drafts: list[ParcelDraft], state: ParcelState
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence('fulfilment_parcel', 'id')) FROM generate_series(1, %s)",
            [len(drafts)],
        )
        ids = [row[0] for row in cursor.fetchall()]
        with cursor.copy(
            "COPY fulfilment_parcel (id, supplier_order_id, union_id, producer_id, recipient, region, department,"
            " name, phone, address, state) FROM STDIN"
        ) as copy:
            for number, draft in zip(ids, drafts, strict=True):
                copy.write_row((
                    number, supplier_orders[draft.producer_id], order.union_id, draft.producer_id, draft.recipient,
                    draft.region, draft.department, draft.name, draft.phone, draft.address, state.value,
                ))  # fmt: skip
        with cursor.copy("COPY fulfilment_parcelline (parcel_id, line_id, quantity) FROM STDIN") as copy:
            for number, draft in zip(ids, drafts, strict=True):
                for line_id, quantity in draft.items:
                    copy.write_row((number, line_id, quantity))


def send(supplier_order: SupplierOrder) -> None:
    """Let the producer see the supplier order. Carried out by a step."""
    moved = SupplierOrder.objects.filter(pk=supplier_order.pk, sent_at__isnull=True).update(sent_at=timezone.now())
    if moved:
        note("supplier_order.sent", supplier_order)


def confirm(actor: User, supplier_order: SupplierOrder) -> None:
    """The producer takes the order on; lots are assigned next. Repeating it does nothing. Raises NotAllowed, NotYet."""
    require(actor, Role.PRODUCER, supplier_order.producer)
    with transaction.atomic():
        held = locked(supplier_order)
        if held.confirmed_at:
            return
        expect(held, "sent", "confirm")
        held.confirmed_at = timezone.now()
        held.save(update_fields=["confirmed_at"])
        note("supplier_order.confirmed", held)
        write(f"supplier_order:{held.pk}", "supplier_order.assign_lots")


def call_for(parcels: Mapping[int, str]) -> int:
    """Let the producers ship parcels (ids) that waited for their members, each to the address given ("": to the workplace).

    How many those were: what was called for or cancelled before is passed over. Locks their supplier orders by id. No permission is
    asked: the caller is a verb that has asked already.
    """
    with transaction.atomic(), seen_by(None):
        waiting = Parcel.objects.filter(pk__in=parcels, state=ParcelState.UNCALLED)
        of = list(waiting.values_list("supplier_order", flat=True).distinct())
        held = list(
            SupplierOrder.objects.select_for_update(of=("self",))
            .select_related("order")
            .filter(pk__in=of)
            .order_by("pk")
        )
        ids = list(waiting.values_list("pk", flat=True))
        if not ids:
            return 0
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE fulfilment_parcel p SET state = 'placed', address = g.address"
                " FROM unnest(%s::bigint[], %s::bytea[]) AS g(id, address) WHERE p.id = g.id AND p.state = 'uncalled'",
                [ids, [encrypt(parcels[pk]) for pk in ids]],
            )
        for supplier_order in held:
            if supplier_order.confirmed_at:
                write(f"supplier_order:{supplier_order.pk}", "supplier_order.assign_lots", [f"called:{min(ids)}"])
        return len(ids)


def ship(actor: User, supplier_order: SupplierOrder, carrier: str, waybill: str) -> Consignment:
    """Hand all assigned parcels to a carrier. The same carrier and waybill again returns the first consignment.

    Raises NotAllowed, NotYet, WaybillMissing, WaybillUnfit, WaybillUsed, Refusals of LotStopped.
    """
    require(actor, Role.PRODUCER, supplier_order.producer)
    carrier = carrier.strip()
    if not carrier or not waybill.strip():
        raise WaybillMissing()
    waybill = waybill_number(waybill)
    with transaction.atomic():
        held = locked(supplier_order)
        earlier = Consignment.objects.filter(carrier=carrier, waybill=waybill).first()
        if earlier is not None:
            if earlier.supplier_order_id != held.pk:
                raise WaybillUsed(carrier=carrier, waybill=waybill)
            return earlier
        expect(held, ParcelState.ASSIGNED, "ship")
        refuse_stopped(held)
        try:
            with transaction.atomic():
                consignment = Consignment.objects.create(supplier_order=held, carrier=carrier, waybill=waybill)
        except IntegrityError as error:
            raise WaybillUsed(carrier=carrier, waybill=waybill) from error
        moved = _move(held, ParcelState.ASSIGNED, ParcelState.SHIPPED, consignment=consignment)
        note("supplier_order.shipped", held, carrier=carrier, waybill=waybill, parcels=moved)
        write(
            f"supplier_order:{held.pk}",
            "supplier_order.accept_silently",
            [str(consignment.pk)],
            not_before=timezone.now() + timedelta(days=held.acceptance_days),
        )
        ship_stock(*_units(consignment), f"consignment:{consignment.pk}")
    return consignment


def accept(actor: User, supplier_order: SupplierOrder, refusals: Sequence[Report] = ()) -> None:
    """The union confirms the goods received, but for the parcels that it refuses: money becomes due to the seller for the rest.

    Repeating it does nothing. Raises NotAllowed, NotYet, Refusals naming every fault of the refusals.
    """
    require(actor, Role.BUYER, supplier_order.union)
    _accept(supplier_order, "union", actor, refusals)


def accept_silently(supplier_order: SupplierOrder) -> None:
    """Count a delivery as accepted because the union stayed silent. Carried out by a step when the time has run out."""
    _accept(supplier_order, "silence")


def _accept(supplier_order: SupplierOrder, by: str, actor: User | None = None, refusals: Sequence[Report] = ()) -> None:
    with transaction.atomic(), seen_by(None):
        held = locked(supplier_order)
        if held.accepted_at:
            return
        expect(held, ParcelState.SHIPPED, "accept")
        refused = refuse(actor, held, refusals) if actor and refusals else []
        moved = _move(held, ParcelState.SHIPPED, ParcelState.ACCEPTED)
        held.accepted_at = timezone.now()
        held.save(update_fields=["accepted_at"])
        due = amount(held)
        facts = {"parcels": moved, "due": due, "refused": sum(loss.parcels for loss in refused)}
        note("supplier_order.accepted", held, by=by, **facts)
        if not due:
            return
        post(
            f"supplier_order:{held.number}:accepted",
            "supplier_order.accepted",
            f"order:{held.order.number}",
            {
                account(AccountKind.RESERVED, held.union): -due,
                account(AccountKind.DUE, held.seller, held.union.code): due,
            },
            union=held.union,
        )
        write(f"supplier_order:{held.pk}", "supplier_order.settle")


def labels(actor: User, supplier_order: SupplierOrder) -> list[dict[str, Any]]:
    """What to print on the parcels' labels, in plain text: one reveal for the batch is recorded.

    Raises NotAllowed, Refusals of LotStopped.
    """
    require(actor, Role.PRODUCER, supplier_order.producer)
    refuse_stopped(supplier_order)
    rows = to_pack(supplier_order).order_by("department", "region", "pk")
    parcels = list(rows.prefetch_related("lines__line"))
    Reveal.objects.create(
        user=actor,
        organisation=supplier_order.producer,
        purpose="labels",
        subject=supplier_order.number,
        count=len(parcels),
    )
    return [
        {
            "parcel": parcel.pk,
            "name": parcel.name,
            "phone": parcel.phone,
            "address": parcel.address,
            "department": parcel.department,
            "goods": [(item.line.title, item.quantity) for item in parcel.lines.all()],
        }
        for parcel in parcels
    ]


def _move(supplier_order: SupplierOrder, old: ParcelState, new: ParcelState, **changes: Any) -> int:
    return Parcel.objects.filter(supplier_order=supplier_order, state=old).update(state=new, **changes)


def _units(consignment: Consignment) -> tuple[dict[int, int], dict[int, int]]:
    """Units that leave with a consignment: by stock record, and by lot."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT l.stock_id, l.id, sum(a.quantity)::bigint FROM fulfilment_parcel p
            JOIN fulfilment_parcelline pl ON pl.parcel_id = p.id
            JOIN fulfilment_allocation a ON a.parcel_line_id = pl.id
            JOIN stock_lot l ON l.id = a.lot_id
            WHERE p.consignment_id = %s GROUP BY 1, 2
            """,
            [consignment.pk],
        )
        rows = cursor.fetchall()
    by_stock: dict[int, int] = {}
    for stock, _lot, units in rows:
        by_stock[stock] = by_stock.get(stock, 0) + units
    return by_stock, {lot: units for _stock, lot, units in rows}
