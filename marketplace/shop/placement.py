"""Bulk placement: one order, whatever the number of recipients, in a constant number of statements.

`place` is the part of a placement that the shop knows: the rule's verdict, the order with frozen lines, money, stock. What is above
the shop (supplier orders, parcels) goes between `place` and `take_stock` in the same transaction, since stock is the hottest row
and is locked last (docs/decisions/0006-lock-order.md).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils import timezone

from marketplace.evidence.actions import record
from marketplace.ledger.actions import account, check_funds, post
from marketplace.ledger.models import AccountKind, Purse
from marketplace.organisations.errors import Refusals
from marketplace.organisations.models import User
from marketplace.shop.order.models import Line, Order
from marketplace.shop.partner.models import StockRecord
from marketplace.shop.policy import PurchaseRequest, Verdict, WantedLine, purchase_policy
from marketplace.stock.actions import reserve

LineKey = tuple[int, int, int]


class Refused(Refusals):
    """The policy refuses the purchase; carries the verdict, so that the attempt can be recorded."""

    code = "refused"

    def __init__(self, verdict: Verdict) -> None:
        self.verdict = verdict
        super().__init__(list(verdict.refusals))


@dataclass(frozen=True)
class Placed:
    """A placed order with its lines by (offer, purse, delivered price)."""

    order: Order
    lines: Mapping[LineKey, Line]


def place(request: PurchaseRequest, actor: User) -> Placed:
    """Judge and write the order, its lines, decisions and money. Call inside a transaction; Refused leaves nothing behind.

    Raises Refused (policy), Refusals of NotEnoughMoney.
    """
    policy = purchase_policy()
    policy.lock(request.union, request.gift_year)
    verdict = policy.judge(request)
    if not verdict.allowed:
        raise Refused(verdict)
    order = _write_order(request, actor)
    lines = _write_lines(request, order)
    policy.record(verdict, order, lines)
    _reserve_money(request, order)
    record(
        "order.placed",
        {
            "number": order.number,
            "union": request.union.code,
            "subject": request.subject,
            "gift_year": request.gift_year,
            "recipients": request.recipients,
            "total": request.total,
            "lines": sorted([line.partner_sku, line.quantity, line.unit_price_fen] for line in lines.values()),
        },
        subject=f"order:{order.number}",
        union_id=request.union.pk,
    )
    return Placed(order, lines)


def take_stock(placed: Placed) -> None:
    """Reserve the order's units. The last statement of a placement. Raises Refusals of NotEnoughStock."""
    wanted: defaultdict[int, int] = defaultdict(int)
    for line in placed.lines.values():
        wanted[line.stockrecord.stock_id] += line.quantity
    reserve(wanted, f"order:{placed.order.number}")


def _write_order(request: PurchaseRequest, actor: User) -> Order:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('order_order', 'id'))")
        (number,) = cursor.fetchone() or (0,)
    total = Decimal(request.total) / 100
    order: Order = Order.objects.create(
        pk=number,
        number=f"{request.gift_year}-{request.union.code}-{number:08d}",
        union=request.union,
        user=actor,
        gift_year=request.gift_year,
        recipients=request.recipients,
        total_incl_tax=total,
        total_excl_tax=total,
        date_placed=timezone.now(),
    )
    return order


def _write_lines(request: PurchaseRequest, order: Order) -> dict[LineKey, Line]:
    merged: defaultdict[LineKey, list[WantedLine]] = defaultdict(list)
    for wanted in request.lines:
        merged[wanted.order_line_key].append(wanted)
    offers = StockRecord.objects.select_related(
        "product__commodity_class", "product__county", "partner__organisation", "stock"
    ).in_bulk({stockrecord for stockrecord, _, _ in merged})
    lines = {key: _line(order, offers[key[0]], key, parts) for key, parts in sorted(merged.items())}
    Line.objects.bulk_create(lines.values())
    return lines


def _line(order: Order, offer: StockRecord, key: LineKey, wanted: list[WantedLine]) -> Line:
    _stockrecord, purse_id, unit_price = key
    quantity = sum(w.quantity for w in wanted)
    price, total = Decimal(unit_price) / 100, Decimal(unit_price * quantity) / 100
    parts = wanted[0].parts
    return Line(
        order=order,
        partner=offer.partner,
        partner_name=offer.partner.name,
        partner_sku=offer.partner_sku,
        stockrecord=offer,
        product=offer.product,
        title=offer.product.title,
        upc=offer.product.upc,
        quantity=quantity,
        num_allocated=quantity,
        unit_price_incl_tax=price,
        unit_price_excl_tax=price,
        line_price_incl_tax=total,
        line_price_excl_tax=total,
        line_price_before_discounts_incl_tax=total,
        line_price_before_discounts_excl_tax=total,
        purse_id=purse_id,
        snapshot=_snapshot(offer),
        components=[{"product": p.product_id, "quantity": p.quantity, "price": p.unit_price} for p in parts] or None,
    )


def _snapshot(offer: StockRecord) -> dict[str, Any]:
    product = offer.product
    return {
        "list_price": offer.price_fen,
        "county": product.county_id or "",
        "producer": offer.partner.organisation.code,
        "commodity_class": product.commodity_class.code if product.commodity_class else "",
        "net_content": product.net_content,
        "licence": product.licence,
    }


def _reserve_money(request: PurchaseRequest, order: Order) -> None:
    """Move what each purse pays into the union's reserved account: one transaction, one leg per purse."""
    spent: defaultdict[Purse, int] = defaultdict(int)
    for wanted in request.lines:
        spent[request.purses[wanted.purse_id]] += wanted.amount
    check_funds(spent)
    legs = {purse.account: -amount for purse, amount in spent.items()}
    legs[account(AccountKind.RESERVED, request.union)] = request.total
    post(f"order:{order.number}:placed", "order.placed", f"order:{order.number}", legs, union=request.union)
