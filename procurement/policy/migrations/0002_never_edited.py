"""An approved policy is never edited; only its end may be set, when the next one is approved."""

from django.db import migrations
from django.db.migrations import RunSQL

NEVER_EDITED = RunSQL(
    """
    CREATE TRIGGER never_edited BEFORE UPDATE ON policy_policy FOR EACH ROW
        WHEN (OLD.approved_by_id IS NOT NULL AND (
            to_jsonb(NEW) - 'period' IS DISTINCT FROM to_jsonb(OLD) - 'period'
            OR lower(NEW.period) IS DISTINCT FROM lower(OLD.period)))
        EXECUTE FUNCTION refuse_change();
    CREATE TRIGGER never_removed BEFORE DELETE ON policy_policy FOR EACH ROW
        WHEN (OLD.approved_by_id IS NOT NULL) EXECUTE FUNCTION refuse_change();
    """,
    "DROP TRIGGER never_removed ON policy_policy; DROP TRIGGER never_edited ON policy_policy;",
)


class Migration(migrations.Migration):
    """Plain SQL, so that no session of the application can switch it off."""

    dependencies = [("policy", "0001_initial"), ("organisations", "0002_functions")]
    operations = [NEVER_EDITED]
