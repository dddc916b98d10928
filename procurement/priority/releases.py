"""What a decision no longer counts: goods cancelled, refused or returned leave the union's year (clause 3).

A union may not give up assistance goods on which ordinary ones rest. What a producer fails to deliver it has to accept: then the
loss is *make-good due*, ordinary goods wait until the year holds again, and the union is not in breach.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.models import F, Q, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from marketplace.fulfilment.models import Loss, Party
from marketplace.ledger.actions import yuan
from marketplace.shop.order.models import Order
from procurement.policy.models import Policy
from procurement.priority.errors import LastYearWouldBreak, LeaversPart, PartWouldBreak, ShareWouldBreak
from procurement.priority.models import Decision, Outcome, UnionYear
from procurement.priority.reserves import reserve
from procurement.priority.words import per_cent
from procurement.priority.years import excess, flag, kept_last_year, lock_booked, policy_in_force, to_make_good

# Units lost, by loss, order line and region (of a box: of each component), laid along the units that the decisions of that line
# and region still count, oldest decision first: an exception's units go before those that count in the share.
_RELEASE = """
    WITH lost AS (
        SELECT p.loss_id, pl.line_id, p.region, sum(pl.quantity)::bigint AS units
        FROM fulfilment_parcel p JOIN fulfilment_parcelline pl ON pl.parcel_id = p.id
        WHERE p.loss_id = ANY(%(losses)s) GROUP BY 1, 2, 3
    ), articles AS (
        SELECT lost.loss_id, lost.line_id, lost.region, l.product_id AS product, lost.units
        FROM lost JOIN order_line l ON l.id = lost.line_id
        WHERE l.components IS NULL OR jsonb_typeof(l.components) <> 'array'
        UNION ALL
        SELECT lost.loss_id, lost.line_id, lost.region, (c ->> 'product')::bigint, lost.units * (c ->> 'quantity')::bigint
        FROM lost JOIN order_line l ON l.id = lost.line_id
        CROSS JOIN jsonb_array_elements(CASE jsonb_typeof(l.components) WHEN 'array' THEN l.components ELSE '[]' END) c
    ), wanted AS (
        SELECT *, sum(units) OVER along - units AS low, sum(units) OVER along AS high
        FROM articles WINDOW along AS (PARTITION BY line_id, region, product ORDER BY loss_id)
    ), counting AS (
        SELECT d.id, d.line_id, d.region, d.product_id AS product, d.unit_price, d.outcome, d.waived, d.purse_id,
            d.union_id, d.gift_year, d.quantity - coalesce(r.units, 0) AS units
        FROM priority_decision d
        LEFT JOIN LATERAL (SELECT sum(quantity) AS units FROM priority_release WHERE decision_id = d.id) r ON true
        WHERE d.line_id IN (SELECT line_id FROM lost)
    ), held AS (
        SELECT *, sum(units) OVER along - units AS low, sum(units) OVER along AS high
        FROM counting WINDOW along AS (PARTITION BY line_id, region, product ORDER BY id)
    ), fresh AS (
        SELECT held.*, wanted.loss_id,
            least(held.high, wanted.high) - greatest(held.low, wanted.low) AS released
        FROM wanted JOIN held USING (line_id, region, product)
        WHERE least(held.high, wanted.high) > greatest(held.low, wanted.low)
    ), stored AS (
        INSERT INTO priority_release (decision_id, loss_id, union_id, gift_year, quantity, amount, at)
        SELECT id, loss_id, union_id, booked_in(union_id, gift_year::int), released, released * unit_price, now() FROM fresh
    )
    SELECT coalesce(sum(f.released * f.unit_price) FILTER (WHERE f.outcome = 'assistance'), 0)::bigint,
        coalesce(sum(f.released * f.unit_price) FILTER (
            WHERE f.outcome NOT IN ('assistance', 'uncovered') AND NOT f.waived), 0)::bigint,
        coalesce(sum(f.released * f.unit_price) FILTER (WHERE p.kind = 'ring_fenced'), 0)::bigint
    FROM fresh f JOIN ledger_purse p ON p.id = f.purse_id
