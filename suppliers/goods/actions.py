"""A producer puts its own goods on offer: everything that is wrong is told at once, and nothing is kept until nothing is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.apps import apps
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from marketplace.evidence.actions import record
from marketplace.organisations.errors import HouseError, Refusals
from marketplace.organisations.models import Organisation, Role, User
from marketplace.organisations.queries import require
from marketplace.organisations.regions import REGIONS, region_name
from marketplace.organisations.scopes import seen_by
from marketplace.shop.catalogue.models import CommodityClass, Product
from marketplace.shop.determinations import Marks, too_long
from marketplace.shop.errors import ContentMissing, NotALeaf
from marketplace.shop.partner.models import Delivery, Partner, StockRecord
from marketplace.stock.models import Stock
from suppliers.goods.errors import (
    DaysWrong,
    LicenceWrong,
    ListedBefore,
    MinimumWrong,
    Nameless,
    NotInStanding,
    NowhereDelivered,
    OthersLicence,
    RegionTwice,
    RegionUnknown,
)
from suppliers.goods.models import Storage, Terms
from suppliers.goods.photos import keep_photos, prepared_all
from suppliers.goods.pricing import Band, ask_for, band_of, price_faults
from suppliers.licences import NumberError, check_sc

MAX_DAYS = 60
MAX_MINIMUM = 100_000
_KIND = "慰问品"  # Oscar's class of products that are shipped


@dataclass(frozen=True)
class Destination:
    """Where goods are delivered: GB/T 2260 prefix, freight in fen a sales unit, days from order to arrival."""

    region: str
    freight: int
    days: int


@dataclass(frozen=True)
class Goods:
    """What a producer says of simple goods. Price in fen a sales unit; photos as names and bytes."""

    title: str
    commodity_class: CommodityClass
    marks: Marks
    storage: Storage
    deliveries: Sequence[Destination]
    price: int
    title_en: str = ""
    minimum_order: int = 1
    licence: str = ""
    reason: str = ""
    photos: list[tuple[str, bytes]] = field(default_factory=list)


def list_goods(actor: User, producer: Organisation, goods: Goods) -> StockRecord:
    """Put new goods on offer, in the class and size that the log names.

    With a price outside the band of the class they are kept off offer until a second person has agreed to it. Raises NotAllowed, or
    Refusals with every fault.
    """
    require(actor, Role.PRODUCER, producer)
    band = band_of(goods.commodity_class)
    faults = _faults(producer, goods, band)
    pictures = prepared_all(goods.photos, faults)
    with transaction.atomic(), seen_by([producer.pk]):
        # Whoever lists for this producer takes turns: articles are numbered one after the other.
        Organisation.objects.select_for_update(no_key=True, of=("self",)).get(pk=producer.pk)
        if known := _listed_before(producer, goods):
            faults.append(ListedBefore(name=goods.title.strip(), sku=known.partner_sku))
        if faults:
            raise Refusals(faults)
        stands = band.holds(goods.price, goods.marks.net_content)
        offer = _write(actor, producer, goods, on_offer=stands)
        if not stands:
            ask_for(actor, offer, goods.price, band, goods.reason, is_first=True)
        keep_photos(actor, offer.product, pictures)
    return offer


def _faults(producer: Organisation, goods: Goods, band: Band) -> list[HouseError]:
    faults: list[HouseError] = []
    if not producer.good_standing:
        faults.append(NotInStanding(producer=producer.display_name))
    if not goods.title.strip():
        faults.append(Nameless())
    if goods.commodity_class.children.exists():
        faults.append(NotALeaf(name=goods.commodity_class.display_name))
    if goods.marks.net_content <= 0:
        faults.append(ContentMissing())
    faults += too_long([goods.marks.grade, goods.marks.processing, *goods.marks.dietary])
    faults += _licence_faults(producer, goods.licence)
    faults += _delivery_faults(goods.deliveries)
    faults += price_faults(goods.price, goods.marks.net_content, band, goods.reason)
    if not 0 < goods.minimum_order <= MAX_MINIMUM:
        faults.append(MinimumWrong(most=f"{MAX_MINIMUM:,}"))
    return faults


def _licence_faults(producer: Organisation, licence: str) -> list[HouseError]:
    """The number's own check, and whose it is. Another county in it is a flag for people, never a fault (licences.py)."""
    if not licence.strip():
        return []
    try:
        number = check_sc(licence).number
    except NumberError as error:
        return [LicenceWrong(problem=_(error.message) % error.data)]
    others = StockRecord.objects.filter(product__licence=number).exclude(partner__organisation=producer)
    return [OthersLicence(number=number)] if others.exists() else []


