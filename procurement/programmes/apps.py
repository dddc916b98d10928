"""Rosters, gifts, approval, placement."""

from django.apps import AppConfig


class ProgrammesConfig(AppConfig):
    """Rosters, gifts, approval, placement."""

    name = "procurement.programmes"
    label = "programmes"
