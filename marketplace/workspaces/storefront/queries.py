"""What is on offer, as a shop window shows it: a constant number of statements whatever the number of products."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext_lazy as _

from marketplace.organisations.models import County, Organisation
from marketplace.organisations.regions import region_name
from marketplace.organisations.scopes import seen_by
from marketplace.shop.catalogue.models import CommodityClass
from marketplace.shop.prices import delivered
from marketplace.workspaces.templatetags._figures import fen
from procurement.policy.queries import binding
from procurement.programmes.models import Programme, Recipient
from suppliers.listings.models import Listing
from suppliers.listings.queries import assistance_on

SORTS = {
    "": ("-assistance", "-product_id", "stockrecord_id"),
    "price": ("price", "stockrecord_id"),
    "unit": (F("unit_price").asc(nulls_last=True), "stockrecord_id"),
    "name": ("title", "stockrecord_id"),
    "newest": ("-product_id", "stockrecord_id"),
}
# Fen a sales unit: from the first, below the second.
BANDS: dict[str, tuple[int, int | None]] = {
    "30": (0, 3_000),
    "60": (3_000, 6_000),
    "100": (6_000, 10_000),
    "200": (10_000, 20_000),
    "more": (20_000, None),
}
CAPITAL, _CITY = "6101", 4
_SAMPLE = 100
_PER: dict[str, str | Promise] = {"g": _("kg"), "ml": _("litre"), "pc": _("piece")}


class ClassOf(NamedTuple):
    """A commodity class as the illustration needs it."""

    code: str
    name: str


@dataclass(frozen=True)
class Card:
    """One offer as the product card shows it. `price` in fen a sales unit; `terms` say whether freight is in it and to where, nothing
    for the price without freight. `pk` is the product's.
    """

    pk: int
    name: str
    url: str
    price: int
    per: str
    commodity_class: ClassOf
    outcome: str
    county: str
    producer: str
    available: int
    note: str
    terms: str = ""


def narrowed(rows: QuerySet[Any], wishes: Mapping[str, Any]) -> QuerySet[Any]:
    """Offers of a class (or a class below it), of a county, of a kind, that carry certain words; sorted.

    Words are looked for in the seller's name too. What they found only there (`by_seller`) comes last, in any order.
    """
    if chosen := wishes.get("commodity_class"):
        rows = rows.filter(Q(commodity_class=chosen) | Q(group=chosen))
    if county := wishes.get("county"):
        rows = rows.filter(county=county)
    if kind := wishes.get("kind"):
        rows = rows.filter(assistance=(kind == "assistance"))
    if seller := wishes.get("seller"):
        rows = rows.filter(producer_kind=seller)
    if band := wishes.get("price"):
        least, below = BANDS[band]
        rows = rows.filter(price__gte=least, **({"price__lt": below} if below else {}))
    if wishes.get("stock"):
        rows = rows.filter(stock__in_stock__gt=F("stock__allocated"))
    order = SORTS[wishes.get("sort") or ""]
    if words := (wishes.get("q") or "").lower().split():
        rows = rows.filter(*(Q(words__contains=word) for word in words)).annotate(by_seller=~_of_itself(words))
        order = ("by_seller", *order)
    return rows.order_by(*order)


def _of_itself(words: Iterable[str]) -> Q:
    """Whether every word is found in what the product itself is: its number, name, class or county."""
    fields = ("sku", "title", "title_en", "class_name", "class_name_en", "county_name", "county_name_en")
    return Q(*(Q(*((f"{field}__icontains", word) for field in fields), _connector=Q.OR) for word in words))


@dataclass(frozen=True)
class AssistanceFirst:
    """Sorted offers cut as one list: the assistance offers, of which there are `assistance`, then the others.

    Whether an offer is one depends on the day, so that no index is sorted by it: sorting would read every offer for a page of a few.
    Each of the two runs is read along the index of products.
    """

    rows: QuerySet[Any]
    assistance: int

    def __getitem__(self, cut: slice) -> list[Any]:
        """The offers from `cut.start` to `cut.stop`. One statement, or two where the page holds some of each."""
        rows = self.rows.order_by("-product_id", "stockrecord_id")
        start, stop = min(cut.start, self.assistance), min(cut.stop, self.assistance)
        first = rows.filter(assistance=True)[start:stop]
        return [*first, *rows.filter(assistance=False)[cut.start - start : cut.stop - stop]]


def cards(rows: Iterable[Listing]) -> list[Card]:
    """The offers of `listed` as cards; asks the database nothing more."""
    return [card(row) for row in rows]


def card(row: Any) -> Card:
    """One offer of `listed` as a card."""
    available = row.stock.available
    return Card(
        pk=row.product_id,
        name=row.name,
        url=_address(row.product_id),
        price=row.price,
        per=per_base(row.unit_price, row.base_unit),
        commodity_class=ClassOf(row.class_code, row.class_name),
        outcome=outcome_of(row),
        county=row.county_told,
        producer=row.producer_told,
        available=available,
        note=str(_("Sold out for now")) if available == 0 else "",
    )


def outcome_of(row: Any) -> str:
    """As what an offer of `listed` counts by itself: assistance, ordinary, or box, whose parts are judged one by one."""
    if row is None or not (row.assistance or row.is_box):
        return "ordinary"
    return "assistance" if row.assistance else "box"


@lru_cache(maxsize=4096)
def _address(product: int) -> str:
    return reverse("product", args=[product])


def per_base(unit_price: int | None, base_unit: str) -> str:
    """The price of a kilogram, litre or piece, as "¥35.60 / kg"; empty when the content is not known."""
    return "" if unit_price is None or base_unit not in _PER else f"{fen(unit_price)} / {_PER[base_unit]}"


def with_rule(rows: Iterable[Any], union: Organisation, day: date) -> list[Card]:
    """The offers as cards for a buyer of this union: on an ordinary product, how many assistance products come first.

    Counted are those of the same class at no more than the price band above its price by unit, freight apart. What the rule
    decides for a gift it decides when the product is in the gift. The price is the delivered one. Three statements.
    """
    offers = list(rows)
    ordinary = {row.commodity_class_id for row in offers if not row.assistance and row.unit_price}
    assistance = (
        Listing.objects.filter(assistance_on(day), commodity_class__in=ordinary, unit_price__isnull=False)
        .filter(stock__in_stock__gt=F("stock__allocated"))
        .values("commodity_class")
        .annotate(prices=ArrayAgg("unit_price"), band=Subquery(binding(union, day).values("price_band_bp")[:1]))
        .values_list("commodity_class", "prices", "band")
    )
    first = {commodity_class: (prices, band) for commodity_class, prices, band in assistance if band is not None}
    return with_freight(offers, [_after(card(row), _before(row, first)) for row in offers], union)


def _before(row: Any, first: Mapping[int, tuple[list[int], int]]) -> int:
    """How many of the prices of assistance offers, by class with the policy's band, come before an offer."""
    if row.assistance or row.is_box or row.commodity_class_id not in first:
        return 0
    prices, band = first[row.commodity_class_id]
    return sum(price * 10_000 <= (row.unit_price or 0) * (10_000 + band) for price in prices)


