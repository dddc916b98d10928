"""Lots are good, held or recalled; what only such lots hold is not in stock while they are."""

from django.db import migrations, models
from django.db.migrations import RunSQL

from marketplace.organisations.sql import declared_moves

# As on the day of this migration; a later change of the moves is a migration of its own.
CONDITION_MOVES = {"good": ["held", "recalled"], "held": ["good", "recalled"]}


class Migration(migrations.Migration):
    dependencies = [("stock", "0004_used"), ("organisations", "0002_functions")]

    operations = [
        migrations.AddField(
            model_name="lot",
            name="condition",
            field=models.CharField(
                choices=[("good", "Good"), ("held", "Held back"), ("recalled", "Recalled")],
                db_default="good",
                default="good",
                max_length=8,
            ),
        ),
        RunSQL(
            "UPDATE stock_lot SET condition = 'held' WHERE held;",
            "UPDATE stock_lot SET held = condition <> 'good';",
        ),
        migrations.RemoveField(model_name="lot", name="held"),
        migrations.AddField(
            model_name="lot",
            name="certificate_due",
            field=models.BooleanField(
                db_default=False, default=False, help_text="needs a pass certificate that it does not have yet"
            ),
        ),
        migrations.AddField(
            model_name="stock",
            name="withheld",
            field=models.PositiveIntegerField(
                db_default=0,
                default=0,
                help_text="units of lots that may not be assigned; not in `in_stock` while they are",
            ),
        ),
        migrations.AlterField(
            model_name="movement",
            name="kind",
            field=models.CharField(
                choices=[
                    ("receive", "Received"),
                    ("reserve", "Reserved"),
                    ("release", "Released"),
                    ("ship", "Shipped"),
                    ("write_off", "Promised, and not there"),
                    ("use", "Used for other lots"),
                    ("withhold", "Taken off sale"),
                    ("restore", "Back on sale"),
                ],
                max_length=10,
            ),
        ),
        declared_moves("stock_lot", CONDITION_MOVES, "condition"),
    ]
