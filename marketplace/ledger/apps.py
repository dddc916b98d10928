"""The ledger: double-entry money."""

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    """Who owes whom; the platform itself holds no money."""

    name = "marketplace.ledger"
    label = "ledger"
