"""Verbs that change what can be sold. Each is one statement over rows in order of id, last in its caller's transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta

from django.conf import settings
from django.db import connection
from django.utils import timezone

from marketplace.organisations.errors import Refusals
from marketplace.stock.errors import LotStopped, NotEnoughStock
from marketplace.stock.models import Condition, Lot, Movement, MovementKind, Stock

# The CTE takes the row locks in order of id, whatever plan the update has: two orders for the same goods never deadlock.
_GUARDED = """
    WITH want AS (SELECT * FROM unnest(%(ids)s::bigint[], %(quantities)s::bigint[]) AS w(id, quantity)),
    locked AS (
        SELECT {table}.id, want.quantity FROM {table} JOIN want USING (id)
        ORDER BY {table}.id FOR UPDATE OF {table}
    )
    UPDATE {table} SET {change} FROM locked
    WHERE {table}.id = locked.id AND {guard}
    RETURNING {table}.id
"""

_RESERVE = _GUARDED.format(
    table="stock_stock",
    change="allocated = allocated + locked.quantity",
    guard="in_stock - allocated >= locked.quantity",
)
_SHIP = _GUARDED.format(
    table="stock_stock",
    change="allocated = allocated - locked.quantity, in_stock = in_stock - locked.quantity",
    guard="allocated >= locked.quantity",
)
_RELEASE = _GUARDED.format(
    table="stock_stock", change="allocated = allocated - locked.quantity", guard="allocated >= locked.quantity"
)
_ALLOCATE_LOTS = _GUARDED.format(
    table="stock_lot",
    change="allocated = allocated + locked.quantity",
    guard="condition = 'good' AND NOT certificate_due AND made - allocated - used >= locked.quantity",
)
_USE_LOTS = _GUARDED.format(
    table="stock_lot",
    change="used = used + locked.quantity",
    guard="condition = 'good' AND made - allocated - used >= locked.quantity",
)
_REWORK = _GUARDED.format(
    table="stock_stock",
    change="in_stock = in_stock + locked.quantity",
    guard="in_stock + locked.quantity >= allocated",
)
_RELEASE_LOTS = _GUARDED.format(
    table="stock_lot", change="allocated = allocated - locked.quantity", guard="allocated - shipped >= locked.quantity"
)
_SHIP_LOTS = _GUARDED.format(
    table="stock_lot",
    change="shipped = shipped + locked.quantity",
    guard="condition = 'good' AND allocated - shipped >= locked.quantity",
)


# What a lot has to be to go to parcels.
_FIT = "l.condition = 'good' AND NOT l.certificate_due AND l.best_before >= %(until)s"

# What may be promised is at most what lots that may be assigned still hold, less what is promised and has no lot yet. Whatever is
# promised beyond that is taken off sale, at most what the other lots hold; what they do not hold any more comes back.
_WITHHOLD = f"""
    WITH held AS (
        SELECT s.id, s.in_stock - s.allocated AS sellable, s.withheld,
            coalesce(sum(l.made - l.allocated - l.used) FILTER (WHERE fit), 0)
                - (s.allocated - coalesce(sum(l.allocated - l.shipped), 0)) AS covered,
            coalesce(sum(l.made - l.allocated - l.used) FILTER (WHERE NOT fit), 0) AS unfit
        FROM stock_stock s
        JOIN (SELECT l.*, {_FIT} AS fit FROM stock_lot l) l ON l.stock_id = s.id
        WHERE s.id = ANY(%(ids)s) GROUP BY s.id
    ), changed AS (
        SELECT id, CASE
            WHEN sellable > greatest(covered, 0) THEN least(sellable - greatest(covered, 0), greatest(unfit - withheld, 0))
            ELSE -greatest(0, least(covered - sellable, withheld - unfit))
        END::int AS change FROM held
    )
    UPDATE stock_stock s SET in_stock = in_stock - change, withheld = s.withheld + change
    FROM changed WHERE changed.id = s.id AND change <> 0 RETURNING s.id, change
