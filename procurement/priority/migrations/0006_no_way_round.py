"""Nothing is bought round the rule by writing rows: decisions are what was judged and logged, the year follows from them alone,
exceptions stay as they were granted, and what is ordered is paid by the purse that was judged (I1, I5).
"""

from django.conf import settings
from django.db import migrations, models
from django.db.migrations import RunSQL

# One line of the judged gift is decided once, whatever order line is named: a judgement cannot be used again for another order.
DECIDED_ONCE = [
    migrations.RemoveConstraint(model_name="decision", name="decided_once"),
    migrations.AddConstraint(
        model_name="decision",
        constraint=models.UniqueConstraint(fields=("judgement", "ref", "outcome"), name="decided_once"),
    ),
]

# A judgement is the bytes whose hashes its log entry has, under the figures of its policy.
LOGGED = RunSQL(
    """
    CREATE FUNCTION judged_as_logged() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        entry evidence_entry;
        policy policy_policy;
        body jsonb;
        taken jsonb := NEW.input::jsonb;
        given jsonb := NEW.output::jsonb;
    BEGIN
        SELECT * INTO entry FROM evidence_entry WHERE id = NEW.entry_id;
        SELECT * INTO policy FROM policy_policy WHERE id = NEW.policy_id;
        body := convert_from(entry.leaf, 'UTF8')::jsonb -> 'body';
        IF (entry.kind, entry.subject, entry.union_id, entry.leaf_hash) IS DISTINCT FROM
                ('priority.judged', NEW.subject, NEW.union_id, NEW.leaf_hash)
            OR (body ->> 'input_sha256', body ->> 'output_sha256', body ->> 'engine', body ->> 'engine_sha256',
                (body ->> 'allowed')::int) IS DISTINCT FROM
                (encode(sha256(convert_to(NEW.input, 'UTF8')), 'hex'), encode(sha256(convert_to(NEW.output, 'UTF8')), 'hex'),
                NEW.engine, NEW.engine_hash, NEW.allowed::int)
            OR ((given ->> 'allowed')::int, given ->> 'policy', (taken ->> 'gift_year')::int) IS DISTINCT FROM
                (NEW.allowed::int, policy.version, NEW.gift_year::int)
            OR (taken -> 'policy' ->> 'version', (taken -> 'policy' ->> 'minimum_share_bp')::int,
                (taken -> 'policy' ->> 'first_choice')::int, (taken -> 'policy' ->> 'price_band_bp')::int,
                (taken -> 'policy' ->> 'max_producers')::int) IS DISTINCT FROM
                (policy.version::text, policy.minimum_share_bp::int, policy.first_choice::int, policy.price_band_bp::int,
                policy.max_producers::int)
        THEN
            RAISE EXCEPTION 'The judgement of % is not what its log entry and its policy say.', NEW.subject
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER as_logged BEFORE INSERT ON priority_judgement FOR EACH ROW EXECUTE FUNCTION judged_as_logged();
    """,
    "DROP TRIGGER as_logged ON priority_judgement; DROP FUNCTION judged_as_logged();",
)

