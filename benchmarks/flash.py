"""T8: a flash sale of one product, 64 clients over HTTP, beside a bare view of two statements: a guarded update and an insert.

Every client is a union's buyer who sends the form that places an approved plan for one member. Both sites are gunicorn with as many
processes and threads, in one database, and take turns. In the last round half as much is on the shelf as is wanted. Import it only
once Django is set up.
"""

from __future__ import annotations

import itertools
import os
import statistics
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

import psycopg
from django.db.models import Sum
from django.urls import reverse
from django.utils import timezone

from benchmarks.load import Load, Page, work_off
from benchmarks.mall import Mall, copied
from benchmarks.mall import statements as count_of
from benchmarks.measure import Figure, Tell, duration
from benchmarks.people import FORM_TOKEN, cookies
from benchmarks.rosters import roster
from benchmarks.sites import site
from marketplace.databases import renamed
from marketplace.demo import cast
from marketplace.demo.purses import THE_CASTS, open_purses
from marketplace.ledger.models import Purse
from marketplace.organisations.models import Organisation, User
from marketplace.organisations.scopes import seen_by
from marketplace.shop.catalogue.models import Product
from marketplace.shop.order.models import Line
from procurement.programmes.actions import approve, create_programme, import_roster, put_gift_line, submit

CLIENTS = 64
SKU = cast.ASSISTANCE
_DATABASE = "mall_bench_flash"
_PLENTY = 1_000_000
_SALES_OF_THE_BARE = 20  # of each client in a round, for they take no time
_TABLES = """
    CREATE TABLE bench_stock (id int PRIMARY KEY, in_stock int NOT NULL, allocated int NOT NULL CHECK (allocated <= in_stock));
    CREATE TABLE bench_sale (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, stock_id int NOT NULL REFERENCES bench_stock, buyer int NOT NULL
    );
    INSERT INTO bench_stock VALUES (1, 0, 0);
"""


@dataclass(frozen=True)
class Giver:
    """A union that buys: its people, its purse, and the header of a browser in which its buyer is signed in."""

    union: Organisation
    buyer: User
    approver: User
    purse: Purse
    headers: dict[str, str]


@dataclass(frozen=True)
class Sale:
    """Two shops that sell one product, and plans that wait for their placement: each client has its own in every round."""

    owner: psycopg.Connection
    app: psycopg.Connection
    ours: int
    bare: int
    plans: Iterator[tuple[int, dict[str, str]]]

    def place(self, each: int) -> list[list[Page]]:
        """Each client's forms; answered with the page of the order, or of the plan that says why not."""
        return [[self._form(*next(self.plans)) for _ in range(each)] for _client in range(CLIENTS)]

    def _form(self, plan: int, headers: dict[str, str]) -> Page:
        fields = {"csrfmiddlewaretoken": FORM_TOKEN, "key": f"flash-{plan}"}
        return Page(
            self.ours, reverse("union:place", args=[plan]), headers, urlencode(fields).encode(), frozenset({302})
        )

    def sell(self, each: int) -> list[list[Page]]:
        """The bare shop's requests: sold, or sold out."""
        return [
            [Page(self.bare, "/", {}, b"buyer=%d" % client, frozenset({200, 409}))] * each for client in range(CLIENTS)
        ]

    def stock(self, units: int) -> None:
        """Let so many units be had in either shop."""
        self.owner.execute("UPDATE bench_stock SET in_stock = allocated + %s", [units])
        self.app.execute("UPDATE stock_stock SET in_stock = allocated + %s WHERE sku = %s", [units, SKU])

    def sold(self) -> tuple[int, int]:
        """Units that orders are for, in ours and in the bare shop."""
        ours = Line.objects.filter(partner_sku=SKU).aggregate(units=Sum("quantity"))["units"] or 0
        row = self.owner.execute("SELECT count(*) FROM bench_sale").fetchone()
        return int(ours), int(row[0]) if row else 0


def measure(mall: Mall, scale: str, tell: Tell) -> list[Figure]:
    """In a copy of the database: rounds with plenty for all, then one in which not everybody can have it."""
    rounds, each = (3, 2) if scale == "small" else (5, 4)
    with copied(mall, _DATABASE) as url, seen_by(None), ExitStack() as running:
        owner, app = (
            running.enter_context(psycopg.connect(address, autocommit=True))
            for address in (renamed(mall.owner_url, _DATABASE), url)
        )
        owner.execute(_TABLES)
        number = CLIENTS * (rounds * each + 2) + 1
        tell(f"T8 {number} plans of {len(cast.BUYING_UNIONS)} unions")
        plans = _plans(number)
        owner.execute("VACUUM ANALYZE")
        ours, bare = (
            running.enter_context(site(name, application, {"DATABASE_URL": url}))
            for name, application in (("mall", "marketplace.wsgi"), ("bare", "benchmarks.bare_sale"))
        )
        sale = Sale(owner, app, ours, bare, iter(plans))
        sale.stock(_PLENTY)
        for warming in (sale.place(1), sale.sell(1)):
            work_off(warming)
        counted = _statements(sale)
        taken = [_round(sale, each, tell, f"{number} of {rounds}") for number in range(1, rounds + 1)]
        tell("T8 twice as much is wanted as there is")
        return [_beside(taken), Figure("T8", "statements of one placement over HTTP", str(counted)), _oversold(sale)]


