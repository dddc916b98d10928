"""A programme goes its declared way (I7)."""

from django.db import migrations

from marketplace.organisations.sql import declared_moves

MOVES = {
    "draft": ["submitted", "withdrawn"],
    "submitted": ["approved", "draft"],
    "approved": ["placed", "draft"],
}


class Migration(migrations.Migration):
    """Plain SQL, so that no session of the application can switch it off."""

    dependencies = [("programmes", "0001_initial"), ("organisations", "0002_functions")]
    operations = [declared_moves("programmes_programme", MOVES)]
