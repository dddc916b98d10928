"""The statement (合规报表) of a union's gift year, computed from decisions and the ledger, never declared."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
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
from procurement.programmes.outside.queries import OutsideRow, rows_of
from procurement.programmes.reattribution.queries import HandOver, hand_overs

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


@dataclass(frozen=True)
class OrderRow:
    """One order of the year, in fen, less what was `released` by cancellations, refusals and returns.

    `counted` is what is accepted and paid: only that counts towards the year. `policy` is that under which it was decided.
    """

    number: str
    placed_on: str
    recipients: int
    assistance: int
    ordinary: int
    waived: int
    released: int
    accepted: int
    counted_assistance: int
    counted_ordinary: int
    policy: str
    minimum_share_bp: int


@dataclass(frozen=True)
class Failure:
    """Assistance goods (fen) of the year that did not reach members because of their producer, by kind and reason of the loss."""

    producer: str
    kind: str
    reason: str
    amount: int


@dataclass(frozen=True)
class LateRow:
    """What came back in this year of an order of an earlier one, which was closed: fen of assistance and of ordinary goods."""

    number: str
    gift_year: int
    assistance: int
    ordinary: int


@dataclass(frozen=True)
class Statement:
    """A union's gift year. Amounts in fen, shares in basis points.

    Gifts are what was placed less what was cancelled, refused or returned (`released`); `spent` is what they cost the purses, when
    sellers have also given back what they still owe (`refund_due`). `policy` is that which binds the year: see `decided_under`.
    While something has to be made good, or the year is below the last one, `failures` say why. `last_assistance` are the assistance
    goods of the year before where the policy says that a year does not fall below them, else 0.

    What one year leaves to the next: `brought_forward` are assistance goods still to be bought for closed years' ordinary ones,
    `carried_in` is the money set aside for assistance products that came over from them, `late` came back of their gifts.
    `carried_forward` is what this year leaves to be bought now. Once closed (`closed_on`) a statement stays, and `shortfall` is
    what was set aside and not spent.

    `outside` was bought elsewhere: neither A nor O. `hand_overs` are orders booked to the wrong union, in all sums above: out of that
    year, into this one.
    """

    union: str
    union_name: str
    year: int
    policy: str
    minimum_share_bp: int
    assistance: int
    ordinary: int
    waived: int
    reserve: int
    ordinary_limit: int
    counted_assistance: int
    counted_ordinary: int
    released: int
    spent: int
    refund_due: int
    orders: tuple[OrderRow, ...]
    decisions: tuple[tuple[str, int], ...]
    attempts: int
    refused_attempts: int
    certificates: tuple[str, ...]
    exceptions: tuple[str, ...]
    make_good_due: bool
    to_make_good: int
    failures: tuple[Failure, ...]
    leakage: int
    last_assistance: int
    brought_forward: int = 0
    carried_in: int = 0
    carried_forward: int = 0
    late: tuple[LateRow, ...] = ()
    closed_on: str = ""
    shortfall: int = 0
    outside: int = 0
    outside_purchases: tuple[OutsideRow, ...] = ()
    hand_overs: tuple[HandOver, ...] = ()

    @property
    def share_bp(self) -> int:
        """The assistance part of the gifts placed, in basis points, rounded down; of nothing, all."""
        whole = self.assistance + self.ordinary
        return self.assistance * 10_000 // whole if whole else 10_000

    @property
    def counted_share_bp(self) -> int:
        """The assistance part of what is accepted and paid."""
        whole = self.counted_assistance + self.counted_ordinary
        return self.counted_assistance * 10_000 // whole if whole else 10_000

    @property
    def share_with_outside_bp(self) -> int:
        """What the share would be if everything bought elsewhere were ordinary goods of it: for whoever compares; it binds nobody."""
        whole = self.assistance + self.ordinary + self.outside
        return self.assistance * 10_000 // whole if whole else 10_000

    @property
    def share_kept(self) -> bool:
        """Whether the ordinary gifts keep within the limit, or only a producer's failure (to be made good) took them above it."""
        return self.make_good_due or self.ordinary_limit < 0 or self.ordinary <= self.ordinary_limit

    @property
    def last_year_missing(self) -> int:
        """Assistance goods (fen) to buy, or to set money aside for, before the year is not below the last one; else 0."""
        return max(0, self.last_assistance - self.assistance - self.reserve)

    @property
    def last_year_kept(self) -> bool:
        """Whether the year is not below the last one, where the policy asks for that; money set aside counts."""
        return self.last_year_missing == 0

    @property
    def compliant(self) -> bool:
        """Whether both hold. A year below the last one is no breach before there are ordinary gifts, nor by producers' failures."""
        failed = sum(one.amount for one in self.failures)
        return self.share_kept and (self.last_year_kept or not self.ordinary or failed >= self.last_year_missing)

    def as_dict(self) -> dict[str, Any]:
        """The published form: integers and strings only."""
        fields = {
            name: getattr(self, name)
            for name in self.__dataclass_fields__
            if name not in ("orders", "decisions", "failures", "late", "outside_purchases", "hand_overs")
        }
        fields |= {"certificates": list(self.certificates), "exceptions": list(self.exceptions)}
        told = ("share_bp", "counted_share_bp", "share_kept", "last_year_kept", "last_year_missing", "compliant")
        fields |= {name: getattr(self, name) for name in told}
        fields["orders"] = [asdict(row) for row in self.orders]
        fields["failures"] = [asdict(one) for one in self.failures]
        fields["late"] = [asdict(one) for one in self.late]
        fields["decisions"] = dict(self.decisions)
        fields["outside_purchases"] = [one.as_dict() for one in self.outside_purchases]
        fields["hand_overs"] = [one.as_dict() for one in self.hand_overs]
        fields["share_with_outside_bp"] = self.share_with_outside_bp
        return fields


