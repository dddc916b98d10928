"""What an offer costs delivered: price and freight by region, in one statement."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection

# The longest delivery prefix that fits the destination counts; of several offers of a product the one that was there first, so that
# nobody puts an offer of their own into the plans of others.
_DELIVERED = """
    SELECT sr.product_id, r.region, sr.id, (sr.price * 100)::int + d.freight, d.days
    FROM partner_stockrecord sr
    CROSS JOIN unnest(%(regions)s::text[]) AS r(region)
    JOIN LATERAL (
        SELECT freight, days FROM partner_delivery d
        WHERE d.stockrecord_id = sr.id AND starts_with(r.region, d.region)
        ORDER BY length(d.region) DESC LIMIT 1
    ) d ON true
    WHERE sr.product_id = ANY(%(products)s) AND sr.listed
    ORDER BY sr.id DESC
"""


@dataclass(frozen=True)
class Delivered:
    """An offer for one region: fen a sales unit delivered, and days from order to arrival."""

    stockrecord_id: int
    unit_price: int
    days: int


def delivered(products: Iterable[int], regions: Iterable[str]) -> dict[tuple[int, str], Delivered]:
    """Delivered offers by (product, region); a pair is missing where the product is not sold or not delivered there."""
    with connection.cursor() as cursor:
        cursor.execute(_DELIVERED, {"products": sorted(set(products)), "regions": sorted(set(regions))})
        # The last one stays.
        return {(product, region): Delivered(*rest) for product, region, *rest in cursor.fetchall()}
