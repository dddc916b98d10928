"""Oscar's catalogue app under our name."""

import oscar.apps.catalogue.apps as apps


class CatalogueConfig(apps.CatalogueConfig):
    """Oscar's own, with our models. Its views are not mounted, so they are not loaded either."""

    name = "marketplace.shop.catalogue"

    def ready(self) -> None:
        """Load nothing of Oscar's pages and signals."""
