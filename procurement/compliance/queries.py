"""The statement of a union's gift year, computed from decisions and the ledger, never declared."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.db.models import Count, Q, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from marketplace.fulfilment.models import Party
from marketplace.ledger.models import Leg, PurseKind
from marketplace.organisations.models import Organisation
from procurement.compliance.leakage import leakage
from procurement.compliance.models import YearClosing
from procurement.compliance.statements import Failure, LateRow, OrderRow, Statement, sealed
from procurement.priority.models import (
    Certificate,
    Decision,
    Judgement,
    Outcome,
    PriorityException,
    Release,
    UnionYear,
)
from procurement.priority.reserves import reserve
from procurement.priority.years import left_to_buy, policy_of_year, to_make_good
from procurement.programmes.outside.queries import rows_of
from procurement.programmes.reattribution.queries import hand_overs

# Assistance and ordinary fen of each order: live is what was decided less what was released by cancellations, refusals and returns;
# accepted and paid as parcels and supplier orders stand. A box's amount is split as its components were decided, so the parts come
# from decisions and the progress from parcels.
_ORDERS = """
    WITH counting AS (
        SELECT d.line_id, d.judgement_id, d.outcome, d.waived, d.amount,
            coalesce((SELECT sum(r.amount) FROM priority_release r WHERE r.decision_id = d.id), 0) AS released
        FROM priority_decision d WHERE d.union_id = %(union)s AND d.gift_year = %(year)s
    ), decided AS (
        SELECT line_id, max(judgement_id) AS judgement_id, sum(released) AS released,
            sum(amount) FILTER (WHERE outcome = 'assistance') AS assistance,
            sum(amount - released) FILTER (WHERE outcome = 'assistance') AS live_assistance,
            sum(amount) FILTER (WHERE outcome NOT IN ('assistance', 'uncovered') AND NOT waived) AS ordinary,
            sum(amount - released) FILTER (WHERE outcome NOT IN ('assistance', 'uncovered') AND NOT waived) AS live_ordinary,
            sum(amount - released) FILTER (WHERE waived) AS live_waived
        FROM counting GROUP BY line_id
    ), moved AS (
        SELECT pl.line_id, sum(pl.quantity) FILTER (WHERE p.state = 'accepted') AS accepted,
            sum(pl.quantity) FILTER (WHERE p.state = 'accepted' AND so.paid_at IS NOT NULL) AS counted
        FROM fulfilment_parcelline pl
        JOIN fulfilment_parcel p ON p.id = pl.parcel_id
        JOIN fulfilment_supplierorder so ON so.id = p.supplier_order_id
        WHERE p.union_id = %(union)s AND pl.line_id IN (SELECT line_id FROM decided)
        GROUP BY pl.line_id
    )
    SELECT o.number, o.date_placed, o.recipients, coalesce(sum(d.live_assistance), 0)::bigint,
        coalesce(sum(d.live_ordinary), 0)::bigint, coalesce(sum(d.live_waived), 0)::bigint, sum(d.released)::bigint,
        coalesce(sum((l.unit_price_incl_tax * 100)::bigint * m.accepted), 0)::bigint,
        coalesce(sum(d.assistance * m.counted / l.quantity), 0)::bigint,
        coalesce(sum(d.ordinary * m.counted / l.quantity), 0)::bigint,
        min(p.version), min(p.minimum_share_bp)
    FROM order_line l
    JOIN decided d ON d.line_id = l.id
    JOIN order_order o ON o.id = l.order_id
    JOIN priority_judgement j ON j.id = d.judgement_id
    JOIN policy_policy p ON p.id = j.policy_id
    LEFT JOIN moved m ON m.line_id = l.id
    GROUP BY o.id ORDER BY o.id
