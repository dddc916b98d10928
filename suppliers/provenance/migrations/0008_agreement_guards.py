"""What was signed stays as it was signed; that a household confirmed or disowned it is said once, and the log says so, too."""

from django.conf import settings
from django.db import migrations
from django.db.migrations import RunSQL

from marketplace.organisations.sql import append_only

AGREEMENT_STAYS = RunSQL(
    f"""
    CREATE FUNCTION agreement_stays() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'An agreement stays as it was signed, and what the household said of it is said once.'
            USING ERRCODE = 'integrity_constraint_violation';
    END $$;
    CREATE TRIGGER agreement_stays BEFORE UPDATE ON provenance_benefitagreement FOR EACH ROW
        WHEN (OLD.confirmed_at IS NOT NULL OR (OLD.disowned_at IS NOT NULL AND NEW.disowned_at IS DISTINCT FROM OLD.disowned_at)
            OR (to_jsonb(OLD) - ARRAY['confirmed_at', 'confirmed_by', 'disowned_at'])
                IS DISTINCT FROM (to_jsonb(NEW) - ARRAY['confirmed_at', 'confirmed_by', 'disowned_at']))
        EXECUTE FUNCTION agreement_stays();
    CREATE TRIGGER never_removed BEFORE DELETE OR TRUNCATE ON provenance_benefitagreement
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
    REVOKE DELETE, TRUNCATE ON provenance_benefitagreement FROM {settings.DATABASE_APP_ROLE};
    """,
    f"""
    GRANT DELETE ON provenance_benefitagreement TO {settings.DATABASE_APP_ROLE};
    DROP TRIGGER never_removed ON provenance_benefitagreement;
    DROP TRIGGER agreement_stays ON provenance_benefitagreement;
    DROP FUNCTION agreement_stays();
    """,
)

# At commit, so that a verb may change the row and write it down in either order.
AS_SAID = RunSQL(
    """
    CREATE FUNCTION agreement_as_said() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE said text := CASE WHEN NEW.confirmed_at IS NOT NULL THEN 'agreement.confirmed' ELSE 'agreement.disowned' END;
    BEGIN
        IF NOT EXISTS (SELECT FROM evidence_entry WHERE subject = 'household:' || NEW.household_id AND kind = said)
            OR ((NEW.confirmed_by = 'code' OR NEW.confirmed_at IS NULL) AND NOT EXISTS (
                SELECT FROM provenance_householdcode WHERE agreement_id = NEW.id AND used_at IS NOT NULL))
        THEN
            RAISE EXCEPTION 'Agreement % is not what its household said of it.', NEW.id
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER as_said AFTER INSERT OR UPDATE ON provenance_benefitagreement DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW WHEN (NEW.confirmed_at IS NOT NULL OR NEW.disowned_at IS NOT NULL) EXECUTE FUNCTION agreement_as_said();

    CREATE FUNCTION question_stays() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'A question to a household gets no more tries, no more time and no second answer.'
            USING ERRCODE = 'integrity_constraint_violation';
    END $$;
    CREATE TRIGGER question_stays BEFORE UPDATE ON provenance_householdcode FOR EACH ROW
        WHEN (NEW.tries < OLD.tries OR NEW.expires_at > OLD.expires_at OR OLD.used_at IS NOT NULL
            OR (NEW.agreement_id, NEW.token_hash, NEW.salt, NEW.asked_at) IS DISTINCT FROM
                (OLD.agreement_id, OLD.token_hash, OLD.salt, OLD.asked_at))
        EXECUTE FUNCTION question_stays();
    """,
    """
    DROP TRIGGER question_stays ON provenance_householdcode;
    DROP FUNCTION question_stays();
    DROP TRIGGER as_said ON provenance_benefitagreement;
    DROP FUNCTION agreement_as_said();
    """,
)


class Migration(migrations.Migration):
    """Plain SQL, so that no session of the application can switch it off."""

    dependencies = [
        ("provenance", "0007_agreements"),
        ("organisations", "0002_functions"),
        ("evidence", "0002_append_only"),
    ]
    operations = [append_only("provenance_agreementpaper"), AGREEMENT_STAYS, AS_SAID]
