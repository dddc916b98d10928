"""A closed year stays as it was closed. What comes back of its gifts later is booked in the open year: goods as ordinary ones of earlier
years that nothing covers, money in the purses of that year.
"""

from django.conf import settings
from django.db import migrations, models
from django.db.migrations import RunSQL

# U, what is brought forward: of the ordinary goods of closed years what no assistance goods cover that were bought, less what came back
# later; each year by the share it was closed under. Money set aside covers nothing here: it is carried over, and covers it in the next year.
BROUGHT = RunSQL(
    f"""
    CREATE FUNCTION booked_in(of_union bigint, of_year int) RETURNS int LANGUAGE sql STABLE AS $$
        SELECT coalesce((SELECT max(gift_year) + 1 FROM priority_unionyear
            WHERE union_id = of_union AND gift_year >= of_year AND closed_at IS NOT NULL), of_year)
    $$;

    CREATE FUNCTION brought_into(of_union bigint, of_year int) RETURNS bigint LANGUAGE plpgsql STABLE AS $$
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
            brought := CASE closed.share WHEN 0 THEN 0
                ELSE greatest(0, closed.ordinary + brought - (10000 - closed.share) * closed.assistance / closed.share) END;
        END LOOP;
        RETURN brought;
    END $$;

    CREATE FUNCTION bring_forward(of_union bigint, of_year int) RETURNS void
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    BEGIN
        INSERT INTO priority_unionyear (union_id, gift_year, assistance, ordinary, make_good_due)
            VALUES (of_union, of_year, 0, 0, false) ON CONFLICT (union_id, gift_year) DO NOTHING;
        UPDATE priority_unionyear SET brought_forward = brought_into(of_union, of_year) WHERE (union_id, gift_year) = (of_union, of_year);
    END $$;
    REVOKE EXECUTE ON FUNCTION bring_forward(bigint, int) FROM PUBLIC, {settings.DATABASE_APP_ROLE};
    """,
    """
    DROP FUNCTION bring_forward(bigint, int);
    DROP FUNCTION brought_into(bigint, int);
    DROP FUNCTION booked_in(bigint, int);
    """,
)

# Which policy binds a year: the same choice as years.policy_of_year.
CLOSE = RunSQL(
    f"""
    CREATE FUNCTION policy_of_year(of_union bigint, of_year int) RETURNS bigint LANGUAGE sql STABLE AS $$
        SELECT coalesce(
            (SELECT j.policy_id FROM priority_decision d JOIN priority_judgement j ON j.id = d.judgement_id
                WHERE (d.union_id, d.gift_year) = (of_union, of_year)
                ORDER BY (d.outcome NOT IN ('assistance', 'uncovered') AND NOT d.waived AND d.quantity
                    > coalesce((SELECT sum(r.quantity) FROM priority_release r WHERE r.decision_id = d.id), 0)) DESC,
                    d.judgement_id DESC LIMIT 1),
            (SELECT q.id FROM policy_policy q JOIN organisations_organisation u ON u.id = of_union
                WHERE q.approved_by_id IS NOT NULL AND q.period @> make_date(of_year, 12, 31) AND starts_with(u.region, q.region)
                    AND q.level IN (0, coalesce(u.level, 0))
                ORDER BY length(q.region) DESC, q.level DESC LIMIT 1))
    $$;

    CREATE FUNCTION close_union_year(of_union bigint, of_year int, at timestamptz) RETURNS priority_unionyear
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DECLARE closed priority_unionyear;
    BEGIN
        PERFORM require_open_year(of_union, of_year);
        IF (at AT TIME ZONE 'Asia/Shanghai')::date <= make_date(of_year, 12, 31) THEN
            RAISE EXCEPTION 'The gift year % is not over yet.', of_year USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        IF EXISTS (SELECT FROM priority_unionyear WHERE union_id = of_union AND gift_year < of_year AND closed_at IS NULL) THEN
            RAISE EXCEPTION 'An earlier gift year of the union % than % is open: it is closed first.', of_union, of_year
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        IF EXISTS (SELECT FROM fulfilment_parcel p JOIN fulfilment_supplierorder s ON s.id = p.supplier_order_id
            JOIN order_order o ON o.id = s.order_id WHERE (o.union_id, o.gift_year) = (of_union, of_year)
                AND p.state IN ('uncalled', 'placed', 'assigned', 'shipped'))
        THEN
            RAISE EXCEPTION 'Goods of the gift year % of the union % are still on their way.', of_year, of_union
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        UPDATE priority_unionyear SET closed_at = at,
            closed_share_bp = (SELECT minimum_share_bp FROM policy_policy WHERE id = policy_of_year(of_union, of_year)),
            shortfall = (SELECT coalesce(sum(a.balance), 0) FROM ledger_purse p JOIN ledger_account a ON a.id = p.account_id
                WHERE (p.union_id, p.gift_year, p.kind) = (of_union, of_year, 'ring_fenced'))
            WHERE (union_id, gift_year) = (of_union, of_year) RETURNING * INTO closed;
        PERFORM bring_forward(of_union, of_year + 1);
        RETURN closed;
    END $$;
    REVOKE EXECUTE ON FUNCTION close_union_year(bigint, int, timestamptz) FROM PUBLIC, {settings.DATABASE_APP_ROLE};
    """,
    """
    DROP FUNCTION close_union_year(bigint, int, timestamptz);
    DROP FUNCTION policy_of_year(bigint, int);
    """,
)