# Each decision is one of the judgement's own, word for word; at commit all of an allowed gift is decided, within one order.
JUDGED = RunSQL(
    """
    CREATE FUNCTION check_judged(checked bigint, whole boolean) RETURNS void LANGUAGE plpgsql AS $$
    DECLARE
        j priority_judgement;
        wrong text;
    BEGIN
        SELECT * INTO j FROM priority_judgement WHERE id = checked;
        WITH asked AS MATERIALIZED (
            SELECT * FROM jsonb_to_recordset(j.input::jsonb -> 'lines') AS line(ref text, product bigint, price_fen bigint,
                quantity bigint, purse text, region text, need_date date, accreditation text)
        ), told AS MATERIALIZED (
            SELECT * FROM jsonb_to_recordset(j.output::jsonb -> 'lines') AS line(ref text, outcome text, excepted bigint,
                exception text)
        ), judged AS (
            SELECT a.*, t.outcome, a.quantity - t.excepted AS units, NULL AS exception FROM asked a JOIN told t USING (ref)
                WHERE a.quantity > t.excepted
            UNION ALL
            SELECT a.*, 'exception', t.excepted, t.exception FROM asked a JOIN told t USING (ref) WHERE t.excepted > 0
        ), decided AS (
            SELECT d.*, o.union_id AS of_union, o.gift_year AS of_year, count(*) OVER (PARTITION BY d.order_id) AS together,
                count(*) OVER () AS of_all
            FROM priority_decision d JOIN order_order o ON o.id = d.order_id WHERE d.judgement_id = checked
        )
        SELECT coalesce(d.ref, u.ref) INTO wrong
        FROM judged u
        FULL JOIN decided d ON d.ref = u.ref AND d.outcome = u.outcome
        LEFT JOIN priority_priorityexception e ON e.id = d.exception_id
        LEFT JOIN priority_certificate c ON c.id = d.certificate_id
        LEFT JOIN catalogue_product p ON p.id = d.product_id
        WHERE (whole AND d.id IS NULL) OR (d.id IS NOT NULL AND (
            NOT j.allowed OR d.together <> d.of_all
            OR (d.product_id, d.unit_price, d.quantity, d.region, d.need_date, d.purse_id) IS DISTINCT FROM
                (u.product, u.price_fen, u.units, u.region, u.need_date, split_part(u.purse, '/', 2)::bigint)
            OR (d.union_id, d.gift_year, d.of_union, d.of_year) IS DISTINCT FROM (j.union_id, j.gift_year, j.union_id, j.gift_year)
            OR (e.number, e.union_id, e.product_id, d.waived) IS DISTINCT FROM (u.exception,
                CASE WHEN u.exception IS NOT NULL THEN d.union_id END, CASE WHEN u.exception IS NOT NULL THEN d.product_id END,
                coalesce(e.waives_share, false))
            OR (d.outcome = 'no_equivalent') <> (c.id IS NOT NULL)
            OR c.id IS NOT NULL AND (c.judgement_id, c.union_id) IS DISTINCT FROM (j.id, j.union_id)
            -- What may have changed by the time of the commit is looked at when the decision is written.
            OR NOT whole AND c.id IS NOT NULL AND c.commodity_class_id IS DISTINCT FROM p.commodity_class_id
            OR NOT whole AND d.outcome = 'assistance' AND NOT EXISTS (SELECT FROM accreditation_accreditation a
                WHERE a.product_id = d.product_id AND a.number = u.accreditation AND a.state = 'valid')
        )) LIMIT 1;
        IF wrong IS NOT NULL THEN
            RAISE EXCEPTION 'The decision on line % is not what was judged of %: one order, with all lines as judged.', wrong, j.subject
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
    END $$;

    CREATE FUNCTION decided_as_judged() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM check_judged(j.id, false) FROM (SELECT DISTINCT judgement_id AS id FROM fresh) j;
        RETURN NULL;
    END $$;
    CREATE TRIGGER as_judged AFTER INSERT ON priority_decision
        REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION decided_as_judged();

    CREATE FUNCTION judged_whole() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM check_judged(NEW.id, true);
        RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER judged_whole AFTER INSERT ON priority_judgement
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.allowed) EXECUTE FUNCTION judged_whole();
    """,
    """
    DROP TRIGGER judged_whole ON priority_judgement;
    DROP FUNCTION judged_whole();
    DROP TRIGGER as_judged ON priority_decision;
    DROP FUNCTION decided_as_judged();
    DROP FUNCTION check_judged(bigint, boolean);
    """,
)

