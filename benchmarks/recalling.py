"""Recalling a lot that reached ten thousand parcels: the verb, and the list of every lot, order, union and recipient.

The list stands beside the bare join of the same rows, which knows no lots made of lots and builds nothing.
"""

from __future__ import annotations

import uuid
from datetime import timedelta

from benchmarks.mall import Mall, copied
from benchmarks.measure import Figure, Tell, duration, median_of, seconds, side_by_side
from benchmarks.rosters import roster

PARCELS = 10_000
SKU = "JX-DATE-1000"
_DATABASE = "mall_bench_recall"
_BARE = """
    SELECT a.lot_id, a.quantity, p.id, p.state, p.recipient, p.department, so.number, g.number, u.name
    FROM fulfilment_allocation a JOIN fulfilment_parcelline pl ON pl.id = a.parcel_line_id
    JOIN fulfilment_parcel p ON p.id = pl.parcel_id JOIN fulfilment_supplierorder so ON so.id = p.supplier_order_id
    JOIN order_order g ON g.id = so.order_id JOIN organisations_organisation u ON u.id = so.union_id
    WHERE a.lot_id = %s ORDER BY g.number, p.id
"""


def measure(mall: Mall, tell: Tell) -> list[Figure]:
    """In a copy of the database."""
    from marketplace.organisations.scopes import seen_by

    with copied(mall, _DATABASE), seen_by(None):
        tell(f"R  a lot in {PARCELS:,} parcels")
        lot = _lot()
        _deliver()
        return _recall(lot, tell)


def _lot() -> int:
    """A lot of ten thousand bags that is given out before the others, and a smaller lot made of some more of it."""
    from django.utils import timezone

    from marketplace.organisations.models import User
    from marketplace.shop.partner.models import StockRecord
    from suppliers.provenance.making import NewLot, Work, make_lot, transform
    from suppliers.provenance.models import BenefitAgreement, TransformationKind
    from suppliers.provenance.purchases import collect

    grower, today = User.objects.get(username="p-jx"), timezone.localdate()
    stock = StockRecord.objects.select_related("stock__holder").get(partner_sku=SKU).stock
    first = BenefitAgreement.objects.filter(producer=stock.holder, confirmed_at__isnull=False).select_related(
        "producer"
    )[0]
    units = PARCELS + 100
    note = collect(grower, first, "鲜枣", units * 1_000, units * 600, today, "BENCH-RECALL")
    keeps = today + timedelta(days=30)
    lot = make_lot(grower, stock, "BENCH-RECALL", units, today, keeps, {note: units * 1_000}, 10_000, 1_000)
    part = NewLot(stock, "BENCH-RECALL-2", 100, 1_000, keeps)
    transform(grower, stock.holder, Work(TransformationKind.REPACK, today, [part], {}, {lot: 100}))
    return int(lot.pk)


def _deliver() -> None:
    """One order for ten thousand recipients, its lots assigned."""
    from django.utils import timezone

    from marketplace.demo import cast
    from marketplace.fulfilment.actions import confirm
    from marketplace.fulfilment.models import SupplierOrder
    from marketplace.ledger.actions import fund
    from marketplace.ledger.models import Purse
    from marketplace.organisations.models import Organisation, User
    from marketplace.shop.partner.models import StockRecord
    from marketplace.steps.actions import run_all_due
    from procurement.programmes.actions import approve, create_programme, import_roster, put_gift_line, submit
    from procurement.programmes.placement import place

    buyer, approver = (User.objects.get(username=name) for name in (cast.BUYER, cast.APPROVER))
    union, today = Organisation.objects.get(code=cast.UNION), timezone.localdate()
    purse = Purse.objects.get(union=union, gift_year=today.year, name=cast.GENERAL_PURSE)
    fund(purse, PARCELS * cast.PER_HEAD, "bench:recall")
    programme = create_programme(
        buyer, union, title="Bench recall", occasion=cast.OCCASION, gift_year=today.year, per_head=cast.PER_HEAD,
        need_date=today + timedelta(days=cast.NEED_IN_DAYS), delivery="home", purse=purse,
    )  # fmt: skip
    import_roster(buyer, programme, "roster.xlsx", roster(PARCELS, "R", faulty=False))
    put_gift_line(buyer, programme, 1, StockRecord.objects.select_related("product").get(partner_sku=SKU).product)
    submit(buyer, programme)
    approve(approver, programme)
    order = place(buyer, programme, str(uuid.uuid4()))
    run_all_due()
    confirm(
        User.objects.get(username="p-jx"), SupplierOrder.objects.select_related("producer", "order").get(order=order)
    )
    run_all_due()


def _recall(lot_id: int, tell: Tell) -> list[Figure]:
    from django.db import connection, transaction
    from django.test.utils import CaptureQueriesContext

    from marketplace.organisations.models import User
    from marketplace.stock.models import Lot
    from suppliers.provenance.graph import reached
    from suppliers.provenance.incidents import recall
    from suppliers.provenance.models import IncidentReason

    grower, lot = User.objects.get(username="p-jx"), Lot.objects.select_related("holder").get(pk=lot_id)

    def tried() -> None:
        with transaction.atomic():
            recall(grower, lot.holder, lot, IncidentReason.HARMFUL)
            transaction.set_rollback(True)

    def bare() -> None:
        with connection.cursor() as cursor:
            cursor.execute(_BARE, [lot_id])
            cursor.fetchall()

    tell("R  recalling it, and listing what it reached")
    warm = median_of(tried, 3)
    with CaptureQueriesContext(connection) as captured:
        taken = seconds(lambda: recall(grower, lot.holder, lot, IncidentReason.HARMFUL))
    found = reached(lots=[lot_id])
    if (found.parcels, len(found.lots)) != (PARCELS, 2):
        raise AssertionError(f"{found.parcels} parcels and {len(found.lots)} lots, not {PARCELS} and 2")
    listing, query = side_by_side(lambda: reached(lots=[lot_id]), bare, 5)
    whole = taken + listing
    return [
        Figure(
            "recall", f"recalling a lot that reached {PARCELS:,} parcels, and listing them", duration(whole),
            f"the verb {duration(taken)} (rolled back: {duration(warm)}), the list {duration(listing)}; the bare join of its rows"
            f" {duration(query)}: {listing / query:.1f} ×", "≤ 1 s", whole <= 1,
        ),
        Figure("recall", "statements: the verb, the list", f"{len(captured)}, 1", "constant in parcels"),
    ]  # fmt: skip