"""

# Units that go into other lots leave stock through `in_stock`; those of lots off sale are not in it.
_BRING_BACK = f"""
    WITH taken AS (
        SELECT s.id, least(s.withheld, sum(u.units))::int AS units
        FROM unnest(%(lots)s::bigint[], %(units)s::bigint[]) AS u(lot, units)
        JOIN stock_lot l ON l.id = u.lot JOIN stock_stock s ON s.id = l.stock_id
        WHERE NOT ({_FIT}) AND s.withheld > 0 GROUP BY s.id
    )
    UPDATE stock_stock s SET in_stock = in_stock + units, withheld = s.withheld - units
    FROM taken WHERE taken.id = s.id RETURNING s.id, units
"""


def last_day_needed() -> date:
    """The earliest best-before date with which a lot may still be assigned today."""
    return timezone.localdate() + timedelta(days=settings.LOT_DAYS_LEFT)


def withhold(stocks: Iterable[int], cause: str) -> None:
    """Take off sale what only lots hold that may not be assigned; put back what may be again.

    Such are held or recalled, lack the pass certificate that they need, or came to their date. Call it last in the transaction,
    after other changes of stock, when lots of these stock records (ids) came, went or changed. Repeating it
    changes nothing. Two statements, and one for the movements if there are any.
    """
    ids = sorted(set(stocks))
    _lock(ids)
    with connection.cursor() as cursor:
        cursor.execute(_WITHHOLD, {"ids": ids, "until": last_day_needed()})
        changes = cursor.fetchall()
    Movement.objects.bulk_create(
        Movement(
            stock_id=stock,
            kind=MovementKind.WITHHOLD if change > 0 else MovementKind.RESTORE,
            quantity=abs(change),
            cause=cause,
        )
        for stock, change in sorted(changes)
    )


def _lock(stocks: Iterable[int]) -> None:
    """By itself: what is counted next has to see what was written while these locks were waited for."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM stock_stock WHERE id = ANY(%s) ORDER BY id FOR UPDATE", [sorted(stocks)])


def _guarded(statement: str, quantities: Mapping[int, int]) -> set[int]:
    """Run one guarded update; return the ids of the rows whose guard failed."""
    ids = sorted(quantities)
    if not ids:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(statement, {"ids": ids, "quantities": [quantities[i] for i in ids]})
        return set(ids) - {row[0] for row in cursor.fetchall()}


def _move(kind: MovementKind, quantities: Mapping[int, int], cause: str) -> None:
    Movement.objects.bulk_create(
        [Movement(stock_id=i, kind=kind, quantity=quantities[i], cause=cause) for i in sorted(quantities)]
    )


def receive(lot: Lot, cause: str) -> None:
    """Put a new lot's units into stock."""
    Movement.objects.create(stock=lot.stock, lot=lot, kind=MovementKind.RECEIVE, quantity=lot.made, cause=cause)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE stock_stock SET in_stock = in_stock + %s WHERE id = %s", [lot.made, lot.stock_id])
    withhold([lot.stock_id], cause)


def use_lots(quantities: Mapping[int, int]) -> set[int]:
    """Take lot id → units for other lots; the ids of lots that had too little or are not good (nothing was changed for those)."""
    return _guarded(_USE_LOTS, quantities)


def rework(used: Mapping[Lot, int], made: Sequence[Lot], cause: str) -> set[int]:
    """Take the used units out of stock and put the new lots' units in; call `use_lots` for the same units before.

    Returns the ids of the stock records of which too much is promised to orders; the caller's transaction must then be rolled back.
    """
    moves = [(lot, MovementKind.USE, units, -units) for lot, units in used.items()]
    moves += [(lot, MovementKind.RECEIVE, lot.made, lot.made) for lot in made]
    Movement.objects.bulk_create(
        Movement(stock_id=lot.stock_id, lot=lot, kind=kind, quantity=units, cause=cause)
        for lot, kind, units, _change in moves
    )
    changes: Counter[int] = Counter()
    for lot, _kind, _units, change in moves:
        changes[lot.stock_id] += change
    if used:
        _lock(changes)
        _bring_back(used, cause)
    if short := _guarded(_REWORK, changes):
        return short
    withhold(changes, cause)
    return set()


