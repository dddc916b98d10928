"""A draft is approved as it was written down, or thrown away: what the second person read is what they approve."""

from django.db import migrations
from django.db.migrations import RunSQL

DRAFT_STAYS = RunSQL(
    """
    CREATE TRIGGER draft_stays BEFORE UPDATE ON policy_policy FOR EACH ROW
        WHEN (OLD.approved_by_id IS NULL AND (
            to_jsonb(NEW) - 'period' - 'approved_by_id' IS DISTINCT FROM to_jsonb(OLD) - 'period' - 'approved_by_id'
            OR lower(NEW.period) IS DISTINCT FROM lower(OLD.period)))
        EXECUTE FUNCTION refuse_change();
    """,
    "DROP TRIGGER draft_stays ON policy_policy;",
)


class Migration(migrations.Migration):
    """Plain SQL, so that no session of the application can switch it off."""

    dependencies = [("policy", "0004_rule_in_full")]
    operations = [DRAFT_STAYS]
