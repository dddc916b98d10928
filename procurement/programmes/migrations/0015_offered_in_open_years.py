"""An order is offered to another union while the years of both are open, as it is handed on: what is offered can be taken over."""

from django.db import migrations
from django.db.migrations import RunSQL

# It writes the rows of both years, so that an offer and a closing wait for each other.
OFFERED = RunSQL(
    """
    CREATE FUNCTION offered_in_open_years() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM require_open_year(u, NEW.gift_year::int) FROM unnest(ARRAY[NEW.union_id, NEW.to_union_id]) u ORDER BY u;
        RETURN NEW;
    END $$;
    CREATE TRIGGER in_open_years BEFORE INSERT ON programmes_reattribution
        FOR EACH ROW EXECUTE FUNCTION offered_in_open_years();
    """,
    "DROP TRIGGER in_open_years ON programmes_reattribution; DROP FUNCTION offered_in_open_years();",
)


class Migration(migrations.Migration):
    """Plain SQL, so that no session of the application can switch it off."""

    dependencies = [("programmes", "0014_reattribution_guards")]
    operations = [OFFERED]
