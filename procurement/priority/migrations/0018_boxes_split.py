"""A mixed box's price is shared out among its parts as they cost singly: nobody counts ordinary goods as assistance goods by the split."""

from django.db import migrations
from django.db.migrations import RunSQL

# Of a box with both kinds: the assistance parts' share of its price is at most their share of what all parts cost singly, more by the
# price band at most (within it the policy takes prices for alike). What an assistance product costs singly is its own producer's price;
# of an ordinary one the dearest offer counts.
SPLIT = RunSQL(
    """
    CREATE FUNCTION box_split() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE askew text;
    BEGIN
        WITH boxed AS (
            SELECT DISTINCT d.line_id, p.price_band_bp FROM fresh d
            JOIN order_line l ON l.id = d.line_id AND l.product_id <> d.product_id
            JOIN priority_judgement j ON j.id = d.judgement_id JOIN policy_policy p ON p.id = j.policy_id
            WHERE d.outcome <> 'uncovered'
        ), parts AS (
            SELECT b.line_id, b.price_band_bp, l.title, part.product, part.quantity, part.price,
                EXISTS (SELECT FROM fresh d WHERE (d.line_id, d.product_id, d.outcome) = (l.id, part.product, 'assistance')) AS helped
            FROM boxed b JOIN order_line l ON l.id = b.line_id
            CROSS JOIN LATERAL jsonb_to_recordset(l.components) AS part(product bigint, quantity bigint, price bigint)
        ), priced AS (
            SELECT *, coalesce(CASE WHEN helped THEN (
                SELECT min(sr.price * 100)::bigint FROM accreditation_accreditation a
                JOIN partner_partner maker ON maker.organisation_id = a.producer_id
                JOIN partner_stockrecord sr ON sr.partner_id = maker.id AND sr.product_id = a.product_id
                WHERE a.product_id = parts.product AND a.state = 'valid'
            ) ELSE (
                SELECT max(sr.price * 100)::bigint FROM partner_stockrecord sr WHERE sr.product_id = parts.product
            ) END, price) AS singly FROM parts
        )
        SELECT min(title) INTO askew FROM priced GROUP BY line_id, price_band_bp
            HAVING bool_or(helped) AND NOT bool_and(helped)
                AND sum(price * quantity) FILTER (WHERE helped) * sum(singly * quantity) * 10000
                    > sum(singly * quantity) FILTER (WHERE helped) * sum(price * quantity) * (10000 + price_band_bp) LIMIT 1;
        IF askew IS NOT NULL THEN
            RAISE EXCEPTION 'In the box "%" assistance goods count for more of its price than they cost singly.', askew
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NULL;
    END $$;
    CREATE TRIGGER box_split AFTER INSERT ON priority_decision
        REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION box_split();
    """,
    "DROP TRIGGER box_split ON priority_decision; DROP FUNCTION box_split();",
)


class Migration(migrations.Migration):
    """Plain SQL, so that no session of the application can switch it off."""

    dependencies = [
        ("priority", "0017_last_year_holds"),
        ("accreditation", "0004_as_logged"),
        ("policy", "0004_rule_in_full"),
    ]
    operations = [SPLIT]
