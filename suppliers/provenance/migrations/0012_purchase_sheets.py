"""Spreadsheets of purchases, with the copy that says what to mend."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import marketplace.organisations.personal


class Migration(migrations.Migration):
    dependencies = [
        ("organisations", "0005_place_stays"),
        ("provenance", "0011_purchases_paid"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="PurchaseImport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("file_name", models.CharField(max_length=200)),
                ("sha256", models.CharField(max_length=64)),
                ("found", models.PositiveIntegerField()),
                ("entered", models.PositiveIntegerField()),
                ("known", models.PositiveIntegerField(help_text="entered before, just as they stand")),
                (
                    "faults",
                    models.JSONField(default=list, help_text="[[sheet, row, column, refusal as it is kept], …]"),
                ),
                (
                    "annotated",
                    marketplace.organisations.personal.EncryptedTextField(
                        blank=True,
                        default="",
                        help_text="the annotated workbook, base64: nobody knows what else stands in it",
                    ),
                ),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "imported_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "producer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="organisations.organisation"
                    ),
                ),
            ],
            options={"ordering": ["-id"]},
        ),
    ]
