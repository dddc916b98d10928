"""Red flags (预警): what an auditor should look at first. Each is simple, certain, and names the orders behind it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from marketplace.organisations.models import Organisation
from procurement.watch.queries import refuted

# What counts as a jump of price, and as clustering of exceptions.
JUMP_BP, JUMP_DAYS = 1_500, 60
CLUSTER_LEAST, CLUSTER_BP = 3, 6_000
SPLIT_DAYS = 14
CLOSING_DAYS = 30
ASIDE_DAYS = 7  # for so long an equivalent may have been dearer, or held by another union, without anybody meaning anything by it


@dataclass(frozen=True)
class Found:
    """One order (or exception) behind a flag: whose, about what (as audit cases name it), the figures in a few words."""

    union: Organisation
    subject: str
    title: str
    amount: int | None = None


@dataclass(frozen=True)
class Flag:
    """A red flag with what it rests on."""

    code: str
    title: str | Promise
    why: str | Promise
    found: tuple[Found, ...]


_PAID_EARLY = """
    SELECT o.union_id, 'order:' || o.number, so.number, NULL::bigint
    FROM fulfilment_supplierorder so JOIN order_order o ON o.id = so.order_id
    WHERE o.union_id = ANY(%(unions)s) AND o.gift_year = %(year)s AND so.paid_at < (
        SELECT min(c.shipped_at) FROM fulfilment_consignment c WHERE c.supplier_order_id = so.id)
    ORDER BY o.id
"""

# An assistance decision whose product had no accreditation that held on the day of the order and was written down before it.
_ACCREDITATION = """
    SELECT o.union_id, 'order:' || o.number, CASE WHEN %(english)s THEN coalesce(nullif(p.title_en, ''), p.title) ELSE p.title END,
        sum(d.amount)::bigint
    FROM priority_decision d JOIN order_order o ON o.id = d.order_id JOIN catalogue_product p ON p.id = d.product_id
    WHERE o.union_id = ANY(%(unions)s) AND o.gift_year = %(year)s AND d.outcome = 'assistance' AND NOT EXISTS (
        SELECT FROM accreditation_accreditation a WHERE a.product_id = d.product_id
            AND a.valid_from <= (o.date_placed AT TIME ZONE 'Asia/Shanghai')::date
            AND a.valid_to > (o.date_placed AT TIME ZONE 'Asia/Shanghai')::date AND a.recorded_at <= o.date_placed)
    GROUP BY o.id, p.id ORDER BY o.id
"""

# The lowest price of the days before: what was asked when they began, and every price since.
_PRICE_JUMP = """
    SELECT o.union_id, 'order:' || o.number, CASE WHEN %(english)s THEN coalesce(nullif(p.title_en, ''), l.title) ELSE l.title END,
        (l.line_price_incl_tax * 100)::bigint
    FROM order_line l JOIN order_order o ON o.id = l.order_id LEFT JOIN catalogue_product p ON p.id = l.product_id
    JOIN LATERAL (SELECT price FROM partner_pricerecord WHERE stockrecord_id = l.stockrecord_id AND at <= o.date_placed
        ORDER BY at DESC LIMIT 1) now ON true
    JOIN LATERAL (SELECT min(price) AS price FROM partner_pricerecord WHERE stockrecord_id = l.stockrecord_id
        AND at <= o.date_placed AND at >= coalesce((SELECT max(at) FROM partner_pricerecord
            WHERE stockrecord_id = l.stockrecord_id AND at <= o.date_placed - make_interval(days => %(days)s)), '-infinity')
        ) before ON true
    WHERE o.union_id = ANY(%(unions)s) AND o.gift_year = %(year)s AND now.price * 10000 >= before.price * (10000 + %(jump)s)
    ORDER BY o.id
