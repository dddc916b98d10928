"""An order is handed on whole, with its money, between years that are open and stay within their share; then it stays (I1, I5, I7)."""

from django.conf import settings
from django.db import migrations
from django.db.migrations import RunSQL

from marketplace.organisations.sql import append_only, declared_moves

TABLE = "programmes_reattribution"
MOVES = {"offered": ["taken", "declined", "withdrawn"]}

STAYS = RunSQL(
    f"""
    CREATE TRIGGER is_offered BEFORE INSERT ON {TABLE} FOR EACH ROW
        WHEN (NEW.state <> 'offered') EXECUTE FUNCTION refuse_change();
    CREATE TRIGGER stays_as_offered BEFORE UPDATE ON {TABLE} FOR EACH ROW
        WHEN (OLD.state <> 'offered' OR (OLD.order_id, OLD.turn, OLD.union_id, OLD.to_union_id, OLD.gift_year, OLD.because, OLD.goods,
            OLD.recipients, OLD.offered_by_id, OLD.offered_at) IS DISTINCT FROM (NEW.order_id, NEW.turn, NEW.union_id,
            NEW.to_union_id, NEW.gift_year, NEW.because, NEW.goods, NEW.recipients, NEW.offered_by_id, NEW.offered_at))
        EXECUTE FUNCTION refuse_change();
    CREATE TRIGGER stays BEFORE DELETE OR TRUNCATE ON {TABLE} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
    REVOKE DELETE, TRUNCATE ON {TABLE} FROM {settings.DATABASE_APP_ROLE};
    """,
    f"""
    GRANT DELETE ON {TABLE} TO {settings.DATABASE_APP_ROLE};
    DROP TRIGGER stays ON {TABLE};
    DROP TRIGGER stays_as_offered ON {TABLE};
    DROP TRIGGER is_offered ON {TABLE};
    """,
)

