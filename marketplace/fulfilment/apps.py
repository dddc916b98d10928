"""Fulfilment: from a placed order to the accepted parcel."""

from django.apps import AppConfig


class FulfilmentConfig(AppConfig):
    """Supplier orders, consignments, parcels, acceptance."""

    name = "marketplace.fulfilment"
    label = "fulfilment"
