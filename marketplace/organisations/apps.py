"""Organisations: who exists, who belongs where, what each may see."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate

from marketplace.organisations.sql import pin_functions


class OrganisationsConfig(AppConfig):
    """The ground floor of the house."""

    name = "marketplace.organisations"
    label = "organisations"

    def ready(self) -> None:
        """Whatever a migration made or replaced is pinned when all of them have run."""
        post_migrate.connect(pin_functions, sender=self)
