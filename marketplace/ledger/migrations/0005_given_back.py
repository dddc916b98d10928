"""A correction gives each purse back at most what the corrected transaction took from it (I5)."""

from django.db import migrations
from django.db.migrations import RunSQL

GIVEN_BACK = RunSQL(
    """
    CREATE FUNCTION ledger_given_back() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE over text;
    BEGIN
        SELECT a.code INTO over FROM fresh f
            JOIN ledger_transaction t ON t.id = f.transaction_id AND t.corrects_id IS NOT NULL
            JOIN ledger_account a ON a.id = f.account_id AND a.kind = 'purse'
            WHERE (SELECT sum(l.amount) FROM ledger_leg l JOIN ledger_transaction c ON c.id = l.transaction_id
                    WHERE c.corrects_id = t.corrects_id AND l.account_id = f.account_id)
                > coalesce((SELECT -sum(amount) FROM ledger_leg
                    WHERE transaction_id = t.corrects_id AND account_id = f.account_id), 0)
            LIMIT 1;
        IF over IS NOT NULL THEN
            RAISE EXCEPTION '% would be given back more than was taken from it.', over
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NULL;
    END $$;
    CREATE TRIGGER given_back AFTER INSERT ON ledger_leg
        REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION ledger_given_back();
    """,
    "DROP TRIGGER given_back ON ledger_leg; DROP FUNCTION ledger_given_back();",
)


class Migration(migrations.Migration):
    """Plain SQL, so that no session of the application can switch it off."""

    dependencies = [("ledger", "0004_losses")]
    operations = [GIVEN_BACK]
