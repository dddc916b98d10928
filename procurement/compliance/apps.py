"""Statements and the evidence pack."""

from django.apps import AppConfig


class ComplianceConfig(AppConfig):
    """Statements and the evidence pack."""

    name = "procurement.compliance"
    label = "compliance"
