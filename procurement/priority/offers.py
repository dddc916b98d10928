"""What is on offer, read for the rule in one statement: the products asked for and every assistance product of their classes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from django.db import connection
from django.utils.translation import get_language

from procurement.priority.equivalence import Bounds

# The longest delivery prefix that fits a destination counts; the latest accreditation of a product speaks for it where its own
# producer sells it. The reference price is the higher of the offer's own highest price in 90 days and the class's published one,
# both per sales unit.
_OFFERS = """
    WITH asked AS MATERIALIZED (
        SELECT id, commodity_class_id FROM catalogue_product WHERE id = ANY(%(products)s)
    ), wanted AS MATERIALIZED (
        SELECT id FROM asked
        UNION
        SELECT p.id FROM catalogue_product p
        WHERE p.commodity_class_id IN (SELECT commodity_class_id FROM asked) AND EXISTS (
            SELECT FROM accreditation_accreditation a WHERE a.product_id = p.id AND a.state IN ('valid', 'suspended', 'revoked')
        )
    )
    SELECT r.region, p.id, p.title, p.title_en, p.commodity_class_id, c.code, org.code, coalesce(p.county_id, org.county_id, ''),
        sr.id, (sr.price * 100)::int, p.net_content, s.in_stock - s.allocated, sr.listed, org.good_standing,
        coalesce(a.number, ''), coalesce(a.state, ''), a.valid_from, a.valid_to, coalesce(county.listed, false),
        p.grade, p.processing, p.dietary, d.freight, d.days,
        greatest(
            (SELECT max(h.price) FROM partner_pricerecord h
                WHERE h.stockrecord_id = sr.id AND h.at > (%(day)s::date - 90)::timestamp AT TIME ZONE 'Asia/Shanghai'),
            coalesce(c.reference_price::bigint * p.net_content / 1000, 0)
        ),
        b.id, b.content_least, b.content_most, b.grades, b.processings, b.dietary
    FROM wanted
    JOIN catalogue_product p ON p.id = wanted.id
    JOIN partner_stockrecord sr ON sr.product_id = p.id
    JOIN partner_partner partner ON partner.id = sr.partner_id
    JOIN organisations_organisation org ON org.id = partner.organisation_id
    JOIN stock_stock s ON s.id = sr.stock_id
    LEFT JOIN catalogue_commodityclass c ON c.id = p.commodity_class_id
    LEFT JOIN catalogue_classbounds b ON b.commodity_class_id = c.id AND b.state = 'in_force'
    LEFT JOIN LATERAL (
        SELECT * FROM accreditation_accreditation a
        WHERE a.product_id = p.id AND a.producer_id = org.id AND a.state IN ('valid', 'suspended', 'revoked')
        ORDER BY a.state = 'valid' DESC, a.id DESC LIMIT 1
    ) a ON true
    LEFT JOIN organisations_county county ON county.code = a.county_id
    CROSS JOIN unnest(%(regions)s::text[]) AS r(region)
    LEFT JOIN LATERAL (
        SELECT freight, days FROM partner_delivery d
        WHERE d.stockrecord_id = sr.id AND starts_with(r.region, d.region)
        ORDER BY length(d.region) DESC LIMIT 1
    ) d ON true
"""


@dataclass(frozen=True, slots=True)
class OfferRow:
    """One offer for one region. `freight` and `days` are None where it is not delivered; prices in fen a sales unit."""

    region: str
    product_id: int
    title: str
    title_en: str
    class_id: int | None
    class_code: str | None
    producer: str
    county: str
    stockrecord_id: int
    price: int
    content: int
    available: int
    listed: bool
    good_standing: bool
    accreditation: str
    accreditation_state: str
    valid_from: date | None
    valid_to: date | None
    county_listed: bool
    grade: str
    processing: str
    dietary: Sequence[str]
    freight: int | None
    days: int | None
    reference_price: int
    bounds_id: int | None
    content_least: int | None
    content_most: int | None
    grades: Sequence[str] | None
    processings: Sequence[str] | None
    dietary_counted: Sequence[str] | None

    @property
    def bounds(self) -> Bounds | None:
        """The bounds in force of its class, None where none are."""
        if self.bounds_id is None:
            return None
        return Bounds(
            self.content_least or 0,
            self.content_most or 0,
            self.grades or (),
            self.processings or (),
            self.dietary_counted or (),
        )

    def failings(self, day: date) -> tuple[str, ...]:
        """Why this is no assistance offer on that day; empty when it is one. (That it is not delivered is not among them.)"""
        found = []
        if self.accreditation_state != "valid":
            found.append(f"accreditation_{self.accreditation_state}" if self.accreditation_state else "not_accredited")
        elif not (self.valid_from and self.valid_to and self.valid_from <= day < self.valid_to):
            found.append("accreditation_expired")
        if self.accreditation_state and not self.county_listed:
            found.append("county_not_listed")
        if not self.good_standing:
            found.append("producer_suspended")
        if not self.listed:
            found.append("not_listed")
        return tuple(found)

    @property
    def delivered_price(self) -> int:
        """Price with freight to the region."""
        return self.price + (self.freight or 0)

    def ready_on(self, day: date) -> str:
        """Earliest delivery for an order of that day, as ISO date; empty where it is not delivered."""
        return "" if self.days is None else _after(day, self.days)


@lru_cache(maxsize=1024)
def _after(day: date, days: int) -> str:
    return (day + timedelta(days=days)).isoformat()


def titles(rows: Iterable[OfferRow]) -> dict[int, str]:
    """The products' titles in the reader's language, which is asked for once, not for each of a thousand rows."""
    if get_language() == "en":
        return {row.product_id: row.title_en or row.title for row in rows}
    return {row.product_id: row.title for row in rows}


def offers(products: Iterable[int], regions: Iterable[str], day: date) -> list[OfferRow]:
    """The offers of these products, and all assistance products of their classes, for each region. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(_OFFERS, {"products": sorted(set(products)), "regions": sorted(set(regions)), "day": day})
        return [OfferRow(*row) for row in cursor.fetchall()]
