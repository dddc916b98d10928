"""The shop: the Oscar apps we extend, and bulk placement."""

import oscar.apps.checkout.apps as oscar_checkout
import oscar.apps.communication.apps as oscar_communication
from django.apps import AppConfig


class ShopConfig(AppConfig):
    """Holds placement; catalogue, partner and order are apps of their own, forked from Oscar."""

    name = "marketplace.shop"
    label = "shop"


class CheckoutConfig(oscar_checkout.CheckoutConfig):
    """Oscar's checkout, whose classes its order models refer to. Its pages are not mounted, so they are not loaded either."""

    def ready(self) -> None:
        """Load nothing of Oscar's pages."""


class CommunicationConfig(oscar_communication.CommunicationConfig):
    """Oscar's message types, to which its order models refer."""

    def ready(self) -> None:
        """Load nothing of Oscar's pages."""
