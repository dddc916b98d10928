"""Level of the tree, what comes on top of the cap, the year before, uncovered purposes; who grants exceptions, and by when."""

import django.contrib.postgres.constraints
import django.contrib.postgres.fields
from django.db import migrations, models

import procurement.policy.models

LEVELS = [(0, "Every level"), (1, "Province"), (2, "City or industry"), (3, "County"), (4, "Grassroots")]
PURPOSES = [
    ("gifts", "Gifts to members"),
    ("hardship", "Help in hardship"),
    ("activities", "Culture and sport"),
    ("training", "Training"),
    ("awards", "Awards"),
]


def added(name: str, field: models.Field) -> migrations.AddField:
    """A new column of the policy."""
    return migrations.AddField(model_name="policy", name=name, field=field)


class Migration(migrations.Migration):
    dependencies = [("policy", "0003_losses"), ("ledger", "0006_purse_purpose")]
    operations = [
        migrations.RemoveConstraint(model_name="policy", name="one_policy_at_a_time"),
        added("level", models.PositiveSmallIntegerField(choices=LEVELS, default=0)),
        added(
            "ring_fence",
            models.PositiveIntegerField(
                default=0, help_text="a member and year: so much from assistance-only purses comes on top of the cap"
            ),
        ),
        added(
            "keep_last_year",
            models.BooleanField(
                default=False,
                help_text="before ordinary goods, a union has as many assistance goods as the year before",
            ),
        ),
        added(
            "uncovered_purposes",
            django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=12, choices=PURPOSES),
                default=list,
                help_text="purses that it does not bind",
                size=None,
            ),
        ),
        added(
            "exception_grants",
            models.JSONField(
                default=procurement.policy.models.any_amount,
                help_text='[{"level", "up_to"}]: from which level upwards a union may grant an exception for goods worth up to'
                " so many fen; 0 = whatever they are worth",
            ),
        ),
        added(
            "exception_days",
            models.PositiveSmallIntegerField(
                default=5, help_text="a request not answered by then goes to a delegate, then to the union above"
            ),
        ),
        added(
            "exception_second_from",
            models.PositiveBigIntegerField(
                default=0, help_text="from this value (fen) on a second person has to agree; 0 = never"
            ),
        ),
        added(
            "challenge_days",
            models.PositiveSmallIntegerField(
                default=15, help_text="so long sellers may challenge a determination or a certificate"
            ),
        ),
        migrations.AddConstraint(
            model_name="policy",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                name="one_policy_at_a_time",
                expressions=[(models.F("region"), "="), (models.F("level"), "="), (models.F("period"), "&&")],
                condition=models.Q(approved_by__isnull=False),
            ),
        ),
    ]
