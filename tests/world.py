"""Small builders on top of the demonstration's world: who gives, a gift of a few heads, and how far it has come."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from django.contrib.contenttypes.models import ContentType
from django.db import connection, connections, transaction
from django.utils import timezone

from marketplace.demo import cast
from marketplace.fulfilment.actions import accept, confirm, ship
from marketplace.fulfilment.models import SupplierOrder
from marketplace.ledger.models import Purse
from marketplace.organisations.models import Membership, Organisation, Role, User
from marketplace.organisations.personal import blind_index
from marketplace.organisations.scopes import seen_by
from marketplace.shop.catalogue.models import Product
from marketplace.shop.order.models import Order
from marketplace.steps.actions import run_all_due
from marketplace.stock.models import Lot, Stock
from procurement.programmes import actions as programmes
from procurement.programmes.models import Delivery, Programme, Recipient
from procurement.programmes.placement import place
from suppliers.settlement.actions import confirm_payout, pay_out, record_payment
from suppliers.settlement.models import Accrual
from tests import house

YANTA, YUYANG = cast.UNION, "U-YL-YY"
DATES, FUNGUS, TEA, HONEY = "JX-DATE-1000", "ZS-FUNGUS-150", "ZY-GREEN-250", "LG-HONEY-500"  # assistance products
MOONCAKES = cast.NO_EQUIVALENT  # ordinary, allowed under a certificate
DATES_FEN, MOONCAKES_FEN = 3_000, 10_800  # delivered
CITY = "6101"


@contextmanager
def visiting(database: house.Database) -> Iterator[None]:
    """Let Django work in that database, on behalf of the house, in a transaction that is rolled back."""
    names = {alias: connections.settings[alias]["NAME"] for alias in connections}
    _let_django_work_in(dict.fromkeys(names, database.name))
    try:
        with transaction.atomic(), seen_by(None):
            yield
            transaction.set_rollback(True)
    finally:
        _let_django_work_in(names)


def _let_django_work_in(names: dict[str, str]) -> None:
    connections.close_all()
    for alias, name in names.items():
        connections.settings[alias]["NAME"] = name
    ContentType.objects.clear_cache()


@dataclass(frozen=True)
class Side:
    """A union with its people and this year's purses."""

    union: Organisation
    buyer: User
    approver: User
    general: Purse
    reserve: Purse


def side(code: str = YANTA) -> Side:
    """The union of that code; it has to be one of those with purses and people."""
    union = Organisation.objects.get(code=code)
    people = {m.role: m.user for m in Membership.objects.filter(organisation=union).select_related("user")}
    purses = {p.name: p for p in Purse.objects.filter(union=union, gift_year=timezone.localdate().year)}
    return Side(
        union,
        people[Role.BUYER],
        people[Role.APPROVER],
        purses[cast.GENERAL_PURSE],
        purses[cast.ASSISTANCE_PURSE],
    )


def product(sku: str) -> Product:
    return Product.objects.get(upc=sku)


def stock(sku: str) -> Stock:
    return Stock.objects.get(sku=sku)


