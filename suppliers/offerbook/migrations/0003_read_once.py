"""What stands on offer is read once when the book follows: see the listings' migration of the same name."""

from django.db import migrations
from django.db.migrations import RunSQL

_READ_ONCE = """WITH source AS MATERIALIZED (
            SELECT offer, product, body FROM offerbook_source WHERE offer = ANY(offers)
        ), standing AS (
            SELECT offer, product, body FROM source
            UNION ALL
            SELECT o.offer, o.product, concat('{"gone":1,"offer":', o.offer, ',"product":', o.product, '}')
            FROM offerbook_standingoffer o WHERE o.offer = ANY(offers) AND o.offer NOT IN (SELECT offer FROM source)
        )"""
_READ_FOR_EACH = """WITH standing AS (
            SELECT offer, product, body FROM offerbook_source WHERE offer = ANY(offers)
            UNION ALL
            SELECT o.offer, o.product, concat('{"gone":1,"offer":', o.offer, ',"product":', o.product, '}')
            FROM offerbook_standingoffer o
            WHERE o.offer = ANY(offers) AND NOT EXISTS (SELECT FROM offerbook_source s WHERE s.offer = o.offer)
        )"""


def _write(standing: str) -> str:
    return f"""
    CREATE OR REPLACE FUNCTION offerbook_write(offers bigint[]) RETURNS void
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DECLARE moment timestamptz;
    BEGIN
        PERFORM id FROM catalogue_product WHERE id IN (
            SELECT product_id FROM partner_stockrecord WHERE id = ANY(offers)
        ) ORDER BY id FOR NO KEY UPDATE;
        moment := clock_timestamp();
        {standing}, changed AS (
            INSERT INTO offerbook_standingoffer AS o (offer, product, body) SELECT offer, product, body FROM standing ORDER BY offer
            ON CONFLICT (offer) DO UPDATE SET product = EXCLUDED.product, body = EXCLUDED.body
                WHERE o.body IS DISTINCT FROM EXCLUDED.body
            RETURNING o.offer, 'product:' || o.product AS subject, o.body
        ), leaves AS (
            SELECT offer, subject, offerbook_leaf('offer.stands', subject, body, moment) AS leaf FROM changed
        )
        INSERT INTO evidence_entry (kind, subject, leaf, leaf_hash, written_at)
            SELECT 'offer.stands', subject, leaf, sha256('\\x00'::bytea || leaf), moment FROM leaves ORDER BY offer;
    END $$;
    """


class Migration(migrations.Migration):
    """Plain SQL."""

    dependencies = [("offerbook", "0002_kept")]
    operations = [RunSQL(_write(_READ_ONCE), _write(_READ_FOR_EACH))]
