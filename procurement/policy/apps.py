"""Dated rules."""

from django.apps import AppConfig


class PolicyConfig(AppConfig):
    """Dated rules."""

    name = "procurement.policy"
    label = "policy"
