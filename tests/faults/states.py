"""Everything that a small order leaves in the database, by what it means: two runs that came to the same are equal."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from django.db.models import F

from marketplace.evidence.models import Entry
from marketplace.fulfilment.models import Allocation, Parcel, ParcelLine, SupplierOrder
from marketplace.ledger.models import Account, Leg
from marketplace.steps.models import Command, Step
from marketplace.stock.models import Lot, Movement, Stock
from procurement.priority.models import Decision, UnionYear
from procurement.programmes.models import Programme
from suppliers.settlement.models import Accrual, HouseholdAccrual
from tests.world import DATES, FUNGUS, Side, approved, side

State = dict[str, Counter[tuple[Any, ...]]]

_TABLES: dict[str, tuple[Any, tuple[str, ...]]] = {
    "programmes": (Programme, ("title", "state", "order__number")),
    "decisions": (Decision, ("order__number", "product__upc", "outcome", "quantity", "amount")),
    "years": (UnionYear, ("union__code", "gift_year", "assistance", "ordinary")),
    "supplier orders": (SupplierOrder, ("number", "mode", "fee_bp", "seller__code")),
    "parcels": (Parcel, ("supplier_order__number", "recipient", "state", "consignment__waybill")),
    "parcel lines": (ParcelLine, ("parcel__recipient", "line__partner_sku", "quantity")),
    "allocations": (
        Allocation,
        ("parcel_line__parcel__recipient", "parcel_line__line__partner_sku", "lot__code", "quantity"),
    ),
    "stock": (Stock, ("sku", "in_stock", "allocated", "withheld")),
    "lots": (Lot, ("code", "made", "allocated", "shipped", "used", "condition", "certificate_due")),
    "movements": (Movement, ("stock__sku", "lot__code", "kind", "quantity", "cause")),
    "legs": (Leg, ("transaction__key", "transaction__kind", "transaction__cause", "account__code", "amount")),
    "balances": (Account, ("code", "balance")),
    "accruals": (Accrual, ("supplier_order__number", "gross", "fee", "households", "net")),
    "households": (
        HouseholdAccrual,
        ("accrual__supplier_order__number", "household__code", "lot__code", "grams", "amount"),
    ),
    "steps": (Step, ("cause", "kind", "part", "state")),
    "commands": (Command, ("organisation__code", "key", "verb")),
}


def state() -> State:
    """Every row that counts, without ids and times; and what the evidence says."""
    found: State = {name: Counter(model.objects.values_list(*columns)) for name, (model, columns) in _TABLES.items()}
    # What is due every day depends on the hour of the run, not on what was killed.
    found["steps"] = Counter({row: n for row, n in found["steps"].items() if not row[0].startswith("day:")})
    found["sent and confirmed"] = Counter(
        (so.number, bool(so.sent_at), bool(so.confirmed_at)) for so in SupplierOrder.objects.all()
    )
    # A book of offers is taken and figures are published when time allows: how often is no matter of the order's.
    kept = Entry.objects.exclude(kind__in=["offers.book", "figures.published"])
    found["evidence"] = Counter((e.kind, e.subject, repr(e.body)) for e in kept)
    return found


def faults_of_books() -> list[str]:
    """What must hold whatever happened: balances are their legs, counters their movements, allocations their parcels."""
    sums: Counter[int] = Counter()
    for account, amount in Leg.objects.values_list("account", "amount"):
        sums[account] += amount
    wrong = [f"account {a.code}" for a in Account.objects.all() if a.balance != sums[a.pk]]
    wrong += _faults_of_stock()
    wrong += [f"lot {lot.code}" for lot in Lot.objects.filter(shipped__gt=F("allocated"))]
    given: Counter[int] = Counter()
    bound: Counter[int] = Counter()
    for line, lot, quantity, state in Allocation.objects.values_list(
        "parcel_line", "lot", "quantity", "parcel_line__parcel__state"
    ):
        given[line] += quantity
        bound[lot] += quantity if state != "cancelled" else 0
    wrong += [f"lot {lot.code} is allocated more" for lot in Lot.objects.all() if bound[lot.pk] > lot.allocated]
    wrong += [
        f"parcel line {line.pk}"
        for line in ParcelLine.objects.exclude(parcel__state__in=["placed", "cancelled"])
        if given[line.pk] != line.quantity
    ]
    return wrong + (["legs"] if sum(sums.values()) else [])


# What a movement adds to: in stock, allocated, withheld.
_MOVES = {
    "receive": (1, 0, 0), "use": (-1, 0, 0), "withhold": (-1, 0, 1), "restore": (1, 0, -1),
    "reserve": (0, 1, 0), "release": (0, -1, 0), "ship": (-1, -1, 0), "write_off": (-1, -1, 0),
}  # fmt: skip


def _faults_of_stock() -> list[str]:
    counted: defaultdict[int, list[int]] = defaultdict(lambda: [0, 0, 0])
    for stock, kind, quantity in Movement.objects.values_list("stock", "kind", "quantity"):
        counted[stock] = [sum_ + sign * quantity for sum_, sign in zip(counted[stock], _MOVES[kind], strict=True)]
    return [
        f"stock {stock.sku}"
        for stock in Stock.objects.all()
        if [stock.in_stock, stock.allocated, stock.withheld] != counted[stock.pk]
    ]


def small_order() -> tuple[Side, Programme]:
    """Three recipients, two producers: one sells for a fee, the other to the province enterprise."""
    giver = side()
    return giver, approved(giver, [DATES, (FUNGUS, {"per_head": 2})], heads=3)
