"""Ordinary goods that rest on the assistance part of the same gift do not outlive it (clause 2), by whatever path it is given up."""

from django.db import migrations
from django.db.migrations import RunSQL

# Of a judgement: the ordinary lines that still count although the union gave up assistance units that they lean on. What producers
# failed to supply counts for nothing here. Where members left, the gift is so many units smaller and what they were to get is on
# offer again: so many ordinary units must have gone otherwise than with members who left. `units` are those that have still to go.
PART = RunSQL(
    """
    CREATE FUNCTION part_broken(checked bigint) RETURNS TABLE (ref text, units bigint, given_up boolean)
        LANGUAGE sql STABLE AS $$
        WITH told AS MATERIALIZED (
            SELECT line.ref, line.linked FROM priority_judgement j,
                jsonb_to_recordset(j.output::jsonb -> 'lines') AS line(ref text, linked text[])
            WHERE j.id = checked AND cardinality(line.linked) > 0
        ), contents AS MATERIALIZED (
            SELECT line.ref, line.content FROM priority_judgement j,
                jsonb_to_recordset(j.input::jsonb -> 'lines') AS line(ref text, content bigint)
            WHERE j.id = checked AND EXISTS (SELECT FROM told)
        ), standing AS MATERIALIZED (
            SELECT d.ref, d.outcome, c.content, d.quantity - coalesce(r.gone, 0) AS here, coalesce(r.left_us, 0) * c.content AS left_us,
                coalesce(r.gone - r.left_us, 0) * c.content AS otherwise, coalesce(r.given_up, 0) AS given_up
            FROM priority_decision d JOIN contents c ON c.ref = d.ref
            LEFT JOIN LATERAL (
                SELECT sum(r.quantity) AS gone, coalesce(sum(r.quantity) FILTER (WHERE l.reason = 'member_left'), 0) AS left_us,
                    sum(r.quantity) FILTER (WHERE l.by = 'union' AND l.reason <> 'member_left') AS given_up
                FROM priority_release r JOIN fulfilment_loss l ON l.id = r.loss_id WHERE r.decision_id = d.id
            ) r ON true
            WHERE d.judgement_id = checked AND d.outcome IN ('assistance', 'partial')
        )
        SELECT p.ref, greatest(0, ceil((a.left_us - s.otherwise) / p.content))::bigint, a.given_up > 0
        FROM standing p JOIN told t ON t.ref = p.ref
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(left_us), 0) AS left_us, coalesce(sum(given_up), 0) AS given_up FROM standing
            WHERE outcome = 'assistance' AND standing.ref = ANY(t.linked)
        ) a
        CROSS JOIN LATERAL (
            SELECT sum(o.otherwise) AS otherwise FROM standing o JOIN told ot ON ot.ref = o.ref AND ot.linked && t.linked
            WHERE o.outcome = 'partial'
        ) s
        WHERE p.outcome = 'partial' AND p.here > 0 AND (a.given_up > 0 OR a.left_us > s.otherwise)
    $$;

    CREATE FUNCTION part_kept() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE broken text;
    BEGIN
        SELECT b.ref INTO broken FROM fulfilment_loss l, priority_decision d, part_broken(d.judgement_id) b
            WHERE l.id = NEW.loss_id AND l.by = 'union' AND d.id = NEW.decision_id AND d.outcome = 'assistance' LIMIT 1;
        IF broken IS NOT NULL THEN
            RAISE EXCEPTION 'Line % is ordinary only beyond the assistance goods that would be given up.', broken
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER part_kept AFTER INSERT ON priority_release
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION part_kept();
    """,
    """
    DROP TRIGGER part_kept ON priority_release;
    DROP FUNCTION part_kept();
    DROP FUNCTION part_broken(bigint);
    """,
)


class Migration(migrations.Migration):
    """Plain SQL, so that no session of the application can switch it off."""

    dependencies = [("priority", "0011_todays_share")]
    operations = [PART]
