"""Every judgement is by the policy that binds its union on its day, with all that the policy says; a rule never reaches back to what was
decided; a union's purse is uncovered only where the policy leaves its purpose so."""

from django.db import migrations
from django.db.migrations import RunSQL

# The same choice as policy.queries.policy_of, and the same facts as gifts.policy_facts.
BY_THE_POLICY = RunSQL(
    """
    CREATE FUNCTION judged_by_the_policy() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        told jsonb := NEW.input::jsonb;
        facts jsonb := told -> 'policy';
        day date := (told ->> 'decided_on')::date;
        p policy_policy;
        u organisations_organisation;
        binding bigint;
        wrong text;
    BEGIN
        SELECT * INTO p FROM policy_policy WHERE id = NEW.policy_id;
        SELECT * INTO u FROM organisations_organisation WHERE id = NEW.union_id;
        SELECT q.id INTO binding FROM policy_policy q
            WHERE q.approved_by_id IS NOT NULL AND q.period @> day AND starts_with(u.region, q.region)
                AND q.level IN (0, coalesce(u.level, 0))
            ORDER BY length(q.region) DESC, q.level DESC LIMIT 1;
        -- A day's difference: a gift may be judged before midnight and stored after it.
        IF abs((NEW.at AT TIME ZONE 'Asia/Shanghai')::date - day) > 1 THEN
            RAISE EXCEPTION 'The judgement of % is of another day than %.', NEW.subject, day
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        IF binding IS DISTINCT FROM NEW.policy_id THEN
            RAISE EXCEPTION 'The judgement of % is not by the policy that binds its union on %.', NEW.subject, day
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        IF ((facts ->> 'cap_fen')::bigint, (facts ->> 'floor_fen')::bigint, (facts ->> 'ring_fence_fen')::bigint,
                (facts ->> 'keep_last_year')::int, (facts ->> 'hold_days')::int, (facts ->> 'rotation_band_bp')::int,
                (facts ->> 'planning_days')::int, facts -> 'occasions', facts -> 'urgent_occasions', facts -> 'forbidden_forms',
                facts -> 'uncovered_purposes', facts -> 'approval_steps') IS DISTINCT FROM
            (p.cap::bigint, p.floor::bigint, p.ring_fence::bigint, p.keep_last_year::int, p.hold_days::int, p.rotation_band_bp::int,
                p.planning_days::int, in_order(p.occasions), in_order(p.urgent_occasions), in_order(p.forbidden_forms),
                in_order(p.uncovered_purposes), coalesce((
                    SELECT jsonb_agg(jsonb_build_object('from_fen', s -> 'from', 'people', s -> 'people', 'quotations',
                        s -> 'quotations') ORDER BY (s ->> 'from')::bigint) FROM jsonb_array_elements(p.approval_steps) s), '[]'))
        THEN
            RAISE EXCEPTION 'The judgement of % does not say all that the policy % says.', NEW.subject, p.version
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        SELECT line.purse INTO wrong FROM jsonb_to_recordset(told -> 'lines')
                AS line(purse text, purse_covered int, purse_ring_fenced int, purse_purpose text)
            LEFT JOIN ledger_purse q ON q.id = split_part(line.purse, '/', 2)::bigint
            WHERE (line.purse_covered, line.purse_ring_fenced, line.purse_purpose)
                IS DISTINCT FROM (q.covered::int, (q.kind = 'ring_fenced')::int, q.purpose::text) LIMIT 1;
        IF wrong IS NOT NULL THEN
            RAISE EXCEPTION 'The judgement of % does not take the purse % for what it is.', NEW.subject, wrong
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END $$;

    CREATE FUNCTION in_order(texts varchar[]) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
        SELECT to_jsonb(ARRAY(SELECT one FROM unnest(texts) one ORDER BY one COLLATE "C"))
    $$;

    CREATE TRIGGER by_the_policy BEFORE INSERT ON priority_judgement
        FOR EACH ROW EXECUTE FUNCTION judged_by_the_policy();
    """,
    """
    DROP TRIGGER by_the_policy ON priority_judgement;
    DROP FUNCTION judged_by_the_policy();
    DROP FUNCTION in_order(varchar[]);
    """,
)

UNCOVERED = RunSQL(
    """
    CREATE FUNCTION uncovered_by_the_policy() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        wrong text;
    BEGIN
        SELECT q.name INTO wrong FROM fresh d
            JOIN priority_judgement j ON j.id = d.judgement_id
            JOIN policy_policy p ON p.id = j.policy_id
            JOIN ledger_purse q ON q.id = d.purse_id
            WHERE d.outcome = 'uncovered' AND q.covered
                AND (q.kind = 'ring_fenced' OR q.purpose <> ALL (p.uncovered_purposes)) LIMIT 1;
        IF wrong IS NOT NULL THEN
            RAISE EXCEPTION 'The purse "%" is covered: the policy does not leave its purpose out.', wrong
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NULL;
    END $$;
    CREATE TRIGGER uncovered_by_the_policy AFTER INSERT ON priority_decision
        REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION uncovered_by_the_policy();
    """,
    """
    DROP TRIGGER uncovered_by_the_policy ON priority_decision;
    DROP FUNCTION uncovered_by_the_policy();
    """,
)

# What was decided on a day was decided by the policy of that day, and stays so: none may begin before it, or end before it. On the day of
# the change itself both may have decided: one until the approval, the other after it.
NEVER_BACK = RunSQL(
    """
    CREATE FUNCTION never_reaches_back() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        approved boolean := TG_OP = 'UPDATE' AND OLD.approved_by_id IS NOT NULL;
    BEGIN
        IF approved AND (upper(NEW.period) IS NULL OR upper(NEW.period) > upper(OLD.period)) AND NOT upper_inf(OLD.period) THEN
            RAISE EXCEPTION 'The policy % ended already; it does not come into force again.', OLD.version
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        IF approved AND EXISTS (
            SELECT FROM priority_judgement j WHERE j.policy_id = OLD.id
                AND (j.at AT TIME ZONE 'Asia/Shanghai')::date > upper(NEW.period)
        ) OR NOT approved AND EXISTS (
            SELECT FROM priority_judgement j JOIN organisations_organisation u ON u.id = j.union_id
                WHERE (j.at AT TIME ZONE 'Asia/Shanghai')::date > lower(NEW.period)
                    AND starts_with(u.region, NEW.region) AND NEW.level IN (0, coalesce(u.level, 0))
        ) THEN
            RAISE EXCEPTION 'A rule never reaches back: gifts were decided already in the time that the policy % would change.', NEW.version
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER never_reaches_back BEFORE INSERT OR UPDATE ON policy_policy
        FOR EACH ROW WHEN (NEW.approved_by_id IS NOT NULL) EXECUTE FUNCTION never_reaches_back();
    """,
    """
    DROP TRIGGER never_reaches_back ON policy_policy;
    DROP FUNCTION never_reaches_back();
    """,
)


class Migration(migrations.Migration):
    """Plain SQL, so that no session of the application can switch it off."""

    dependencies = [
        ("priority", "0006_no_way_round"),
        ("policy", "0005_drafts_stay"),
        ("ledger", "0006_purse_purpose"),
    ]
    operations = [BY_THE_POLICY, UNCOVERED, NEVER_BACK]