_STAYS = "DROP TRIGGER closed_stays ON priority_unionyear; DROP TRIGGER begins_open ON priority_unionyear;"
STAYS = RunSQL(
    f"""
    {_STAYS}
    CREATE TRIGGER closed_stays BEFORE UPDATE ON priority_unionyear FOR EACH ROW
        WHEN (OLD.closed_at IS NOT NULL AND OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION refuse_change();
    CREATE TRIGGER begins_open BEFORE INSERT ON priority_unionyear FOR EACH ROW
        WHEN (NEW.closed_at IS NOT NULL OR NEW.closed_share_bp IS NOT NULL OR NEW.shortfall <> 0 OR NEW.brought_forward <> 0)
        EXECUTE FUNCTION refuse_change();
    CREATE TRIGGER closed_alone BEFORE UPDATE ON priority_unionyear FOR EACH ROW
        WHEN (current_user = '{settings.DATABASE_APP_ROLE}' AND (OLD.closed_at, OLD.closed_share_bp, OLD.shortfall, OLD.brought_forward)
            IS DISTINCT FROM (NEW.closed_at, NEW.closed_share_bp, NEW.shortfall, NEW.brought_forward))
        EXECUTE FUNCTION refuse_change();
    """,
    f"""
    DROP TRIGGER closed_alone ON priority_unionyear;
    {_STAYS}
    CREATE TRIGGER closed_stays BEFORE UPDATE ON priority_unionyear FOR EACH ROW
        WHEN (OLD.closed_at IS NOT NULL AND (OLD.closed_at, OLD.assistance, OLD.ordinary)
            IS DISTINCT FROM (NEW.closed_at, NEW.assistance, NEW.ordinary))
        EXECUTE FUNCTION refuse_change();
    CREATE TRIGGER begins_open BEFORE INSERT ON priority_unionyear FOR EACH ROW
        WHEN (NEW.closed_at IS NOT NULL) EXECUTE FUNCTION refuse_change();
    """,
)

# A release is booked in the year of its decision, and when that is closed in the first one after it that is open.
_FOLLOWS = """
    CREATE OR REPLACE FUNCTION year_follows_releases() RETURNS trigger
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    BEGIN
        PERFORM year_moved(d.union_id, d.gift_year::int,
                -coalesce(sum(r.amount) FILTER (WHERE d.outcome = 'assistance'), 0)::bigint,
                -coalesce(sum(r.amount) FILTER (WHERE d.outcome NOT IN ('assistance', 'uncovered') AND NOT d.waived), 0)::bigint)
            FROM fresh r JOIN priority_decision d ON d.id = r.decision_id{on_time}
            GROUP BY d.union_id, d.gift_year ORDER BY d.union_id, d.gift_year;{late}
        RETURN NULL;
    END $$;
"""
_WITHIN = """
    CREATE OR REPLACE FUNCTION within_decision() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE over bigint;
    BEGIN
        SELECT d.id INTO over FROM priority_decision d JOIN priority_release r ON r.decision_id = d.id
            WHERE d.id IN (SELECT decision_id FROM fresh) GROUP BY d.id, d.quantity HAVING sum(r.quantity) > d.quantity LIMIT 1;
        IF over IS NOT NULL THEN
            RAISE EXCEPTION 'More of decision % would be released than was decided.', over
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        SELECT d.id INTO over FROM fresh r JOIN priority_decision d ON d.id = r.decision_id
            WHERE r.amount <> r.quantity::bigint * d.unit_price OR (r.union_id, r.gift_year) <> (d.union_id, {year}) LIMIT 1;
        IF over IS NOT NULL THEN
            RAISE EXCEPTION 'A release of decision % has another price, union or year than it.', over
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NULL;
    END $$;
"""
BOOKED = RunSQL(
    [
        _FOLLOWS.format(
            on_time=" AND r.gift_year = d.gift_year",
            late="""
        PERFORM bring_forward(late.union_id, late.gift_year)
            FROM (SELECT DISTINCT r.union_id, r.gift_year::int AS gift_year FROM fresh r JOIN priority_decision d ON d.id = r.decision_id
                WHERE r.gift_year <> d.gift_year ORDER BY 1, 2) late;""",
        ),
        _WITHIN.format(year="booked_in(d.union_id, d.gift_year::int)"),
    ],
    [_FOLLOWS.format(on_time="", late=""), _WITHIN.format(year="d.gift_year")],
)

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
        IF {ordinary} * 10000 > (10000 - share) * (y.assistance + {ordinary} + reserve) THEN
            RAISE EXCEPTION 'In its gift year % the union % would have more ordinary goods than its share of assistance goods allows.',
                of_year, of_union USING ERRCODE = 'integrity_constraint_violation';
        END IF;
    END $$;
