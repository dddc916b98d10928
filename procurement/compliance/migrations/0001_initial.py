"""Evidence packs that people asked for, and the way they go (I7)."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from marketplace.organisations.sql import declared_moves


class Migration(migrations.Migration):
    """One table. Its moves are plain SQL, so that no session of the application can switch them off."""

    initial = True

    dependencies = [
        ("order", "0003_snapshots"),
        ("organisations", "0004_user_phone"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="EvidencePack",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[("due", "Asked for"), ("intended", "Noted in the log"), ("done", "Done")],
                        default="due",
                        max_length=8,
                    ),
                ),
                ("asked_at", models.DateTimeField(auto_now_add=True)),
                (
                    "entries",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), default=list, size=None
                    ),
                ),
                ("manifest", models.BinaryField(default=b"")),
                ("content", models.BinaryField(default=b"")),
                ("size", models.PositiveBigIntegerField(default=0, help_text="bytes of the pack")),
                ("sha256", models.CharField(blank=True, max_length=64)),
                ("intended_at", models.DateTimeField(null=True)),
                ("made_at", models.DateTimeField(null=True)),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="packs", to="order.order"
                    ),
                ),
                (
                    "union",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="organisations.organisation"
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "done"), _negated=True),
                        fields=("order",),
                        name="one_pack_of_an_order_is_made_at_a_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "done"), _negated=True),
                            models.Q(("made_at__isnull", False), ("size__gt", 0)),
                            _connector="OR",
                        ),
                        name="a_pack_done_has_content",
                    ),
                ],
            },
        ),
        declared_moves("compliance_evidencepack", {"due": ["intended"], "intended": ["done"]}),
    ]
