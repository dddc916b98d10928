"""What the rule is told of an offer."""

from datetime import date, datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from marketplace.demo import cast
from marketplace.shop.partner.models import PriceRecord
from procurement.priority.offers import offers
from tests.world import CITY, product

DAY = date(2030, 6, 1)
FIRST = datetime(2030, 3, 3, tzinfo=timezone.get_default_timezone())  # the ninetieth day before


@pytest.mark.parametrize("zone", ["Etc/GMT+12", "UTC", "Pacific/Kiritimati"])
@pytest.mark.parametrize(
    ("moment", "highest"), [(FIRST + timedelta(seconds=1), 99_900), (FIRST - timedelta(seconds=1), 8_800)]
)
def test_the_highest_price_of_ninety_shanghai_days_counts(
    world: None, zone: str, moment: datetime, highest: int
) -> None:
    offer = product(cast.BLOCKED).stockrecords.get()
    PriceRecord.objects.create(stockrecord=offer, price=99_900, at=moment)
    PriceRecord.objects.create(stockrecord=offer, price=8_800, at=FIRST + timedelta(days=30))
    type(product(cast.BLOCKED).commodity_class).objects.update(reference_price=0)
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('TimeZone', %s, true)", [zone])
    (row,) = (row for row in offers([offer.product_id], [CITY], DAY) if row.stockrecord_id == offer.pk)
    assert row.reference_price == highest
