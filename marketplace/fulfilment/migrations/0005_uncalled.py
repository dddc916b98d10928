"""A parcel may wait until its member calls for it: it is then placed, and goes the way of all others (I7)."""

from django.db import migrations, models
from django.db.migrations import RunSQL
from django.db.models import Q

from marketplace.organisations.sql import declared_moves

BEFORE = {
    "placed": ["assigned", "cancelled"],
    "assigned": ["shipped", "cancelled"],
    "shipped": ["accepted", "refused"],
    "accepted": ["returned"],
}
EARLIER = declared_moves("fulfilment_parcel", BEFORE)


class Migration(migrations.Migration):
    """Plain SQL for the moves, so that no session of the application can switch it off."""

    dependencies = [("fulfilment", "0004_loss_invariants")]
    operations = [
        migrations.AlterField(
            model_name="parcel",
            name="state",
            field=models.CharField(
                choices=[
                    ("uncalled", "Not called for yet"),
                    ("placed", "Placed"),
                    ("assigned", "Lots assigned"),
                    ("shipped", "Shipped"),
                    ("accepted", "Accepted"),
                    ("refused", "Refused on arrival"),
                    ("cancelled", "Cancelled"),
                    ("returned", "Goods returned"),
                ],
                default="placed",
                max_length=10,
            ),
        ),
        migrations.RemoveConstraint(model_name="parcel", name="shipped_in_a_consignment"),
        migrations.AddConstraint(
            model_name="parcel",
            constraint=models.CheckConstraint(
                condition=Q(state__in=["uncalled", "placed", "assigned", "cancelled"]) | Q(consignment__isnull=False),
                name="shipped_in_a_consignment",
            ),
        ),
        migrations.RemoveConstraint(model_name="parcel", name="a_lost_parcel_says_why"),
        migrations.AddConstraint(
            model_name="parcel",
            constraint=models.CheckConstraint(
                condition=Q(state__in=["cancelled", "refused", "returned"], loss__isnull=False)
                | Q(state__in=["uncalled", "placed", "assigned", "shipped", "accepted"], loss__isnull=True),
                name="a_lost_parcel_says_why",
            ),
        ),
        RunSQL(EARLIER.reverse_sql, EARLIER.sql),
        declared_moves("fulfilment_parcel", {"uncalled": ["placed", "cancelled"], **BEFORE}),
    ]
