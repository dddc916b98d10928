"""The offer book: what stood on offer, provably."""

from django.apps import AppConfig


class OfferBookConfig(AppConfig):
    """Offers as log entries, and signed roots over them."""

    name = "suppliers.offerbook"
    label = "offerbook"
