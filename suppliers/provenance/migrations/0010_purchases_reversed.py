"""A wrong purchase is taken back by a row of its own, unless something was made of it; its number may then be entered again (I4)."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models
from django.db.migrations import RunSQL

from marketplace.organisations.sql import append_only

REVERSED = RunSQL(
    """
    CREATE FUNCTION collection_reversed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    BEGIN
        PERFORM provenance_alone();
        -- Whoever uses it holds the same lock: one of the two waits for the other, and then sees what it wrote.
        PERFORM id FROM provenance_collection WHERE id = NEW.collection_id FOR NO KEY UPDATE;
        IF EXISTS (SELECT FROM provenance_input WHERE collection_id = NEW.collection_id) THEN
            RAISE EXCEPTION 'Collection % went into lots and is not reversed.', NEW.collection_id
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        IF NOT EXISTS (
            SELECT FROM provenance_collection c JOIN evidence_entry e ON e.id = NEW.entry_id
            WHERE (c.id, c.producer_id) = (NEW.collection_id, NEW.producer_id)
                AND (e.kind, e.subject) = ('collection.reversed', 'collection:' || c.id)
        ) THEN
            RAISE EXCEPTION 'A reversal is of its collection''s producer, and in the log.'
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER collection_reversed BEFORE INSERT ON provenance_collectionreversal
        FOR EACH ROW EXECUTE FUNCTION collection_reversed();

    CREATE FUNCTION reversed_is_not_used() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DECLARE wrong text;
    BEGIN
        PERFORM id FROM provenance_collection WHERE id IN (SELECT collection_id FROM fresh) ORDER BY id FOR NO KEY UPDATE;
        SELECT c.note INTO wrong FROM fresh i JOIN provenance_collection c ON c.id = i.collection_id
            JOIN provenance_collectionreversal r ON r.collection_id = c.id LIMIT 1;
        IF wrong IS NOT NULL THEN
            RAISE EXCEPTION 'Collection % was reversed; nothing is made of it.', wrong
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NULL;
    END $$;
    CREATE TRIGGER reversed_is_not_used AFTER INSERT ON provenance_input
        REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION reversed_is_not_used();

    CREATE FUNCTION collection_in_place() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NOT EXISTS (
            SELECT FROM provenance_collection c JOIN provenance_collectionreversal r ON r.collection_id = c.id
            WHERE c.id = NEW.replaces_id AND (c.producer_id, c.note) = (NEW.producer_id, NEW.note)
        ) THEN
            RAISE EXCEPTION 'A purchase note is entered again only in the place of a reversed entry of the same number.'
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER in_place_of_a_reversed_one BEFORE INSERT ON provenance_collection
        FOR EACH ROW WHEN (NEW.replaces_id IS NOT NULL) EXECUTE FUNCTION collection_in_place();
    """,
    """
    DROP TRIGGER in_place_of_a_reversed_one ON provenance_collection;
    DROP FUNCTION collection_in_place();
    DROP TRIGGER reversed_is_not_used ON provenance_input;
    DROP FUNCTION reversed_is_not_used();
    DROP TRIGGER collection_reversed ON provenance_collectionreversal;
    DROP FUNCTION collection_reversed();
    """,
)


class Migration(migrations.Migration):
    dependencies = [
        ("evidence", "0002_append_only"),
        ("organisations", "0005_place_stays"),
        ("provenance", "0009_notes_of_a_producer"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="collection", name="a_purchase_note_is_entered_once"),
        migrations.AddField(
            model_name="collection",
            name="replaces",
            field=models.OneToOneField(
                help_text="the reversed one",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="replaced_by",
                to="provenance.collection",
            ),
        ),
        migrations.AddConstraint(
            model_name="collection",
            constraint=models.UniqueConstraint(
                condition=models.Q(("replaces__isnull", True)),
                fields=("producer", "note"),
                name="a_purchase_note_is_entered_once",
            ),
        ),
        migrations.CreateModel(
            name="CollectionReversal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("because", models.CharField(max_length=200)),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "collection",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reversal",
                        to="provenance.collection",
                    ),
                ),
                (
                    "entry",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="evidence.entry"
                    ),
                ),
                (
                    "producer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="organisations.organisation"
                    ),
                ),
                (
                    "reversed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("because", ""), _negated=True), name="a_purchase_is_reversed_for_a_reason"
                    )
                ],
            },
        ),
        append_only("provenance_collectionreversal"),
        REVERSED,
    ]
