"""Listings: the shop window's rows."""

from django.apps import AppConfig


class ListingsConfig(AppConfig):
    """One row per listed offer, kept by triggers."""

    name = "suppliers.listings"
    label = "listings"