def leave_in_stock(sku: str, units: int) -> None:
    """Make an article so scarce that only so many units can be promised."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE stock_stock SET in_stock = allocated + %s WHERE sku = %s", [units, sku])


def draft(giver: Side, title: str = "慰问", **changes: Any) -> Programme:
    """A plan without recipients and goods."""
    facts: dict[str, Any] = {
        "title": title,
        "occasion": cast.OCCASION,
        "gift_year": timezone.localdate().year,
        "per_head": cast.PER_HEAD,
        "need_date": timezone.localdate() + timedelta(days=cast.NEED_IN_DAYS),
        "delivery": Delivery.WORKPLACE,
        "purse": giver.general,
    } | changes
    return programmes.create_programme(giver.buyer, giver.union, **facts)


def add_recipients(programme: Programme, heads: int, region: str = CITY, prefix: str = "M") -> list[Recipient]:
    """Members of whom nothing is real; the same number is the same person in every programme of the union."""
    numbers = [f"{prefix}{n:05d}" for n in range(1, heads + 1)]
    return Recipient.objects.bulk_create(
        [
            Recipient(
                programme=programme,
                union=programme.union,
                member_no=number,
                person=blind_index("member", f"{programme.union.code} {number}"),
                name=f"测试{number}",
                phone=f"100{place:08d}",
                address=f"测试路{place}号",
                region=region,
                department="一车间" if place % 2 else "二车间",
            )
            for place, number in enumerate(numbers, 1)
        ]
    )


Goods = Sequence[str | tuple[str, dict[str, Any]]]


def choose(giver: Side, programme: Programme, goods: Goods) -> None:
    """Put each article into a slot of its own; (sku, options) goes to put_gift_line with these options."""
    for slot, wanted in enumerate(goods, 1):
        sku, options = (wanted, {}) if isinstance(wanted, str) else wanted
        programmes.put_gift_line(giver.buyer, programme, options.pop("slot", slot), product(sku), **options)


def planned(giver: Side, goods: Goods, heads: int = 3, prefix: str = "M", **changes: Any) -> Programme:
    """A complete draft."""
    programme = draft(giver, **changes)
    add_recipients(programme, heads, prefix=prefix)
    choose(giver, programme, [w if isinstance(w, str) else (w[0], dict(w[1])) for w in goods])
    return programme


def approved(giver: Side, goods: Goods, heads: int = 3, **changes: Any) -> Programme:
    """A plan that waits for nothing but its placement."""
    programme = planned(giver, goods, heads, **changes)
    programmes.submit(giver.buyer, programme)
    programmes.approve(giver.approver, programme)
    return programme


def placed(giver: Side, goods: Goods, heads: int = 3, **changes: Any) -> Order:
    """An order just placed; its steps are due."""
    programme = approved(giver, goods, heads, **changes)
    return place(giver.buyer, programme, f"place-{programme.pk}")


@contextmanager
def whatever_year() -> Iterator[None]:
    """Let plans count in any gift year: what was bought a year ago is written now, as nothing here was accredited before today."""
    with patch("procurement.programmes.gift_years.gift_years", lambda _needed: range(2000, 2100)):
        yield


def supplier_orders(order: Order) -> list[SupplierOrder]:
    related = ("order", "union", "producer", "seller", "enterprise")
    return list(SupplierOrder.objects.filter(order=order).select_related(*related).order_by("pk"))


def seller_of(supplier_order: SupplierOrder) -> User:
    """The person who acts for the producer."""
    return User.objects.get(username=cast.seller_login(supplier_order.producer.code))


def confirm_all(order: Order) -> None:
    for supplier_order in supplier_orders(order):
        confirm(seller_of(supplier_order), supplier_order)


def ship_all(order: Order) -> None:
    for supplier_order in supplier_orders(order):
        ship(seller_of(supplier_order), supplier_order, "秦岭速运", f"QL{supplier_order.pk:09d}")


def accept_all(order: Order, buyer: User) -> None:
    for supplier_order in supplier_orders(order):
        accept(buyer, supplier_order)


def pay_all(order: Order, buyer: User) -> None:
    """From the union's bank down to the households' slips."""
    for supplier_order in supplier_orders(order):
        record_payment(buyer, supplier_order, f"BANK-{supplier_order.pk}")
        accrual = Accrual.objects.select_related(
            "supplier_order__producer",
            "supplier_order__enterprise",
            "supplier_order__order",
            "supplier_order__union",
            "producer",
        ).get(supplier_order=supplier_order)
        enterprise = supplier_order.enterprise
        payer = Membership.objects.get(organisation=enterprise, role=Role.PROVINCE).user if enterprise else None
        pay_out(payer or seller_of(supplier_order), accrual)
        confirm_payout(seller_of(supplier_order), accrual)


def bring(order: Order, buyer: User, stage: str) -> Order:
    """Carry a placed order on, steps included, until it is sent, assigned, shipped, accepted (and accrued) or paid."""
    stages = ("sent", "assigned", "shipped", "accepted", "paid")
    for name in stages[: stages.index(stage) + 1]:
        if name == "assigned":
            confirm_all(order)
        elif name == "shipped":
            ship_all(order)
        elif name == "accepted":
            accept_all(order, buyer)
        elif name == "paid":
            pay_all(order, buyer)
        run_all_due()
    return order


def lots_of(skus: Iterable[str]) -> list[Lot]:
    """The lots of these articles, first expired first."""
    return list(Lot.objects.filter(stock__sku__in=list(skus)).order_by("stock_id", "best_before", "pk"))


def let_constraints_speak() -> None:
    """Check what is deferred to the commit now, so that a rolled-back test sees what a commit would."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
