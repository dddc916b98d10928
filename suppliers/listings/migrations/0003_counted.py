"""What the catalogue's facets count can be read from one index."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("listings", "0002_kept")]
    operations = [
        migrations.AddIndex(
            model_name="listing",
            index=models.Index(
                fields=[
                    "group",
                    "commodity_class",
                    "county",
                    "producer_kind",
                    "price",
                    "assistance_from",
                    "assistance_to",
                    "stock",
                ],
                name="listings_counted",
            ),
        ),
    ]
