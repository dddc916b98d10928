"""Whoever hands assistance goods on, or takes ordinary ones over, keeps to the year before where the policy says so."""

from django.db import migrations
from django.db.migrations import RunSQL

# After `handed_on`, by name: A and O have moved, and each purse has its own back.
KEPT = RunSQL(
    """
    CREATE FUNCTION last_year_kept() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NEW.assistance > (SELECT coalesce(sum(l.amount), 0) FROM ledger_leg l JOIN ledger_transaction t ON t.id = l.transaction_id
                JOIN ledger_purse q ON q.account_id = l.account_id AND q.kind = 'ring_fenced'
                WHERE t.key = 'reattribution:' || NEW.id || ':given_back')
            AND keeps_last_year(NEW.union_id)
        THEN
            PERFORM check_last_year(NEW.union_id, NEW.gift_year, 0);
        END IF;
        IF NEW.ordinary > 0 AND keeps_last_year(NEW.to_union_id) THEN
            PERFORM check_last_year(NEW.to_union_id, NEW.gift_year, 0);
        END IF;
        RETURN NULL;
    END $$;
    CREATE TRIGGER last_year_kept AFTER UPDATE ON programmes_reattribution FOR EACH ROW
        WHEN (OLD.state <> 'taken' AND NEW.state = 'taken') EXECUTE FUNCTION last_year_kept();
    """,
    "DROP TRIGGER last_year_kept ON programmes_reattribution; DROP FUNCTION last_year_kept();",
)


class Migration(migrations.Migration):
    """Plain SQL, so that no session of the application can switch it off."""

    dependencies = [("programmes", "0015_offered_in_open_years"), ("priority", "0017_last_year_holds")]
    operations = [KEPT]
