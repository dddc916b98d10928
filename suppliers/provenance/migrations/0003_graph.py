"""A lot may be made of lots: transformations with inputs and outputs take the place of one recipe per lot."""

from importlib import import_module

import django.db.models.deletion
from django.db import migrations, models
from django.db.migrations import RunSQL

from marketplace.organisations.sql import append_only

_BALANCE = import_module("suppliers.provenance.migrations.0002_mass_balance").BALANCE
_INPUTS_STAY = append_only("provenance_lotinput")

# What was kept per lot becomes a transformation of its own, with the recipe's id.
MOVE = RunSQL(
    """
    INSERT INTO provenance_transformation (id, producer_id, kind, yield_bp, waste_grams, done_on)
        SELECT r.id, l.holder_id, 'make', r.yield_bp, r.waste_grams, l.produced_on
        FROM provenance_lotrecipe r JOIN stock_lot l ON l.id = r.lot_id ORDER BY r.id;
    INSERT INTO provenance_output (transformation_id, lot_id, unit_grams)
        SELECT id, lot_id, unit_grams FROM provenance_lotrecipe ORDER BY id;
    INSERT INTO provenance_input (transformation_id, collection_id, grams)
        SELECT r.id, i.collection_id, i.grams
        FROM provenance_lotinput i JOIN provenance_lotrecipe r ON r.lot_id = i.lot_id ORDER BY i.id;
    SELECT setval(pg_get_serial_sequence('provenance_transformation', 'id'), max(id)) FROM provenance_transformation
        HAVING count(*) > 0;
    SET CONSTRAINTS ALL IMMEDIATE;
    """,
    """
    DO $$ BEGIN
        IF EXISTS (SELECT FROM provenance_input WHERE lot_id IS NOT NULL)
            OR EXISTS (SELECT FROM provenance_output GROUP BY transformation_id HAVING count(*) > 1) THEN
            RAISE EXCEPTION 'Lots were made of lots, or several at once: one recipe per lot cannot say that.';
        END IF;
    END $$;
    INSERT INTO provenance_lotrecipe (id, lot_id, yield_bp, unit_grams, waste_grams)
        SELECT t.id, o.lot_id, t.yield_bp, o.unit_grams, t.waste_grams
        FROM provenance_transformation t JOIN provenance_output o ON o.transformation_id = t.id ORDER BY t.id;
    INSERT INTO provenance_lotinput (lot_id, collection_id, grams)
        SELECT o.lot_id, i.collection_id, i.grams
        FROM provenance_input i JOIN provenance_output o ON o.transformation_id = i.transformation_id ORDER BY i.id;
    SELECT setval(pg_get_serial_sequence('provenance_lotrecipe', 'id'), max(id)) FROM provenance_lotrecipe HAVING count(*) > 0;
    SET CONSTRAINTS ALL IMMEDIATE;
    """,
)


class Migration(migrations.Migration):
    dependencies = [
        ("organisations", "0005_place_stays"),
        ("provenance", "0002_mass_balance"),
        ("stock", "0004_used"),
    ]

    operations = [
        RunSQL(_BALANCE.reverse_sql, _BALANCE.sql),
        RunSQL(_INPUTS_STAY.reverse_sql, _INPUTS_STAY.sql),
        migrations.CreateModel(
            name="Transformation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("make", "Made"), ("mix", "Mixed"), ("repack", "Repacked")], max_length=8
                    ),
                ),
                ("yield_bp", models.PositiveIntegerField()),
                ("waste_grams", models.PositiveIntegerField(default=0)),
                ("done_on", models.DateField()),
                (
                    "producer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="transformations",
                        to="organisations.organisation",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("yield_bp__gte", 1), ("yield_bp__lte", 10000)), name="nothing_becomes_more"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Output",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("unit_grams", models.PositiveIntegerField()),
                (
                    "lot",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="output", to="stock.lot"
                    ),
                ),
                (
                    "transformation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="outputs",
                        to="provenance.transformation",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("unit_grams__gt", 0)), name="a_unit_weighs_something")
                ],
            },
        ),
        migrations.CreateModel(
            name="Input",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("units", models.PositiveIntegerField(null=True)),
                ("grams", models.PositiveBigIntegerField()),
                (
                    "collection",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="used_in",
                        to="provenance.collection",
                    ),
                ),
                (
                    "lot",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="used_in",
                        to="stock.lot",
                    ),
                ),
                (
                    "transformation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="inputs",
                        to="provenance.transformation",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("transformation", "collection"), name="a_collection_enters_once"),
                    models.UniqueConstraint(fields=("transformation", "lot"), name="a_lot_enters_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("collection__isnull", False), ("lot__isnull", True), ("units__isnull", True)),
                            models.Q(("collection__isnull", True), ("lot__isnull", False), ("units__gt", 0)),
                            _connector="OR",
                        ),
                        name="an_input_is_a_collection_or_a_lot",
                    ),
                    models.CheckConstraint(condition=models.Q(("grams__gt", 0)), name="an_input_weighs_something"),
                ],
            },
        ),
        MOVE,
        migrations.DeleteModel(name="LotInput"),
        migrations.DeleteModel(name="LotRecipe"),
    ]