"""
COUNTED = RunSQL(_CHECK.format(ordinary="(y.ordinary + y.brought_forward)"), _CHECK.format(ordinary="y.ordinary"))

_FENCE = """
    CREATE OR REPLACE FUNCTION ring_fence() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        purse ledger_purse;
        posted ledger_transaction;
        ordered bigint;
    BEGIN
        SELECT * INTO purse FROM ledger_purse WHERE account_id = NEW.account_id AND kind = 'ring_fenced';
        IF NOT FOUND THEN
            RETURN NULL;
        END IF;
        SELECT * INTO posted FROM ledger_transaction WHERE id = NEW.transaction_id;
        IF {free} THEN
            RETURN NULL;
        END IF;
        SELECT sum(l.line_price_incl_tax * 100)::bigint INTO ordered FROM order_line l JOIN order_order o ON o.id = l.order_id
            WHERE posted.cause = 'order:' || o.number AND l.purse_id = purse.id;
        IF posted.kind <> 'order.placed' OR ordered IS DISTINCT FROM -NEW.amount THEN
            RAISE EXCEPTION 'The assistance-only purse "%" pays only for order lines decided as assistance products.', purse.name
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NULL;
    END $$;
"""
FENCED = RunSQL(
    # Where it is carried to, `carried_whole` of the ledger holds to.
    _FENCE.format(free="posted.kind IN ('purse.released', 'purse.carried')"),
    _FENCE.format(free="posted.kind = 'purse.released'"),
)

PURSES = RunSQL(
    """
    CREATE FUNCTION carried_when_closed() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (SELECT FROM priority_unionyear
            WHERE union_id = NEW.union_id AND gift_year >= NEW.gift_year AND closed_at IS NOT NULL) = (TG_OP = 'INSERT')
        THEN
            RAISE EXCEPTION 'A purse is opened while its gift year (%) is open, and carried over when that is closed.', NEW.gift_year
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER carried_when_closed BEFORE UPDATE ON ledger_purse FOR EACH ROW
        WHEN (OLD.carried_to_id IS DISTINCT FROM NEW.carried_to_id) EXECUTE FUNCTION carried_when_closed();
    CREATE TRIGGER opened_while_open BEFORE INSERT ON ledger_purse FOR EACH ROW EXECUTE FUNCTION carried_when_closed();
    """,
    """
    DROP TRIGGER opened_while_open ON ledger_purse;
    DROP TRIGGER carried_when_closed ON ledger_purse;
    DROP FUNCTION carried_when_closed();
    """,
)


class Migration(migrations.Migration):
    """Plain SQL, so that no session of the application can switch it off."""

    dependencies = [("priority", "0013_exceptions_answered"), ("ledger", "0008_carried_over")]
    operations = [
        migrations.AddField("unionyear", "closed_share_bp", models.PositiveIntegerField(null=True)),
        migrations.AddField("unionyear", "shortfall", models.BigIntegerField(default=0, db_default=0)),
        migrations.AddField("unionyear", "brought_forward", models.BigIntegerField(default=0, db_default=0)),
        BROUGHT,
        CLOSE,
        STAYS,
        BOOKED,
        COUNTED,
        FENCED,
        PURSES,
    ]
