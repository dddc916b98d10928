"""What the rule's machine is held against: an oracle that knows nothing of the engine, of its SQL, or of the year's row.

It reads the rows that were written, and the shelf as it stood before each placement, as a person with pencil and paper would.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection
from django.utils import timezone

from marketplace.organisations.models import Organisation
from tests.property.rule_stage import HOLD_DAYS, HONEYS, JAR_GRAMS, MOST_PRODUCERS, PLAIN, SHARE_BP


@dataclass(frozen=True)
class Shelf:
    """What three producers could supply to a union before a placement, jar by jar.

    `on_offer`: jars that count, by sku, of what is accredited, of the class and within the band. `refused` are those of them whose
    producers gave up what the union had ordered; for so many grams, `released`, their word counts: what else was reclassified into
    the class comes in other sizes.
    """

    on_offer: dict[str, int]
    refused: frozenset[str]
    released: int

    def counting(self, jars: int) -> dict[str, int]:
        """What is on offer for a gift of so many jars of the class."""
        gone = self.refused if jars * JAR_GRAMS <= self.released else frozenset()
        return {sku: units for sku, units in self.on_offer.items() if sku not in gone}


def most(on_offer: dict[str, int]) -> int:
    """Q: the most that so many producers can supply together; each jar here is of another producer."""
    return sum(sorted(on_offer.values(), reverse=True)[:MOST_PRODUCERS])


# Each accredited honey of the class that ordinary honey is in now, within the band above the highest price that this had in ninety
# days (nobody makes it cheap for a day to shrink the band): jars that can be promised; those that the union or one below it has
# ordered and not had shipped; and those that they gave up lately.
_SHELF = """
    SELECT sr.partner_sku, s.in_stock - s.allocated,
        coalesce(sum(pl.quantity) FILTER (WHERE p.state IN ('placed', 'assigned', 'uncalled')), 0),
        coalesce(sum(pl.quantity) FILTER (WHERE p.state = 'cancelled' AND l.by = 'union'
            AND (l.at AT TIME ZONE 'Asia/Shanghai')::date > %(today)s - %(days)s), 0)
    FROM partner_stockrecord wanted
    JOIN catalogue_product plain ON plain.id = wanted.product_id
    JOIN catalogue_product honey ON honey.commodity_class_id = plain.commodity_class_id AND honey.upc = ANY(%(honeys)s)
    JOIN partner_stockrecord sr ON sr.product_id = honey.id
    JOIN stock_stock s ON s.id = sr.stock_id
    LEFT JOIN order_line line ON line.stockrecord_id = sr.id
        AND line.order_id IN (SELECT o.id FROM order_order o JOIN organisations_organisation u ON u.id = o.union_id
            WHERE starts_with(u.path, %(path)s))
    LEFT JOIN fulfilment_parcelline pl ON pl.line_id = line.id
    LEFT JOIN fulfilment_parcel p ON p.id = pl.parcel_id
    LEFT JOIN fulfilment_loss l ON l.id = p.loss_id
    WHERE wanted.partner_sku = %(plain)s
        AND EXISTS (SELECT FROM accreditation_accreditation a WHERE a.product_id = honey.id AND a.state = 'valid')
        AND (sr.price * 100 + 100) * 100 <= 110 * greatest(wanted.price * 100 + 100,
            (SELECT max(price) FROM partner_pricerecord WHERE stockrecord_id = wanted.id))
    GROUP BY 1, 2
"""

# What producers gave up lately of this union's orders of the class that ordinary honey is in now: its grams less those bought since.
_REFUSED = """
    WITH gone AS (
        SELECT p.upc, r.quantity * p.net_content AS grams, l.at FROM fulfilment_loss l JOIN priority_release r ON r.loss_id = l.id
        JOIN priority_decision d ON d.id = r.decision_id AND d.outcome = 'assistance'
        JOIN catalogue_product p ON p.id = d.product_id
        WHERE l.union_id = %(union)s AND l.by = 'producer' AND l.kind = 'cancelled'
            AND (l.at AT TIME ZONE 'Asia/Shanghai')::date > %(today)s - %(days)s
            AND p.commodity_class_id = (SELECT commodity_class_id FROM catalogue_product WHERE upc = %(plain)s)
    )
    SELECT coalesce(array_agg(DISTINCT upc), '{}'), coalesce(sum(grams), 0) - (
        SELECT coalesce(sum(p.net_content
            * (d.quantity - coalesce((SELECT sum(quantity) FROM priority_release WHERE decision_id = d.id), 0))), 0)
        FROM priority_decision d JOIN priority_judgement j ON j.id = d.judgement_id JOIN catalogue_product p ON p.id = d.product_id
        WHERE d.union_id = %(union)s AND j.at > (SELECT min(at) FROM gone)
            AND p.commodity_class_id = (SELECT commodity_class_id FROM catalogue_product WHERE upc = %(plain)s))
    FROM gone
