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
# back it holds, so that the word "due" lets no union give up what its ordinary goods rest on.
DUE = RunSQL(
    """
    CREATE FUNCTION lost_by_producers(of_union bigint, of_year int) RETURNS bigint LANGUAGE sql STABLE AS $$
        SELECT coalesce(sum(r.amount), 0)::bigint FROM priority_release r
            JOIN fulfilment_loss l ON l.id = r.loss_id AND l.by = 'producer'
            JOIN priority_decision d ON d.id = r.decision_id AND d.outcome = 'assistance'
            WHERE (r.union_id, r.gift_year) = (of_union, of_year)
    $$;

    CREATE OR REPLACE FUNCTION released_within_share() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE due boolean;
    BEGIN
        SELECT y.make_good_due INTO due FROM fulfilment_loss l, priority_decision d, priority_unionyear y
            WHERE l.id = NEW.loss_id AND d.id = NEW.decision_id AND (y.union_id, y.gift_year) = (d.union_id, d.gift_year)
                AND l.by = 'union' AND d.outcome = 'assistance';
        IF FOUND THEN
            PERFORM check_year(NEW.union_id, NEW.gift_year, binding_share(NEW.union_id, NEW.gift_year),
                CASE WHEN due THEN -lost_by_producers(NEW.union_id, NEW.gift_year) ELSE 0 END);
        END IF;
        RETURN NULL;
    END $$;

    CREATE FUNCTION due_as_lost() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE due boolean;
    BEGIN
        SELECT make_good_due INTO due FROM priority_unionyear WHERE id = NEW.id;
        PERFORM check_year(NEW.union_id, NEW.gift_year::int, binding_share(NEW.union_id, NEW.gift_year::int),
            CASE WHEN due THEN -lost_by_producers(NEW.union_id, NEW.gift_year::int) ELSE 0 END);
        RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER due_as_lost AFTER UPDATE ON priority_unionyear DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
        WHEN (OLD.make_good_due <> NEW.make_good_due) EXECUTE FUNCTION due_as_lost();
    """,
    """
    DROP TRIGGER due_as_lost ON priority_unionyear;
    DROP FUNCTION due_as_lost();
    CREATE OR REPLACE FUNCTION released_within_share() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF (SELECT l.by = 'union' AND d.outcome = 'assistance' AND NOT y.make_good_due
            FROM fulfilment_loss l, priority_decision d, priority_unionyear y
            WHERE l.id = NEW.loss_id AND d.id = NEW.decision_id AND (y.union_id, y.gift_year) = (d.union_id, d.gift_year))
        THEN
            PERFORM check_year(NEW.union_id, NEW.gift_year, binding_share(NEW.union_id, NEW.gift_year), 0);
        END IF;
        RETURN NULL;
    END $$;
    DROP FUNCTION lost_by_producers(bigint, int);
    """,
)


class Migration(migrations.Migration):
    """Plain SQL, so that no session of the application can switch it off."""

    dependencies = [
        ("priority", "0013_exceptions_answered"),
        ("accreditation", "0004_as_logged"),
        ("organisations", "0005_place_stays"),
    ]
    operations = [ACCREDITED, DUE]