"""

# Orders of one union for one occasion, placed within a few days, each below a step of procurement and together at or above it: a step
# of the policy by which the order was judged.
_SPLIT = """
    WITH placed AS (
        SELECT o.id, o.number, o.union_id, o.date_placed, g.occasion, (o.total_incl_tax * 100)::bigint AS fen, (
            SELECT j.policy_id FROM priority_decision d JOIN priority_judgement j ON j.id = d.judgement_id
                WHERE d.order_id = o.id LIMIT 1
        ) AS policy
        FROM order_order o JOIN programmes_programme g ON g.order_id = o.id
        WHERE o.union_id = ANY(%(unions)s) AND o.gift_year = %(year)s
    )
    SELECT DISTINCT a.union_id, 'order:' || a.number, b.number, a.fen FROM placed a
    JOIN placed b ON b.union_id = a.union_id AND b.occasion = a.occasion AND b.id <> a.id
        AND b.date_placed BETWEEN a.date_placed - make_interval(days => %(split)s) AND a.date_placed + make_interval(days => %(split)s)
    JOIN policy_policy p ON p.id = a.policy
    CROSS JOIN LATERAL (SELECT (s ->> 'from')::bigint AS fen FROM jsonb_array_elements(p.approval_steps) s) step
    WHERE step.fen > 0 AND a.fen < step.fen AND b.fen < step.fen AND a.fen + b.fen >= step.fen
    ORDER BY 2, 3
"""

_CLUSTER = """
    WITH granted AS (
        SELECT e.*, count(*) OVER () AS everybody, count(*) OVER (PARTITION BY e.decided_by_id) AS own
        FROM priority_priorityexception e
        WHERE e.union_id = ANY(%(unions)s) AND e.state IN ('granted', 'revoked') AND date_part('year', e.valid_from) = %(year)s
    )
    SELECT union_id, 'exception:' || number, grounds, NULL::bigint FROM granted
    WHERE own >= %(least)s AND own * 10000 >= everybody * %(part)s ORDER BY id
"""

# Ordinary goods that passed for want of an equivalent, while an accredited product of the class was dearer than just before and just
# after, or held in an order of another union that gave it up just after.
_STEPPED_ASIDE = """
    SELECT d.union_id, 'order:' || o.number, p.title, sum(d.amount)::bigint
    FROM priority_decision d JOIN order_order o ON o.id = d.order_id JOIN priority_judgement j ON j.id = d.judgement_id
    JOIN priority_certificate c ON c.id = d.certificate_id JOIN catalogue_product p ON p.id = d.product_id
    WHERE d.union_id = ANY(%(unions)s) AND d.gift_year = %(year)s AND EXISTS (
        SELECT FROM catalogue_product q JOIN partner_stockrecord sr ON sr.product_id = q.id
        JOIN accreditation_accreditation a ON a.product_id = q.id AND a.state IN ('valid', 'suspended')
        WHERE q.commodity_class_id = c.commodity_class_id AND (EXISTS (
            SELECT FROM (
                SELECT price, at FROM partner_pricerecord WHERE stockrecord_id = sr.id AND at <= j.at ORDER BY at DESC LIMIT 1
            ) now
            CROSS JOIN LATERAL (
                SELECT price FROM partner_pricerecord WHERE stockrecord_id = sr.id AND at < now.at ORDER BY at DESC LIMIT 1
            ) before
            CROSS JOIN LATERAL (
                SELECT price, at FROM partner_pricerecord WHERE stockrecord_id = sr.id AND at > j.at ORDER BY at LIMIT 1
            ) later
            WHERE now.at > j.at - make_interval(days => %(aside)s) AND later.at < j.at + make_interval(days => %(aside)s)
                AND greatest(before.price, later.price) < now.price
        ) OR EXISTS (
            SELECT FROM order_line l JOIN order_order other ON other.id = l.order_id AND other.date_placed < j.at
            JOIN fulfilment_parcelline pl ON pl.line_id = l.id
            JOIN fulfilment_parcel pa ON pa.id = pl.parcel_id
            JOIN fulfilment_loss lost ON lost.id = pa.loss_id AND (lost.kind, lost.by) = ('cancelled', 'union')
            WHERE l.stockrecord_id = sr.id AND lost.union_id <> d.union_id
                AND lost.at BETWEEN j.at AND j.at + make_interval(days => %(aside)s)
        ))
    )
    GROUP BY d.union_id, o.id, p.id ORDER BY o.id
