"""T1 and T2: the page of products, 24 of 10,000, for a visitor and for a signed-in union buyer, beside stock Oscar and a bare view.

All sites are gunicorn with the same number of processes and threads, and take turns within one run. Import it only once Django is
set up.
"""

from __future__ import annotations

import os
import statistics
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from time import perf_counter

import psycopg

from benchmarks.goods import PRODUCTS, fill
from benchmarks.load import CONNECTIONS, Load, Page, body, fetch, load
from benchmarks.mall import Mall, copied, statements
from benchmarks.measure import Figure, Tell, duration
from benchmarks.people import cookies
from benchmarks.rival import Goods, NoRival, Oscar, oscar
from benchmarks.sites import site, warm
from marketplace.databases import renamed
from marketplace.demo import cast
from marketplace.organisations.models import User
from marketplace.organisations.scopes import seen_by
from marketplace.shop.partner.models import StockRecord
from suppliers.accreditation.actions import suspend
from suppliers.accreditation.models import Accreditation, AccreditationState

PATH = "/products/"
_DATABASE = "mall_bench_listing"
_PAGES_COUNTED = 20
_PATIENCE = 10.0
_WATCHED = 2.5


@dataclass(frozen=True)
class Site:
    """A page to be measured, and the database address under which its statements are counted (empty: it has none)."""

    page: Page
    database_url: str = ""

    def statements(self) -> float:
        """Statements of one page, the median of several."""
        with psycopg.connect(self.database_url, autocommit=True) as watcher:
            counts = [statements(watcher)]
            for _ in range(_PAGES_COUNTED):
                fetch(self.page)
                counts.append(statements(watcher))
        return statistics.median(b - a for a, b in pairwise(counts))


@dataclass(frozen=True)
class Taken:
    """Medians of a site's rounds."""

    rate: float
    median: float
    p95: float

    @classmethod
    def of(cls, rounds: list[Load]) -> Taken:
        """Each figure the median of the rounds'."""
        return cls(*(statistics.median(getattr(one, name) for one in rounds) for name in ("rate", "median", "p95")))

    def __str__(self) -> str:
        return f"{self.rate:,.1f} pages/s, p50 {duration(self.median)}, p95 {duration(self.p95)}"


def measure(mall: Mall, scale: str, tell: Tell) -> list[Figure]:
    """In a copy of the database with 10,000 products."""
    rounds, lasting = (3, 2.0) if scale == "small" else (5, 5.0)
    with copied(mall, _DATABASE) as url, ExitStack() as running:
        tell(f"T1 {PRODUCTS:,} products")
        fill()
        with psycopg.connect(renamed(mall.owner_url, _DATABASE), autocommit=True) as owner:
            # As autovacuum leaves the tables of a shop that has been open for a while.
            owner.execute("VACUUM ANALYZE")
        sites = _ours(mall, url, running)
        tell("T1 stock Oscar with the same products")
        reason = ""
        try:
            rival = running.enter_context(oscar(mall, goods()))
            sites |= _theirs(rival, running)
        except NoRival as error:
            reason = str(error)
        for one in sites.values():
            warm(one.page)
        counted = {name: one.statements() for name, one in sites.items() if one.database_url}
        taken = _in_turn(sites, rounds, lasting, tell)
        figures = [*_visitor(taken, counted, reason), *_buyer(taken, counted, reason)]
        tell("T1 how soon a change shows")
        return [*figures, *_fresh(sites["cached"].page)]


def _ours(mall: Mall, url: str, running: ExitStack) -> dict[str, Site]:
    """The mall as it is, the mall with its caches off, both for a visitor and the latter for a buyer, and the bare view."""
    here = {"DATABASE_URL": url}
    port = running.enter_context(site("mall", "marketplace.wsgi", here))
    file = mall.data / "bare-page.html"
    file.write_bytes(body(Page(port, PATH)))
    uncached = running.enter_context(
        site("uncached", "marketplace.wsgi", here | {"DJANGO_SETTINGS_MODULE": "benchmarks.uncached"})
    )
    bare = running.enter_context(site("bare", "benchmarks.bare", {"BENCH_PAGE": str(file)}))
    buyer = cookies(User.objects.get(username=cast.BUYER))
    return {
        "bare": Site(Page(bare, "/")),
        "cached": Site(Page(port, PATH), url),
        "not cached": Site(Page(uncached, PATH), url),
        "buyer": Site(Page(uncached, PATH, buyer), url),
    }


def _theirs(rival: Oscar, running: ExitStack) -> dict[str, Site]:
    port = running.enter_context(rival.serving())
    return {
        "Oscar": Site(rival.page(port), rival.database_url),
        "Oscar, signed in": Site(rival.page(port, signed_in=True), rival.database_url),
    }


def goods() -> Goods:
    """The mall's listed products as another shop can sell them."""
    offers = StockRecord.objects.filter(listed=True).select_related("product__commodity_class", "stock").order_by("id")
    return [
        (
            offer.partner_sku, offer.product.title, offer.price_fen,
            offer.product.commodity_class.name_en if offer.product.commodity_class else "Other", offer.stock.available,
        )
        for offer in offers
    ]  # fmt: skip


