"""The functions behind append-only tables and declared moves."""

from django.db import migrations

from marketplace.organisations.sql import FUNCTIONS


class Migration(migrations.Migration):
    """Plain SQL, so that no session of the application can switch it off."""

    dependencies = [("organisations", "0001_initial")]
    operations = [FUNCTIONS]
