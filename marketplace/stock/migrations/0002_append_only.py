"""Movements of stock are never changed."""

from django.db import migrations

from marketplace.organisations.sql import append_only


class Migration(migrations.Migration):
    """Plain SQL, so that no session of the application can switch it off."""

    dependencies = [("stock", "0001_initial"), ("organisations", "0002_functions")]
    operations = [append_only("stock_movement")]
