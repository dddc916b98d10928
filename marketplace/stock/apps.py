"""Stock: what can be sold."""

from django.apps import AppConfig


class StockConfig(AppConfig):
    """Lots, stock records, reservations, movements."""

    name = "marketplace.stock"
    label = "stock"
