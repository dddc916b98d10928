"""Nothing from nothing (I4), over the whole graph: what comes out weighs at most what the inputs yield, nothing is used twice over, and
nothing is made of itself.

What goes in is checked as it is written, what comes out after it; both under locks on what is counted, in order of id.
"""

from django.db import migrations
from django.db.migrations import RunSQL

from marketplace.organisations.sql import append_only

WENT_IN = RunSQL(
    """
    -- In which transaction it happened: afterwards nothing is added to it.
    ALTER TABLE provenance_transformation ADD COLUMN written_in xid8 NOT NULL DEFAULT pg_current_xact_id();

    CREATE FUNCTION provenance_at_once(named bigint[]) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (SELECT FROM provenance_transformation WHERE id = ANY(named) AND written_in <> pg_current_xact_id()) THEN
            RAISE EXCEPTION 'What went into a transformation and what came out is written at once, never added later.'
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
    END $$;

    CREATE FUNCTION provenance_alone() RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
        -- A snapshot older than the lock would not see what the other session wrote while this one waited.
        IF current_setting('transaction_isolation') <> 'read committed' THEN
            RAISE EXCEPTION 'Lots are made at the isolation level READ COMMITTED only.'
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
    END $$;

    CREATE FUNCTION inputs_are_there() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DECLARE wrong text;
    BEGIN
        PERFORM provenance_alone();
        PERFORM provenance_at_once(ARRAY(SELECT transformation_id FROM fresh));
        PERFORM id FROM provenance_collection WHERE id IN (SELECT collection_id FROM fresh) ORDER BY id FOR NO KEY UPDATE;
        PERFORM id FROM stock_lot WHERE id IN (SELECT lot_id FROM fresh) ORDER BY id FOR NO KEY UPDATE;

        SELECT c.note INTO wrong FROM fresh i
            JOIN provenance_collection c ON c.id = i.collection_id
            JOIN provenance_benefitagreement a ON a.id = c.agreement_id
            WHERE a.confirmed_at IS NULL LIMIT 1;
        IF wrong IS NOT NULL THEN
            RAISE EXCEPTION 'Collection % is from a household that has not confirmed its agreement.', wrong
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;

        SELECT coalesce(c.note, l.code) INTO wrong FROM fresh i
            JOIN provenance_transformation t ON t.id = i.transformation_id
            LEFT JOIN provenance_collection c ON c.id = i.collection_id
            LEFT JOIN stock_lot l ON l.id = i.lot_id
            WHERE coalesce(c.producer_id, l.holder_id) <> t.producer_id LIMIT 1;
        IF wrong IS NOT NULL THEN
            RAISE EXCEPTION '% belongs to another producer than the one that used it.', wrong
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;

        SELECT c.note INTO wrong FROM provenance_collection c JOIN provenance_input i ON i.collection_id = c.id
            WHERE c.id IN (SELECT collection_id FROM fresh) GROUP BY c.id, c.grams, c.note HAVING sum(i.grams) > c.grams LIMIT 1;
        IF wrong IS NOT NULL THEN
            RAISE EXCEPTION 'More of collection % went into lots than was collected.', wrong
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;

        SELECT l.code INTO wrong FROM stock_lot l JOIN provenance_input i ON i.lot_id = l.id
            WHERE l.id IN (SELECT lot_id FROM fresh) GROUP BY l.id, l.used, l.code HAVING sum(i.units) > l.used LIMIT 1;
        IF wrong IS NOT NULL THEN
            RAISE EXCEPTION 'More of lot % went into other lots than was taken from it.', wrong
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;

        -- Ids rise along the graph: whatever they are, nothing comes round to itself.
        SELECT l.code INTO wrong FROM fresh i JOIN stock_lot l ON l.id = i.lot_id
            LEFT JOIN provenance_output o ON o.lot_id = i.lot_id
            WHERE o.id IS NULL OR o.transformation_id >= i.transformation_id LIMIT 1;
        IF wrong IS NOT NULL THEN
            RAISE EXCEPTION 'Lot % was not made before what is made of it.', wrong
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;

        SELECT l.code INTO wrong FROM fresh i JOIN stock_lot l ON l.id = i.lot_id
            JOIN provenance_output o ON o.lot_id = i.lot_id
            WHERE i.grams <> i.units::bigint * o.unit_grams LIMIT 1;
        IF wrong IS NOT NULL THEN
            RAISE EXCEPTION 'The units of lot % that went into other lots weigh something else.', wrong
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NULL;
    END $$;
    CREATE TRIGGER inputs_are_there AFTER INSERT ON provenance_input
        REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION inputs_are_there();

    CREATE FUNCTION used_stays_used() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM provenance_alone();
        IF NEW.used < (SELECT coalesce(sum(units), 0) FROM provenance_input WHERE lot_id = NEW.id) THEN
            RAISE EXCEPTION 'More of lot % went into other lots than was taken from it.', NEW.code
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NULL;
    END $$;
    CREATE TRIGGER used_stays_used AFTER UPDATE OF used ON stock_lot FOR EACH ROW
        WHEN (NEW.used < OLD.used) EXECUTE FUNCTION used_stays_used();
    """,
    """
    DROP TRIGGER used_stays_used ON stock_lot;
    DROP FUNCTION used_stays_used();
    DROP TRIGGER inputs_are_there ON provenance_input;
    DROP FUNCTION inputs_are_there();
    DROP FUNCTION provenance_alone();
    DROP FUNCTION provenance_at_once(bigint[]);
    ALTER TABLE provenance_transformation DROP COLUMN written_in;
    """,
)

