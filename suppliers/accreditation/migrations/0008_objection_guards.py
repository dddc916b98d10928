"""Objections come while the notice runs, stay as they were raised, are answered once, and before the accreditation becomes valid."""

from django.db import migrations
from django.db.migrations import RunSQL

from marketplace.organisations.sql import declared_moves

MOVES = {"open": ["upheld", "dismissed"]}

# Both triggers hold the accreditation's row, so that of two sessions one sees what the other did (at READ COMMITTED). Name and contact may be erased.
GUARDS = RunSQL(
    """
    CREATE FUNCTION objection_on_notice() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM 1 FROM accreditation_accreditation WHERE id = NEW.accreditation_id AND state = 'public_notice' FOR SHARE;
        IF NOT FOUND OR NEW.state <> 'open' THEN
            RAISE EXCEPTION 'An objection begins open, to what is on public notice.' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER on_notice BEFORE INSERT ON accreditation_objection FOR EACH ROW EXECUTE FUNCTION objection_on_notice();

    CREATE FUNCTION objection_stays() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'An objection stays as it was raised and as it was answered.' USING ERRCODE = 'integrity_constraint_violation';
    END $$;
    CREATE TRIGGER objection_stays BEFORE UPDATE ON accreditation_objection FOR EACH ROW
        WHEN ((OLD.accreditation_id, OLD.contact_index, OLD.raised_by_id, OLD.text, OLD.at)
                IS DISTINCT FROM (NEW.accreditation_id, NEW.contact_index, NEW.raised_by_id, NEW.text, NEW.at)
            OR (OLD.state <> 'open' AND (OLD.state, OLD.answer, OLD.answered_by_id, OLD.answered_at)
                IS DISTINCT FROM (NEW.state, NEW.answer, NEW.answered_by_id, NEW.answered_at)))
        EXECUTE FUNCTION objection_stays();
    CREATE TRIGGER objection_is_kept BEFORE DELETE OR TRUNCATE ON accreditation_objection
        FOR EACH STATEMENT EXECUTE FUNCTION objection_stays();

    CREATE FUNCTION accreditation_objections_answered() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF current_setting('transaction_isolation') <> 'read committed' THEN
            RAISE EXCEPTION 'An accreditation becomes valid at the isolation level READ COMMITTED only.'
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        IF EXISTS (SELECT FROM accreditation_objection WHERE accreditation_id = NEW.id AND state <> 'dismissed') THEN
            RAISE EXCEPTION 'Accreditation % becomes valid only when every objection to it is dismissed.', NEW.number
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER objections_answered BEFORE UPDATE ON accreditation_accreditation FOR EACH ROW
        WHEN (OLD.state = 'public_notice' AND NEW.state = 'valid') EXECUTE FUNCTION accreditation_objections_answered();
    """,
    """
    DROP TRIGGER objections_answered ON accreditation_accreditation;
    DROP FUNCTION accreditation_objections_answered();
    DROP TRIGGER objection_is_kept ON accreditation_objection;
    DROP TRIGGER objection_stays ON accreditation_objection;
    DROP FUNCTION objection_stays();
    DROP TRIGGER on_notice ON accreditation_objection;
    DROP FUNCTION objection_on_notice();
    """,
)


class Migration(migrations.Migration):
    """Plain SQL, so that no session of the application can switch it off."""

    dependencies = [("accreditation", "0007_objections")]
    operations = [declared_moves("accreditation_objection", MOVES), GUARDS]
