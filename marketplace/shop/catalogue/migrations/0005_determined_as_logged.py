"""A determination is what its own log entry says, word for word: no class changes under a name that the log does not know."""

from django.db import migrations
from django.db.migrations import RunSQL

AS_LOGGED = RunSQL(
    """
    CREATE FUNCTION determined_as_logged() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        entry evidence_entry;
        body jsonb;
    BEGIN
        SELECT * INTO entry FROM evidence_entry WHERE id = NEW.entry_id;
        body := convert_from(entry.leaf, 'UTF8')::jsonb -> 'body';
        IF (entry.kind, entry.subject, body ->> 'number', body ->> 'ground', body -> 'before', body -> 'after') IS DISTINCT FROM
            ('product.determined', 'product:' || NEW.product_id, NEW.number, NEW.ground, NEW.before, NEW.after)
        THEN
            RAISE EXCEPTION 'The determination % is not what its log entry says.', NEW.number
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER as_logged BEFORE INSERT ON catalogue_determination FOR EACH ROW EXECUTE FUNCTION determined_as_logged();
    """,
    "DROP TRIGGER as_logged ON catalogue_determination; DROP FUNCTION determined_as_logged();",
)


class Migration(migrations.Migration):
    """Plain SQL, so that no session of the application can switch it off."""

    dependencies = [("catalogue", "0004_determined")]
    operations = [AS_LOGGED]
