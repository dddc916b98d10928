"""Never more is released than was decided, and no covered goods are lost without leaving the year's figures (I1, I5)."""

from django.db import migrations
from django.db.migrations import RunSQL

from marketplace.organisations.sql import append_only

RELEASES = RunSQL(
    """
    CREATE FUNCTION within_decision() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE over bigint;
    BEGIN
        SELECT d.id INTO over FROM priority_decision d JOIN priority_release r ON r.decision_id = d.id
            WHERE d.id IN (SELECT decision_id FROM fresh) GROUP BY d.id, d.quantity HAVING sum(r.quantity) > d.quantity LIMIT 1;
        IF over IS NOT NULL THEN
            RAISE EXCEPTION 'More of decision % would be released than was decided.', over
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        SELECT d.id INTO over FROM fresh r JOIN priority_decision d ON d.id = r.decision_id
            WHERE r.amount <> r.quantity::bigint * d.unit_price OR (r.union_id, r.gift_year) <> (d.union_id, d.gift_year) LIMIT 1;
        IF over IS NOT NULL THEN
            RAISE EXCEPTION 'A release of decision % has another price, union or year than it.', over
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NULL;
    END $$;
    CREATE TRIGGER within_decision AFTER INSERT ON priority_release
        REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION within_decision();

    CREATE FUNCTION loss_released() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        checked bigint := (to_jsonb(NEW) ->> TG_ARGV[0])::bigint;
        lost bigint;
        released bigint;
    BEGIN
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
        IF lost <> released THEN
            RAISE EXCEPTION 'Loss % is of covered goods for % fen, and its decisions were released for % fen.', checked, lost, released
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER released AFTER INSERT ON fulfilment_loss
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION loss_released('id');
    CREATE CONSTRAINT TRIGGER released AFTER INSERT ON priority_release
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION loss_released('loss_id');
    """,
    """
    DROP TRIGGER released ON priority_release;
    DROP TRIGGER released ON fulfilment_loss;
    DROP FUNCTION loss_released();
    DROP TRIGGER within_decision ON priority_release;
    DROP FUNCTION within_decision();
    """,
)


class Migration(migrations.Migration):
    """Plain SQL, so that no session of the application can switch it off."""

    dependencies = [("priority", "0003_losses"), ("fulfilment", "0004_loss_invariants")]
    operations = [append_only("priority_release"), RELEASES]
