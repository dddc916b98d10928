"""A purse whose year is closed holds nothing: all of it, and whatever comes back, is carried over into the purse of the next year (I5)."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.migrations import RunSQL

CARRIED = RunSQL(
    """
    CREATE FUNCTION carries_to_the_next() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF OLD.carried_to_id IS NOT NULL OR NOT EXISTS (SELECT FROM ledger_purse p WHERE p.id = NEW.carried_to_id
            AND (p.union_id, p.kind, p.purpose, p.covered, p.gift_year)
                = (NEW.union_id, NEW.kind, NEW.purpose, NEW.covered, NEW.gift_year + 1))
        THEN
            RAISE EXCEPTION 'The purse "%" is carried over once, into a purse of its union and kind for the next year.', NEW.name
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER carries_to_the_next BEFORE UPDATE ON ledger_purse FOR EACH ROW
        WHEN (OLD.carried_to_id IS DISTINCT FROM NEW.carried_to_id) EXECUTE FUNCTION carries_to_the_next();
    CREATE TRIGGER opened_uncarried BEFORE INSERT ON ledger_purse FOR EACH ROW
        WHEN (NEW.carried_to_id IS NOT NULL) EXECUTE FUNCTION refuse_change();

    -- The row is held, so that a closing and money on its way into the purse do not miss each other.
    CREATE FUNCTION carried_purse_is_empty() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        closed ledger_purse;
    BEGIN
        SELECT * INTO closed FROM ledger_purse WHERE account_id = NEW.account_id FOR SHARE;
        IF closed.carried_to_id IS NULL THEN
            RETURN NULL;
        END IF;
        IF (SELECT balance FROM ledger_account WHERE id = closed.account_id) <> 0 THEN
            RAISE EXCEPTION 'The purse "%" is carried over: it holds nothing any more.', closed.name
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER carried_is_empty AFTER UPDATE OF carried_to_id ON ledger_purse
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION carried_purse_is_empty();
    CREATE CONSTRAINT TRIGGER carried_is_empty AFTER INSERT ON ledger_leg
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION carried_purse_is_empty();

    CREATE FUNCTION carried_whole() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE wrong text;
    BEGIN
        SELECT t.key INTO wrong FROM fresh f
            JOIN ledger_transaction t ON t.id = f.transaction_id
            JOIN ledger_purse source ON source.account_id = f.account_id
            WHERE f.amount < 0 AND (source.carried_to_id IS NOT NULL OR t.kind = 'purse.carried')
                AND NOT (t.kind = 'purse.carried' AND t.legs_count = 2 AND EXISTS (SELECT FROM fresh g
                    JOIN ledger_purse target ON target.account_id = g.account_id AND target.id = source.carried_to_id
                    WHERE g.transaction_id = f.transaction_id AND g.amount = -f.amount))
            LIMIT 1;
        IF wrong IS NOT NULL THEN
            RAISE EXCEPTION '%: money leaves a purse that is carried over for its next one alone.', wrong
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NULL;
    END $$;
    CREATE TRIGGER carried_whole AFTER INSERT ON ledger_leg
        REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION carried_whole();
    """,
    """
    DROP TRIGGER carried_whole ON ledger_leg;
    DROP FUNCTION carried_whole();
    DROP TRIGGER carried_is_empty ON ledger_leg;
    DROP TRIGGER carried_is_empty ON ledger_purse;
    DROP FUNCTION carried_purse_is_empty();
    DROP TRIGGER opened_uncarried ON ledger_purse;
    DROP TRIGGER carries_to_the_next ON ledger_purse;
    DROP FUNCTION carries_to_the_next();
    """,
)


class Migration(migrations.Migration):
    """Plain SQL, so that no session of the application can switch it off."""

    dependencies = [("ledger", "0007_purses_apart")]
    operations = [
        migrations.AddField(
            model_name="purse",
            name="carried_to",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="carried_from", to="ledger.purse"
            ),
        ),
        CARRIED,
    ]