CAME_OUT = RunSQL(
    """
    CREATE FUNCTION check_transformations(checked bigint[]) RETURNS void
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DECLARE wrong record;
    BEGIN
        PERFORM provenance_alone();
        PERFORM id FROM provenance_transformation WHERE id = ANY(checked) ORDER BY id FOR NO KEY UPDATE;
        SELECT o.lots, o.grams, t.waste_grams AS waste, coalesce(i.grams, 0) AS input, t.yield_bp AS bp INTO wrong
            FROM provenance_transformation t
            JOIN (
                SELECT o.transformation_id, string_agg(l.code, ', ' ORDER BY l.id) AS lots,
                    sum(l.made::numeric * o.unit_grams) AS grams
                FROM provenance_output o JOIN stock_lot l ON l.id = o.lot_id
                WHERE o.transformation_id = ANY(checked) GROUP BY 1
            ) o ON o.transformation_id = t.id
            LEFT JOIN (
                SELECT transformation_id, sum(grams)::numeric AS grams FROM provenance_input
                WHERE transformation_id = ANY(checked) GROUP BY 1
            ) i ON i.transformation_id = t.id
            WHERE (o.grams + t.waste_grams) * 10000 > coalesce(i.grams, 0) * t.yield_bp LIMIT 1;
        IF wrong.lots IS NOT NULL THEN
            RAISE EXCEPTION 'Lot % weighs more than its inputs yield: % g and % g of waste from % g at % hundredths of a per cent.',
                wrong.lots, wrong.grams, wrong.waste, wrong.input, wrong.bp
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
    END $$;

    CREATE FUNCTION nothing_from_nothing() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE wrong text;
    BEGIN
        PERFORM provenance_at_once(ARRAY(SELECT transformation_id FROM fresh));
        SELECT l.code INTO wrong FROM fresh o JOIN stock_lot l ON l.id = o.lot_id
            JOIN provenance_transformation t ON t.id = o.transformation_id WHERE l.holder_id <> t.producer_id LIMIT 1;
        IF wrong IS NOT NULL THEN
            RAISE EXCEPTION 'Lot % belongs to another producer than the one that made it.', wrong
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        PERFORM check_transformations(ARRAY(SELECT DISTINCT transformation_id FROM fresh));
        RETURN NULL;
    END $$;
    CREATE TRIGGER nothing_from_nothing AFTER INSERT ON provenance_output
        REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION nothing_from_nothing();

    CREATE FUNCTION no_more_afterwards() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM check_transformations(ARRAY(SELECT transformation_id FROM provenance_output WHERE lot_id = NEW.id));
        RETURN NULL;
    END $$;
    CREATE TRIGGER no_more_afterwards AFTER UPDATE OF made ON stock_lot FOR EACH ROW
        WHEN (NEW.made > OLD.made) EXECUTE FUNCTION no_more_afterwards();
    """,
    """
    DROP TRIGGER no_more_afterwards ON stock_lot;
    DROP FUNCTION no_more_afterwards();
    DROP TRIGGER nothing_from_nothing ON provenance_output;
    DROP FUNCTION nothing_from_nothing();
    DROP FUNCTION check_transformations(bigint[]);
    """,
)


class Migration(migrations.Migration):
    """Plain SQL, so that no session of the application can switch it off."""

    dependencies = [("provenance", "0003_graph"), ("organisations", "0002_functions")]
    operations = [
        append_only("provenance_transformation"),
        append_only("provenance_input"),
        append_only("provenance_output"),
        WENT_IN,
        CAME_OUT,
    ]
