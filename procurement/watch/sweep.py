"""The sweep (巡查): looks through new and changed products, proposes a class for those without one, and warns of twins.

A twin is a product that looks like another one and stands in another class: of the same seller, or with nearly the same title. So a
product that was re-classified to escape its equivalents is found the next night. A machine only proposes; the operator determines.
Likeness is that of titles without sizes and without the place or brand at their head, a little more where the processing is the same;
a title that names a class outright counts as well.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import F, Q, QuerySet
from django.utils.dateparse import parse_datetime

from marketplace.steps.models import Step, StepState
from procurement.watch.models import Proposal, ProposalKind, ProposalState

SWEEP = "watch.sweep"
OVERDUE = "challenge.overdue"
CHUNK = 200
# From which likeness on something is said: of a class to be proposed, of twins of one seller, of twins of different sellers.
CLASS_LEAST, OWN_TWIN_LEAST, TWIN_LEAST = 3_500, 6_000, 8_000

_CHUNK = """
    SELECT p.id FROM catalogue_product p
    WHERE p.id > %(after)s AND (%(since)s::timestamptz IS NULL OR p.date_updated >= %(since)s)
        AND NOT EXISTS (SELECT FROM catalogue_component part WHERE part.box_id = p.id)
    ORDER BY p.id LIMIT %(limit)s
"""

# Classified products whose titles share pairs of letters; likeness is twice what is shared of what both have (Dice). The index of
# title_parts (migrations/0002) finds them.
_ALIKE = """
    SELECT p.id AS product, o.id AS other, o.commodity_class_id AS class, partner.organisation_id = other_partner.organisation_id
            AS same_seller,
        least(1, 2.0 * shared.parts / (cardinality(title_parts(p.title)) + cardinality(title_parts(o.title)))
            + CASE WHEN p.processing <> '' AND p.processing = o.processing THEN 0.05 ELSE 0 END) AS likeness
    FROM catalogue_product p
    JOIN catalogue_product o ON o.id <> p.id AND title_parts(o.title) && title_parts(p.title) AND o.commodity_class_id IS NOT NULL
    CROSS JOIN LATERAL (
        SELECT count(*) AS parts FROM unnest(title_parts(p.title)) AS part WHERE part = ANY(title_parts(o.title))
    ) shared
    LEFT JOIN partner_stockrecord sr ON sr.product_id = p.id LEFT JOIN partner_partner partner ON partner.id = sr.partner_id
    LEFT JOIN partner_stockrecord osr ON osr.product_id = o.id
    LEFT JOIN partner_partner other_partner ON other_partner.id = osr.partner_id
    WHERE p.id = ANY(%(products)s)
"""

_CLASSES = f"""
    WITH alike AS ({_ALIKE}), named AS (
        SELECT p.id AS product, NULL::bigint AS other, c.id AS class, 0.5 + 0.1 * least(length(c.name), 4) AS likeness
        FROM catalogue_product p JOIN catalogue_commodityclass c ON position(c.name IN p.title) > 0
        WHERE p.id = ANY(%(products)s) AND NOT EXISTS (SELECT FROM catalogue_commodityclass child WHERE child.parent_id = c.id)
    ), best AS (
        SELECT DISTINCT ON (product) product, other, class, likeness FROM (
            SELECT product, other, class, likeness FROM alike UNION ALL SELECT * FROM named
        ) AS found ORDER BY product, likeness DESC, class, other
    )
    SELECT b.product, b.other, b.class, (b.likeness * 10000)::int FROM best b JOIN catalogue_product p ON p.id = b.product
    WHERE p.commodity_class_id IS NULL AND b.likeness * 10000 >= %(class_least)s
"""

_TWINS = f"""
    WITH alike AS ({_ALIKE})
    SELECT DISTINCT ON (a.product, a.class) a.product, a.other, a.class, (a.likeness * 10000)::int
    FROM alike a JOIN catalogue_product p ON p.id = a.product
    WHERE p.commodity_class_id IS NOT NULL AND p.commodity_class_id <> a.class
        AND a.likeness * 10000 >= CASE WHEN a.same_seller THEN %(own_least)s ELSE %(twin_least)s END
        AND NOT EXISTS (SELECT FROM catalogue_component part WHERE part.box_id = a.other)
    ORDER BY a.product, a.class, a.likeness DESC, a.other
"""


def sweep_on(step: Step) -> bool:
    """Look through the next chunk of what is new or changed since the sweep before; False while there is more."""
    since = _since(step)
    after = int(step.cursor.get("after", 0))
    with connection.cursor() as cursor:
        cursor.execute(_CHUNK, {"after": after, "since": since, "limit": CHUNK})
        products = [row[0] for row in cursor.fetchall()]
    if products:
        propose(products)
        step.cursor = step.cursor | {"after": products[-1]}
    return len(products) < CHUNK


def propose(products: list[int]) -> int:
    """Write what is to be said of these products and was not said before; how much was found. Three statements."""
    asked: dict[str, Any] = {
        "products": products,
        "class_least": CLASS_LEAST,
        "own_least": OWN_TWIN_LEAST,
        "twin_least": TWIN_LEAST,
    }
    found = []
    with connection.cursor() as cursor:
        for kind, statement in ((ProposalKind.CLASS, _CLASSES), (ProposalKind.TWIN, _TWINS)):
            cursor.execute(statement, asked)
            found += [
                Proposal(kind=kind, product_id=product, other_id=other, commodity_class_id=to, likeness=likeness)
                for product, other, to, likeness in cursor.fetchall()
            ]
    Proposal.objects.bulk_create(found, ignore_conflicts=True)
    return len(found)


def open_proposals() -> QuerySet[Any]:
    """What still holds of the proposals that nobody set aside, the likeliest first: whoever determines works them off."""
    wanting = Q(kind=ProposalKind.CLASS, product__commodity_class__isnull=True)
    apart = Q(kind=ProposalKind.TWIN) & ~Q(product__commodity_class=F("other__commodity_class"))
    apart &= Q(product__commodity_class__isnull=False)
    rows = Proposal.objects.filter(wanting | apart, state=ProposalState.OPEN)
    related = ("product__commodity_class", "commodity_class", "other__commodity_class")
    return rows.select_related(*related).order_by("-likeness", "id")


def _since(step: Step) -> datetime | None:
    """When the last sweep that was done began, kept in the step so that all its chunks look at the same."""
    if "since" not in step.cursor:
        last = Step.objects.filter(kind=SWEEP, state=StepState.DONE).exclude(pk=step.pk).order_by("-created_at").first()
        step.cursor = step.cursor | {"since": last.created_at.isoformat() if last else ""}
    return parse_datetime(step.cursor["since"]) if step.cursor["since"] else None