"""


@dataclass(frozen=True)
class Released:
    """What left the year's figures, in fen; `fenced` is the part of the assistance goods that an assistance-only purse had paid."""

    assistance: int
    ordinary: int
    fenced: int


def release(order: Order, losses: Sequence[Loss]) -> Released:
    """Take the losses out of the decisions, which the year follows, and say what left it; the caller holds its lock.

    Raises ShareWouldBreak, LastYearWouldBreak, PartWouldBreak, LeaversPart.

    Called when money has moved back: what returned to an assistance-only purse is in R already. What comes back after the year was
    closed is booked in the open one; nobody gives up goods by then, since a year is not closed while any are on their way.
    """
    released = _released(losses)
    year = lock_booked(order.union, order.gift_year)
    policy = policy_in_force(order.union)
    share_bp = policy.minimum_share_bp if policy else 0
    held = reserve(order.union, year.gift_year)
    over = excess(year.counted, year.ordinary, held, share_bp)
    if losses[0].by == Party.PRODUCER or year.gift_year != order.gift_year:
        flag(year, due=over > 0)
        return released
    before = excess(
        year.counted + released.assistance, year.ordinary + released.ordinary, held - released.fenced, share_bp
    )
    if over > max(before, 0):
        raise _share_would_break(order, year, released, share_bp, held)
    if released.assistance:
        _keep_last_year(year, policy, held, released)
        _keep_the_part(order)
    if over <= 0:
        flag(year, due=False)
    return released


def _released(losses: Sequence[Loss]) -> Released:
    with connection.cursor() as cursor:
        cursor.execute(_RELEASE, {"losses": [loss.pk for loss in losses]})
        return Released(*(cursor.fetchone() or (0, 0, 0)))


def _share_would_break(order: Order, year: UnionYear, released: Released, share_bp: int, held: int) -> ShareWouldBreak:
    over = excess(year.counted, year.ordinary, held, share_bp)
    titles = _ordinary_titles(order)
    return ShareWouldBreak(
        amount=yuan(released.assistance),
        share=per_cent(share_bp),
        needed=yuan(-(-over // share_bp)),
        titles=_(" (in this order: %(titles)s)") % {"titles": _(", ").join(titles)} if titles else "",
        aside=yuan(to_make_good(year.counted, year.ordinary, held, share_bp)),
    )


def _keep_last_year(year: UnionYear, policy: Policy | None, held: int, released: Released) -> None:
    """Where a year may not fall below the one before, the ordinary goods rest on that as well."""
    last = kept_last_year(year, policy)
    short = last - year.assistance - held
    if short > max(short - released.assistance + released.fenced, 0):
        raise LastYearWouldBreak(amount=yuan(released.assistance), last=yuan(last), aside=yuan(short))


def _keep_the_part(order: Order) -> None:
    """Clause 2: where a class is part assistance, part ordinary, the assistance part may not be given up and the rest kept.

    Judged again by what the judgement said rests on what, whatever class its products are in today: see `part_broken` (migration
    0012). Where members have left, what they were to get is on offer again, so as many of those who stay take it.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT b.ref, b.units, b.given_up FROM part_broken("
            "(SELECT max(judgement_id) FROM priority_decision WHERE order_id = %s)) b",
            [order.pk],
        )
        broken = cursor.fetchall()
    if not broken:
        return
    refs = [ref for ref, _units, _given_up in broken]
    titles = _(", ").join(_ordinary_titles(order, Q(ref__in=refs, outcome=Outcome.PARTIAL)))
    if any(given_up for _ref, _units, given_up in broken):
        raise PartWouldBreak(titles=titles)
    raise LeaversPart(titles=titles, units=max(units for _ref, units, _given_up in broken))


def _ordinary_titles(order: Order, only: Q | None = None) -> list[str]:
    """The titles of an order's ordinary goods that still count, five at most."""
    counting = (
        Decision.objects.filter(only or Q(), order=order)
        .exclude(outcome__in=[Outcome.ASSISTANCE, Outcome.UNCOVERED])
        .annotate(gone=Coalesce(Sum("releases__quantity"), 0))
        .filter(quantity__gt=F("gone"))
    )
    products = (decision.product.get_title() for decision in counting.select_related("product").order_by("id"))
    return list(dict.fromkeys(products))[:5]