def _plans(number: int) -> list[tuple[int, dict[str, str]]]:
    """Approved plans of one member each, by union in turn, and who places them."""
    unions = {one.code: one for one in Organisation.objects.filter(code__in=cast.BUYING_UNIONS)}
    open_purses(unions, timezone.localdate().year, [code for code in unions if code not in THE_CASTS])
    givers = itertools.cycle([_giver(union) for union in unions.values()])
    product = Product.objects.get(upc=SKU)
    return [(_plan(giver, product, place), giver.headers) for place, giver in zip(range(number), givers, strict=False)]


def _giver(union: Organisation) -> Giver:
    buyer, approver = (User.objects.get(username=cast.union_login(role, union.code)) for role in ("buyer", "approver"))
    purse = Purse.objects.get(union=union, gift_year=timezone.localdate().year, name=cast.GENERAL_PURSE)
    return Giver(union, buyer, approver, purse, cookies(buyer))


def _plan(giver: Giver, product: Product, place: int) -> int:
    today = timezone.localdate()
    programme = create_programme(
        giver.buyer, giver.union, title=f"Bench flash {place}", occasion=cast.OCCASION, gift_year=today.year,
        per_head=cast.PER_HEAD, need_date=today + timedelta(days=cast.NEED_IN_DAYS), delivery="home", purse=giver.purse,
    )  # fmt: skip
    import_roster(giver.buyer, programme, "roster.xlsx", roster(1, f"F{place}-", faulty=False))
    put_gift_line(giver.buyer, programme, 1, product)
    submit(giver.buyer, programme)
    approve(giver.approver, programme)
    return int(programme.pk)


def _statements(sale: Sale) -> int:
    """Statements of one placement, transaction control and what deferred triggers ask apart."""
    with psycopg.connect(sale.app.info.dsn, password=sale.app.info.password, autocommit=True) as watcher:
        before = count_of(watcher)
        work_off([[sale._form(*next(sale.plans))]])
        return count_of(watcher) - before


def _round(sale: Sale, each: int, tell: Tell, which: str) -> tuple[Load, Load]:
    """Ours, then the bare shop; whatever was wanted was sold."""
    tell(f"T8 round {which}, load of the machine {os.getloadavg()[0]:.1f}")
    before = sale.sold()
    placed, sold = work_off(sale.place(each)), work_off(sale.sell(_SALES_OF_THE_BARE))
    after = sale.sold()
    wanted = (CLIENTS * each, CLIENTS * _SALES_OF_THE_BARE)
    if (after[0] - before[0], after[1] - before[1]) != wanted:
        raise AssertionError(f"sold {before} to {after}, and {wanted} more were wanted")
    return placed, sold


def _beside(taken: list[tuple[Load, Load]]) -> Figure:
    ours, bare = (statistics.median(load.rate for load in loads) for loads in zip(*taken, strict=True))
    ratio = statistics.median(placed.rate / sold.rate for placed, sold in taken)
    waited = statistics.median(placed.p95 for placed, _sold in taken)
    return Figure(
        "T8", f"flash sale of one product, {CLIENTS} clients over HTTP", f"{ours:,.1f} orders/s, p95 {duration(waited)}",
        f"bare view, guarded update + insert {bare:,.0f}/s: {ratio:.3f} of it", "≥ 0.3 of it", ratio >= 0.3,
        "an order of a union is judged by the rule with all that is on offer, kept with what was judged, and written with its money, "
        "supplier order, parcel, evidence and next steps, all checked once more at commit: that is what the bare view leaves out",
    )  # fmt: skip


def _oversold(sale: Sale) -> Figure:
    """Half of the clients can have the product."""
    there = CLIENTS // 2
    sale.stock(there)
    before = sale.sold()
    work_off(sale.place(1))
    work_off(sale.sell(1))
    ours, bare = (after - earlier for after, earlier in zip(sale.sold(), before, strict=True))
    return Figure(
        "T8", f"sold when {CLIENTS} want one and {there} are there", str(ours),
        f"bare view {bare}; oversold {max(0, ours - there)}", "0 oversold", ours <= there,
    )  # fmt: skip
