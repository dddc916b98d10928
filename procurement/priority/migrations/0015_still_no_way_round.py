"""What counts as assistance goods was accredited where it was bought, and what is to be made good is what producers failed to supply."""

from django.db import migrations
from django.db.migrations import RunSQL

# The criteria of the rule that are facts of the day: period, county, standing, and that the producer itself sells it (within a box,
# the box may be another's). A day's difference, as in `by_the_policy`: a gift may be judged before midnight and stored after it.
ACCREDITED = RunSQL(
    """
    CREATE FUNCTION decided_is_accredited() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE wrong text;
    BEGIN
        SELECT d.ref INTO wrong FROM fresh d
            JOIN priority_judgement j ON j.id = d.judgement_id
            JOIN order_line l ON l.id = d.line_id
            LEFT JOIN partner_partner seller ON seller.id = l.partner_id
            CROSS JOIN LATERAL (SELECT (j.at AT TIME ZONE 'Asia/Shanghai')::date AS today) day
            WHERE d.outcome = 'assistance' AND NOT EXISTS (
                SELECT FROM accreditation_accreditation a
                JOIN organisations_organisation maker ON maker.id = a.producer_id AND maker.good_standing
                JOIN organisations_county county ON county.code = a.county_id AND county.listed
                WHERE a.product_id = d.product_id AND a.state = 'valid' AND a.valid_from <= day.today AND a.valid_to >= day.today
                    AND (l.product_id <> d.product_id OR seller.organisation_id = a.producer_id)
            ) LIMIT 1;
        IF wrong IS NOT NULL THEN
            RAISE EXCEPTION 'Line % is no assistance product: it has no accreditation that holds for its producer and day.', wrong
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NULL;
    END $$;
    CREATE TRIGGER is_accredited AFTER INSERT ON priority_decision
        REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION decided_is_accredited();
    """,
    "DROP TRIGGER is_accredited ON priority_decision; DROP FUNCTION decided_is_accredited();",
)

# While something is to be made good, clause 3 may fail by what producers did not supply, and by nothing else: with that counted
# back it holds, so that the word "due" lets no union give up what its ordinary goods rest on. What closed years bring forward is due
# for their reasons, and bounded when they are closed.
DUE = RunSQL(
    """
    CREATE FUNCTION check_due(of_union bigint, of_year int) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (SELECT FROM priority_unionyear WHERE (union_id, gift_year, make_good_due) = (of_union, of_year, true)
            AND brought_forward = 0 AND closed_at IS NULL)
        THEN
            PERFORM check_year(of_union, of_year, binding_share(of_union, of_year), (
                SELECT -coalesce(sum(r.amount), 0)::bigint FROM priority_release r
                JOIN fulfilment_loss l ON l.id = r.loss_id AND l.by = 'producer'
                JOIN priority_decision d ON d.id = r.decision_id AND d.outcome = 'assistance' AND d.gift_year = r.gift_year
                WHERE (r.union_id, r.gift_year) = (of_union, of_year)));
        END IF;
    END $$;

    CREATE FUNCTION due_as_lost() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM check_due(NEW.union_id, NEW.gift_year::int);
        RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER due_as_lost AFTER UPDATE ON priority_unionyear DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
        WHEN (NEW.make_good_due AND NOT OLD.make_good_due) EXECUTE FUNCTION due_as_lost();
    CREATE CONSTRAINT TRIGGER due_as_lost AFTER INSERT ON priority_release DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
        EXECUTE FUNCTION due_as_lost();
    """,
    """
    DROP TRIGGER due_as_lost ON priority_release;
    DROP TRIGGER due_as_lost ON priority_unionyear;
    DROP FUNCTION due_as_lost();
    DROP FUNCTION check_due(bigint, int);
    """,
)


class Migration(migrations.Migration):
    """Plain SQL, so that no session of the application can switch it off."""

    dependencies = [
        ("priority", "0014_closing"),
        ("accreditation", "0004_as_logged"),
        ("organisations", "0005_place_stays"),
    ]
    operations = [ACCREDITED, DUE]
