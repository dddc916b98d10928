"""Functions of this floor look names up where no session can put others."""

from django.db import migrations

from marketplace.organisations.sql import pinned_functions


class Migration(migrations.Migration):
    """Plain SQL, so that no session of the application can switch it off."""

    dependencies = [("programmes", "0008_voucher_invariants"), ("priority", "0005_no_way_round")]
    operations = [pinned_functions()]