def destination_of(union: Organisation) -> str:
    """Where a union's gifts go: where most members of its last list are, else its own region where that is a city, else the capital.

    The first hundred of a list stand for it, however long it is. One statement.
    """
    with seen_by([union.pk]):
        filled = Programme.objects.filter(Exists(Recipient.objects.filter(programme=OuterRef("pk"))), union=union)
        last = Recipient.objects.filter(programme=Subquery(filled.order_by("-id").values("pk")[:1]))
        regions = Counter(last.values_list("region", flat=True)[:_SAMPLE])
    if regions:
        return min(regions, key=lambda region: (-regions[region], region))
    return union.region if len(union.region) >= _CITY else CAPITAL


def with_freight(offers: Sequence[Any], shown: Sequence[Card], union: Organisation) -> list[Card]:
    """The cards of these offers with what they cost this union delivered, which is what a gift is reckoned by. Two statements."""
    region = destination_of(union)
    arrive = delivered((row.product_id for row in offers), [region])
    place = region_name(region)
    return [
        replace(
            one,
            price=there.unit_price,
            per=per_base(_with_its_part(row.unit_price, row.price, there.unit_price), row.base_unit),
            terms=str(_("delivered to %(place)s") % {"place": place}),
        )
        if (there := arrive.get((row.product_id, region)))
        else replace(one, terms=str(_("without freight; not delivered to %(place)s") % {"place": place}))
        for row, one in zip(offers, shown, strict=True)
    ]


def _with_its_part(unit_price: int | None, price: int, arrived: int) -> int | None:
    """The price by weight with its part of the freight, rounded to the fen."""
    return None if unit_price is None or not price else (unit_price * arrived + price // 2) // price


def _after(offer: Card, first: int) -> Card:
    if not first:
        return offer
    words = ngettext(
        "%(count)d assistance product of this class comes first.",
        "%(count)d assistance products of this class come first.",
        first,
    ) % {"count": first}
    return replace(offer, outcome="after", note=" ".join(filter(None, (words, offer.note))))


def classes_on_offer() -> list[CommodityClass]:
    """Commodity classes that have a listed product."""
    return list(CommodityClass.objects.filter(pk__in=Listing.objects.values("commodity_class")))


def counties_on_offer() -> list[County]:
    """Counties from which a listed product comes."""
    return list(County.objects.filter(pk__in=Listing.objects.values("county")).order_by("code"))


@dataclass(frozen=True)
class Group:
    """A group of commodity classes with the number of its products on offer."""

    pk: int
    code: str
    name: str
    count: int


def groups_on_offer() -> list[Group]:
    """Groups of classes that have a listed product, in the order of the classification. One statement."""
    name = "group__name_en" if get_language() == "en" else "group__name"
    rows = (
        Listing.objects.filter(group__isnull=False)
        .values("group", "group__code", told=F(name))
        .annotate(number=Count("pk"))
        .order_by("group__code")
    )
    return [Group(row["group"], row["group__code"], row["told"], row["number"]) for row in rows]
