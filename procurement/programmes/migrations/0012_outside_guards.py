"""Purchases from outside stay as registered: by their log entry, each invoice once, reversed by a row of its own (I1, I8)."""

from django.db import migrations
from django.db.migrations import RunSQL

from marketplace.organisations.sql import append_only

REGISTERED = RunSQL(
    """
    CREATE FUNCTION outside_registered() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        entry evidence_entry;
        body jsonb;
    BEGIN
        SELECT * INTO entry FROM evidence_entry WHERE id = NEW.entry_id;
        body := convert_from(entry.leaf, 'UTF8')::jsonb -> 'body';
        IF (entry.kind, entry.subject, entry.union_id) IS DISTINCT FROM
                ('outside.registered', 'outside:' || NEW.number, NEW.union_id)
            OR (body ->> 'number', (body ->> 'year')::int, body ->> 'bought_on', body ->> 'occasion', body ->> 'form',
                body ->> 'invoice', (body ->> 'amount')::bigint, (body ->> 'members')::bigint, (body ->> 'per_head')::bigint,
                body ->> 'persons_sha256' <> '') IS DISTINCT FROM
                (NEW.number, NEW.gift_year::int, NEW.bought_on::text, NEW.occasion, NEW.form, NEW.invoice, NEW.amount,
                NEW.members::bigint, NEW.per_head::bigint, NEW.named)
        THEN
            RAISE EXCEPTION 'The purchase from outside % is not what its log entry says.', NEW.number
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        IF NEW.per_head <> (NEW.amount + NEW.members - 1) / NEW.members
            OR NEW.bought_on > (now() AT TIME ZONE 'Asia/Shanghai')::date
            OR NEW.gift_year NOT BETWEEN date_part('year', NEW.bought_on) AND date_part('year', NEW.bought_on) + 1
        THEN
            RAISE EXCEPTION 'The purchase from outside % is of a day to come, of another year, or counts otherwise for each member.',
                NEW.number USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        IF NEW.replaces_id IS NOT NULL AND NOT EXISTS (
            SELECT FROM programmes_outsidepurchase o JOIN programmes_outsidereversal v ON v.purchase_id = o.id
            WHERE o.id = NEW.replaces_id AND (o.union_id, o.invoice) = (NEW.union_id, NEW.invoice)
        ) THEN
            RAISE EXCEPTION 'An invoice is registered again only in the place of a reversed entry of the same number.'
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER as_logged BEFORE INSERT ON programmes_outsidepurchase
        FOR EACH ROW EXECUTE FUNCTION outside_registered();

    CREATE FUNCTION outside_reversed() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NOT EXISTS (
            SELECT FROM programmes_outsidepurchase o JOIN evidence_entry e ON e.id = NEW.entry_id
            WHERE o.id = NEW.purchase_id AND (o.union_id, o.gift_year) = (NEW.union_id, NEW.gift_year)
                AND (e.kind, e.subject, e.union_id) = ('outside.reversed', 'outside:' || o.number, o.union_id)
        ) THEN
            RAISE EXCEPTION 'A reversal is of its purchase''s union and year, and in the log.'
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER as_logged BEFORE INSERT ON programmes_outsidereversal
        FOR EACH ROW EXECUTE FUNCTION outside_reversed();
    """,
    """
    DROP TRIGGER as_logged ON programmes_outsidereversal;
    DROP FUNCTION outside_reversed();
    DROP TRIGGER as_logged ON programmes_outsidepurchase;
    DROP FUNCTION outside_registered();
    """,
)

# Whom it reached is said when it is registered, to the last member, and by nobody later.
REACHED = RunSQL(
    """
    CREATE FUNCTION outside_reached() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE wrong text;
    BEGIN
        SELECT o.number INTO wrong FROM programmes_outsidepurchase o
            LEFT JOIN programmes_outsidemember m ON m.purchase_id = o.id
            WHERE o.id IN (SELECT purchase_id FROM fresh) GROUP BY o.id
            HAVING NOT o.named OR count(m.id) > o.members OR bool_or(m.union_id <> o.union_id) LIMIT 1;
        IF wrong IS NOT NULL THEN
            RAISE EXCEPTION 'The purchase % reached no more members than were registered.', wrong
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NULL;
    END $$;
    CREATE TRIGGER no_more_than_registered AFTER INSERT ON programmes_outsidemember
        REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION outside_reached();

    CREATE FUNCTION outside_all_named() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF (SELECT count(*) FROM programmes_outsidemember WHERE purchase_id = NEW.id) <> NEW.members THEN
            RAISE EXCEPTION 'The list of the purchase % has another number of members than it says.', NEW.number
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER all_named AFTER INSERT ON programmes_outsidepurchase
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.named) EXECUTE FUNCTION outside_all_named();
    """,
    """
    DROP TRIGGER all_named ON programmes_outsidepurchase;
    DROP FUNCTION outside_all_named();
    DROP TRIGGER no_more_than_registered ON programmes_outsidemember;
    DROP FUNCTION outside_reached();
    """,
)

OPEN = RunSQL(
    """
    CREATE TRIGGER in_open_year AFTER INSERT ON programmes_outsidepurchase
        REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION in_open_year();
    CREATE TRIGGER in_open_year AFTER INSERT ON programmes_outsidereversal
        REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION in_open_year();
    """,
    """
    DROP TRIGGER in_open_year ON programmes_outsidereversal;
    DROP TRIGGER in_open_year ON programmes_outsidepurchase;
    """,
)


class Migration(migrations.Migration):
    """Plain SQL, so that no session of the application can switch it off."""

    dependencies = [
        ("programmes", "0011_outside"),
        ("evidence", "0002_append_only"),
        ("priority", "0010_open_years"),
    ]
    operations = [
        append_only("programmes_outsidepurchase"),
        append_only("programmes_outsidemember"),
        append_only("programmes_outsidereversal"),
        append_only("programmes_outsidepaper"),
        REGISTERED,
        REACHED,
        OPEN,
    ]