"""

# Registered all the same, for it happened: over the cap, on no allowed occasion, in a forbidden form, or short of procurement steps.
_OUTSIDE = """
    SELECT o.union_id, 'outside:' || o.number, o.supplier, o.amount FROM programmes_outsidepurchase o
    WHERE o.union_id = ANY(%(unions)s) AND o.gift_year = %(year)s AND o.found <> '[]'
        AND NOT EXISTS (SELECT FROM programmes_outsidereversal v WHERE v.purchase_id = o.id) ORDER BY o.id
"""

# A digital invoice's number is its own in the whole country: two unions cannot both have paid it.
_ONE_INVOICE = """
    SELECT o.union_id, 'outside:' || o.number, o.invoice, o.amount FROM programmes_outsidepurchase o
    WHERE o.union_id = ANY(%(unions)s) AND o.gift_year = %(year)s AND length(o.invoice) = 20
        AND NOT EXISTS (SELECT FROM programmes_outsidereversal v WHERE v.purchase_id = o.id)
        AND EXISTS (SELECT FROM programmes_outsidepurchase other WHERE other.invoice = o.invoice AND other.union_id <> o.union_id
            AND NOT EXISTS (SELECT FROM programmes_outsidereversal v WHERE v.purchase_id = other.id)) ORDER BY o.id
"""

# Orders with assistance goods that came from another union in the last days before the year was closed, or is over, where clause 3
# would not hold without what came so. Whoever may not read the order of the other union is sent to the statement.
_TAKEN_WHEN_SHORT = """
    WITH came AS (
        SELECT h.*, y.assistance AS bought, y.ordinary AS others, y.brought_forward,
            sum(h.assistance) OVER (PARTITION BY h.to_union_id) AS helped, sum(h.ordinary) OVER (PARTITION BY h.to_union_id) AS plain,
            coalesce(y.closed_share_bp, binding_share(h.to_union_id, h.gift_year), 0) AS share,
            y.shortfall + (SELECT coalesce(sum(a.balance), 0) FROM ledger_purse p JOIN ledger_account a ON a.id = p.account_id
                WHERE (p.union_id, p.gift_year, p.kind) = (h.to_union_id, h.gift_year, 'ring_fenced')) AS reserve
        FROM programmes_reattribution h JOIN priority_unionyear y ON (y.union_id, y.gift_year) = (h.to_union_id, h.gift_year)
        WHERE h.to_union_id = ANY(%(unions)s) AND h.gift_year = %(year)s AND h.state = 'taken'
            AND h.answered_at >= coalesce(y.closed_at, make_timestamptz(%(year)s + 1, 1, 1, 0, 0, 0, 'Asia/Shanghai'))
                - make_interval(days => %(closing)s)
            AND NOT EXISTS (SELECT FROM programmes_reattribution later
                WHERE later.order_id = h.order_id AND later.state = 'taken' AND later.turn > h.turn)
    )
    SELECT c.to_union_id, CASE WHEN seen THEN 'order:' || o.number ELSE 'statement:' || %(year)s END,
        concat_ws(' · ', CASE WHEN %(english)s THEN coalesce(nullif(u.name_en, ''), u.name) ELSE u.name END,
            CASE WHEN NOT seen THEN o.number END), c.assistance
    FROM came c JOIN order_order o ON o.id = c.order_id JOIN organisations_organisation u ON u.id = c.union_id
    CROSS JOIN LATERAL (SELECT o.union_id = ANY(%(unions)s) AS seen) page
    WHERE c.assistance > 0 AND c.share > 0 AND (c.others - c.plain) * 10000
        > (10000 - c.share) * (c.bought - c.helped - c.brought_forward + c.others - c.plain + c.reserve)
    ORDER BY c.order_id
