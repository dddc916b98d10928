"""What a purse is for. It is said when the purse is opened and stays, as everything does by which the rule binds a purse."""

from django.db import migrations, models
from django.db.migrations import RunSQL

PURPOSES = [
    ("gifts", "Gifts to members"),
    ("hardship", "Help in hardship"),
    ("activities", "Culture and sport"),
    ("training", "Training"),
    ("awards", "Awards"),
]
PURPOSE_STAYS = RunSQL(
    """
    CREATE TRIGGER purpose_stays BEFORE UPDATE ON ledger_purse FOR EACH ROW
        WHEN (OLD.purpose IS DISTINCT FROM NEW.purpose) EXECUTE FUNCTION refuse_change();
    """,
    "DROP TRIGGER purpose_stays ON ledger_purse;",
)


class Migration(migrations.Migration):
    """Plain SQL, so that no session of the application can switch it off."""

    dependencies = [("ledger", "0005_given_back")]
    operations = [
        migrations.AddField(
            model_name="purse",
            name="purpose",
            field=models.CharField(max_length=12, choices=PURPOSES, default="gifts", db_default="gifts"),
        ),
        PURPOSE_STAYS,
    ]