def _delivery_faults(deliveries: Sequence[Destination]) -> list[HouseError]:
    faults: list[HouseError] = []
    if not deliveries:
        faults.append(NowhereDelivered())
    seen: set[str] = set()
    for one in deliveries:
        if one.region not in REGIONS:
            faults.append(RegionUnknown(region=one.region))
        elif one.region in seen:
            faults.append(RegionTwice(region=region_name(one.region)))
        if not 1 <= one.days <= MAX_DAYS or one.freight < 0:
            faults.append(DaysWrong(region=region_name(one.region), most=MAX_DAYS))
        seen.add(one.region)
    return faults


def _listed_before(producer: Organisation, goods: Goods) -> StockRecord | None:
    """So that a second tap, or a second colleague, does not list the same goods again."""
    same = Q(product__title__iexact=goods.title.strip(), product__net_content=goods.marks.net_content)
    same &= Q(product__commodity_class=goods.commodity_class, partner__organisation=producer)
    found: StockRecord | None = StockRecord.objects.filter(same).first()
    return found


def _write(actor: User, producer: Organisation, goods: Goods, *, on_offer: bool) -> StockRecord:
    sku = _next_sku(producer)
    product = _write_product(producer, goods, sku)
    partner, _made = Partner.objects.get_or_create(
        organisation=producer, defaults={"name": producer.name, "code": producer.code.lower()}
    )
    offer: StockRecord = StockRecord.objects.create(
        product=product,
        partner=partner,
        partner_sku=sku,
        price_currency="CNY",
        price=Decimal(goods.price) / 100,
        stock=Stock.objects.create(holder=producer, sku=sku),
        listed=on_offer,
    )
    Delivery.objects.bulk_create(
        Delivery(stockrecord=offer, region=one.region, freight=one.freight, days=one.days) for one in goods.deliveries
    )
    Terms.objects.create(stockrecord=offer, storage=goods.storage, minimum_order=goods.minimum_order, entered_by=actor)
    body = {
        "sku": sku,
        "product": product.pk,
        "seller": producer.code,
        "class": goods.commodity_class.code,
        "content": goods.marks.net_content,
        "price": goods.price,
        "deliveries": [[one.region, one.freight, one.days] for one in goods.deliveries],
        "storage": str(goods.storage),
        "minimum_order": goods.minimum_order,
        "on_offer": int(on_offer),
    }
    record("offer.listed", body, subject=f"product:{product.pk}")
    return offer


def _write_product(producer: Organisation, goods: Goods, sku: str) -> Product:
    kinds = apps.get_model("catalogue", "ProductClass").objects
    kind = kinds.filter(name=_KIND).first() or kinds.create(name=_KIND, requires_shipping=True, track_stock=True)
    made: Product = Product.objects.create(
        structure=Product.STANDALONE,
        upc=sku,
        title=goods.title.strip(),
        title_en=goods.title_en.strip(),
        slug=sku.lower(),
        product_class=kind,
        commodity_class=goods.commodity_class,
        net_content=goods.marks.net_content,
        grade=goods.marks.grade.strip(),
        processing=goods.marks.processing.strip(),
        dietary=sorted({mark.strip() for mark in goods.marks.dietary}),
        county=producer.county,
        licence=check_sc(goods.licence).number if goods.licence.strip() else "",
    )
    return made


def _next_sku(producer: Organisation) -> str:
    """The next number of the producer that no article bears."""
    head = f"{producer.code}-G"
    taken = set(Stock.objects.filter(sku__startswith=head).values_list("sku", flat=True))
    number = len(taken) + 1
    while f"{head}{number:03d}" in taken:
        number += 1
    return f"{head}{number:03d}"