def _in_turn(sites: Mapping[str, Site], rounds: int, lasting: float, tell: Tell) -> dict[str, Taken]:
    """Every site by turns, each for so many seconds a round."""
    taken: dict[str, list[Load]] = {name: [] for name in sites}
    for number in range(1, rounds + 1):
        tell(f"T1, T2 round {number} of {rounds}, load of the machine {os.getloadavg()[0]:.1f}")
        for name, one in sites.items():
            taken[name].append(load(one.page, lasting))
    return {name: Taken.of(loads) for name, loads in taken.items()}


def _visitor(taken: Mapping[str, Taken], counted: Mapping[str, float], reason: str) -> list[Figure]:
    what = f"products, 24 of {PRODUCTS:,}, a visitor, {CONNECTIONS} connections"
    cached, bare = taken["cached"], taken["bare"]
    ratio = cached.rate / bare.rate
    return [
        Figure(
            "T1", f"{what}, answered from cache", str(cached),
            f"bare view, same bytes {bare.rate:,.0f}/s: {ratio:.2f} of it", "≥ 0.3 of it", ratio >= 0.3,
        ),
        _beside_oscar("T1", f"{what}, not cached", taken["not cached"], taken.get("Oscar"), 15, reason),
        _statements("T1", "visitor, not cached", counted["not cached"], counted.get("Oscar"), 4),
        Figure("T1", "statements of one page, visitor, from cache", f"{counted['cached']:g}"),
    ]  # fmt: skip


def _buyer(taken: Mapping[str, Taken], counted: Mapping[str, float], reason: str) -> list[Figure]:
    what = f"products, 24 of {PRODUCTS:,}, signed-in buyer with rule badges"
    return [
        _beside_oscar("T2", what, taken["buyer"], taken.get("Oscar, signed in"), 10, reason),
        _statements("T2", "signed-in buyer", counted["buyer"], counted.get("Oscar, signed in"), 8),
    ]


def _beside_oscar(target: str, what: str, ours: Taken, theirs: Taken | None, times: int, reason: str) -> Figure:
    goal = f"≥ {times} × Oscar"
    if theirs is None:
        return Figure(target, what, str(ours), f"stock Oscar not measured: {reason}", goal)
    ratio = ours.rate / theirs.rate
    return Figure(
        target, what, str(ours),
        f"stock Oscar {theirs.rate:,.1f}/s, p50 {duration(theirs.median)}: {ratio:,.1f} ×", goal, ratio >= times,
    )  # fmt: skip


def _statements(target: str, whose: str, ours: float, theirs: float | None, most: int) -> Figure:
    beside = "" if theirs is None else f"stock Oscar {theirs:g}"
    return Figure(target, f"statements of one page, {whose}", f"{ours:g}", beside, f"≤ {most}", ours <= most)


def _fresh(page: Page) -> list[Figure]:
    """Seconds from the end of a command that changes something until no process of the site answers with the old page any more."""
    offer = _on_top(page)

    def dearer() -> None:
        offer.price += Decimal("0.37")
        offer.save(update_fields=["price"])

    with seen_by(None):
        accreditation = Accreditation.objects.get(product=offer.product, state=AccreditationState.VALID)
        officer = User.objects.get(username=cast.officer_login("county", accreditation.county_id))
        changes: dict[str, Callable[[], None]] = {
            "a price": dearer,
            "an accreditation": lambda: suspend(officer, accreditation, "bench"),
        }
        figures = []
        for what, change in changes.items():
            took = _until_changed(page, offer, change)
            figures.append(
                Figure("T1", f"a change of {what} shows to every visitor after", duration(took), "", "≤ 1 s", took <= 1)
            )
    return figures


def _address(offer: StockRecord) -> str:
    return f'"/products/{offer.product_id}/"'


def _on_top(page: Page) -> StockRecord:
    """An accredited product that the page shows."""
    shown = body(page).decode()
    for offer in StockRecord.objects.filter(product__accreditations__state="valid").order_by("-product_id")[:500]:
        if _address(offer) in shown:
            return offer
    raise AssertionError("no accredited product on the page")


def _card(page: Page, offer: StockRecord) -> str:
    """What the page says about the offer; empty when it is not there."""
    return body(page).decode().partition(_address(offer))[2].partition("</article>")[0]


def _until_changed(page: Page, offer: StockRecord, change: Callable[[], None]) -> float:
    """Each process may keep pages of its own, and every question may reach another one: the last old answer counts."""
    before = _card(page, offer)
    change()
    started = perf_counter()
    old = changed = 0.0
    while (now := perf_counter() - started) < _WATCHED or (not changed and now < _PATIENCE):
        if _card(page, offer) == before:
            old = perf_counter() - started
        else:
            changed = changed or perf_counter() - started
    return max(old, changed) if changed else float("inf")
