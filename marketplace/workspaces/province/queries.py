"""What a province enterprise reads about its producers. Constant statements."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from marketplace.fulfilment.models import Loss, ParcelLine, ParcelState, Party, SupplierOrder
from marketplace.ledger.models import Account, AccountKind
from marketplace.organisations.models import Organisation
from marketplace.workspaces.pages import today
from marketplace.workspaces.returns import lost
from marketplace.workspaces.supplied import supplied
from suppliers.settlement.models import Accrual, Contract

# A producer should confirm within so many days after the order was sent, and hand over so many days before it is needed.
CONFIRM_DAYS = 2
SHIP_SOON_DAYS = 5
CONTRACT_ENDS_SOON_DAYS = 90
CAME_BACK_DAYS = 30

_SERVICE = """
    WITH mine AS (
        SELECT id, producer_id, sent_at, confirmed_at, need_date FROM fulfilment_supplierorder
        WHERE enterprise_id = %(enterprise)s AND sent_at IS NOT NULL
    ), moved AS (
        SELECT p.supplier_order_id AS id, count(*) FILTER (WHERE p.state = 'accepted') AS accepted,
            count(*) FILTER (WHERE p.state IN ('placed', 'assigned')) AS open,
            count(*) FILTER (WHERE p.state IN ('refused', 'returned')) AS back,
            count(*) FILTER (WHERE p.consignment_id IS NOT NULL) AS left_house,
            max(c.shipped_at) AS last_shipped
        FROM fulfilment_parcel p LEFT JOIN fulfilment_consignment c ON c.id = p.consignment_id
        WHERE p.supplier_order_id IN (SELECT id FROM mine) GROUP BY 1
    )
    SELECT m.producer_id, count(*),
        count(*) FILTER (WHERE m.confirmed_at IS NOT NULL OR m.sent_at < %(confirm_by)s),
        count(*) FILTER (WHERE m.confirmed_at <= m.sent_at + %(confirm_in)s),
        count(*) FILTER (WHERE v.open = 0 AND v.left_house > 0 OR v.open > 0 AND m.need_date < %(today)s),
        count(*) FILTER (WHERE v.open = 0 AND v.left_house > 0
            AND (v.last_shipped AT TIME ZONE 'Asia/Shanghai')::date <= m.need_date),
        count(*) FILTER (WHERE v.left_house > 0 AND v.accepted + v.back = v.left_house),
        count(*) FILTER (WHERE v.left_house > 0 AND v.accepted = v.left_house),
        coalesce(sum(v.back), 0)::bigint
    FROM mine m JOIN moved v USING (id) GROUP BY m.producer_id
"""


@dataclass(frozen=True)
class Service:
    """How a producer delivers: shares in basis points, None while nothing can be said; parcels that came back."""

    orders: int = 0
    confirmed_in_time: int | None = None
    shipped_in_time: int | None = None
    accepted_whole: int | None = None
    came_back: int = 0


def service_levels(enterprise: Organisation) -> dict[int, Service]:
    """The service of every producer that was ever sent an order under this enterprise's contracts, by id. One statement."""
    asked: Mapping[str, Any] = {
        "enterprise": enterprise.pk,
        "confirm_in": timedelta(days=CONFIRM_DAYS),
        "confirm_by": timezone.now() - timedelta(days=CONFIRM_DAYS),
        "today": today(),
    }
    with connection.cursor() as cursor:
        cursor.execute(_SERVICE, asked)
        return {
            producer: Service(
                orders, _share(confirmed, to_confirm), _share(shipped, to_ship), _share(whole, finished), back
            )
            for producer, orders, to_confirm, confirmed, to_ship, shipped, finished, whole, back in cursor.fetchall()
        }


def _share(part: int, whole: int) -> int | None:
    return part * 10_000 // whole if whole else None


def orders_of(enterprise: Organisation) -> QuerySet[Any]:
    """All supplier orders under this enterprise's contracts."""
    return supplied(SupplierOrder.objects.filter(enterprise=enterprise))


def late_confirmations(enterprise: Organisation) -> QuerySet[Any]:
    """Sent longer than CONFIRM_DAYS ago and not confirmed."""
    by = timezone.now() - timedelta(days=CONFIRM_DAYS)
    return (
        orders_of(enterprise)
        .filter(sent_at__lt=by, confirmed_at__isnull=True)
        .filter(Q(in_placed__gt=0) | Q(in_uncalled__gt=0))
    )


