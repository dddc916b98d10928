"""Drafts that are kept, papers beside an application, and one application at a time."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accreditation", "0004_as_logged"),
        ("organisations", "0005_place_stays"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="accreditation",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    ("state__in", ("applied", "town_review", "sector_review", "county_decision", "public_notice"))
                ),
                fields=("product",),
                name="one_application_under_way_per_product",
            ),
        ),
        migrations.AddConstraint(
            model_name="accreditation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "draft")),
                fields=("product", "producer"),
                name="one_draft_per_product_and_producer",
            ),
        ),
        migrations.CreateModel(
            name="ApplicationPaper",
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
                            ("licence", "Business licence"),
                            ("quality", "Test report"),
                            ("price", "Evidence of the price"),
                            ("benefit", "Proof of what households get"),
                            ("origin", "Proof of origin"),
                            ("other", "Another paper"),
                        ],
                        max_length=8,
                    ),
                ),
                (
                    "accreditation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="papers",
                        to="accreditation.accreditation",
                    ),
                ),
                (
                    "added_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "abstract": False,
            },
        ),
        migrations.AddConstraint(
            model_name="applicationpaper",
            constraint=models.UniqueConstraint(
                fields=("accreditation", "kind", "sha256"), name="a_paper_is_filed_once_beside_an_application"
            ),
        ),
    ]