# A and O are what decisions and releases come to; they are written here and nowhere else. To write them is also what makes two
# sessions that change one year wait for each other, at any isolation level.
YEAR = RunSQL(
    f"""
    CREATE FUNCTION year_moved(of_union bigint, of_year int, moved_assistance bigint, moved_ordinary bigint) RETURNS void
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    BEGIN
        INSERT INTO priority_unionyear (union_id, gift_year, assistance, ordinary, make_good_due)
            VALUES (of_union, of_year, 0, 0, false) ON CONFLICT (union_id, gift_year) DO NOTHING;
        UPDATE priority_unionyear SET assistance = assistance + moved_assistance, ordinary = ordinary + moved_ordinary
            WHERE (union_id, gift_year) = (of_union, of_year);
    END $$;
    REVOKE EXECUTE ON FUNCTION year_moved(bigint, int, bigint, bigint) FROM PUBLIC, {settings.DATABASE_APP_ROLE};

    CREATE FUNCTION year_follows_decisions() RETURNS trigger
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    BEGIN
        PERFORM year_moved(union_id, gift_year::int,
                coalesce(sum(amount) FILTER (WHERE outcome = 'assistance'), 0)::bigint,
                coalesce(sum(amount) FILTER (WHERE outcome NOT IN ('assistance', 'uncovered') AND NOT waived), 0)::bigint)
            FROM fresh GROUP BY union_id, gift_year ORDER BY union_id, gift_year;
        RETURN NULL;
    END $$;
    CREATE TRIGGER year_follows AFTER INSERT ON priority_decision
        REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION year_follows_decisions();

    CREATE FUNCTION year_follows_releases() RETURNS trigger
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    BEGIN
        PERFORM year_moved(d.union_id, d.gift_year::int,
                -coalesce(sum(r.amount) FILTER (WHERE d.outcome = 'assistance'), 0)::bigint,
                -coalesce(sum(r.amount) FILTER (WHERE d.outcome NOT IN ('assistance', 'uncovered') AND NOT d.waived), 0)::bigint)
            FROM fresh r JOIN priority_decision d ON d.id = r.decision_id
            GROUP BY d.union_id, d.gift_year ORDER BY d.union_id, d.gift_year;
        RETURN NULL;
    END $$;
    -- Before `within_decision`, which counts what other sessions released as well.
    CREATE TRIGGER follows_year AFTER INSERT ON priority_release
        REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION year_follows_releases();

    CREATE TRIGGER follows_alone BEFORE UPDATE ON priority_unionyear FOR EACH ROW
        WHEN (current_user = '{settings.DATABASE_APP_ROLE}' AND (OLD.union_id, OLD.gift_year, OLD.assistance, OLD.ordinary)
            IS DISTINCT FROM (NEW.union_id, NEW.gift_year, NEW.assistance, NEW.ordinary))
        EXECUTE FUNCTION refuse_change();
    CREATE TRIGGER begins_empty BEFORE INSERT ON priority_unionyear FOR EACH ROW
        WHEN (NEW.assistance <> 0 OR NEW.ordinary <> 0) EXECUTE FUNCTION refuse_change();
    CREATE TRIGGER year_stays BEFORE DELETE OR TRUNCATE ON priority_unionyear
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
    REVOKE DELETE, TRUNCATE ON priority_unionyear FROM {settings.DATABASE_APP_ROLE};
    """,
    f"""
    GRANT DELETE ON priority_unionyear TO {settings.DATABASE_APP_ROLE};
    DROP TRIGGER year_stays ON priority_unionyear;
    DROP TRIGGER begins_empty ON priority_unionyear;
    DROP TRIGGER follows_alone ON priority_unionyear;
    DROP TRIGGER follows_year ON priority_release;
    DROP FUNCTION year_follows_releases();
    DROP TRIGGER year_follows ON priority_decision;
    DROP FUNCTION year_follows_decisions();
    DROP FUNCTION year_moved(bigint, int, bigint, bigint);
    """,
)

