"""The least that accreditations and lots need: a county with its office, a producer, a product with stock."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from marketplace.evidence.actions import record
from marketplace.organisations.models import (
    County,
    Membership,
    Organisation,
    OrganisationKind,
    Role,
    User,
)
from marketplace.shop.catalogue.models import CommodityClass, Product, ProductClass
from marketplace.shop.partner.models import Partner, StockRecord
from marketplace.signin.actions import begin_with
from marketplace.stock.models import Stock
from suppliers.accreditation.models import Mechanism
from suppliers.licences import make_sc
from suppliers.provenance import actions
from suppliers.provenance.models import BenefitAgreement

TODAY = timezone.localdate()


@dataclass
class Place:
    """A county, its office's three officers, and one producer with its person."""

    county: County
    producer: Organisation
    grower: User
    town: User
    sector: User
    decider: User


def person(username: str, role: Role, organisation: Organisation) -> User:
    user = User.objects.create(username=username)
    begin_with([Membership(user=user, role=role, organisation=organisation)])
    return user


def place(code: str = "610828", *, listed: bool = True) -> Place:
    county = County.objects.create(code=code, name=f"县{code}", name_en=f"County {code}", listed=listed)
    office = Organisation.objects.create(
        kind=OrganisationKind.COUNTY_OFFICE, code=f"CO-{code}", name="办公室", name_en="Office", county=county
    )
    producer = Organisation.objects.create(
        kind=OrganisationKind.PRODUCER, code=f"P-{code}", name="合作社", name_en="Cooperative", county=county
    )
    return Place(
        county,
        producer,
        person(f"grower-{code}", Role.PRODUCER, producer),
        person(f"town-{code}", Role.TOWN_OFFICER, office),
        person(f"sector-{code}", Role.SECTOR_OFFICER, office),
        person(f"county-{code}", Role.COUNTY_OFFICER, office),
    )


def product(where: Place, sku: str = "DATE") -> Product:
    leaf, _ = CommodityClass.objects.get_or_create(code="date.red", defaults={"name": "红枣", "name_en": "Red dates"})
    kind, _ = ProductClass.objects.get_or_create(name="goods")
    with transaction.atomic():
        made = Product.objects.create(
            upc=sku,
            title=sku,
            slug=sku.lower(),
            product_class=kind,
            commodity_class=leaf,
            net_content=500,
            county=where.county,
            licence=make_sc("117", where.county.code, 1),
        )
        record("offer.listed", {"product": made.pk, "class": leaf.code, "content": 500}, subject=f"product:{made.pk}")
    return made


def stock_of(where: Place, sku: str = "DATE") -> Stock:
    partner, _ = Partner.objects.get_or_create(
        organisation=where.producer, defaults={"name": where.producer.name, "code": where.producer.code.lower()}
    )
    stock = Stock.objects.create(holder=where.producer, sku=sku)
    StockRecord.objects.create(
        product=product(where, sku), partner=partner, partner_sku=sku, price=Decimal("29.00"), stock=stock
    )
    return stock


def agreement(where: Place, village: str = "枣湾村", *, confirmed: bool = True) -> BenefitAgreement:
    household = actions.record_household(
        where.grower, where.producer, county=where.county, village=village, head_name="王满仓"
    )
    signed = actions.sign_agreement(
        where.grower,
        where.producer,
        household,
        Mechanism.ORDER_PURCHASE,
        3_000,
        TODAY - timedelta(days=100),
    )
    if confirmed:
        actions.confirm_agreement(where.town, signed)
    return signed