def statement(union: Organisation, year: int) -> Statement:
    """Compute the statement; of a closed year, the one it was closed with. Constant statements; within a scope that sees the union.

    Raises NoPolicyInForce.
    """
    years = UnionYear.objects.filter(union=union, gift_year__in=[year - 1, year])
    by_year = {found.gift_year: found for found in years}
    row, before = by_year.get(year), by_year.get(year - 1)
    if row is not None and row.closed_at is not None:
        return sealed(YearClosing.objects.get(union=union, gift_year=year).statement)
    policy = policy_of_year(union, year)
    rows = _orders(union, year)
    moved = hand_overs(union, year)
    helped, plain = sum(m.assistance for m in moved), sum(m.ordinary for m in moved)
    assistance, ordinary = sum(r.assistance for r in rows) + helped, sum(r.ordinary for r in rows) + plain
    set_aside = reserve(union, year)
    share_bp = policy.minimum_share_bp
    brought = row.brought_forward if row else 0
    secured = max(0, assistance + set_aside - brought)
    limit = -1 if not share_bp else (10_000 - share_bp) * secured // share_bp
    of_year = Q(union=union, gift_year=year)
    judged = Judgement.objects.filter(of_year).aggregate(all=Count("id"), refused=Count("id", filter=Q(allowed=False)))
    outcomes = Decision.objects.filter(of_year).values("outcome").annotate(n=Count("id")).order_by("outcome")
    missing = to_make_good(assistance - brought, ordinary, set_aside, share_bp) if row and row.make_good_due else 0
    owed = _refund_due(union, year)
    last = before.assistance if before and policy.keep_last_year else 0
    elsewhere = rows_of(union, year)
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
        ordinary_limit=limit,
        counted_assistance=sum(r.counted_assistance for r in rows) + helped,
        counted_ordinary=sum(r.counted_ordinary for r in rows) + plain,
        released=sum(r.released for r in rows),
        spent=_spent(union, year) - owed,
        refund_due=owed,
        orders=rows,
        decisions=tuple((r["outcome"], r["n"]) for r in outcomes),
        attempts=judged["all"],
        refused_attempts=judged["refused"],
        certificates=tuple(
            Certificate.objects.filter(union=union, judgement__gift_year=year)
            .order_by("id")
            .values_list("number", flat=True)
        ),
        exceptions=tuple(
            PriorityException.objects.filter(union=union, decisions__gift_year=year)
            .order_by("id")
            .distinct()
            .values_list("number", flat=True)
        ),
        make_good_due=missing > 0,
        to_make_good=missing,
        failures=failures(union, year) if missing or assistance + set_aside < last else (),
        leakage=leakage(year, union),
        last_assistance=last,
        brought_forward=brought,
        carried_in=_carried_in(union, year),
        carried_forward=left_to_buy(assistance - brought, ordinary, share_bp),
        late=_late(union, year),
        outside=sum(one.amount for one in elsewhere if not one.reversed),
        outside_purchases=elsewhere,
        hand_overs=moved,
    )


def sealed(content: str) -> Statement:
    """The statement as a closing keeps it. What statements did not tell yet when it was sealed is empty in it."""
    told = json.loads(content)
    empty: dict[str, Any] = dict.fromkeys(Statement.__dataclass_fields__, 0)
    fields = empty | {name: value for name, value in told.items() if name in empty}
    rows: dict[str, type] = {
        "orders": OrderRow, "failures": Failure, "late": LateRow, "outside_purchases": OutsideRow, "hand_overs": HandOver,
    }  # fmt: skip
    fields |= {name: tuple(row(**one) for one in told.get(name, ())) for name, row in rows.items()}
    fields |= {name: tuple(told[name]) for name in ("certificates", "exceptions")}
    return Statement(**fields | {"decisions": tuple(sorted(told["decisions"].items()))})


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


def _carried_in(union: Organisation, year: int) -> int:
    """What came into the year's assistance-only purses from those of closed years, in fen."""
    carried = Leg.objects.filter(transaction__kind="purse.carried", account__purse__kind=PurseKind.RING_FENCED)
    of_year = carried.filter(account__purse__union=union, account__purse__gift_year=year)
    return int(of_year.aggregate(total=Coalesce(Sum("amount", filter=Q(amount__gt=0)), 0))["total"])


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


def _spent(union: Organisation, year: int) -> int:
    """What the ledger says left the union's purses of that year for orders, less what came back: must equal the decisions' sum."""
    legs = Leg.objects.filter(account__purse__union=union, account__purse__gift_year=year, transaction__kind__in=_GIFTS)
    return -int(legs.aggregate(total=Coalesce(Sum("amount"), 0))["total"])


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
