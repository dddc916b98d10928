"""An order of the demonstration's county union, placed by the verbs that pages use."""

import uuid
from datetime import timedelta

from django.utils import timezone

from marketplace.demo import cast
from marketplace.ledger.models import Purse
from marketplace.organisations.models import Organisation, User
from marketplace.shop.catalogue.models import Product
from marketplace.steps.actions import run_all_due
from procurement.programmes.actions import approve, create_programme, import_roster, put_gift_line, submit
from procurement.programmes.placement import place
from tests.procurement.workbook_samples import person, rows_of, workbook

GOODS = ("JX-DATE-1000", "MZ-BEAN-1000", "RH-WASH-3000")


def place_order(number=1, goods=GOODS):
    """Place and send an order of the county union for two people."""
    union, year = Organisation.objects.get(code=cast.UNION), timezone.localdate().year
    buyer, approver = (User.objects.get(username=name) for name in (cast.BUYER, cast.APPROVER))
    programme = create_programme(
        buyer,
        union,
        title=f"中秋 {number}",
        occasion=cast.OCCASION,
        gift_year=year,
        per_head=cast.PER_HEAD,
        need_date=timezone.localdate() + timedelta(days=cast.NEED_IN_DAYS),
        delivery="home",
        purse=Purse.objects.get(union=union, gift_year=year, name=cast.GENERAL_PURSE),
    )
    people = rows_of(person(2 * number), person(2 * number + 1))
    import_roster(buyer, programme, "people.xlsx", workbook({"名单": people}))
    for slot, sku in enumerate(goods, start=1):
        put_gift_line(buyer, programme, slot, Product.objects.get(upc=sku))
    submit(buyer, programme)
    approve(approver, programme)
    order = place(buyer, programme, f"key-{uuid.uuid4()}")
    run_all_due()
    return order
