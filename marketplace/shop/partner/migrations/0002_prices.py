"""Every price that an offer ever had is kept, on whatever path it was set."""

from django.db import migrations
from django.db.migrations import RunSQL

from marketplace.organisations.sql import append_only

PRICES = RunSQL(
    """
    CREATE FUNCTION record_price() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO partner_pricerecord (stockrecord_id, price) VALUES (NEW.id, (NEW.price * 100)::int);
        RETURN NULL;
    END $$;
    CREATE TRIGGER first_price AFTER INSERT ON partner_stockrecord
        FOR EACH ROW WHEN (NEW.price IS NOT NULL) EXECUTE FUNCTION record_price();
    CREATE TRIGGER next_price AFTER UPDATE OF price ON partner_stockrecord
        FOR EACH ROW WHEN (NEW.price IS DISTINCT FROM OLD.price) EXECUTE FUNCTION record_price();
    """,
    """
    DROP TRIGGER next_price ON partner_stockrecord;
    DROP TRIGGER first_price ON partner_stockrecord;
    DROP FUNCTION record_price();
    """,
)


class Migration(migrations.Migration):
    """Plain SQL, so that no session of the application can switch it off."""

    dependencies = [("partner", "0001_initial"), ("organisations", "0002_functions")]
    operations = [PRICES, append_only("partner_pricerecord")]
