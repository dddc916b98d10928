"""What closed years leave is counted in assistance goods still to be bought, each for its ordinary goods by its own share: so a share that
rises never reaches back to what a closed year's money was set aside for.
"""

from django.db import migrations
from django.db.migrations import RunSQL

_BROUGHT = """
    CREATE OR REPLACE FUNCTION brought_into(of_union bigint, of_year int) RETURNS bigint LANGUAGE plpgsql STABLE AS $$
    DECLARE
        closed record;
        brought bigint := 0;
    BEGIN
        FOR closed IN
            SELECT y.closed_share_bp::bigint AS share, y.ordinary - coalesce(late.ordinary, 0) AS ordinary,
                y.assistance - coalesce(late.assistance, 0) AS assistance
            FROM priority_unionyear y LEFT JOIN LATERAL (
                SELECT sum(r.amount) FILTER (WHERE d.outcome = 'assistance')::bigint AS assistance,
                    sum(r.amount) FILTER (WHERE d.outcome NOT IN ('assistance', 'uncovered') AND NOT d.waived)::bigint AS ordinary
                FROM priority_release r JOIN priority_decision d ON d.id = r.decision_id
                WHERE r.union_id = of_union AND r.gift_year > y.gift_year AND d.gift_year = y.gift_year
            ) late ON true
            WHERE y.union_id = of_union AND y.gift_year < of_year AND y.closed_at IS NOT NULL ORDER BY y.gift_year
        LOOP
            brought := {brought};
        END LOOP;
        RETURN brought;
    END $$;
"""
_CHECK = """
    CREATE OR REPLACE FUNCTION check_year(of_union bigint, of_year int, share bigint, drawn bigint) RETURNS void
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DECLARE
        y priority_unionyear;
        reserve bigint;
    BEGIN
        UPDATE priority_unionyear SET ordinary = ordinary WHERE (union_id, gift_year) = (of_union, of_year) RETURNING * INTO y;
        SELECT coalesce(sum(a.balance), 0) - drawn INTO reserve FROM ledger_purse p JOIN ledger_account a ON a.id = p.account_id
            WHERE (p.union_id, p.gift_year, p.kind) = (of_union, of_year, 'ring_fenced');
        IF {broken} THEN
            RAISE EXCEPTION 'In its gift year % the union % would have more ordinary goods than its share of assistance goods allows.',
                of_year, of_union USING ERRCODE = 'integrity_constraint_violation';
        END IF;
    END $$;
"""
# The same sum as years.left_to_buy.
TO_BUY = """greatest(0, brought - closed.assistance + CASE WHEN closed.share < 10000
                THEN (closed.ordinary * closed.share + 9999 - closed.share) / (10000 - closed.share) ELSE closed.ordinary END)"""
UNCOVERED = """CASE closed.share WHEN 0 THEN 0
                ELSE greatest(0, closed.ordinary + brought - (10000 - closed.share) * closed.assistance / closed.share) END"""


class Migration(migrations.Migration):
    """Plain SQL, so that no session of the application can switch it off."""

    dependencies = [("priority", "0015_still_no_way_round")]
    operations = [
        RunSQL(_BROUGHT.format(brought=TO_BUY), _BROUGHT.format(brought=UNCOVERED)),
        RunSQL(
            _CHECK.format(
                broken="share > 0 AND y.ordinary * 10000"
                " > (10000 - share) * (y.assistance - y.brought_forward + y.ordinary + reserve)"
            ),
            _CHECK.format(
                broken="(y.ordinary + y.brought_forward) * 10000"
                " > (10000 - share) * (y.assistance + y.ordinary + y.brought_forward + reserve)"
            ),
        ),
    ]
