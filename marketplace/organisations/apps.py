"""Organisations: who exists, who belongs where, what each may see."""

from django.apps import AppConfig


class OrganisationsConfig(AppConfig):
    """The ground floor of the house."""

    name = "marketplace.organisations"
    label = "organisations"
