"""No product enters a class unseen: what it is compared by when it comes is what the log says of it when it is put on offer."""

from django.db import migrations
from django.db.migrations import RunSQL

# At commit, since a product is written before its offer. What it is compared by afterwards is its latest determination's (0004).
ENTERED = RunSQL(
    """
    CREATE FUNCTION product_as_listed() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NOT EXISTS (
            SELECT FROM catalogue_commodityclass c JOIN evidence_entry e ON e.subject <> '' AND e.subject = 'product:' || NEW.id
            CROSS JOIN LATERAL (SELECT convert_from(e.leaf, 'UTF8')::jsonb -> 'body' AS body) told
            WHERE c.id = NEW.commodity_class_id AND e.kind = 'offer.listed'
                AND (body ->> 'class', body ->> 'content') = (c.code, NEW.net_content::text)
        ) THEN
            RAISE EXCEPTION 'Product % comes into its class without an entry of the log that names class and content.', NEW.id
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER as_listed AFTER INSERT ON catalogue_product DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
        WHEN (NEW.commodity_class_id IS NOT NULL) EXECUTE FUNCTION product_as_listed();
    """,
    "DROP TRIGGER as_listed ON catalogue_product; DROP FUNCTION product_as_listed();",
)


class Migration(migrations.Migration):
    """Plain SQL, so that no session of the application can switch it off."""

    dependencies = [("catalogue", "0005_determined_as_logged"), ("evidence", "0002_append_only")]
    operations = [ENTERED]
