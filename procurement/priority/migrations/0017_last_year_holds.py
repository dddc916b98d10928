"""Where the policy says that a year does not fall below the last one, the database holds to it as it does to clause 3: when ordinary
goods are decided, and at commit when assistance goods are given up or set-aside money leaves.
"""

from django.db import migrations
from django.db.migrations import RunSQL

# The same sums as years.kept_last_year. `drawn` fen of R are about to leave for assistance goods that are counted already. Which policy
# binds today: the same choice as policy.queries.policy_of.
CHECK = RunSQL(
    """
    CREATE FUNCTION keeps_last_year(of_union bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
        SELECT coalesce((SELECT q.keep_last_year FROM policy_policy q JOIN organisations_organisation u ON u.id = of_union
            WHERE q.approved_by_id IS NOT NULL AND q.period @> (now() AT TIME ZONE 'Asia/Shanghai')::date
                AND starts_with(u.region, q.region) AND q.level IN (0, coalesce(u.level, 0))
            ORDER BY length(q.region) DESC, q.level DESC LIMIT 1), false)
    $$;

    CREATE FUNCTION check_last_year(of_union bigint, of_year int, drawn bigint) RETURNS void
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DECLARE
        y priority_unionyear;
        reserve bigint;
    BEGIN
        UPDATE priority_unionyear SET ordinary = ordinary WHERE (union_id, gift_year) = (of_union, of_year) RETURNING * INTO y;
        SELECT coalesce(sum(a.balance), 0) - drawn INTO reserve FROM ledger_purse p JOIN ledger_account a ON a.id = p.account_id
            WHERE (p.union_id, p.gift_year, p.kind) = (of_union, of_year, 'ring_fenced');
        IF y.ordinary > 0 AND y.assistance + reserve < (SELECT assistance FROM priority_unionyear
            WHERE (union_id, gift_year) = (of_union, of_year - 1))
        THEN
            RAISE EXCEPTION 'In its gift year % the union % would have fewer assistance goods than the year before.', of_year, of_union
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
    END $$;
    """,
    "DROP FUNCTION check_last_year(bigint, int, bigint); DROP FUNCTION keeps_last_year(bigint);",
)

_DECIDED = """
    CREATE OR REPLACE FUNCTION ordinary_within_share() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE added record;
    BEGIN
        FOR added IN
            SELECT d.union_id, d.gift_year, p.minimum_share_bp{keeps}, bool_or(y.make_good_due) AS due,
                bool_or(NOT d.waived AND d.outcome <> 'assistance') AS counts,
                coalesce(sum(d.amount) FILTER (WHERE d.outcome = 'assistance' AND purse.kind = 'ring_fenced'), 0)::bigint AS drawn
            FROM fresh d
            JOIN priority_judgement j ON j.id = d.judgement_id
            JOIN policy_policy p ON p.id = j.policy_id
            JOIN priority_unionyear y ON (y.union_id, y.gift_year) = (d.union_id, d.gift_year)
            JOIN ledger_purse purse ON purse.id = d.purse_id
            WHERE d.outcome <> 'uncovered' GROUP BY {grouped} HAVING bool_or(d.outcome <> 'assistance')
        LOOP
            IF added.due THEN
                RAISE EXCEPTION 'Something is to be made good first: until then no ordinary goods are bought.'
                    USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            IF added.counts THEN
                PERFORM check_year(added.union_id, added.gift_year, added.minimum_share_bp, added.drawn);
            END IF;{last_year}
        END LOOP;
        RETURN NULL;
    END $$;
"""
_DECIDED_LAST_YEAR = """
            IF added.counts AND added.keep_last_year THEN
                PERFORM check_last_year(added.union_id, added.gift_year, added.drawn);
            END IF;"""

# Goods that a set-aside purse had paid are R again.
_GIVEN_UP = """
    CREATE OR REPLACE FUNCTION released_within_share() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF (SELECT l.by = 'union' AND d.outcome = 'assistance' AND NOT y.make_good_due
            FROM fulfilment_loss l, priority_decision d, priority_unionyear y
            WHERE l.id = NEW.loss_id AND d.id = NEW.decision_id AND (y.union_id, y.gift_year) = (d.union_id, d.gift_year))
        THEN
            PERFORM check_year(NEW.union_id, NEW.gift_year, binding_share(NEW.union_id, NEW.gift_year), 0);
        END IF;{last_year}
        RETURN NULL;
    END $$;
"""
_GIVEN_UP_LAST_YEAR = """
        IF (SELECT l.by = 'union' AND d.outcome = 'assistance' AND d.gift_year = NEW.gift_year AND purse.kind <> 'ring_fenced'
            FROM fulfilment_loss l, priority_decision d JOIN ledger_purse purse ON purse.id = d.purse_id
            WHERE l.id = NEW.loss_id AND d.id = NEW.decision_id) AND keeps_last_year(NEW.union_id)
        THEN
            PERFORM check_last_year(NEW.union_id, NEW.gift_year, 0);
        END IF;"""

_MONEY = """
    CREATE OR REPLACE FUNCTION reserve_within_share() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE purse ledger_purse;
    BEGIN
        SELECT p.* INTO purse FROM ledger_purse p JOIN ledger_transaction t ON t.id = NEW.transaction_id AND t.kind = 'purse.released'
            WHERE p.account_id = NEW.account_id AND p.kind = 'ring_fenced';
        IF FOUND AND EXISTS (SELECT FROM priority_unionyear WHERE (union_id, gift_year) = (purse.union_id, purse.gift_year)) THEN
            PERFORM check_year(purse.union_id, purse.gift_year, binding_share(purse.union_id, purse.gift_year), 0);{last_year}
        END IF;
        RETURN NULL;
    END $$;
"""
_MONEY_LAST_YEAR = """
            IF keeps_last_year(purse.union_id) THEN
                PERFORM check_last_year(purse.union_id, purse.gift_year, 0);
            END IF;"""


class Migration(migrations.Migration):
    """Plain SQL, so that no session of the application can switch it off."""

    dependencies = [("priority", "0016_left_to_buy"), ("policy", "0005_drafts_stay")]
    operations = [
        CHECK,
        RunSQL(
            [
                _DECIDED.format(keeps=", p.keep_last_year", grouped="1, 2, 3, 4", last_year=_DECIDED_LAST_YEAR),
                _GIVEN_UP.format(last_year=_GIVEN_UP_LAST_YEAR),
                _MONEY.format(last_year=_MONEY_LAST_YEAR),
            ],
            [
                _MONEY.format(last_year=""),
                _GIVEN_UP.format(last_year=""),
                _DECIDED.format(keeps="", grouped="1, 2, 3", last_year=""),
            ],
        ),
    ]