def to_ship(enterprise: Organisation) -> QuerySet[Any]:
    """Confirmed, not wholly shipped, and needed within SHIP_SOON_DAYS or already late."""
    by = today() + timedelta(days=SHIP_SOON_DAYS)
    waiting = Q(in_placed__gt=0) | Q(in_assigned__gt=0)
    return orders_of(enterprise).filter(waiting, confirmed_at__isnull=False, need_date__lte=by)


def came_back(enterprise: Organisation) -> QuerySet[Any]:
    """What its producers could not supply, and what members and unions refused or sent back, within CAME_BACK_DAYS."""
    since = timezone.now() - timedelta(days=CAME_BACK_DAYS)
    return lost(Loss.objects.filter(supplier_order__enterprise=enterprise, by=Party.PRODUCER, at__gte=since))


def contracts_of(enterprise: Organisation) -> QuerySet[Any]:
    """The enterprise's contracts, those that end first in front; one without an end comes last."""
    rows: QuerySet[Any] = Contract.objects.filter(enterprise=enterprise)
    return rows.select_related("producer__county").order_by(F("period__endswith").asc(nulls_last=True), "id")


def ending_contracts(enterprise: Organisation) -> QuerySet[Any]:
    """Contracts in force that end within CONTRACT_ENDS_SOON_DAYS."""
    day = today()
    by = day + timedelta(days=CONTRACT_ENDS_SOON_DAYS)
    return contracts_of(enterprise).filter(period__contains=day, period__endswith__lte=by)


def accruals_of(enterprise: Organisation) -> QuerySet[Any]:
    """What deliveries under the enterprise's contracts earned, newest first; `households_count` says how many share in it."""
    rows: QuerySet[Any] = Accrual.objects.filter(supplier_order__enterprise=enterprise).annotate(
        households_count=Count("by_household__household", distinct=True)
    )
    return rows.select_related("producer", "supplier_order__union").order_by("-id")


@dataclass(frozen=True)
class Money:
    """Fen: fees earned; owed and paid out to producers and households; due from and paid by unions where the enterprise sells."""

    fees: int
    owed_producers: int
    owed_households: int
    paid_out: int
    due: int
    received: int
    waiting: int


def money_of(enterprise: Organisation) -> Money:
    """The enterprise's money at a glance. Two statements."""
    unpaid = Q(paid_at__isnull=True)
    sums = Accrual.objects.filter(supplier_order__enterprise=enterprise).aggregate(
        fees=Coalesce(Sum("fee"), 0),
        owed_producers=Coalesce(Sum("net", filter=unpaid), 0),
        owed_households=Coalesce(Sum("households", filter=unpaid), 0),
        paid_out=Coalesce(Sum(F("net") + F("households"), filter=~unpaid), 0),
        waiting=Count("id", filter=unpaid),
    )
    held = Account.objects.filter(owner=enterprise).aggregate(
        due=Coalesce(Sum("balance", filter=Q(kind=AccountKind.DUE)), 0),
        received=Coalesce(Sum("balance", filter=Q(kind=AccountKind.PAID)), 0),
    )
    return Money(**sums, **held)


def pick_rows(enterprise: Organisation) -> QuerySet[Any]:
    """What has to leave, of all producers together: by day needed, producer, product and lot."""
    lines = ParcelLine.objects.filter(
        parcel__supplier_order__enterprise=enterprise,
        parcel__supplier_order__confirmed_at__isnull=False,
        parcel__state__in=[ParcelState.PLACED, ParcelState.ASSIGNED],
    )
    return (
        lines.values(
            need_date=F("parcel__supplier_order__need_date"),
            producer=F("parcel__supplier_order__producer__name"),
            producer_en=F("parcel__supplier_order__producer__name_en"),
            union=F("parcel__supplier_order__union__name"),
            union_en=F("parcel__supplier_order__union__name_en"),
            number=F("parcel__supplier_order__number"),
            title=F("line__title"),
            title_en=F("line__product__title_en"),
            lot=F("allocations__lot__code"),
            best_before=F("allocations__lot__best_before"),
        )
        .annotate(
            units=Coalesce(Sum("allocations__quantity"), Sum("quantity")),
            parcels=Count("parcel", distinct=True),
        )
        .order_by("need_date", "producer", "number", "title", "best_before", "lot")
    )
