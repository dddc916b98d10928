"""T5: placing one order for many recipients, beside COPY of the very rows that it wrote into the same tables, and stock Oscar.

Each placement happens in a fresh copy of the database, by the verb that the page calls. The rows that it left are then copied into
another fresh copy, in one transaction, with all indexes, constraints and triggers at work.
"""

from __future__ import annotations

import statistics
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

import psycopg
from psycopg import sql

from benchmarks.mall import Mall, copied
from benchmarks.mall import statements as count_of
from benchmarks.measure import Figure, Tell, duration, seconds
from benchmarks.rival import Goods, NoRival, oscar
from benchmarks.rosters import roster

# Twenty producers' accredited goods in three parts of the gift: a recipient gets one of each part.
SLOTS = (
    ("JX-DATE-1000", "MZ-BEAN-1000", "HS-BEAN-1000", "QJ-DATE-1000", "DB-POTATO-500", "WB-NOODLE-1000", "ZS-SHIITAKE-200"),
    ("LN-WALNUT-500", "ZA-CHESTNUT-1000", "LG-KONJAC-500", "LB-SHIITAKE-250", "LY-WALNUT-500", "HY-OIL-1800", "YX-BLACKRICE-1000"),
    ("XX-OIL-1800", "FP-PERSIMMON-500", "FF-LUGAO-500", "YZ-PEPPER-250", "ZB-FUNGUS-150", "BS-APPLE-2500"),
)  # fmt: skip
# Tables that a placement inserts into, those referred to first.
TABLES = (
    "evidence_entry", "steps_command", "steps_step", "order_order", "order_line", "priority_judgement", "priority_certificate",
    "priority_decision", "ledger_transaction", "ledger_leg", "fulfilment_supplierorder", "fulfilment_parcel",
    "fulfilment_parcelline", "stock_movement",
)  # fmt: skip
# Saleor's bulk import on two cores like these, as the project's targets give it: recipients a second, without any rule.
SALEOR = 15


@dataclass(frozen=True)
class Run:
    """One size: medians in seconds, statements of one placement, rows that it inserted."""

    recipients: int
    placing: float
    copying: float
    statements: int
    rows: int


def measure(mall: Mall, scale: str, tell: Tell) -> list[Figure]:
    """Three sizes in turn."""
    sizes = {300: 3, 1_000: 3, 10_000: 1 if scale == "small" else 3}
    programmes = {size: _approved(size, tell) for size in sizes}
    runs = {size: _run(mall, size, programmes[size], times, tell) for size, times in sizes.items()}
    return [*(_figure(run) for run in runs.values()), *_growth(runs), *_beside_oscar(mall, runs, tell)]


def _figure(run: Run) -> Figure:
    ratio = run.placing / run.copying
    return Figure(
        "T5", f"one order: {run.recipients:,} recipients × 3 goods, 20 producers ({run.rows:,} rows)", duration(run.placing),
        f"COPY of the same rows {duration(run.copying)}: {ratio:.1f} ×", "≤ 4 × at 10,000",
        ratio <= 4 if run.recipients == 10_000 else None,
    )  # fmt: skip


def _growth(runs: dict[int, Run]) -> list[Figure]:
    small, large = runs[1_000], runs[10_000]
    growth, rate = large.placing / small.placing, large.recipients / large.placing
    counts = [run.statements for run in runs.values()]
    return [
        Figure(
            "T5", "statements of one placement, at " + ", ".join(f"{size:,}" for size in runs), ", ".join(map(str, counts)),
            "", "constant", len(set(counts)) == 1,
        ),
        Figure("T5", "growth from 1,000 to 10,000 recipients", f"{growth:.1f} ×", "", "≤ 11 ×", growth <= 11),
        Figure(
            "T5", "recipients a second, at 10,000", f"{rate:,.0f}/s",
            f"reference: Saleor's bulk import {SALEOR}/s: {rate / SALEOR:,.0f} ×", "≥ 100 ×", rate >= 100 * SALEOR,
        ),
    ]  # fmt: skip


def _beside_oscar(mall: Mall, runs: dict[int, Run], tell: Tell) -> list[Figure]:
    """Oscar knows no recipients within an order, so it is given an order of as many different lines."""
    lines, ours, large = 300, runs[300], runs[10_000]
    what = f"stock Oscar: one order of {lines} lines, from basket to order"
    tell(f"T5 {what}")
    # A product a line, and some to warm up with; one in stock of each would do.
    goods: Goods = [(f"G-{number}", f"Gift no. {number}", 1_000 + number, "Gifts", 500) for number in range(lines)]
    try:
        with oscar(mall, goods) as shop:
            taken, statements = shop.order(lines)
    except NoRival as error:
        return [Figure("T5", what, "not measured", str(error))]
    parts = 3 * large.recipients
    return [
        Figure(
            "T5", what, duration(taken),
            f"ours, {ours.recipients} recipients × 3 goods, {duration(ours.placing)}: {taken / ours.placing:.1f} × as fast",
        ),
        Figure("T5", "its statements", f"{statements:,}", f"ours {ours.statements}"),
        Figure(
            "T5", f"extrapolated, not measured: Oscar with a line for each of {parts:,} gifts", f"{taken / lines * parts:,.0f} s",
            f"ours, measured, {duration(large.placing)}",
        ),
    ]  # fmt: skip