# Clause 3, for whoever adds ordinary goods, gives up assistance goods, or takes money out of an assistance-only purse: when ordinary
# goods are decided, and at commit when money has moved. A producer's loss may come between the two: then something is due.
# A share that rose meanwhile binds what is decided after it, so what was decided is held to the share that it was decided under.
SHARE = RunSQL(
    """
    CREATE FUNCTION check_year(of_union bigint, of_year int, share bigint, drawn bigint) RETURNS void
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DECLARE
        y priority_unionyear;
        reserve bigint;
    BEGIN
        UPDATE priority_unionyear SET ordinary = ordinary WHERE (union_id, gift_year) = (of_union, of_year) RETURNING * INTO y;
        SELECT coalesce(sum(a.balance), 0) - drawn INTO reserve FROM ledger_purse p JOIN ledger_account a ON a.id = p.account_id
            WHERE (p.union_id, p.gift_year, p.kind) = (of_union, of_year, 'ring_fenced');
        IF y.ordinary * 10000 > (10000 - share) * (y.assistance + y.ordinary + reserve) THEN
            RAISE EXCEPTION 'In its gift year % the union % would have more ordinary goods than its share of assistance goods allows.',
                of_year, of_union USING ERRCODE = 'integrity_constraint_violation';
        END IF;
    END $$;

    CREATE FUNCTION binding_share(of_union bigint, of_year int) RETURNS bigint LANGUAGE sql STABLE
        SET search_path = public, pg_temp AS $$
        SELECT least(
            (SELECT p.minimum_share_bp FROM priority_decision d JOIN priority_judgement j ON j.id = d.judgement_id
                JOIN policy_policy p ON p.id = j.policy_id
                WHERE (d.union_id, d.gift_year) = (of_union, of_year) AND d.outcome NOT IN ('assistance', 'uncovered') AND NOT d.waived
                ORDER BY d.id DESC LIMIT 1),
            (SELECT min(p.minimum_share_bp) FROM policy_policy p JOIN organisations_organisation u ON u.id = of_union
                WHERE p.approved_by_id IS NOT NULL AND starts_with(u.region, p.region) AND p.period @> current_date))
    $$;

    CREATE FUNCTION ordinary_within_share() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE added record;
    BEGIN
        FOR added IN
            SELECT d.union_id, d.gift_year, p.minimum_share_bp, bool_or(y.make_good_due) AS due,
                bool_or(NOT d.waived AND d.outcome <> 'assistance') AS counts,
                coalesce(sum(d.amount) FILTER (WHERE d.outcome = 'assistance' AND purse.kind = 'ring_fenced'), 0)::bigint AS drawn
            FROM fresh d
            JOIN priority_judgement j ON j.id = d.judgement_id
            JOIN policy_policy p ON p.id = j.policy_id
            JOIN priority_unionyear y ON (y.union_id, y.gift_year) = (d.union_id, d.gift_year)
            JOIN ledger_purse purse ON purse.id = d.purse_id
            WHERE d.outcome <> 'uncovered' GROUP BY 1, 2, 3 HAVING bool_or(d.outcome <> 'assistance')
        LOOP
            IF added.due THEN
                RAISE EXCEPTION 'Something is to be made good first: until then no ordinary goods are bought.'
                    USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            IF added.counts THEN
                PERFORM check_year(added.union_id, added.gift_year, added.minimum_share_bp, added.drawn);
            END IF;
        END LOOP;
        RETURN NULL;
    END $$;
    -- After `year_follows`, by name.
    CREATE TRIGGER year_holds AFTER INSERT ON priority_decision
        REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION ordinary_within_share();

    CREATE FUNCTION decided_within_share() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NOT (SELECT make_good_due FROM priority_unionyear WHERE (union_id, gift_year) = (NEW.union_id, NEW.gift_year)) THEN
            PERFORM check_year(NEW.union_id, NEW.gift_year, binding_share(NEW.union_id, NEW.gift_year), 0);
        END IF;
        RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER within_share AFTER INSERT ON priority_decision DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
        WHEN (NEW.outcome NOT IN ('assistance', 'uncovered') AND NOT NEW.waived) EXECUTE FUNCTION decided_within_share();

    CREATE FUNCTION released_within_share() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF (SELECT l.by = 'union' AND d.outcome = 'assistance' AND NOT y.make_good_due
            FROM fulfilment_loss l, priority_decision d, priority_unionyear y
            WHERE l.id = NEW.loss_id AND d.id = NEW.decision_id AND (y.union_id, y.gift_year) = (d.union_id, d.gift_year))
        THEN
            PERFORM check_year(NEW.union_id, NEW.gift_year, binding_share(NEW.union_id, NEW.gift_year), 0);
        END IF;
        RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER within_share AFTER INSERT ON priority_release
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION released_within_share();

    CREATE FUNCTION reserve_within_share() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE purse ledger_purse;
    BEGIN
        SELECT p.* INTO purse FROM ledger_purse p JOIN ledger_transaction t ON t.id = NEW.transaction_id AND t.kind = 'purse.released'
            WHERE p.account_id = NEW.account_id AND p.kind = 'ring_fenced';
        IF FOUND AND EXISTS (SELECT FROM priority_unionyear WHERE (union_id, gift_year) = (purse.union_id, purse.gift_year)) THEN
            PERFORM check_year(purse.union_id, purse.gift_year, binding_share(purse.union_id, purse.gift_year), 0);
        END IF;
        RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER within_share AFTER INSERT ON ledger_leg
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.amount < 0) EXECUTE FUNCTION reserve_within_share();
    """,
    """
    DROP TRIGGER within_share ON ledger_leg;
    DROP FUNCTION reserve_within_share();
    DROP TRIGGER within_share ON priority_release;
    DROP FUNCTION released_within_share();
    DROP TRIGGER within_share ON priority_decision;
    DROP FUNCTION decided_within_share();
    DROP TRIGGER year_holds ON priority_decision;
    DROP FUNCTION ordinary_within_share();
    DROP FUNCTION binding_share(bigint, int);
    DROP FUNCTION check_year(bigint, int, bigint, bigint);
    """,
)

