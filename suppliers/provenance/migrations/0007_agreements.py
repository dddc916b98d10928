"""Papers beside agreements, questions to households, and how each agreement was confirmed."""

from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.migrations import RunPython, RunSQL

from marketplace.signin.phone_codes import index_of


def index_phones(apps: Any, schema_editor: Any) -> None:
    """By which number two households are seen to be one is found by its index."""
    households = apps.get_model("provenance", "Household")._base_manager.using(schema_editor.connection.alias)
    for one in households.all().iterator():
        if one.phone:
            households.filter(pk=one.pk).update(phone_index=index_of(one.phone))


class Migration(migrations.Migration):
    dependencies = [
        ("organisations", "0005_place_stays"),
        ("provenance", "0006_incident_guards"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AgreementPaper",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("file_name", models.CharField(max_length=200)),
                ("media_type", models.CharField(max_length=40)),
                ("size", models.PositiveIntegerField()),
                ("sha256", models.CharField(max_length=64)),
                ("content", models.BinaryField(help_text="ciphertext")),
                ("at", models.DateTimeField(auto_now_add=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("contract", "Purchase contract"),
                            ("wages", "Wage sheet"),
                            ("shares", "Share agreement"),
                            ("payouts", "Payout list"),
                            ("lease", "Lease"),
                            ("commission", "Commission note"),
                            ("assets", "Agreement on the income of an asset"),
                            ("confirmed", "Confirmation signed by the household"),
                        ],
                        max_length=10,
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="HouseholdCode",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("token_hash", models.CharField(max_length=64, unique=True)),
                ("salt", models.CharField(max_length=32)),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("asked_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("used_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.AddField(
            model_name="benefitagreement",
            name="confirmed_by",
            field=models.CharField(
                blank=True,
                choices=[("code", "By a code sent to its phone"), ("office", "At the town office")],
                default="",
                max_length=6,
            ),
        ),
        migrations.AddField(
            model_name="benefitagreement",
            name="disowned_at",
            field=models.DateTimeField(help_text="when the household said that it knows nothing of it", null=True),
        ),
        migrations.AddField(
            model_name="household",
            name="phone_index",
            field=models.CharField(blank=True, db_index=True, default="", max_length=32),
        ),
        RunPython(index_phones, RunPython.noop),
        RunSQL(
            "UPDATE provenance_benefitagreement SET confirmed_by = 'office' WHERE confirmed_at IS NOT NULL", RunSQL.noop
        ),
        migrations.AddConstraint(
            model_name="benefitagreement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("confirmed_at__isnull", True), ("confirmed_by", "")),
                    models.Q(("confirmed_at__isnull", False), ("confirmed_by__in", ["code", "office"])),
                    _connector="OR",
                ),
                name="confirmed_in_some_way",
            ),
        ),
        migrations.AddField(
            model_name="agreementpaper",
            name="added_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="agreementpaper",
            name="agreement",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="papers", to="provenance.benefitagreement"
            ),
        ),
        migrations.AddField(
            model_name="agreementpaper",
            name="producer",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="organisations.organisation"
            ),
        ),
        migrations.AddField(
            model_name="householdcode",
            name="agreement",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="codes", to="provenance.benefitagreement"
            ),
        ),
        migrations.AddConstraint(
            model_name="agreementpaper",
            constraint=models.UniqueConstraint(
                fields=("agreement", "kind", "sha256"), name="a_paper_is_filed_once_beside_an_agreement"
            ),
        ),
        migrations.AddIndex(
            model_name="householdcode",
            index=models.Index(fields=["agreement", "-asked_at"], name="codes_of_an_agreement"),
        ),
    ]
