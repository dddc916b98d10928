"""Where a union stands and which region's rules apply to it does not change under what was decided there; no county gets on the list by hand."""

from django.conf import settings
from django.db import migrations
from django.db.migrations import RunSQL

PLACES = RunSQL(
    f"""
    CREATE TRIGGER place_stays BEFORE UPDATE ON organisations_organisation FOR EACH ROW
        WHEN ((OLD.kind, OLD.code, OLD.parent_id, OLD.path, OLD.level, OLD.region)
            IS DISTINCT FROM (NEW.kind, NEW.code, NEW.parent_id, NEW.path, NEW.level, NEW.region))
        EXECUTE FUNCTION refuse_change();
    CREATE TRIGGER list_stays BEFORE UPDATE ON organisations_county FOR EACH ROW
        WHEN (current_user = '{settings.DATABASE_APP_ROLE}' AND (OLD.code <> NEW.code OR NEW.listed AND NOT OLD.listed))
        EXECUTE FUNCTION refuse_change();
    """,
    "DROP TRIGGER list_stays ON organisations_county; DROP TRIGGER place_stays ON organisations_organisation;",
)


class Migration(migrations.Migration):
    """Plain SQL, so that no session of the application can switch it off."""

    dependencies = [("organisations", "0004_user_phone")]
    operations = [PLACES]
