"""Indexes for the orders of the catalogue, in place of those that each repeated its reference's own index."""

from django.db import migrations, models

ORDERS = [
    models.Index(fields=["-product", "stockrecord"], name="listings_newest"),
    models.Index(fields=["price", "stockrecord"], name="listings_cheapest"),
    models.Index(fields=["unit_price", "stockrecord"], name="listings_cheapest_by_unit"),
    models.Index(fields=["title", "stockrecord"], name="listings_by_name"),
]
TWICE = ["listings_of_product", "listings_of_class", "listings_of_group", "listings_of_county", "listings_of_producer"]


class Migration(migrations.Migration):
    """No row changes."""

    dependencies = [("listings", "0003_counted")]
    operations = [
        *(migrations.RemoveIndex("listing", name) for name in TWICE),
        *(migrations.AddIndex("listing", index) for index in ORDERS),
    ]
