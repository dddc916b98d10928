"""Money that adds up (I5): legs sum to zero, posted rows stay, balances follow from legs alone, purses keep their nature."""

from django.conf import settings
from django.db import migrations
from django.db.migrations import RunSQL

from marketplace.organisations.sql import append_only

# Runs as its owner, because nobody else may write a balance. Accounts are locked in order of id.
POSTING = RunSQL(
    """
    CREATE FUNCTION ledger_post() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DECLARE wrong text;
    BEGIN
        SELECT t.key INTO wrong FROM ledger_transaction t JOIN ledger_leg l ON l.transaction_id = t.id
            WHERE t.id IN (SELECT transaction_id FROM fresh)
            GROUP BY t.id HAVING sum(l.amount) <> 0 OR count(*) <> t.legs_count LIMIT 1;
        IF wrong IS NOT NULL THEN
            RAISE EXCEPTION 'The legs of % do not sum to zero, or are not as many as it declared.', wrong
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        PERFORM id FROM ledger_account WHERE id IN (SELECT account_id FROM fresh) ORDER BY id FOR UPDATE;
        UPDATE ledger_account a SET balance = a.balance + d.total
            FROM (SELECT account_id, sum(amount) AS total FROM fresh GROUP BY account_id) d WHERE a.id = d.account_id;
        RETURN NULL;
    END $$;
    CREATE TRIGGER post AFTER INSERT ON ledger_leg
        REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION ledger_post();

    CREATE FUNCTION ledger_has_legs() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NOT EXISTS (SELECT FROM ledger_leg WHERE transaction_id = NEW.id) THEN
            RAISE EXCEPTION 'The transaction % has no legs.', NEW.key USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER has_legs AFTER INSERT ON ledger_transaction
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_has_legs();
    """,
    """
    DROP TRIGGER has_legs ON ledger_transaction;
    DROP FUNCTION ledger_has_legs();
    DROP TRIGGER post ON ledger_leg;
    DROP FUNCTION ledger_post();
    """,
)

ACCOUNTS = RunSQL(
    f"""
    REVOKE UPDATE, DELETE, TRUNCATE ON ledger_account FROM {settings.DATABASE_APP_ROLE};
    CREATE TRIGGER opened_empty BEFORE INSERT ON ledger_account FOR EACH ROW
        WHEN (NEW.balance <> 0) EXECUTE FUNCTION refuse_change();
    CREATE TRIGGER nature_stays BEFORE UPDATE ON ledger_purse FOR EACH ROW
        WHEN ((OLD.union_id, OLD.kind, OLD.covered, OLD.gift_year, OLD.account_id)
            IS DISTINCT FROM (NEW.union_id, NEW.kind, NEW.covered, NEW.gift_year, NEW.account_id))
        EXECUTE FUNCTION refuse_change();
    """,
    f"""
    DROP TRIGGER nature_stays ON ledger_purse;
    DROP TRIGGER opened_empty ON ledger_account;
    GRANT UPDATE, DELETE ON ledger_account TO {settings.DATABASE_APP_ROLE};
    """,
)


class Migration(migrations.Migration):
    """Plain SQL, so that no session of the application can switch it off."""

    dependencies = [("ledger", "0002_initial"), ("organisations", "0002_functions")]
    operations = [append_only("ledger_transaction"), append_only("ledger_leg"), POSTING, ACCOUNTS]
