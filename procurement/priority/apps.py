"""The heart: equivalence, decisions, exceptions, certificates."""

from django.apps import AppConfig


class PriorityConfig(AppConfig):
    """The heart: equivalence, decisions, exceptions, certificates."""

    name = "procurement.priority"
    label = "priority"
