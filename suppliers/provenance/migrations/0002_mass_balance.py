"""Nothing from nothing (I4): a lot weighs at most what its confirmed collections yield, a collection is used at most once over."""

from django.db import migrations
from django.db.migrations import RunSQL

from marketplace.organisations.sql import append_only

BALANCE = RunSQL(
    """
    CREATE FUNCTION check_lot_balance(checked bigint) RETURNS void LANGUAGE plpgsql AS $$
    DECLARE
        input numeric;
        unconfirmed bigint;
        recipe provenance_lotrecipe;
        lot stock_lot;
    BEGIN
        SELECT * INTO lot FROM stock_lot WHERE id = checked FOR SHARE;
        SELECT * INTO recipe FROM provenance_lotrecipe WHERE lot_id = checked;
        IF recipe.id IS NULL THEN
            RETURN;
        END IF;
        SELECT coalesce(sum(i.grams), 0), count(*) FILTER (WHERE a.confirmed_at IS NULL) INTO input, unconfirmed
            FROM provenance_lotinput i
            JOIN provenance_collection c ON c.id = i.collection_id
            JOIN provenance_benefitagreement a ON a.id = c.agreement_id
            WHERE i.lot_id = checked;
        IF unconfirmed > 0 THEN
            RAISE EXCEPTION 'Lot % uses a collection from a household that has not confirmed its agreement.', lot.code
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        IF lot.made::numeric * recipe.unit_grams + recipe.waste_grams > input * recipe.yield_bp / 10000 THEN
            RAISE EXCEPTION 'Lot % weighs more than its inputs yield: % units of % g and % g of waste from % g at % hundredths of a per cent.',
                lot.code, lot.made, recipe.unit_grams, recipe.waste_grams, input, recipe.yield_bp
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
    END $$;

    CREATE FUNCTION lot_balance() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        checked bigint := (to_jsonb(NEW) ->> TG_ARGV[0])::bigint;
        over text;
    BEGIN
        PERFORM check_lot_balance(checked);
        IF TG_TABLE_NAME = 'provenance_lotinput' THEN
            SELECT c.note INTO over FROM provenance_collection c JOIN provenance_lotinput i ON i.collection_id = c.id
                WHERE c.id = (to_jsonb(NEW) ->> 'collection_id')::bigint
                GROUP BY c.id, c.grams HAVING sum(i.grams) > c.grams;
            IF over IS NOT NULL THEN
                RAISE EXCEPTION 'More of collection % went into lots than was collected.', over
                    USING ERRCODE = 'integrity_constraint_violation';
            END IF;
        END IF;
        RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER lot_balance AFTER INSERT OR UPDATE ON provenance_lotrecipe
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION lot_balance('lot_id');
    CREATE CONSTRAINT TRIGGER lot_balance AFTER INSERT ON provenance_lotinput
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION lot_balance('lot_id');
    CREATE CONSTRAINT TRIGGER lot_balance AFTER UPDATE OF made ON stock_lot
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION lot_balance('id');
    """,
    """
    DROP TRIGGER lot_balance ON stock_lot;
    DROP TRIGGER lot_balance ON provenance_lotinput;
    DROP TRIGGER lot_balance ON provenance_lotrecipe;
    DROP FUNCTION lot_balance();
    DROP FUNCTION check_lot_balance(bigint);
    """,
)


class Migration(migrations.Migration):
    """Plain SQL, so that no session of the application can switch it off."""

    dependencies = [("provenance", "0001_initial"), ("organisations", "0002_functions")]
    operations = [append_only("provenance_collection"), append_only("provenance_lotinput"), BALANCE]