# What is lost is released of the decisions on the very lines that were lost, so that no loss of assistance goods lowers O.
_RELEASED = """
    CREATE OR REPLACE FUNCTION loss_released() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        checked bigint := (to_jsonb(NEW) ->> TG_ARGV[0])::bigint;
        lost bigint;
        released bigint;
    BEGIN
        {}
        IF lost <> released THEN
            RAISE EXCEPTION 'Loss % is of covered goods for % fen, and its decisions were released for % fen.', checked, lost, released
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NULL;
    END $$;
"""
BY_LINE = RunSQL(
    _RELEASED.format(
        """
        SELECT coalesce(l.fen, 0), coalesce(r.fen, 0) INTO lost, released
            FROM (
                SELECT pl.line_id, sum(pl.quantity * (l.unit_price_incl_tax * 100)::bigint) AS fen
                FROM fulfilment_parcel p JOIN fulfilment_parcelline pl ON pl.parcel_id = p.id
                JOIN order_line l ON l.id = pl.line_id JOIN ledger_purse u ON u.id = l.purse_id
                WHERE p.loss_id = checked AND u.covered GROUP BY 1
            ) l FULL JOIN (
                SELECT d.line_id, sum(r.amount) AS fen
                FROM priority_release r JOIN priority_decision d ON d.id = r.decision_id JOIN ledger_purse u ON u.id = d.purse_id
                WHERE r.loss_id = checked AND u.covered GROUP BY 1
            ) r USING (line_id)
            ORDER BY l.fen IS NOT DISTINCT FROM r.fen, line_id LIMIT 1;
        """
    ),
    _RELEASED.format(
        """
        SELECT coalesce(sum(pl.quantity * (l.unit_price_incl_tax * 100)::bigint), 0) INTO lost
            FROM fulfilment_parcel p
            JOIN fulfilment_parcelline pl ON pl.parcel_id = p.id
            JOIN order_line l ON l.id = pl.line_id
            JOIN ledger_purse u ON u.id = l.purse_id
            WHERE p.loss_id = checked AND u.covered;
        SELECT coalesce(sum(r.amount), 0) INTO released
            FROM priority_release r
            JOIN priority_decision d ON d.id = r.decision_id
            JOIN ledger_purse u ON u.id = d.purse_id
            WHERE r.loss_id = checked AND u.covered;
        """
    ),
)

