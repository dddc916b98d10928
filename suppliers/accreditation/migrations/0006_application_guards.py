"""What was applied for stays as it was sent, and the papers beside it as they were filed."""

from django.db import migrations
from django.db.migrations import RunSQL

from marketplace.organisations.sql import append_only

# Of what is valid, suspended or revoked `as_logged` compares product, producer, county and number with the log.
APPLICATION_STAYS = RunSQL(
    """
    CREATE FUNCTION application_stays() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'Application % stays as it was sent.', OLD.number USING ERRCODE = 'integrity_constraint_violation';
    END $$;
    CREATE TRIGGER application_stays BEFORE UPDATE ON accreditation_accreditation FOR EACH ROW
        WHEN ((OLD.state <> 'draft' AND (OLD.mechanism, OLD.households) IS DISTINCT FROM (NEW.mechanism, NEW.households))
            OR (OLD.state NOT IN ('valid', 'suspended', 'revoked') AND (OLD.number, OLD.product_id, OLD.producer_id, OLD.county_id)
                IS DISTINCT FROM (NEW.number, NEW.product_id, NEW.producer_id, NEW.county_id)))
        EXECUTE FUNCTION application_stays();
    """,
    """
    DROP TRIGGER application_stays ON accreditation_accreditation;
    DROP FUNCTION application_stays();
    """,
)


class Migration(migrations.Migration):
    """Plain SQL, so that no session of the application can switch it off."""

    dependencies = [("accreditation", "0005_applications")]
    operations = [APPLICATION_STAYS, append_only("accreditation_applicationpaper")]