def _bring_back(used: Mapping[Lot, int], cause: str) -> None:
    lots, units = [lot.pk for lot in used], list(used.values())
    with connection.cursor() as cursor:
        cursor.execute(_BRING_BACK, {"lots": lots, "units": units, "until": last_day_needed()})
        back = dict(cursor.fetchall())
    _move(MovementKind.RESTORE, back, f"{cause}:used")


def stock_up(stock: Stock, quantity: int, cause: str) -> None:
    """Put units without lots into stock (ordinary suppliers, who show no provenance)."""
    Movement.objects.create(stock=stock, kind=MovementKind.RECEIVE, quantity=quantity, cause=cause)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE stock_stock SET in_stock = in_stock + %s WHERE id = %s", [quantity, stock.pk])


def reserve(quantities: Mapping[int, int], cause: str) -> None:
    """Reserve stock id → units for an order. Call it last in the transaction.

    Raises Refusals of NotEnoughStock naming every record that falls short; the caller's transaction must then be rolled back.
    """
    _move(MovementKind.RESERVE, quantities, cause)
    short = _guarded(_RESERVE, quantities)
    if short:
        raise Refusals(
            [
                NotEnoughStock(sku=s.sku, available=s.available, needed=quantities[s.pk])
                for s in Stock.objects.filter(pk__in=short).order_by("pk")
            ]
        )


def release(quantities: Mapping[int, int], cause: str, lots: Mapping[int, int] | None = None) -> None:
    """Give reserved units (stock id → units) back for sale, and lot id → units of the lots that parcels were given."""
    _move(MovementKind.RELEASE, quantities, cause)
    _release_lots(lots or {})
    if short := _guarded(_RELEASE, quantities):
        raise ValueError(f"released more than was reserved of stock {sorted(short)}")
    withhold(quantities, cause)


def write_off(quantities: Mapping[int, int], cause: str, lots: Mapping[int, int]) -> None:
    """Take reserved units (stock id → units) off the books, because their holder does not have them; lots as in `release`."""
    _move(MovementKind.WRITE_OFF, quantities, cause)
    _release_lots(lots)
    if short := _guarded(_SHIP, quantities):
        raise ValueError(f"wrote off more than was reserved of stock {sorted(short)}")


def _release_lots(lots: Mapping[int, int]) -> None:
    if short := _guarded(_RELEASE_LOTS, lots):
        raise ValueError(f"released more than was allocated of lots {sorted(short)}")


def ship(quantities: Mapping[int, int], lots: Mapping[int, int], cause: str) -> None:
    """Let reserved units leave: stock id → units, and lot id → units of the lots that they came from.

    Raises Refusals of LotStopped where a lot was held or recalled meanwhile; the caller's transaction must then be rolled back.
    """
    _move(MovementKind.SHIP, quantities, cause)
    if short := _guarded(_SHIP_LOTS, lots):
        stopped = Lot.objects.filter(pk__in=short).exclude(condition=Condition.GOOD).order_by("pk")
        if faults := [LotStopped(lot=lot.code) for lot in stopped]:
            raise Refusals(list(faults))
        raise ValueError(f"shipped more than was allocated of lots {sorted(short)}")
    if short := _guarded(_SHIP, quantities):
        raise ValueError(f"shipped more than was reserved of stock {sorted(short)}")


def allocate_lots(quantities: Mapping[int, int]) -> set[int]:
    """Give lot id → units to parcels; the ids of lots that had too little (nothing was changed for those)."""
    return _guarded(_ALLOCATE_LOTS, quantities)
