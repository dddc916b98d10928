"""Steps: work that survives anything."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class StepsConfig(AppConfig):
    """Step rows, sweeper, Celery nudges (docs/decisions/0005-steps-in-postgresql.md)."""

    name = "marketplace.steps"
    label = "steps"

    def ready(self) -> None:
        """Let every app register what its step kinds do."""
        autodiscover_modules("handlers")
