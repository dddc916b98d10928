"""A case goes its declared way (I7), and what was said in it stays said."""

from django.db import migrations

from marketplace.organisations.sql import append_only, declared_moves

MOVES = {"open": ["answered", "closed"], "answered": ["open", "closed"]}


class Migration(migrations.Migration):
    """Plain SQL, so that no session of the application can switch it off."""

    dependencies = [("audit", "0002_initial"), ("organisations", "0002_functions")]
    operations = [declared_moves("audit_auditcase", MOVES), append_only("audit_casenote")]
