"""What is counted over many rows is counted by one session at a time: two at once would each miss the other's rows (I1, I3)."""

from django.db import migrations
from django.db.migrations import RunSQL

# A snapshot older than the lock would not see what the other session wrote while this one waited.
_ALONE = """
    CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    BEGIN
        IF current_setting('transaction_isolation') <> 'read committed' THEN
            RAISE EXCEPTION '% is written at the isolation level READ COMMITTED only.', TG_TABLE_NAME
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        PERFORM id FROM {held} WHERE id IN ({named}) ORDER BY id FOR NO KEY UPDATE;
        RETURN NULL;
    END $$;
    -- Triggers of one kind go off in the order of their names: this one comes before the count.
    CREATE TRIGGER alone_{name} AFTER INSERT ON {table}
        REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION {function}();
"""


def alone(table: str, name: str, held: str, named: str) -> RunSQL:
    """Hold the rows of `held` whose ids the query `named` finds for new rows of `table`, before anything is counted over them."""
    function = f"{table}_alone_{name}"
    return RunSQL(
        _ALONE.format(function=function, held=held, named=named, name=name, table=table),
        f"DROP TRIGGER alone_{name} ON {table}; DROP FUNCTION {function}();",
    )


class Migration(migrations.Migration):
    """Plain SQL, so that no session of the application can switch it off."""

    dependencies = [("fulfilment", "0005_uncalled"), ("organisations", "0005_place_stays")]
    operations = [
        alone("fulfilment_parcelline", "line", "order_line", "SELECT line_id FROM fresh"),
        alone(
            "fulfilment_allocation",
            "line",
            "order_line",
            "SELECT pl.line_id FROM fulfilment_parcelline pl JOIN fresh ON fresh.parcel_line_id = pl.id",
        ),
        alone("fulfilment_allocation", "lot", "stock_lot", "SELECT lot_id FROM fresh"),
    ]
