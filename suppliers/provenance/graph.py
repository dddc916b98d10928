"""The graph of collections and lots, read in one recursive statement each way: behind a lot, and onward to its recipients.

The statements ask no scope; whoever calls says whose supplier orders may be seen.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection as Ids
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import cached_property

from django.db import connection

from suppliers.provenance.weights import Edge, brought

_BEHIND = """
    WITH RECURSIVE behind (lot_id) AS (
        SELECT unnest(%s::bigint[])
        UNION
        SELECT i.lot_id FROM behind
        JOIN provenance_output o ON o.lot_id = behind.lot_id
        JOIN provenance_input i ON i.transformation_id = o.transformation_id
        WHERE i.lot_id IS NOT NULL
    )
    SELECT o.transformation_id, o.lot_id, l.made, l.made::bigint * o.unit_grams, whole.grams,
        i.collection_id, i.lot_id, coalesce(i.units, 0), i.grams,
        c.note, c.produce, c.grams, c.price, c.collected_on, a.household_id, a.share_bp, h.village, county.name, county.name_en
    FROM behind
    JOIN provenance_output o ON o.lot_id = behind.lot_id
    JOIN stock_lot l ON l.id = o.lot_id
    JOIN (
        SELECT o.transformation_id, sum(l.made::bigint * o.unit_grams)::bigint AS grams
        FROM provenance_output o JOIN stock_lot l ON l.id = o.lot_id
        WHERE o.transformation_id IN (
            SELECT transformation_id FROM behind JOIN provenance_output USING (lot_id)
        )
        GROUP BY 1
    ) whole ON whole.transformation_id = o.transformation_id
    JOIN provenance_input i ON i.transformation_id = o.transformation_id
    LEFT JOIN provenance_collection c ON c.id = i.collection_id
    LEFT JOIN provenance_benefitagreement a ON a.id = c.agreement_id
    LEFT JOIN provenance_household h ON h.id = a.household_id
    LEFT JOIN organisations_county county ON county.code = h.county_id
    ORDER BY o.transformation_id, o.lot_id, i.id
"""


@dataclass(frozen=True)
class Source:
    """A collection behind a lot: whose it is, and on what terms. Grams and fen are those of the whole collection."""

    collection: int
    note: str
    produce: str
    grams: int
    price: int
    collected_on: date
    household: int
    share_bp: int
    village: str
    county: str
    county_en: str


@dataclass(frozen=True)
class Behind:
    """What lies behind some lots: collections by id, lot → collection → grams, and all lots on the way."""

    sources: dict[int, Source]
    grams: dict[int, dict[int, Fraction]]
    lots: frozenset[int]

    def of(self, lot: int) -> dict[int, Fraction]:
        """Collection → grams of it in this lot; empty where no provenance is shown."""
        return self.grams.get(lot, {})

    def by_household(self, lot: int) -> dict[int, Fraction]:
        """Household → grams that it brought for this lot."""
        weights: defaultdict[int, Fraction] = defaultdict(Fraction)
        for collection, grams in self.of(lot).items():
            weights[self.sources[collection].household] += grams
        return dict(weights)

    @cached_property
    def shares(self) -> dict[int, int]:
        """Household → its agreed part of what its lots sell for, in hundredths of a per cent."""
        return {source.household: source.share_bp for source in self.sources.values()}


def behind(lots: Iterable[int]) -> Behind:
    """Everything behind these lots (ids), however often it was mixed, split and repacked. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(_BEHIND, [list(lots)])
        rows = cursor.fetchall()
    edges = [Edge(*row[:9]) for row in rows]
    sources = {row[5]: Source(row[5], *row[9:]) for row in rows if row[5] is not None}
    grams = brought(edges)
    return Behind(sources, grams, frozenset(grams))


_ONWARD = """
    WITH RECURSIVE onward (lot_id) AS (
        SELECT unnest(%s::bigint[])
        UNION
        SELECT o.lot_id FROM onward
        JOIN provenance_input i ON i.lot_id = onward.lot_id
        JOIN provenance_output o ON o.transformation_id = i.transformation_id
    )
    SELECT lot_id FROM onward ORDER BY 1
"""