# The money is posted first, so that what it comes to is seen here: each purse that paid has its own back, and the new union's has paid.
TAKEN = RunSQL(
    f"""
    CREATE FUNCTION order_live(of_order bigint) RETURNS TABLE (purse_id bigint, outcome text, waived boolean, fen bigint)
        LANGUAGE sql STABLE AS $$
        SELECT d.purse_id, d.outcome, d.waived, sum(d.amount - coalesce(r.fen, 0))::bigint FROM priority_decision d
            LEFT JOIN LATERAL (SELECT sum(amount) AS fen FROM priority_release WHERE decision_id = d.id) r ON true
            WHERE d.order_id = of_order GROUP BY 1, 2, 3
    $$;

    -- By how much clause 3 fails for a year, in ten-thousandths of a fen; `added` fen of R came just now.
    CREATE FUNCTION year_excess(of_union bigint, of_year int, added bigint) RETURNS bigint LANGUAGE sql VOLATILE AS $$
        SELECT y.ordinary * 10000 - (10000 - coalesce(binding_share(of_union, of_year), 0)) * (y.bought + y.ordinary - added + (
            SELECT coalesce(sum(a.balance), 0) FROM ledger_purse p JOIN ledger_account a ON a.id = p.account_id
                WHERE (p.union_id, p.gift_year, p.kind) = (of_union, of_year, 'ring_fenced')))
        FROM (SELECT assistance - brought_forward AS bought, ordinary FROM priority_unionyear
            WHERE (union_id, gift_year) = (of_union, of_year)) y
    $$;

    CREATE FUNCTION order_handed_on() RETURNS trigger
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DECLARE
        o order_order;
        last {TABLE};
        paying ledger_purse;
        total bigint := NEW.assistance + NEW.ordinary + NEW.waived;
        returned bigint;
        fenced bigint;
        before_here bigint;
        before_there bigint;
    BEGIN
        PERFORM require_open_year(u, NEW.gift_year) FROM unnest(ARRAY[NEW.union_id, NEW.to_union_id]) u ORDER BY u;
        SELECT * INTO o FROM order_order WHERE id = NEW.order_id;
        SELECT * INTO last FROM {TABLE} WHERE order_id = NEW.order_id AND state = 'taken' AND id <> NEW.id ORDER BY turn DESC LIMIT 1;
        IF (NEW.union_id, NEW.turn::int, NEW.gift_year::int) IS DISTINCT FROM
            (coalesce(last.to_union_id, o.union_id), coalesce(last.turn, 0) + 1, o.gift_year::int)
        THEN
            RAISE EXCEPTION 'The order % is handed on by the union that counts it, in its year.', o.number
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        IF EXISTS (
            SELECT FROM fulfilment_parcel p WHERE p.supplier_order_id IN (SELECT id FROM fulfilment_supplierorder WHERE order_id = o.id)
                AND p.state NOT IN ('accepted', 'cancelled', 'refused', 'returned')
        ) OR EXISTS (
            SELECT FROM fulfilment_supplierorder so WHERE so.order_id = o.id
                AND EXISTS (SELECT FROM fulfilment_parcel WHERE supplier_order_id = so.id AND state = 'accepted')
                AND (so.paid_at IS NULL OR (so.accepted_at AT TIME ZONE 'Asia/Shanghai')::date + so.return_days
                    >= (now() AT TIME ZONE 'Asia/Shanghai')::date)
        ) THEN
            RAISE EXCEPTION 'The order % is handed on once all of it is accepted and paid and can no longer be returned.', o.number
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        IF total <= 0 OR EXISTS (SELECT FROM order_live(o.id) l WHERE l.outcome = 'uncovered')
            OR NOT EXISTS (
                SELECT FROM (
                    SELECT coalesce(sum(l.fen) FILTER (WHERE l.outcome = 'assistance'), 0) AS assistance,
                        coalesce(sum(l.fen) FILTER (WHERE l.outcome <> 'assistance' AND NOT l.waived), 0) AS ordinary,
                        coalesce(sum(l.fen) FILTER (WHERE l.waived), 0) AS waived FROM order_live(o.id) l
                ) live WHERE (live.assistance, live.ordinary, live.waived) = (NEW.assistance, NEW.ordinary, NEW.waived))
        THEN
            RAISE EXCEPTION 'All that is live of the order % is handed on, and all of it is covered.', o.number
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        SELECT * INTO paying FROM ledger_purse WHERE id = NEW.purse_id;
        IF (paying.union_id, paying.gift_year::int, paying.kind, paying.covered) IS DISTINCT FROM
                (NEW.to_union_id, NEW.gift_year::int, 'general', true)
            OR EXISTS (SELECT FROM order_live(o.id) l JOIN ledger_purse q ON q.id = l.purse_id WHERE q.purpose <> paying.purpose)
            OR -total IS DISTINCT FROM (SELECT l.amount FROM ledger_leg l JOIN ledger_transaction t ON t.id = l.transaction_id
                WHERE t.key = 'reattribution:' || NEW.id || ':taken' AND l.account_id = paying.account_id
                    AND (t.kind, t.cause) = ('order.reattributed', 'order:' || o.number))
            OR EXISTS (
                SELECT FROM (
                    SELECT q.account_id, sum(l.fen) AS fen FROM order_live(o.id) l
                        JOIN ledger_purse q ON q.id = coalesce(last.purse_id, l.purse_id) GROUP BY 1 HAVING sum(l.fen) > 0
                ) due FULL JOIN (
                    SELECT l.account_id, l.amount AS fen FROM ledger_leg l JOIN ledger_transaction t ON t.id = l.transaction_id
                        JOIN ledger_account a ON a.id = l.account_id AND a.kind = 'purse'
                        WHERE t.key = 'reattribution:' || NEW.id || ':given_back'
                ) given USING (account_id) WHERE due.fen IS DISTINCT FROM given.fen)
        THEN
            RAISE EXCEPTION 'The order % is handed on with its money: to the purses that paid, from one of the new union''s own.', o.number
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        SELECT coalesce(sum(l.fen), 0) INTO fenced FROM order_live(o.id) l
            JOIN ledger_purse q ON q.id = coalesce(last.purse_id, l.purse_id) AND q.kind = 'ring_fenced';
        before_here := year_excess(NEW.union_id, NEW.gift_year, fenced);
        before_there := year_excess(NEW.to_union_id, NEW.gift_year, 0);
        PERFORM year_moved(NEW.union_id, NEW.gift_year, -NEW.assistance, -NEW.ordinary);
        PERFORM year_moved(NEW.to_union_id, NEW.gift_year, NEW.assistance, NEW.ordinary);
        IF year_excess(NEW.union_id, NEW.gift_year, 0) > greatest(before_here, 0)
            OR year_excess(NEW.to_union_id, NEW.gift_year, 0) > greatest(before_there, 0)
        THEN
            RAISE EXCEPTION 'With the order % handed on, one of the two unions would have more ordinary goods than its share allows.',
                o.number USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NULL;
    END $$;
    CREATE TRIGGER handed_on AFTER UPDATE ON {TABLE} FOR EACH ROW
        WHEN (OLD.state <> 'taken' AND NEW.state = 'taken') EXECUTE FUNCTION order_handed_on();

    -- What was handed on is final: nothing of it is lost any more. After `follows_year`, by name, which waits for the year.
    CREATE FUNCTION not_handed_on() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (
            SELECT FROM fresh f JOIN priority_decision d ON d.id = f.decision_id
            JOIN {TABLE} r ON r.order_id = d.order_id AND r.state = 'taken'
        ) THEN
            RAISE EXCEPTION 'An order that was handed on to another union is final.' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NULL;
    END $$;
    CREATE TRIGGER not_handed_on AFTER INSERT ON priority_release
        REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION not_handed_on();
    """,
    f"""
    DROP TRIGGER not_handed_on ON priority_release;
    DROP FUNCTION not_handed_on();
    DROP TRIGGER handed_on ON {TABLE};
    DROP FUNCTION order_handed_on();
    DROP FUNCTION year_excess(bigint, int, bigint);
    DROP FUNCTION order_live(bigint);
    """,
)


class Migration(migrations.Migration):
    """Plain SQL, so that no session of the application can switch it off."""

    dependencies = [
        ("programmes", "0013_reattribution"),
        ("priority", "0016_left_to_buy"),
        ("fulfilment", "0006_counted_alone"),
        ("ledger", "0007_purses_apart"),
    ]
    operations = [
        declared_moves(TABLE, MOVES),
        append_only("programmes_reattributedmember"),
        STAYS,
        TAKEN,
    ]
