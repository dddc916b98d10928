"""Objections to what is on public notice."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import marketplace.organisations.personal


class Migration(migrations.Migration):
    dependencies = [
        ("accreditation", "0006_application_guards"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Objection",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", marketplace.organisations.personal.EncryptedTextField(blank=True, default="")),
                ("contact", marketplace.organisations.personal.EncryptedTextField(blank=True, default="")),
                ("contact_index", models.CharField(max_length=32)),
                (
                    "address_index",
                    models.CharField(db_index=True, help_text="of the network address it came from", max_length=32),
                ),
                ("text", models.TextField()),
                ("at", models.DateTimeField(auto_now_add=True)),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "To be answered"), ("upheld", "Upheld"), ("dismissed", "Dismissed")],
                        default="open",
                        max_length=10,
                    ),
                ),
                ("answer", models.TextField(blank=True, default="")),
                ("answered_at", models.DateTimeField(null=True)),
                (
                    "accreditation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="objections",
                        to="accreditation.accreditation",
                    ),
                ),
                (
                    "answered_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "raised_by",
                    models.ForeignKey(
                        help_text="null: a visitor",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={"ordering": ["id"]},
        ),
        migrations.AddConstraint(
            model_name="objection",
            constraint=models.UniqueConstraint(
                fields=("accreditation", "contact_index"), name="one_objection_per_contact"
            ),
        ),
        migrations.AddConstraint(
            model_name="objection",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("answer", ""), ("answered_at__isnull", True), ("answered_by__isnull", True), ("state", "open")
                    ),
                    models.Q(
                        ("answered_at__isnull", False),
                        ("answered_by__isnull", False),
                        models.Q(("state", "open"), _negated=True),
                        models.Q(("answer", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="an_objection_is_answered_with_a_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="objection",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("raised_by__isnull", True),
                    ("answered_by__isnull", True),
                    models.Q(("answered_by", models.F("raised_by")), _negated=True),
                    _connector="OR",
                ),
                name="an_objection_is_answered_by_another",
            ),
        ),
    ]
