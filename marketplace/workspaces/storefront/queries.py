"""What is on offer, as a shop window shows it: a constant number of statements whatever the number of products."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from marketplace.organisations.models import County
from marketplace.shop.catalogue.models import CommodityClass, Product
from marketplace.shop.partner.models import StockRecord
from marketplace.workspaces.templatetags._figures import fen
from suppliers.accreditation.models import Accreditation, AccreditationState

SORTS = {
    "": ("-assistance", "-product_id", "id"),
    "price": ("price", "id"),
    "name": ("product__title", "id"),
    "newest": ("-product_id", "id"),
}
_PER = {"g": (1000, _("kg")), "ml": (1000, _("litre")), "pc": (1, _("piece"))}


@dataclass(frozen=True)
class Listing:
    """One offer as the product card shows it. `price` in fen a sales unit, without freight."""

    product: Product
    name: str
    url: str
    price: int
    per: str
    commodity_class: CommodityClass | None
    outcome: str
    county: str
    producer: str
    available: int
    note: str


def in_force(day: date) -> QuerySet[Accreditation]:
    """Accreditations that make an assistance product on this day, as the rule asks for them (procurement/priority/offers.py)."""
    return Accreditation.objects.filter(
        state=AccreditationState.VALID,
        valid_from__lte=day,
        valid_to__gt=day,
        county__listed=True,
        producer__good_standing=True,
    )


def offers(day: date) -> QuerySet[StockRecord]:
    """All offers that the shop lists, each with whether its product's accreditation is in force on this day."""
    accredited = in_force(day).filter(product=OuterRef("product_id"), producer=OuterRef("partner__organisation_id"))
    rows: QuerySet[StockRecord] = (
        StockRecord.objects.filter(listed=True, product__is_public=True)
        .annotate(assistance=Exists(accredited))
        .select_related("product__commodity_class", "product__county", "partner__organisation", "stock")
    )
    return rows


def narrowed(rows: QuerySet[StockRecord], wishes: Mapping[str, Any]) -> QuerySet[StockRecord]:
    """Offers of a class (or a class below it), of a county, of a kind, that carry certain words; sorted."""
    if chosen := wishes.get("commodity_class"):
        rows = rows.filter(Q(product__commodity_class=chosen) | Q(product__commodity_class__parent=chosen))
    if county := wishes.get("county"):
        rows = rows.filter(product__county=county)
    if kind := wishes.get("kind"):
        rows = rows.filter(assistance=(kind == "assistance"))
    for word in (wishes.get("q") or "").split():
        rows = rows.filter(
            Q(partner_sku__istartswith=word)
            | Q(product__title__icontains=word)
            | Q(product__title_en__icontains=word)
            | Q(partner__organisation__name__icontains=word)
            | Q(partner__organisation__name_en__icontains=word)
            | Q(product__county__name__icontains=word)
            | Q(product__county__name_en__icontains=word)
            | Q(product__commodity_class__name__icontains=word)
            | Q(product__commodity_class__name_en__icontains=word)
        )
    return rows.order_by(*SORTS[wishes.get("sort") or ""])


def listings(rows: Iterable[StockRecord]) -> list[Listing]:
    """The offers as cards; asks the database nothing more."""
    return [listing(row) for row in rows]


def listing(row: StockRecord) -> Listing:
    """One offer of `offers` as a card."""
    product = row.product
    stock = row.stock.available
    return Listing(
        product=product,
        name=product.get_title(),
        url=reverse("product", args=[product.pk]),
        price=row.price_fen,
        per=price_per_base(row.price_fen, product),
        commodity_class=product.commodity_class,
        outcome="assistance" if row.assistance else "ordinary",
        county=str(product.county or ""),
        producer=row.partner.organisation.display_name,
        available=stock,
        note=str(_("Sold out for now")) if stock == 0 else "",
    )


def price_per_base(price: int, product: Product) -> str:
    """The price of a kilogram, litre or piece, as "¥35.60 / kg"; empty when the content is not known."""
    if not product.net_content or product.commodity_class is None:
        return ""
    amount, words = _PER[product.commodity_class.base_unit]
    return f"{fen((price * amount * 2 + product.net_content) // (2 * product.net_content))} / {words}"


def classes_on_offer() -> list[CommodityClass]:
    """Commodity classes that have a listed product."""
    sold = StockRecord.objects.filter(listed=True, product__is_public=True, product__commodity_class=OuterRef("pk"))
    return list(CommodityClass.objects.filter(Exists(sold)))


def counties_on_offer() -> list[County]:
    """Counties from which a listed product comes."""
    sold = StockRecord.objects.filter(listed=True, product__is_public=True, product__county=OuterRef("pk"))
    return list(County.objects.filter(Exists(sold)).order_by("code"))
