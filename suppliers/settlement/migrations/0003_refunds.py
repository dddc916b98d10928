"""Refunds stay, and are what was owed (I5)."""

from django.db import migrations
from django.db.migrations import RunSQL

from marketplace.organisations.sql import append_only

REFUNDS = RunSQL(
    """
    CREATE FUNCTION refund_is_due() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NOT EXISTS (SELECT FROM fulfilment_loss WHERE id = NEW.loss_id AND refund_due = NEW.amount AND refund_due > 0) THEN
            RAISE EXCEPTION 'The refund of loss % is not what the seller owes for it.', NEW.loss_id
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER is_due BEFORE INSERT ON settlement_refund FOR EACH ROW EXECUTE FUNCTION refund_is_due();
    """,
    "DROP TRIGGER is_due ON settlement_refund; DROP FUNCTION refund_is_due();",
)


class Migration(migrations.Migration):
    """Plain SQL, so that no session of the application can switch it off."""

    dependencies = [("settlement", "0002_losses")]
    operations = [append_only("settlement_refund"), REFUNDS]
