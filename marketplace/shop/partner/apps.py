"""Oscar's partner app under our name."""

import oscar.apps.partner.apps as apps


class PartnerConfig(apps.PartnerConfig):
    """Oscar's own, with our models. Its views are not mounted, so they are not loaded either."""

    name = "marketplace.shop.partner"

    def ready(self) -> None:
        """Load nothing of Oscar's pages and signals."""
