"""A closed year takes nothing any more: whatever counts in a union's year is written while the year is open."""

from django.db import migrations, models
from django.db.migrations import RunSQL

# To write the year's row is what makes a closing and whatever else would count in the year wait for each other, at any isolation level.
OPEN = RunSQL(
    """
    CREATE FUNCTION require_open_year(of_union bigint, of_year int) RETURNS void
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    BEGIN
        INSERT INTO priority_unionyear (union_id, gift_year, assistance, ordinary, make_good_due)
            VALUES (of_union, of_year, 0, 0, false) ON CONFLICT (union_id, gift_year) DO NOTHING;
        UPDATE priority_unionyear SET ordinary = ordinary WHERE (union_id, gift_year) = (of_union, of_year);
        IF EXISTS (SELECT FROM priority_unionyear WHERE union_id = of_union AND gift_year >= of_year AND closed_at IS NOT NULL) THEN
            RAISE EXCEPTION 'The gift year % of the union % is closed: nothing counts in it any more.', of_year, of_union
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
    END $$;

    CREATE FUNCTION in_open_year() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM require_open_year(y.union_id, y.gift_year)
            FROM (SELECT DISTINCT union_id, gift_year::int FROM fresh ORDER BY 1, 2) y;
        RETURN NULL;
    END $$;
    CREATE TRIGGER in_open_year AFTER INSERT ON priority_decision
        REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION in_open_year();

    CREATE TRIGGER closed_stays BEFORE UPDATE ON priority_unionyear FOR EACH ROW
        WHEN (OLD.closed_at IS NOT NULL AND (OLD.closed_at, OLD.assistance, OLD.ordinary)
            IS DISTINCT FROM (NEW.closed_at, NEW.assistance, NEW.ordinary))
        EXECUTE FUNCTION refuse_change();
    CREATE TRIGGER begins_open BEFORE INSERT ON priority_unionyear FOR EACH ROW
        WHEN (NEW.closed_at IS NOT NULL) EXECUTE FUNCTION refuse_change();
    """,
    """
    DROP TRIGGER begins_open ON priority_unionyear;
    DROP TRIGGER closed_stays ON priority_unionyear;
    DROP TRIGGER in_open_year ON priority_decision;
    DROP FUNCTION in_open_year();
    DROP FUNCTION require_open_year(bigint, int);
    """,
)


class Migration(migrations.Migration):
    """Plain SQL, so that no session of the application can switch it off."""

    dependencies = [("priority", "0009_exception_guards")]
    operations = [
        migrations.AddField(model_name="unionyear", name="closed_at", field=models.DateTimeField(null=True)),
        OPEN,
    ]
