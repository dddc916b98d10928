"""An accreditation goes its declared way (I7)."""

from django.db import migrations

from marketplace.organisations.sql import declared_moves

MOVES = {
    "draft": ["applied"],
    "applied": ["town_review", "refused"],
    "town_review": ["sector_review", "refused"],
    "sector_review": ["county_decision", "refused"],
    "county_decision": ["public_notice", "refused"],
    "public_notice": ["valid", "refused"],
    "valid": ["suspended", "revoked"],
    "suspended": ["valid", "revoked"],
}


class Migration(migrations.Migration):
    """Plain SQL, so that no session of the application can switch it off."""

    dependencies = [("accreditation", "0002_initial"), ("organisations", "0002_functions")]
    operations = [declared_moves("accreditation_accreditation", MOVES)]
