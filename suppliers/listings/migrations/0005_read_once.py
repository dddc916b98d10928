"""What is on offer is read once when listings follow, and what is no longer among it goes.

Asked row by row whether it still stands, a database that has no statistics yet read the whole view anew for every listing: minutes in the
first import into a new database.
"""

from importlib import import_module

from django.db import migrations
from django.db.migrations import RunSQL

_kept = import_module("suppliers.listings.migrations.0002_kept")
_COLUMNS = ", ".join(_kept.COLUMNS)
_NEW, _OLD = (", ".join(f"{row}.{column}" for column in _kept.COLUMNS) for row in ("EXCLUDED", "l"))

REFRESH = RunSQL(
    f"""
    CREATE OR REPLACE FUNCTION refresh_listings(products bigint[]) RETURNS bigint
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DECLARE changed bigint;
    BEGIN
        PERFORM id FROM catalogue_product WHERE id = ANY(products) ORDER BY id FOR NO KEY UPDATE;
        WITH source AS MATERIALIZED (
            SELECT stockrecord_id, {_COLUMNS} FROM listings_source WHERE product_id = ANY(products)
        ), written AS (
            INSERT INTO listings_listing AS l (stockrecord_id, {_COLUMNS}, updated_at)
                SELECT stockrecord_id, {_COLUMNS}, now() FROM source ORDER BY stockrecord_id
            ON CONFLICT (stockrecord_id) DO UPDATE SET ({_COLUMNS}, updated_at) = ROW ({_NEW}, now())
                WHERE ({_OLD}) IS DISTINCT FROM ({_NEW})
            RETURNING 1
        ), removed AS (
            DELETE FROM listings_listing WHERE product_id = ANY(products)
                AND stockrecord_id NOT IN (SELECT stockrecord_id FROM source)
            RETURNING 1
        )
        SELECT (SELECT count(*) FROM written) + (SELECT count(*) FROM removed) INTO changed;
        RETURN changed;
    END $$;
    """,
    _kept.REFRESH.sql.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"),
)


class Migration(migrations.Migration):
    """Plain SQL."""

    dependencies = [("listings", "0004_orders")]
    operations = [REFRESH]
