"""The classification, the products, what their sellers ask and where they deliver."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.apps import apps

from marketplace.demo.tables import rows
from marketplace.evidence.actions import EntryDraft, record_many
from marketplace.organisations.models import Organisation
from marketplace.shop.catalogue.models import CommodityClass, Component, Product
from marketplace.shop.partner.models import Delivery, Partner, StockRecord
from marketplace.stock.models import Stock
from suppliers.licences import make_sc
from suppliers.provenance.models import CertificateRule

OUT_OF_SEASON = "season"  # in the column `state` of goods.csv: sold only while the produce is ripe


def make_classes() -> dict[str, CommodityClass]:
    """The classification by code: groups, and the leaves within which products are compared."""
    made: dict[str, CommodityClass] = {}
    for row in rows("classes"):
        made[row["code"]] = CommodityClass.objects.create(
            code=row["code"],
            name=row["name"],
            name_en=row["name_en"],
            parent=made.get(row["parent"]),
            base_unit=row["base_unit"],
            reference_price=int(row["reference_price"]),
        )
    # Fresh goods; not what is dried, cured or cooked.
    for code in ("fruit", "veg.fresh", "meat.lamb"):
        CertificateRule.objects.create(commodity_class=made[code], since=date(2026, 2, 1))
    return made


def make_goods(
    classes: Mapping[str, CommodityClass], organisations: Mapping[str, Organisation]
) -> dict[str, StockRecord]:
    """Every product with its offer, by sku: assistance goods to be, boxes, ordinary goods. Stock is empty."""
    kind = apps.get_model("catalogue", "ProductClass")(name="慰问品", requires_shipping=True, track_stock=True)
    kind.save()
    table = [*rows("goods"), *rows("ordinary")]
    licences = _licences()
    products = [
        _product(row, kind, classes, organisations, licences.get(_seller(row), "") if _packed(row) else "")
        for row in table
    ]
    Product.objects.bulk_create(products)
    offers = _make_offers(table, products, organisations)
    _make_boxes({product.upc: product for product in products})
    return offers


def _seller(row: Mapping[str, str]) -> str:
    return row.get("producer") or row["trader"]


def _packed(row: Mapping[str, str]) -> bool:
    """Whether it is processed food, which is made under a licence."""
    return row.get("packed") == "1" or bool(row.get("sc"))


def _licences() -> dict[str, str]:
    """Every seller's food production licence by code; it names the county as it was coded at issue."""
    made = {
        row["code"]: make_sc(row["sc_category"], row["sc_area"], serial)
        for serial, row in enumerate(rows("producers"), 101)
    }
    category = {row["trader"]: row["sc"] for row in reversed(rows("ordinary")) if row["sc"]}
    for serial, row in enumerate(rows("traders"), 201):
        if row["code"] in category:
            made[row["code"]] = make_sc(category[row["code"]], row["area"], serial)
    return made


def _product(
    row: Mapping[str, str],
    kind: Any,
    classes: Mapping[str, CommodityClass],
    organisations: Mapping[str, Organisation],
    licence: str,
) -> Product:
    return Product(
        structure=Product.STANDALONE,
        upc=row["sku"],
        title=row["title"],
        title_en=row["title_en"],
        slug=row["sku"].lower(),
        product_class=kind,
        commodity_class=classes[row["class"]],
        net_content=int(row["content"]),
        grade=row["grade"],
        processing=row["processing"],
        county=organisations[_seller(row)].county,
        licence=licence,
    )


def _make_offers(
    table: Sequence[Mapping[str, str]], products: Sequence[Product], organisations: Mapping[str, Organisation]
) -> dict[str, StockRecord]:
    sellers = list(dict.fromkeys(_seller(row) for row in table))
    partners = {
        code: Partner.objects.create(name=organisations[code].name, code=code.lower(), organisation=organisations[code])
        for code in sellers
    }
    stocks = Stock.objects.bulk_create([Stock(holder=organisations[_seller(row)], sku=row["sku"]) for row in table])
    offers = [
        StockRecord(
            product=product,
            partner=partners[_seller(row)],
            partner_sku=row["sku"],
            price_currency="CNY",
            price=Decimal(row["price"]) / 100,
            stock=stock,
            listed=row.get("state") != OUT_OF_SEASON,
        )
        for row, product, stock in zip(table, products, stocks, strict=True)
    ]
    StockRecord.objects.bulk_create(offers)
    deliveries = [
        Delivery(stockrecord=offer, region=region, freight=int(freight), days=int(days))
        for row, offer in zip(table, offers, strict=True)
        for region, freight, days in _deliveries(row)
    ]
    Delivery.objects.bulk_create(deliveries)
    record_many([_listing(row, offer) for row, offer in zip(table, offers, strict=True)])
    return {offer.partner_sku: offer for offer in offers}


def _deliveries(row: Mapping[str, str]) -> list[list[str]]:
    """Region, freight in fen, days: written as region:freight:days, several parted by semicolons."""
    return [entry.split(":") for entry in row["deliveries"].split(";")]


def _listing(row: Mapping[str, str], offer: StockRecord) -> EntryDraft:
    body = {
        "sku": row["sku"],
        "product": offer.product_id,
        "seller": _seller(row),
        "class": row["class"],
        "content": int(row["content"]),
        "price": int(row["price"]),
        "deliveries": [[region, int(freight), int(days)] for region, freight, days in _deliveries(row)],
    }
    return EntryDraft("offer.listed", body, f"product:{offer.product_id}")


def _make_boxes(products: Mapping[str | None, Product]) -> None:
    Component.objects.bulk_create(
        [
            Component(
                box=products[row["box"]],
                product=products[row["product"]],
                quantity=int(row["quantity"]),
                price=int(row["price"]),
            )
            for row in rows("boxes")
        ]
    )
