"""Provenance: from the household to the lot."""

from django.apps import AppConfig


class ProvenanceConfig(AppConfig):
    """Households, benefit agreements, collections, lots' inputs, trace."""

    name = "suppliers.provenance"
    label = "provenance"