def made_of(lots: Iterable[int]) -> list[int]:
    """These lots (ids) and all that were made of them, in order of id. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(_ONWARD, [list(lots)])
        return [row[0] for row in cursor.fetchall()]


_REACHED = """
    WITH RECURSIVE reached (lot_id) AS (
        (
            SELECT unnest(%(lots)s::bigint[])
            UNION
            SELECT o.lot_id FROM provenance_input i JOIN provenance_output o USING (transformation_id)
            WHERE i.collection_id = ANY(%(collections)s::bigint[])
        )
        UNION
        SELECT o.lot_id FROM reached
        JOIN provenance_input i ON i.lot_id = reached.lot_id
        JOIN provenance_output o ON o.transformation_id = i.transformation_id
    )
    SELECT l.id, l.code, l.condition, l.made, l.allocated, l.shipped, l.used, sent.*
    FROM reached JOIN stock_lot l ON l.id = reached.lot_id
    LEFT JOIN LATERAL (
        SELECT a.quantity, p.id AS parcel, p.state, p.recipient, p.department, so.number AS supplier_order, g.number AS placed,
            so.union_id, u.code, u.name, u.name_en
        FROM fulfilment_allocation a
        JOIN fulfilment_parcelline pl ON pl.id = a.parcel_line_id
        JOIN fulfilment_parcel p ON p.id = pl.parcel_id
        JOIN fulfilment_supplierorder so ON so.id = p.supplier_order_id
        JOIN order_order g ON g.id = so.order_id
        JOIN organisations_organisation u ON u.id = so.union_id
        WHERE a.lot_id = l.id AND p.state <> 'cancelled' AND (
            %(viewers)s::bigint[] IS NULL
            OR so.union_id = ANY(%(viewers)s) OR so.producer_id = ANY(%(viewers)s)
            OR so.seller_id = ANY(%(viewers)s) OR so.enterprise_id = ANY(%(viewers)s)
        )
    ) sent ON true
    ORDER BY l.id, sent.placed, sent.parcel
"""


@dataclass(frozen=True)
class ReachedLot:
    """A lot that the traced goods are in: its units, by where they are. `left`: in no parcel and in no other lot."""

    pk: int
    code: str
    condition: str
    made: int
    allocated: int
    shipped: int
    used: int

    @property
    def left(self) -> int:
        """Units that are in no parcel and in no other lot."""
        return self.made - self.allocated - self.used


@dataclass(frozen=True)
class Delivery:
    """Units of a lot in one recipient's parcel; the recipient by the programme's number of them, never by name."""

    lot: int
    units: int
    parcel: int
    state: str
    recipient: int
    department: str
    supplier_order: str
    order: str
    union: int
    union_code: str
    union_name: str
    union_name_en: str


@dataclass(frozen=True)
class Reached:
    """Where goods went: lots, and parcels with the orders and unions that they belong to."""

    lots: tuple[ReachedLot, ...]
    deliveries: tuple[Delivery, ...]

    @property
    def parcels(self) -> int:
        """In how many parcels they are; one may hold units of several of the lots."""
        return len({one.parcel for one in self.deliveries})

    @property
    def units(self) -> int:
        """Units in parcels."""
        return sum(one.units for one in self.deliveries)

    @property
    def orders(self) -> tuple[str, ...]:
        """The numbers of the orders."""
        return tuple(sorted({one.order for one in self.deliveries}))

    @property
    def unions(self) -> dict[int, int]:
        """Union → units in its members' parcels."""
        units: Counter[int] = Counter()
        for one in self.deliveries:
            units[one.union] += one.units
        return dict(units)


def reached(lots: Iterable[int] = (), collections: Iterable[int] = (), viewers: Ids[int] | None = None) -> Reached:
    """Where these lots and collections (ids) went, however often they were mixed, split and repacked. One statement.

    `viewers`: only parcels whose union, producer, seller or enterprise is one of these organisations (ids); all when None. Cancelled
    parcels got nothing.
    """
    given = {
        "lots": list(lots),
        "collections": list(collections),
        "viewers": None if viewers is None else list(viewers),
    }
    with connection.cursor() as cursor:
        cursor.execute(_REACHED, given)
        rows = cursor.fetchall()
    found = {row[0]: ReachedLot(*row[:7]) for row in rows}
    sent = tuple(Delivery(row[0], *row[7:]) for row in rows if row[7] is not None)
    return Reached(tuple(found.values()), sent)