"""

# Each by its statement, but for what the watchdogs count.
_FLAGS: tuple[tuple[str, Any, Any, str | None], ...] = (
    (
        "paid_before_shipped",
        _("Paid before it was shipped"),
        _(
            "Goods are paid after they were accepted; money that left before a parcel did may pay for a trade that is none."
        ),
        _PAID_EARLY,
    ),
    (
        "accreditation_missing",
        _("No accreditation on the day of the order"),
        _(
            "The product counted as an assistance product, but its accreditation had ended, had not begun, or was written down later."
        ),
        _ACCREDITATION,
    ),
    (
        "certificate_refuted",
        _("Bought under a certificate that was refuted"),
        _(
            "A seller showed that an equivalent assistance product was on offer after all: the goods count as estimated leakage."
        ),
        None,
    ),
    (
        "stepped_aside",
        _("An equivalent stepped aside for a few days"),
        _(
            "Nothing equivalent was on offer when it was bought. Days before and after it was: dearer only in between, or ordered "
            "by another union that then gave it up."
        ),
        _STEPPED_ASIDE,
    ),
    (
        "price_jump",
        _("Price raised shortly before the order"),
        _("The offer cost at least 15 per cent less at some time in the 60 days before."),
        _PRICE_JUMP,
    ),
    (
        "split_orders",
        _("Two orders just under a step of procurement"),
        _("Same union, same occasion, within 14 days: each below the step, together at or above it."),
        _SPLIT,
    ),
    (
        "outside_against_the_rule",
        _("Bought elsewhere against the rule"),
        _(
            "It took a member over the cap, was on no allowed occasion, in a forbidden form, or had too few quotations or deciders."
        ),
        _OUTSIDE,
    ),
    (
        "one_invoice_twice",
        _("One invoice, registered by two unions"),
        _("A digital invoice's number is its own in the whole country: two unions cannot both have paid it."),
        _ONE_INVOICE,
    ),
    (
        "taken_over_when_short",
        _("Taken over shortly before closing, when assistance goods were missing"),
        _(
            "Without the orders that came from other unions in the last 30 days before its closing the year would be below its share: "
            "were they booked wrongly, or lent?"
        ),
        _TAKEN_WHEN_SHORT,
    ),
    (
        "exceptions_cluster",
        _("Exceptions cluster on one person"),
        _("One officer granted at least three, and six in ten or more of the year's exceptions."),
        _CLUSTER,
    ),
)


def red_flags(unions: Sequence[Organisation], year: int) -> list[Flag]:
    """Every flag with what is behind it in these unions, those that found nothing too: one statement each."""
    known = {union.pk: union for union in unions}
    asked: dict[str, Any] = {
        "unions": list(known),
        "year": year,
        "english": (get_language() or "").startswith("en"),
        "days": JUMP_DAYS,
        "jump": JUMP_BP,
        "split": SPLIT_DAYS,
        "aside": ASIDE_DAYS,
        "closing": CLOSING_DAYS,
        "least": CLUSTER_LEAST,
        "part": CLUSTER_BP,
    }
    flags = []
    with connection.cursor() as cursor:
        for code, title, why, statement in _FLAGS:
            if statement is None:
                rows: Iterable[Any] = _refuted(known, year)
            else:
                cursor.execute(statement, asked)
                rows = cursor.fetchall()
            flags.append(Flag(code, title, why, tuple(Found(known[union], *rest) for union, *rest in rows)))
    return flags


def _refuted(unions: Iterable[int], year: int) -> Iterable[tuple[int, str, str, int]]:
    """What is still bought under certificates that a challenge refuted. One statement."""
    return [
        (one.union, f"order:{one.order}", one.certificate, one.amount)
        for one in refuted(unions)
        if one.gift_year == year
    ]
