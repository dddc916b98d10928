"""No covered order line without matching decisions (I1); an assistance-only purse pays for nothing else (I5)."""

from django.db import migrations
from django.db.migrations import RunSQL

from marketplace.organisations.sql import append_only, declared_moves

EXCEPTION_MOVES = {"asked": ["granted", "refused"], "granted": ["revoked"]}

# Lines and decisions cannot be changed or removed at all, so inserting either is the only moment to check.
DECIDED = RunSQL(
    """
    CREATE FUNCTION check_line_decided(checked bigint) RETURNS void LANGUAGE plpgsql AS $$
    DECLARE
        line order_line;
        purse ledger_purse;
        wanted bigint;
    BEGIN
        SELECT * INTO line FROM order_line WHERE id = checked;
        SELECT * INTO purse FROM ledger_purse WHERE id = line.purse_id;
        IF NOT purse.covered THEN
            RETURN;
        END IF;
        IF purse.union_id <> (SELECT union_id FROM order_order WHERE id = line.order_id) THEN
            RAISE EXCEPTION 'Order line % is paid from a purse of another union.', checked
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        WITH wanted AS (
            SELECT line.product_id AS product, line.quantity::bigint AS quantity, (line.unit_price_incl_tax * 100)::bigint AS price
                WHERE line.components IS NULL OR line.components = 'null'::jsonb
            UNION ALL
            SELECT (c ->> 'product')::bigint, (c ->> 'quantity')::bigint * line.quantity, (c ->> 'price')::bigint
                FROM jsonb_array_elements(CASE jsonb_typeof(line.components) WHEN 'array' THEN line.components ELSE '[]' END) c
        ), decided AS (
            SELECT d.product_id AS product, d.unit_price::bigint AS price, sum(d.quantity) AS quantity, sum(d.amount) AS amount
                FROM priority_decision d
                JOIN priority_judgement j ON j.id = d.judgement_id AND j.allowed AND j.union_id = d.union_id
                WHERE d.line_id = line.id AND d.order_id = line.order_id AND d.purse_id = line.purse_id
                    AND d.amount = d.quantity::bigint * d.unit_price
                    AND (purse.kind <> 'ring_fenced' OR d.outcome = 'assistance')
                GROUP BY 1, 2
        )
        SELECT coalesce(w.product, 0) INTO wanted FROM wanted w FULL JOIN decided d USING (product, price)
            WHERE w.quantity IS DISTINCT FROM d.quantity LIMIT 1;
        IF FOUND OR NOT EXISTS (SELECT FROM priority_decision WHERE line_id = line.id) OR (
            SELECT sum(amount) FROM priority_decision WHERE line_id = line.id
        ) <> (line.line_price_incl_tax * 100)::bigint THEN
            RAISE EXCEPTION 'Order line % has no allowing decision for its product, quantity, price and purse: '
                'what a covered purse pays for is decided first.', checked
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
    END $$;

    CREATE FUNCTION line_decided() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM check_line_decided((to_jsonb(NEW) ->> TG_ARGV[0])::bigint);
        RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER line_decided AFTER INSERT ON order_line
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION line_decided('id');
    CREATE CONSTRAINT TRIGGER line_decided AFTER INSERT ON priority_decision
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION line_decided('line_id');
    """,
    """
    DROP TRIGGER line_decided ON priority_decision;
    DROP TRIGGER line_decided ON order_line;
    DROP FUNCTION line_decided();
    DROP FUNCTION check_line_decided(bigint);
    """,
)

RING_FENCE = RunSQL(
    """
    CREATE FUNCTION ring_fence() RETURNS trigger LANGUAGE plpgsql AS $$
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
        IF posted.kind = 'purse.released' THEN
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
    CREATE CONSTRAINT TRIGGER ring_fence AFTER INSERT ON ledger_leg
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.amount < 0) EXECUTE FUNCTION ring_fence();
    """,
    "DROP TRIGGER ring_fence ON ledger_leg; DROP FUNCTION ring_fence();",
)


class Migration(migrations.Migration):
    """Plain SQL, so that no session of the application can switch it off."""

    dependencies = [("priority", "0001_initial"), ("order", "0003_snapshots"), ("ledger", "0003_invariants")]
    operations = [
        append_only("priority_judgement"),
        append_only("priority_decision"),
        append_only("priority_certificate"),
        declared_moves("priority_priorityexception", EXCEPTION_MOVES),
        DECIDED,
        RING_FENCE,
    ]
