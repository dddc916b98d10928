"""No year is closed over an order that is offered by the union, or to it, and not answered: in a closed year nothing moves."""

from django.db import migrations
from django.db.migrations import RunSQL

# After `closes_the_year`, by name, which holds the year's row: whoever offers meanwhile waits, and finds the year closed.
ANSWERED = RunSQL(
    """
    CREATE FUNCTION offers_answered() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE waiting text;
    BEGIN
        SELECT o.number INTO waiting FROM programmes_reattribution r JOIN order_order o ON o.id = r.order_id
            WHERE r.state = 'offered' AND r.gift_year = NEW.gift_year AND NEW.union_id IN (r.union_id, r.to_union_id) LIMIT 1;
        IF waiting IS NOT NULL THEN
            RAISE EXCEPTION 'The order % of the gift year % is offered to another union, and not answered.', waiting, NEW.gift_year
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER offers_answered BEFORE INSERT ON compliance_yearclosing
        FOR EACH ROW EXECUTE FUNCTION offers_answered();
    """,
    "DROP TRIGGER offers_answered ON compliance_yearclosing; DROP FUNCTION offers_answered();",
)


class Migration(migrations.Migration):
    """Plain SQL, so that no session of the application can switch it off."""

    dependencies = [("compliance", "0003_closings"), ("programmes", "0015_offered_in_open_years")]
    operations = [ANSWERED]
