"""No product becomes an assistance product by an INSERT or UPDATE: what counts of an accreditation is what the log says of it."""

from django.db import migrations
from django.db.migrations import RunSQL

# At commit, so that a verb may move it and write it down in either order. The latest word on that number counts: its kind is the
# state, its product, producer and county are the row's, and the row's period lies within the one that was made valid.
AS_LOGGED = RunSQL(
    """
    CREATE FUNCTION accreditation_as_logged() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        a accreditation_accreditation;
        said jsonb;
        period jsonb;
        last text;
    BEGIN
        SELECT * INTO a FROM accreditation_accreditation WHERE id = NEW.id;
        IF a.state NOT IN ('valid', 'suspended', 'revoked') THEN
            RETURN NULL;
        END IF;
        WITH told AS MATERIALIZED (
            SELECT e.id, e.kind, convert_from(e.leaf, 'UTF8')::jsonb -> 'body' AS body FROM evidence_entry e
            WHERE e.subject <> '' AND e.subject = 'product:' || a.product_id AND starts_with(e.kind, 'accreditation.')
        ), own AS (
            SELECT * FROM told WHERE body ->> 'number' = a.number
        )
        SELECT (array_agg(kind ORDER BY id DESC))[1], (array_agg(body ORDER BY id DESC))[1],
            (array_agg(body ORDER BY id DESC) FILTER (WHERE kind = 'accreditation.valid' AND body ? 'valid_from'))[1]
            INTO last, said, period FROM own;
        IF (last, (said ->> 'product')::bigint, (said ->> 'producer')::bigint, said ->> 'county') IS DISTINCT FROM
                ('accreditation.' || a.state, a.product_id, a.producer_id, a.county_id::text)
            OR period IS NULL OR a.valid_from < (period ->> 'valid_from')::date OR a.valid_to > (period ->> 'valid_to')::date
        THEN
            RAISE EXCEPTION 'The accreditation % is not what the log says of it.', a.number
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER as_logged AFTER UPDATE ON accreditation_accreditation DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
        WHEN ((OLD.number, OLD.product_id, OLD.producer_id, OLD.county_id, OLD.state, OLD.valid_from, OLD.valid_to) IS DISTINCT FROM
            (NEW.number, NEW.product_id, NEW.producer_id, NEW.county_id, NEW.state, NEW.valid_from, NEW.valid_to))
        EXECUTE FUNCTION accreditation_as_logged();

    CREATE FUNCTION accreditation_begins() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'An accreditation begins as an application, and is kept: % is refused.', TG_OP
            USING ERRCODE = 'integrity_constraint_violation';
    END $$;
    CREATE TRIGGER begins_as_applied BEFORE INSERT ON accreditation_accreditation FOR EACH ROW
        WHEN (NEW.state NOT IN ('draft', 'applied') OR NEW.valid_from IS NOT NULL OR NEW.valid_to IS NOT NULL)
        EXECUTE FUNCTION accreditation_begins();
    CREATE TRIGGER is_kept BEFORE DELETE OR TRUNCATE ON accreditation_accreditation
        FOR EACH STATEMENT EXECUTE FUNCTION accreditation_begins();
    """,
    """
    DROP TRIGGER is_kept ON accreditation_accreditation;
    DROP TRIGGER begins_as_applied ON accreditation_accreditation;
    DROP FUNCTION accreditation_begins();
    DROP TRIGGER as_logged ON accreditation_accreditation;
    DROP FUNCTION accreditation_as_logged();
    """,
)


class Migration(migrations.Migration):
    """Plain SQL, so that no session of the application can switch it off."""

    dependencies = [("accreditation", "0003_moves"), ("evidence", "0002_append_only")]
    operations = [AS_LOGGED]
