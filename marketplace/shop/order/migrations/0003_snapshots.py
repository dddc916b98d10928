"""What was ordered stays as it was ordered (I12). What becomes of it is told by parcels, not by changing the line."""

from django.db import migrations
from django.db.migrations import RunSQL

from marketplace.organisations.sql import append_only

ORDERS = RunSQL(
    """
    CREATE TRIGGER snapshot_stays BEFORE UPDATE ON order_order FOR EACH ROW
        WHEN ((OLD.number, OLD.union_id, OLD.gift_year, OLD.total_incl_tax, OLD.recipients, OLD.status)
            IS DISTINCT FROM (NEW.number, NEW.union_id, NEW.gift_year, NEW.total_incl_tax, NEW.recipients, NEW.status))
        EXECUTE FUNCTION refuse_change();
    """,
    "DROP TRIGGER snapshot_stays ON order_order;",
)


class Migration(migrations.Migration):
    """Plain SQL, so that no session of the application can switch it off."""

    dependencies = [("order", "0002_initial"), ("organisations", "0002_functions")]
    operations = [append_only("order_line"), ORDERS]