# An exception is asked for, then decided by an officer of a union above who does not belong to the union that asks; from then on it
# stays as it was granted, and what is used of it is what was decided under it.
EXCEPTIONS = RunSQL(
    """
    CREATE TRIGGER is_asked_for BEFORE INSERT ON priority_priorityexception FOR EACH ROW
        WHEN (NEW.state <> 'asked' OR NEW.used <> 0) EXECUTE FUNCTION refuse_change();
    CREATE TRIGGER stays_as_granted BEFORE UPDATE ON priority_priorityexception FOR EACH ROW
        WHEN ((OLD.number, OLD.union_id, OLD.product_id) IS DISTINCT FROM (NEW.number, NEW.union_id, NEW.product_id)
            OR OLD.state <> 'asked' AND (OLD.quantity, OLD.waives_share, OLD.valid_from, OLD.valid_to)
                IS DISTINCT FROM (NEW.quantity, NEW.waives_share, NEW.valid_from, NEW.valid_to))
        EXECUTE FUNCTION refuse_change();

    CREATE FUNCTION granted_by_one_above() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NOT EXISTS (
            SELECT FROM organisations_organisation asking, organisations_organisation above, organisations_membership m
            WHERE asking.id = NEW.union_id AND above.id = NEW.decided_for_id
                AND starts_with(asking.path, above.path) AND asking.path <> above.path
                AND (m.user_id, m.organisation_id, m.role) = (NEW.decided_by_id, above.id, 'union_officer')
        ) OR EXISTS (SELECT FROM organisations_membership WHERE (user_id, organisation_id) = (NEW.decided_by_id, NEW.union_id)) THEN
            RAISE EXCEPTION 'The exception % is granted by an officer of a union above, who is none of the union''s own people.',
                NEW.number USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER by_one_above BEFORE UPDATE ON priority_priorityexception FOR EACH ROW
        WHEN (OLD.state <> 'granted' AND NEW.state = 'granted') EXECUTE FUNCTION granted_by_one_above();

    CREATE FUNCTION exception_used() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        checked bigint := (to_jsonb(NEW) ->> TG_ARGV[0])::bigint;
        wrong text;
    BEGIN
        SELECT e.number INTO wrong FROM priority_priorityexception e
            LEFT JOIN LATERAL (SELECT coalesce(sum(quantity), 0) AS units FROM priority_decision WHERE exception_id = e.id) d ON true
            LEFT JOIN LATERAL (
                SELECT coalesce(sum(r.quantity), 0) AS units FROM priority_release r JOIN priority_decision x ON x.id = r.decision_id
                WHERE x.exception_id = e.id
            ) gone ON true
            WHERE e.id = checked AND e.used NOT BETWEEN d.units - gone.units AND d.units;
        IF wrong IS NOT NULL THEN
            RAISE EXCEPTION 'What is used of the exception % is not what was decided under it.', wrong
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER is_used AFTER UPDATE OF used ON priority_priorityexception
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION exception_used('id');
    CREATE CONSTRAINT TRIGGER is_used AFTER INSERT ON priority_decision
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.exception_id IS NOT NULL) EXECUTE FUNCTION exception_used('exception_id');
    """,
    """
    DROP TRIGGER is_used ON priority_decision;
    DROP TRIGGER is_used ON priority_priorityexception;
    DROP FUNCTION exception_used();
    DROP TRIGGER by_one_above ON priority_priorityexception;
    DROP FUNCTION granted_by_one_above();
    DROP TRIGGER stays_as_granted ON priority_priorityexception;
    DROP TRIGGER is_asked_for ON priority_priorityexception;
    """,
)

# The purse that was judged is the purse that pays: for every line, whatever kind of purse.
PAID = RunSQL(
    """
    CREATE FUNCTION line_paid() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        ordered bigint;
        posted bigint;
    BEGIN
        SELECT coalesce(sum((line_price_incl_tax * 100)::bigint), 0) INTO ordered FROM order_line
            WHERE (order_id, purse_id) = (NEW.order_id, NEW.purse_id);
        SELECT coalesce(-sum(leg.amount), 0) INTO posted FROM ledger_leg leg
            JOIN ledger_transaction t ON t.id = leg.transaction_id AND t.kind = 'order.placed'
            JOIN order_order o ON t.cause = 'order:' || o.number AND o.id = NEW.order_id
            JOIN ledger_purse p ON p.account_id = leg.account_id AND p.id = NEW.purse_id;
        IF ordered <> posted THEN
            RAISE EXCEPTION 'Order lines for % fen are to be paid from purse %, which paid %.', ordered, NEW.purse_id, posted
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER line_paid AFTER INSERT ON order_line
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION line_paid();
    """,
    "DROP TRIGGER line_paid ON order_line; DROP FUNCTION line_paid();",
)


class Migration(migrations.Migration):
    """Plain SQL, so that no session of the application can switch it off."""

    dependencies = [
        ("priority", "0005_simulations"),
        ("policy", "0004_rule_in_full"),
        ("evidence", "0002_append_only"),
        ("accreditation", "0003_moves"),
        ("ledger", "0007_purses_apart"),
        ("fulfilment", "0006_counted_alone"),
        ("organisations", "0005_place_stays"),
        ("listings", "0002_kept"),
        ("provenance", "0002_mass_balance"),
        ("settlement", "0003_refunds"),
    ]
    operations = [
        *DECIDED_ONCE,
        LOGGED,
        JUDGED,
        YEAR,
        SHARE,
        BY_LINE,
        EXCEPTIONS,
        PAID,
    ]
