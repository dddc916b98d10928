"""That a purchase was paid stands beside it, with the number of the slip; a wrong one is replaced, never edited."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models
from django.db.migrations import RunSQL

from marketplace.organisations.sql import append_only

PAID = RunSQL(
    """
    CREATE FUNCTION collection_paid() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DECLARE bought provenance_collection;
    BEGIN
        PERFORM provenance_alone();
        -- Whoever reverses it holds the same lock.
        SELECT * INTO bought FROM provenance_collection WHERE id = NEW.collection_id FOR NO KEY UPDATE;
        IF EXISTS (SELECT FROM provenance_collectionreversal WHERE collection_id = NEW.collection_id) THEN
            RAISE EXCEPTION 'Collection % was reversed; nothing is paid for it.', bought.note
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        IF NEW.paid_on NOT BETWEEN bought.collected_on AND (now() AT TIME ZONE 'Asia/Shanghai')::date THEN
            RAISE EXCEPTION 'Collection % was not paid before it was bought, nor on a day to come.', bought.note
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        IF NEW.producer_id <> bought.producer_id
            OR NOT EXISTS (
                SELECT FROM evidence_entry WHERE id = NEW.entry_id
                    AND (kind, subject) = ('collection.paid', 'collection:' || NEW.collection_id)
            )
            OR (NEW.replaces_id IS NOT NULL AND NOT EXISTS (
                SELECT FROM provenance_collectionpayment WHERE (id, collection_id) = (NEW.replaces_id, NEW.collection_id)
            ))
        THEN
            RAISE EXCEPTION 'A payment is of its collection''s producer, in the log, and replaces one of the same collection.'
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER collection_paid BEFORE INSERT ON provenance_collectionpayment
        FOR EACH ROW EXECUTE FUNCTION collection_paid();
    """,
    """
    DROP TRIGGER collection_paid ON provenance_collectionpayment;
    DROP FUNCTION collection_paid();
    """,
)


class Migration(migrations.Migration):
    dependencies = [
        ("evidence", "0002_append_only"),
        ("organisations", "0005_place_stays"),
        ("provenance", "0010_purchases_reversed"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CollectionPayment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("slip", models.CharField(max_length=80)),
                ("paid_on", models.DateField()),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "collection",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="payments",
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
                    "recorded_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "replaces",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="replaced_by",
                        to="provenance.collectionpayment",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("replaces__isnull", True)),
                        fields=("collection",),
                        name="a_purchase_is_paid_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("slip", ""), _negated=True), name="a_payment_has_a_slip"
                    ),
                ],
            },
        ),
        append_only("provenance_collectionpayment"),
        PAID,
    ]
