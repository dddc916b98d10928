"""Audit cases."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """Audit cases."""

    name = "procurement.audit"
    label = "audit"
