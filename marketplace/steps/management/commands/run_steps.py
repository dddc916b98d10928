"""Carry out what is due without a broker."""

from typing import Any

from django.core.management.base import BaseCommand

from marketplace.steps.actions import run_all_due


class Command(BaseCommand):
    """The same work as a Celery worker's, in this process."""

    help = "Carry out every due step in this process, with no broker at all."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until nothing is due."""
        self.stdout.write(f"{run_all_due()} steps")
