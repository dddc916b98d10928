"""A lot's condition is what its holds and recalls say; holds are lifted once, recalls never; a missing pass certificate stays missing
until one is entered.
"""

from django.conf import settings
from django.db import migrations
from django.db.migrations import RunSQL

from marketplace.organisations.sql import append_only, declared_moves

INCIDENTS_STAY = RunSQL(
    f"""
    CREATE FUNCTION incident_stays() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'What was said when a hold or recall began, or how a hold ended, is not changed afterwards.'
            USING ERRCODE = 'integrity_constraint_violation';
    END $$;
    CREATE TRIGGER incident_stays BEFORE UPDATE ON provenance_incident FOR EACH ROW
        WHEN (OLD.state = 'lifted' OR (to_jsonb(OLD) - ARRAY['state', 'lifted_by_id', 'lifted_at', 'lifted_words'])
            IS DISTINCT FROM (to_jsonb(NEW) - ARRAY['state', 'lifted_by_id', 'lifted_at', 'lifted_words']))
        EXECUTE FUNCTION incident_stays();
    CREATE TRIGGER never_removed BEFORE DELETE OR TRUNCATE ON provenance_incident
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
    REVOKE DELETE, TRUNCATE ON provenance_incident FROM {settings.DATABASE_APP_ROLE};
    """,
    f"""
    GRANT DELETE ON provenance_incident TO {settings.DATABASE_APP_ROLE};
    DROP TRIGGER never_removed ON provenance_incident;
    DROP TRIGGER incident_stays ON provenance_incident;
    DROP FUNCTION incident_stays();
    """,
)

CONDITION_FOLLOWS = RunSQL(
    """
    CREATE FUNCTION check_conditions(named bigint[]) RETURNS void LANGUAGE plpgsql AS $$
    DECLARE wrong text;
    BEGIN
        PERFORM id FROM stock_lot WHERE id = ANY(named) ORDER BY id FOR NO KEY UPDATE;
        SELECT l.code || ' is ' || l.condition INTO wrong FROM stock_lot l WHERE l.id = ANY(named) AND l.condition <> (
            SELECT CASE
                WHEN bool_or(i.kind = 'recall') THEN 'recalled' WHEN bool_or(i.state = 'open') THEN 'held' ELSE 'good'
            END FROM provenance_incidentlot c JOIN provenance_incident i ON i.id = c.incident_id WHERE c.lot_id = l.id
        ) LIMIT 1;
        IF wrong IS NOT NULL THEN
            RAISE EXCEPTION 'Lot %, which is not what its holds and recalls say.', wrong
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
    END $$;
    CREATE FUNCTION condition_follows() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_TABLE_NAME = 'provenance_incident' THEN
            PERFORM check_conditions(ARRAY(SELECT lot_id FROM provenance_incidentlot WHERE incident_id = NEW.id));
        ELSE
            PERFORM check_conditions(ARRAY[(to_jsonb(NEW) ->> TG_ARGV[0])::bigint]);
        END IF;
        RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER condition_follows AFTER INSERT ON provenance_incidentlot
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION condition_follows('lot_id');
    CREATE CONSTRAINT TRIGGER condition_follows AFTER UPDATE OF state ON provenance_incident
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION condition_follows('id');
    CREATE CONSTRAINT TRIGGER condition_follows AFTER UPDATE OF condition ON stock_lot
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (OLD.condition <> NEW.condition)
        EXECUTE FUNCTION condition_follows('id');
    CREATE CONSTRAINT TRIGGER condition_begins AFTER INSERT ON stock_lot
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.condition <> 'good') EXECUTE FUNCTION condition_follows('id');
    """,
    """
    DROP TRIGGER condition_begins ON stock_lot;
    DROP TRIGGER condition_follows ON stock_lot;
    DROP TRIGGER condition_follows ON provenance_incident;
    DROP TRIGGER condition_follows ON provenance_incidentlot;
    DROP FUNCTION condition_follows();
    DROP FUNCTION check_conditions(bigint[]);
    """,
)

CERTIFICATES = RunSQL(
    """
    ALTER TABLE provenance_passcertificate ADD CONSTRAINT kept_half_a_year
        CHECK (keep_until >= issued_on + interval '6 months');

    CREATE FUNCTION certificate_wanted() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (
            SELECT FROM partner_stockrecord sr
            JOIN catalogue_product p ON p.id = sr.product_id
            JOIN catalogue_commodityclass c ON c.id = p.commodity_class_id
            JOIN provenance_certificaterule r ON r.commodity_class_id IN (c.id, c.parent_id)
            WHERE sr.stock_id = NEW.stock_id AND r.since <= NEW.produced_on
                AND (r.until IS NULL OR r.until >= NEW.produced_on)
        ) THEN
            NEW.certificate_due := true;
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER certificate_wanted BEFORE INSERT ON stock_lot FOR EACH ROW EXECUTE FUNCTION certificate_wanted();

    CREATE FUNCTION certificate_entered() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NOT EXISTS (SELECT FROM provenance_passcertificate WHERE lot_id = NEW.id) THEN
            RAISE EXCEPTION 'Lot % needs a pass certificate, and none was entered.', NEW.code
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER certificate_entered BEFORE UPDATE OF certificate_due ON stock_lot FOR EACH ROW
        WHEN (OLD.certificate_due AND NOT NEW.certificate_due) EXECUTE FUNCTION certificate_entered();
    """,
    """
    DROP TRIGGER certificate_entered ON stock_lot;
    DROP FUNCTION certificate_entered();
    DROP TRIGGER certificate_wanted ON stock_lot;
    DROP FUNCTION certificate_wanted();
    ALTER TABLE provenance_passcertificate DROP CONSTRAINT kept_half_a_year;
    """,
)


class Migration(migrations.Migration):
    """Plain SQL, so that no session of the application can switch it off."""

    dependencies = [
        ("provenance", "0005_incidents"),
        ("organisations", "0002_functions"),
        ("partner", "0001_initial"),
        ("catalogue", "0001_initial"),
    ]
    operations = [
        append_only("provenance_incidentlot"),
        append_only("provenance_passcertificate"),
        declared_moves("provenance_incident", {"open": ["lifted"]}),
        INCIDENTS_STAY,
        CONDITION_FOLLOWS,
        CERTIFICATES,
    ]