def _approved(size: int, tell: Tell) -> int:
    """A programme with its roster and goods, approved, with stock and money enough; its id."""
    from django.utils import timezone

    from marketplace.demo import cast
    from marketplace.ledger.actions import account, fund
    from marketplace.ledger.models import AccountKind, Purse
    from marketplace.organisations.models import Organisation, User
    from marketplace.organisations.scopes import seen_by
    from marketplace.shop.partner.models import StockRecord
    from marketplace.stock.actions import stock_up
    from procurement.programmes.actions import approve, create_programme, import_roster, put_gift_line, submit

    tell(f"T5 roster and gift for {size:,} recipients")
    buyer, approver = (User.objects.get(username=name) for name in (cast.BUYER, cast.APPROVER))
    union, year = Organisation.objects.get(code=cast.UNION), timezone.localdate().year
    with seen_by(None):
        purse = Purse.objects.get(union=union, gift_year=year, name=cast.GENERAL_PURSE)
        fund(purse, size * cast.PER_HEAD, f"bench:{size}")
        # A union's first order opens this account; here it is open, so that every run does the same.
        account(AccountKind.RESERVED, union)
        programme = create_programme(
            buyer, union, title=f"Bench {size}", occasion=cast.OCCASION, gift_year=year, per_head=cast.PER_HEAD,
            need_date=timezone.localdate() + timedelta(days=cast.NEED_IN_DAYS), delivery="home", purse=purse,
        )  # fmt: skip
        import_roster(buyer, programme, "roster.xlsx", roster(size, f"S{size}-", faulty=False))
        offers = {o.partner_sku: o for o in StockRecord.objects.select_related("product", "stock")}
        for slot, skus in enumerate(SLOTS, start=1):
            heads = size // len(skus)
            for place, sku in enumerate(skus):
                stock_up(offers[sku].stock, size, f"bench:{size}:{sku}")
                last = place == len(skus) - 1
                put_gift_line(buyer, programme, slot, offers[sku].product, heads=None if last else heads)
        submit(buyer, programme)
        approve(approver, programme)
    return int(programme.pk)


def _run(mall: Mall, size: int, programme: int, times: int, tell: Tell) -> Run:
    placing, copying, statements, rows = [], [], 0, 0
    for number in range(1, times + 1):
        tell(f"T5 {size:,} recipients, run {number} of {times}")
        with copied(mall, "mall_bench_placed") as url:
            taken, statements, written = _place(programme, url)
            placing.append(taken)
        rows = sum(data.count(b"\n") for _table, data in written)
        with copied(mall, "mall_bench_copied") as url:
            copying.append(_copy(url, written))
    return Run(size, statistics.median(placing), statistics.median(copying), statements, rows)


def _place(programme_id: int, url: str) -> tuple[float, int, list[tuple[str, bytes]]]:
    """Seconds, statements, and what was written as COPY text by table. A run that is rolled back comes first, to warm up."""
    from django.db import transaction

    from marketplace.organisations.models import User
    from marketplace.organisations.scopes import seen_by
    from procurement.programmes.models import Programme
    from procurement.programmes.placement import place

    buyer = User.objects.get(username="buyer")
    with seen_by(None), psycopg.connect(url, autocommit=True) as watcher:
        programme = Programme.objects.select_related("union").get(pk=programme_id)
        # Counted where nothing is committed: at a commit, deferred constraints ask the database about every row.
        calls = count_of(watcher)
        with transaction.atomic():
            place(buyer, programme, str(uuid.uuid4()))
            transaction.set_rollback(True)
        statements = count_of(watcher) - calls
        before = {table: _last_id(watcher, table) for table in TABLES}
        taken = seconds(lambda: place(buyer, programme, str(uuid.uuid4())))
        written = [(table, _rows_after(watcher, table, before[table])) for table in TABLES]
    return taken, statements, written


def _last_id(connection: psycopg.Connection, table: str) -> int:
    row = connection.execute(sql.SQL("SELECT coalesce(max(id), 0) FROM {}").format(sql.Identifier(table))).fetchone()
    return int(row[0]) if row else 0


def _rows_after(connection: psycopg.Connection, table: str, last: int) -> bytes:
    query = sql.SQL("COPY (SELECT * FROM {} WHERE id > {} ORDER BY id) TO STDOUT").format(
        sql.Identifier(table), sql.Literal(last)
    )
    with connection.cursor() as cursor, cursor.copy(query) as copy:
        return b"".join(bytes(part) for part in copy)


def _copy(url: str, written: Iterable[tuple[str, bytes]]) -> float:
    """Seconds for COPY of the same rows, commit included; warmed up in the same way."""
    with psycopg.connect(url) as connection:
        _copy_all(connection, written)
        connection.rollback()

        def whole() -> None:
            _copy_all(connection, written)
            connection.commit()

        return seconds(whole)


def _copy_all(connection: psycopg.Connection, written: Iterable[tuple[str, bytes]]) -> None:
    with connection.cursor() as cursor:
        for table, data in written:
            if data:
                with cursor.copy(sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(table))) as copy:
                    copy.write(data)
