"""Oscar's order app under our name."""

import oscar.apps.order.apps as apps


class OrderConfig(apps.OrderConfig):
    """Oscar's own, with our models. Its views are not mounted, so they are not loaded either."""

    name = "marketplace.shop.order"

    def ready(self) -> None:
        """Load nothing of Oscar's pages and signals."""
