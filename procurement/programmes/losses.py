"""Fulfilment's LossPolicy: what goods that do not reach their members change in the union's year and for each member."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection

from marketplace.fulfilment.models import Loss, Party
from marketplace.ledger.actions import yuan
from marketplace.organisations.models import Organisation
from marketplace.organisations.scopes import seen_by
from marketplace.shop.order.models import Order
from procurement.priority.errors import FloorWouldBreak
from procurement.priority.releases import release
from procurement.priority.years import lock_booked, policy_in_force
from procurement.programmes.heads import EARLIER, PLACED

# What each member gets less, for the year's cap and floor: a parcel line's part in assistance goods is that of its order line.
_RECEIVED = """
    UPDATE programmes_recipient r SET received = greatest(0, r.received - lost.fen),
        received_assistance = greatest(0, r.received_assistance - lost.assistance),
        received_fenced = greatest(0, r.received_fenced - lost.fenced)
    FROM (
        SELECT p.recipient, sum(g.fen) AS fen,
            sum(g.fen * coalesce(d.fen, 0) / (l.line_price_incl_tax * 100)::bigint)::bigint AS assistance,
            coalesce(sum(g.fen) FILTER (WHERE purse.kind = 'ring_fenced'), 0) AS fenced
        FROM fulfilment_parcel p
        JOIN fulfilment_parcelline pl ON pl.parcel_id = p.id
        JOIN order_line l ON l.id = pl.line_id
        JOIN ledger_purse purse ON purse.id = l.purse_id
        CROSS JOIN LATERAL (SELECT pl.quantity * (l.unit_price_incl_tax * 100)::bigint AS fen) g
        LEFT JOIN LATERAL (
            SELECT sum(amount)::bigint AS fen FROM priority_decision WHERE line_id = l.id AND outcome = 'assistance'
        ) d ON true
        WHERE p.loss_id = ANY(%s) GROUP BY p.recipient
    ) lost
    WHERE r.id = lost.recipient
"""

# Members of these losses who keep ordinary goods that count, with assistance goods for less than the floor in this gift year: both
# as they count here, and not in the year of a union that took an order over.
_BELOW_THE_FLOOR = f"""
    SELECT count(*) FROM (
        SELECT e.person FROM ({EARLIER}) e WHERE e.person IN (
            SELECT r.person FROM programmes_recipient r JOIN ({PLACED}) g ON g.id = r.programme_id AND g.counts
            WHERE r.person IN (
                SELECT mine.person FROM fulfilment_parcel p JOIN programmes_recipient mine ON mine.id = p.recipient
                WHERE p.loss_id = ANY(%(losses)s)
            ) AND EXISTS (
                SELECT FROM fulfilment_parcel p JOIN fulfilment_parcelline pl ON pl.parcel_id = p.id
                JOIN priority_decision d ON d.line_id = pl.line_id AND d.region = p.region
                WHERE p.recipient = r.id AND p.loss_id IS NULL AND d.outcome NOT IN ('assistance', 'uncovered') AND NOT d.waived))
        GROUP BY e.person HAVING sum(e.assistance) < %(floor)s
    ) below
"""


class YearCounts:
    """The union's year counts what is left, and so does each member's."""

    def lock(self, union: Organisation, gift_year: int) -> None:
        """Lock the union-year row, and where it is closed those after it until the open one."""
        with seen_by(None):
            lock_booked(union, gift_year)

    def lost(self, order: Order, losses: Sequence[Loss]) -> None:
        """Release the decisions; note what members no longer get. Raises what `release` does, FloorWouldBreak."""
        with seen_by(None):
            released = release(order, losses)
            with connection.cursor() as cursor:
                cursor.execute(_RECEIVED, [[loss.pk for loss in losses]])
            if released.assistance and losses[0].by == Party.UNION:
                _keep_the_floor(order, losses)


def _keep_the_floor(order: Order, losses: Sequence[Loss]) -> None:
    """Ordinary goods come after the floor (clause 4), so a union does not take it away from under them."""
    policy = policy_in_force(order.union)
    if policy is None or not policy.floor:
        return
    asked = {
        "union": order.union_id,
        "year": order.gift_year,
        "floor": policy.floor,
        "losses": [loss.pk for loss in losses],
    }
    with connection.cursor() as cursor:
        cursor.execute(_BELOW_THE_FLOOR, asked)
        (count,) = cursor.fetchone() or (0,)
    if count:
        raise FloorWouldBreak(count=count, floor=yuan(policy.floor))