"""


# What moves a purse on behalf of gifts: an order, whatever of it comes back, and one that is handed on to another union.
_GIFTS = ("order.placed", "loss.given_back", "loss.refunded", "order.reattributed")


def statement(union: Organisation, year: int) -> Statement:
    """Compute the statement; of a closed year, the one it was closed with. Constant statements; within a scope that sees the union.

    Raises NoPolicyInForce.
    """
    years = UnionYear.objects.filter(union=union, gift_year__in=[year - 1, year])
    by_year = {found.gift_year: found for found in years}
    row, before = by_year.get(year), by_year.get(year - 1)
    if row is not None and row.closed_at is not None:
        return sealed(YearClosing.objects.get(union=union, gift_year=year).statement)
    return _computed(union, year, row or UnionYear(union=union, gift_year=year), before.assistance if before else 0)


def _computed(union: Organisation, year: int, row: UnionYear, assistance_before: int) -> Statement:
    policy, rows, moved = policy_of_year(union, year), _orders(union, year), hand_overs(union, year)
    helped, plain = sum(m.assistance for m in moved), sum(m.ordinary for m in moved)
    assistance, ordinary = sum(r.assistance for r in rows) + helped, sum(r.ordinary for r in rows) + plain
    set_aside, brought, share_bp = reserve(union, year), row.brought_forward, policy.minimum_share_bp
    secured = max(0, assistance + set_aside - brought)
    missing = to_make_good(assistance - brought, ordinary, set_aside, share_bp) if row.make_good_due else 0
    last, owed = assistance_before if policy.keep_last_year else 0, _refund_due(union, year)
    (spent, carried_in), elsewhere = _through_purses(union, year), rows_of(union, year)
    return Statement(
        union=union.code,
        union_name=union.name,
        year=year,
        policy=policy.version,
        minimum_share_bp=share_bp,
        assistance=assistance,
        ordinary=ordinary,
        waived=sum(r.waived for r in rows) + sum(m.waived for m in moved),
        reserve=set_aside,
        ordinary_limit=(10_000 - share_bp) * secured // share_bp if share_bp else -1,
        counted_assistance=sum(r.counted_assistance for r in rows) + helped,
        counted_ordinary=sum(r.counted_ordinary for r in rows) + plain,
        released=sum(r.released for r in rows),
        spent=spent - owed,
        refund_due=owed,
        orders=rows,
        make_good_due=missing > 0,
        to_make_good=missing,
        failures=failures(union, year) if missing or assistance + set_aside < last else (),
        leakage=leakage(year, union),
        last_assistance=last,
        brought_forward=brought,
        carried_in=carried_in,
        carried_forward=left_to_buy(assistance - brought, ordinary, share_bp),
        late=_late(union, year),
        outside=sum(one.amount for one in elsewhere if not one.reversed),
        outside_purchases=elsewhere,
        hand_overs=moved,
        **_decided(union, year),
    )


def _decided(union: Organisation, year: int) -> dict[str, Any]:
    """What was judged and decided in the year, and the papers that let ordinary goods pass."""
    of_year = Q(union=union, gift_year=year)
    judged = Judgement.objects.filter(of_year).aggregate(all=Count("id"), refused=Count("id", filter=Q(allowed=False)))
    outcomes = Decision.objects.filter(of_year).values("outcome").annotate(n=Count("id")).order_by("outcome")
    certificates = Certificate.objects.filter(union=union, judgement__gift_year=year).order_by("id")
    exceptions = PriorityException.objects.filter(union=union, decisions__gift_year=year).order_by("id").distinct()
    return {
        "decisions": tuple((r["outcome"], r["n"]) for r in outcomes),
        "attempts": judged["all"],
        "refused_attempts": judged["refused"],
        "certificates": tuple(certificates.values_list("number", flat=True)),
        "exceptions": tuple(exceptions.values_list("number", flat=True)),
    }


def failures(union: Organisation, year: int) -> tuple[Failure, ...]:
    """What producers failed to deliver of the year's assistance goods, the largest first. One statement."""
    rows = (
        Release.objects.filter(union=union, gift_year=year, loss__by=Party.PRODUCER)
        .filter(decision__outcome=Outcome.ASSISTANCE)
        .values_list("loss__producer__name", "loss__kind", "loss__reason")
        .annotate(fen=Sum("amount"))
        .order_by("-fen", "loss__producer__name")
    )
    return tuple(Failure(*row) for row in rows)


def _late(union: Organisation, year: int) -> tuple[LateRow, ...]:
    rows = (
        Release.objects.filter(union=union, gift_year=year, decision__gift_year__lt=year)
        .values_list("decision__order__number", "decision__gift_year")
        .annotate(
            helped=Coalesce(Sum("amount", filter=Q(decision__outcome=Outcome.ASSISTANCE)), 0),
            others=Coalesce(
                Sum(
                    "amount",
                    filter=~Q(decision__outcome__in=[Outcome.ASSISTANCE, Outcome.UNCOVERED])
                    & Q(decision__waived=False),
                ),
                0,
            ),
        )
        .order_by("decision__order__number")
    )
    return tuple(LateRow(*row) for row in rows)


def _orders(union: Organisation, year: int) -> tuple[OrderRow, ...]:
    with connection.cursor() as cursor:
        cursor.execute(_ORDERS, {"union": union.pk, "year": year})
        return tuple(
            OrderRow(number, timezone.localtime(placed).date().isoformat(), *rest)
            for number, placed, *rest in cursor.fetchall()
        )


def _through_purses(union: Organisation, year: int) -> tuple[int, int]:
    """What the ledger says of the union's purses of that year, in fen: what left them for orders less what came back, which must equal
    the decisions' sum; and what came into the assistance-only ones from those of closed years. One statement."""
    legs = Leg.objects.filter(account__purse__union=union, account__purse__gift_year=year)
    carried = Q(transaction__kind="purse.carried", account__purse__kind=PurseKind.RING_FENCED, amount__gt=0)
    sums = legs.filter(transaction__kind__in=[*_GIFTS, "purse.carried"]).aggregate(
        gifts=Coalesce(Sum("amount", filter=Q(transaction__kind__in=_GIFTS)), 0),
        carried=Coalesce(Sum("amount", filter=carried), 0),
    )
    return -int(sums["gifts"]), int(sums["carried"])


def _refund_due(union: Organisation, year: int) -> int:
    """What sellers owe the union back for goods of that year's orders, by the ledger."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT coalesce(sum(l.amount), 0)::bigint FROM ledger_leg l
            JOIN ledger_account a ON a.id = l.account_id AND a.kind = 'refund'
            JOIN ledger_transaction t ON t.id = l.transaction_id AND t.union_id = %s
            JOIN order_order o ON t.cause = 'order:' || o.number AND o.gift_year = %s
            """,
            [union.pk, year],
        )
        (fen,) = cursor.fetchone() or (0,)
    return int(fen)
