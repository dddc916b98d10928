"""Ten thousand products: the demonstration's own, and as many more as are missing, by the same producers and traders.

Written in bulk, with everything that a product of the shop has: class, offer, price record, stock with its movement, delivery, and
for the producers' half of them an accreditation in force. Import it only once Django is set up.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from django.apps import apps
from django.db import transaction
from django.utils import timezone

from marketplace.evidence.actions import EntryDraft, record_many
from marketplace.organisations.models import OrganisationKind
from marketplace.organisations.scopes import seen_by
from marketplace.shop.catalogue.models import CommodityClass, Product
from marketplace.shop.partner.models import Delivery, Partner, StockRecord
from marketplace.stock.models import Movement, MovementKind, Stock
from suppliers.accreditation.models import Accreditation, AccreditationState, Mechanism

PRODUCTS = 10_000
_UNITS = 500
_CONTENTS = (250, 500, 1_000, 2_500)


def fill(products: int = PRODUCTS, classes: int = 0) -> None:
    """Bring the number of listed products up to `products`, in the demonstration's leaf classes or in so many more of their own."""
    with transaction.atomic(), seen_by(None):
        missing = products - StockRecord.objects.filter(listed=True).count()
        sellers = _sellers(max(0, missing))
        made = _products(sellers, _leaves(classes))
        offers = _offers(made, sellers)
        _accreditations(made, sellers)
        record_many(
            EntryDraft(
                "offer.listed", _listing(offer.product) | {"sku": offer.partner_sku}, f"product:{offer.product_id}"
            )
            for offer in offers
        )


def _sellers(number: int) -> list[Partner]:
    """Producers and traders by turns, so that half of what is added can be accredited."""
    partners = Partner.objects.select_related("organisation__county").order_by("id")
    makers = [p for p in partners if _makes(p)]
    traders = [p for p in partners if not _makes(p)]
    return [
        makers[place // 2 % len(makers)] if place % 2 else traders[place // 2 % len(traders)] for place in range(number)
    ]


def _makes(partner: Partner) -> bool:
    return bool(partner.organisation.kind == OrganisationKind.PRODUCER)


def _leaves(classes: int) -> list[CommodityClass]:
    if not classes:
        return list(CommodityClass.objects.filter(parent__isnull=False, children__isnull=True).order_by("code"))
    group = CommodityClass.objects.filter(parent__isnull=True).order_by("code")[0]
    return CommodityClass.objects.bulk_create(
        CommodityClass(code=f"bench.{n:05d}", name=f"第{n}类", name_en=f"Class {n}", parent=group)
        for n in range(classes)
    )


def _products(sellers: Sequence[Partner], leaves: Sequence[CommodityClass]) -> list[Product]:
    kind = apps.get_model("catalogue", "ProductClass").objects.get()
    return Product.objects.bulk_create(
        _product(place, seller, leaves[place % len(leaves)], kind) for place, seller in enumerate(sellers, 1)
    )


def _product(place: int, seller: Partner, leaf: CommodityClass, kind: object) -> Product:
    county = seller.organisation.county
    return Product(
        structure=Product.STANDALONE,
        upc=f"BENCH-{place:05d}",
        slug=f"bench-{place:05d}",
        product_class=kind,
        title=f"{county.name if county else ''}{leaf.name} 第{place}款",
        title_en=f"{leaf.name_en} no. {place}",
        commodity_class=leaf,
        net_content=_CONTENTS[place % len(_CONTENTS)],
        grade="一级",
        county=county,
    )


def _offers(products: Sequence[Product], sellers: Sequence[Partner]) -> list[StockRecord]:
    stocks = Stock.objects.bulk_create(
        Stock(holder=seller.organisation, sku=product.upc, in_stock=_UNITS)
        for product, seller in zip(products, sellers, strict=True)
    )
    Movement.objects.bulk_create(
        Movement(stock=stock, kind=MovementKind.RECEIVE, quantity=_UNITS, cause="bench:goods") for stock in stocks
    )
    offers = StockRecord.objects.bulk_create(
        StockRecord(
            product=product, partner=seller, partner_sku=product.upc, price_currency="CNY", stock=stock,
            price=Decimal(900 + place * 37 % 20_000) / 100,
        )
        for place, (product, seller, stock) in enumerate(zip(products, sellers, stocks, strict=True))
    )  # fmt: skip
    Delivery.objects.bulk_create(Delivery(stockrecord=offer, region="61", freight=100, days=4) for offer in offers)
    return list(offers)


def _listing(product: Product) -> dict[str, object]:
    return {"product": product.pk, "class": product.commodity_class.code, "content": product.net_content}


def _accreditations(products: Sequence[Product], sellers: Sequence[Partner]) -> None:
    """Each goes its way from application to validity, and the log says so: otherwise the database would not take it."""
    period: dict[str, date] = {
        "valid_from": timezone.localdate(),
        "valid_to": timezone.localdate() + timedelta(days=365),
    }
    made = Accreditation.objects.bulk_create(
        Accreditation(
            number=f"RDBENCH-{product.pk:06d}", product=product, producer=seller.organisation,
            county=seller.organisation.county, mechanism=Mechanism.ORDER_PURCHASE, households=10,
            state=AccreditationState.APPLIED,
        )
        for product, seller in zip(products, sellers, strict=True)
        if _makes(seller)
    )  # fmt: skip
    ours = Accreditation.objects.filter(number__startswith="RDBENCH-")
    for state in ("town_review", "sector_review", "county_decision", "public_notice"):
        ours.update(state=state)
    ours.update(state=AccreditationState.VALID, **period)
    said = {name: day.isoformat() for name, day in period.items()}
    record_many(
        [
            EntryDraft(
                "accreditation.valid",
                {"number": a.number, "product": a.product_id, "producer": a.producer_id, "county": a.county_id} | said,
                f"product:{a.product_id}",
            )
            for a in made
        ]
    )
