"""What a decision no longer counts: goods cancelled, refused or returned leave the union's year (clause 3).

A union may not give up assistance goods on which ordinary ones rest. What a producer fails to deliver it has to accept: then the
loss is *make-good due*, ordinary goods wait until the year holds again, and the union is not in breach.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.models import F, Q, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from marketplace.fulfilment.models import Loss, LossReason, Party
from marketplace.ledger.actions import yuan
from marketplace.shop.order.models import Order
from procurement.priority.errors import PartWouldBreak, ShareWouldBreak
from procurement.priority.models import Decision, Judgement, Outcome, Release, UnionYear
from procurement.priority.reserves import reserve
from procurement.priority.words import per_cent
from procurement.priority.years import excess, flag, lock_year, share_in_force, to_make_good

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
        SELECT id, loss_id, union_id, gift_year, released, released * unit_price, now() FROM fresh
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


def release(order: Order, losses: Sequence[Loss]) -> None:
    """Take the losses out of the decisions, which the year follows; the caller holds its lock. Raises ShareWouldBreak, PartWouldBreak.

    Called when money has moved back: what returned to an assistance-only purse is in R already.
    """
    released = _released(losses)
    year = lock_year(order.union, order.gift_year)
    share_bp = share_in_force(order.union)
    held = reserve(order.union, order.gift_year)
    over = excess(year.assistance, year.ordinary, held, share_bp)
    if losses[0].by == Party.PRODUCER:
        flag(year, due=over > 0)
        return
    before = excess(
        year.assistance + released.assistance, year.ordinary + released.ordinary, held - released.fenced, share_bp
    )
    if over > max(before, 0):
        raise _share_would_break(order, year, released, share_bp, held)
    if released.assistance and losses[0].reason != LossReason.MEMBER_LEFT:
        _keep_the_part(order, losses)
    if over <= 0:
        flag(year, due=False)


def _released(losses: Sequence[Loss]) -> Released:
    with connection.cursor() as cursor:
        cursor.execute(_RELEASE, {"losses": [loss.pk for loss in losses]})
        return Released(*(cursor.fetchone() or (0, 0, 0)))


def _share_would_break(order: Order, year: UnionYear, released: Released, share_bp: int, held: int) -> ShareWouldBreak:
    over = excess(year.assistance, year.ordinary, held, share_bp)
    titles = _ordinary_titles(order)
    return ShareWouldBreak(
        amount=yuan(released.assistance),
        share=per_cent(share_bp),
        needed=yuan(-(-over // share_bp)),
        titles=_(" (in this order: %(titles)s)") % {"titles": _(", ").join(titles)} if titles else "",
        aside=yuan(to_make_good(year.assistance, year.ordinary, held, share_bp)),
    )


def _keep_the_part(order: Order, losses: Sequence[Loss]) -> None:
    """Clause 2: where a class is part assistance, part ordinary, the assistance part may not be given up and the rest kept.

    What rests on what is what the judgement said, whatever class its products are in today. For a member who left it may: who is
    gone is no choice of the union's, and the log's entry names the reason.
    """
    given_up = set(
        Release.objects.filter(loss__in=losses, decision__outcome=Outcome.ASSISTANCE).values_list(
            "decision__ref", flat=True
        )
    )
    told = Judgement.objects.filter(decisions__order=order).values_list("output", flat=True)[:1]
    leaning = [
        line["ref"]
        for output in told
        for line in json.loads(output)["lines"]
        if not given_up.isdisjoint(line["linked"])
    ]
    if titles := _ordinary_titles(order, Q(ref__in=leaning, outcome=Outcome.PARTIAL)):
        raise PartWouldBreak(titles=_(", ").join(titles))


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
