"""Money that the rule covers does not reach a purse that it does not cover, of another purpose, or of another union (I5)."""

from django.db import migrations
from django.db.migrations import RunSQL

PURSES = RunSQL(
    """
    CREATE FUNCTION purse_of_its_own() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NOT EXISTS (SELECT FROM ledger_account WHERE id = NEW.account_id AND kind = 'purse' AND owner_id = NEW.union_id) THEN
            RAISE EXCEPTION 'The purse "%" needs an account of its own kind and union.', NEW.name
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER of_its_own BEFORE INSERT ON ledger_purse FOR EACH ROW EXECUTE FUNCTION purse_of_its_own();

    CREATE FUNCTION purses_apart() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE taken text;
    BEGIN
        SELECT source.name INTO taken FROM fresh f
            JOIN ledger_purse source ON source.account_id = f.account_id AND source.covered AND f.amount < 0
            JOIN fresh g ON g.transaction_id = f.transaction_id AND g.amount > 0
            JOIN ledger_purse target ON target.account_id = g.account_id
                AND (NOT target.covered OR (target.union_id, target.purpose) <> (source.union_id, source.purpose))
            LIMIT 1;
        IF taken IS NOT NULL THEN
            RAISE EXCEPTION 'Money of the purse "%" stays with its union, in purses of its purpose.', taken
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NULL;
    END $$;
    CREATE TRIGGER purses_apart AFTER INSERT ON ledger_leg
        REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION purses_apart();
    """,
    """
    DROP TRIGGER purses_apart ON ledger_leg;
    DROP FUNCTION purses_apart();
    DROP TRIGGER of_its_own ON ledger_purse;
    DROP FUNCTION purse_of_its_own();
    """,
)


class Migration(migrations.Migration):
    """Plain SQL, so that no session of the application can switch it off."""

    dependencies = [("ledger", "0006_purse_purpose"), ("organisations", "0005_place_stays")]
    operations = [PURSES]
