"""Accreditation of assistance products."""

from django.apps import AppConfig


class AccreditationConfig(AppConfig):
    """Applications, county decisions, public notice, validity."""

    name = "suppliers.accreditation"
    label = "accreditation"