"""


def shelf(union: Organisation) -> Shelf:
    facts = {
        "plain": PLAIN,
        "honeys": list(HONEYS),
        "union": union.pk,
        "path": union.path,
        "today": timezone.localdate(),
        "days": HOLD_DAYS,
    }
    with connection.cursor() as cursor:
        cursor.execute(_SHELF, facts)
        on_offer = {
            sku: int(free + waiting + max(0, lately - free)) for sku, free, waiting, lately in cursor.fetchall()
        }
        cursor.execute(_REFUSED, facts)
        refused, released = cursor.fetchone() or ([], 0)
    return Shelf(on_offer, frozenset(refused), int(released))


# What each union's decisions still count, each less what was released of it; what its assistance-only purses hold by their legs; and
# beside it what the year's row says.
_YEARS = """
    WITH live AS (
        SELECT d.union_id, d.outcome, d.waived, d.quantity, coalesce(sum(r.quantity), 0) AS gone, d.unit_price::bigint AS price
        FROM priority_decision d LEFT JOIN priority_release r ON r.decision_id = d.id
        WHERE d.gift_year = %(year)s AND d.union_id = ANY(%(unions)s) GROUP BY d.id
    )
    SELECT u.id, coalesce(y.assistance, 0), coalesce(y.ordinary, 0), coalesce(y.make_good_due, false),
        (SELECT coalesce(sum((quantity - gone) * price), 0) FROM live WHERE union_id = u.id AND outcome = 'assistance'),
        (SELECT coalesce(sum((quantity - gone) * price), 0) FROM live
            WHERE union_id = u.id AND outcome <> 'assistance' AND NOT waived),
        (SELECT coalesce(sum(l.amount), 0) FROM ledger_leg l JOIN ledger_purse p ON p.account_id = l.account_id
            WHERE p.union_id = u.id AND p.gift_year = %(year)s AND p.kind = 'ring_fenced'),
        (SELECT count(*) FROM live WHERE union_id = u.id AND gone NOT BETWEEN 0 AND quantity)
    FROM organisations_organisation u
    LEFT JOIN priority_unionyear y ON y.union_id = u.id AND y.gift_year = %(year)s
    WHERE u.id = ANY(%(unions)s)
"""


# By order: what a union gave up of it for reasons of its own, and how many ordinary units rest on an assistance part and are kept.
_GIVEN_UP = """
    SELECT o.order_id, array_agg(DISTINCT p.upc),
        (SELECT coalesce(sum(d.quantity - coalesce((SELECT sum(quantity) FROM priority_release WHERE decision_id = d.id), 0)), 0)
            FROM priority_decision d WHERE d.order_id = o.order_id AND d.outcome = 'partial')
    FROM fulfilment_loss l
    JOIN fulfilment_supplierorder o ON o.id = l.supplier_order_id
    JOIN priority_release r ON r.loss_id = l.id
    JOIN priority_decision gone ON gone.id = r.decision_id
    JOIN catalogue_product p ON p.id = gone.product_id
    WHERE l.by = 'union' AND l.reason = 'not_needed' AND o.order_id = ANY(%s) GROUP BY o.order_id
"""


_OVERUSED = """
    SELECT count(*) FROM priority_priorityexception e
    WHERE e.quantity < (SELECT coalesce(sum(d.quantity - coalesce((
        SELECT sum(r.quantity) FROM priority_release r WHERE r.decision_id = d.id), 0)), 0)
        FROM priority_decision d WHERE d.exception_id = e.id)
"""


@dataclass(frozen=True)
class Counted:
    """A union's year: as its row says, and as its decisions, releases and legs come to (A, O, R)."""

    row: tuple[int, int]
    due: bool
    assistance: int
    ordinary: int
    reserve: int
    faulty: int

    @property
    def over(self) -> int:
        """By how much clause 3 fails, in ten-thousandths of a fen."""
        return self.ordinary * 10_000 - (10_000 - SHARE_BP) * (self.assistance + self.ordinary + self.reserve)


def years(unions: Iterable[Organisation], year: int) -> dict[int, Counted]:
    with connection.cursor() as cursor:
        cursor.execute(_YEARS, {"unions": [union.pk for union in unions], "year": year})
        return {
            union: Counted((assistance, ordinary), due, *map(int, rest))
            for union, assistance, ordinary, due, *rest in cursor.fetchall()
        }


def parts_given_up(orders: Iterable[int]) -> list[tuple[int, list[str], int]]:
    """Of each of these orders: the articles that its union gave up for reasons of its own, and the ordinary units that it kept."""
    with connection.cursor() as cursor:
        cursor.execute(_GIVEN_UP, [list(orders)])
        return cursor.fetchall()


def overused() -> int:
    """Exceptions under which more is counted than they were granted for."""
    with connection.cursor() as cursor:
        cursor.execute(_OVERUSED)
        (found,) = cursor.fetchone() or (0,)
        return int(found)
