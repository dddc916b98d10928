"""Print how the rule works out."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction
from django.utils import timezone

from marketplace.organisations.scopes import seen_by
from procurement.compliance.figures import figures_of, publish


class Command(BaseCommand):
    """The figures of the public page, as of now."""

    help = "Count attempts, blocks, substitutions, exceptions, certificates and leakage of a gift year, and estimate what escaped."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which year; whether to put the figures into the log and on the page."""
        parser.add_argument("--year", type=int, default=None)
        parser.add_argument("--publish", action="store_true", help="also publish them, as the daily step does")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print a figure a line."""
        year = options["year"] or timezone.localdate().year
        with transaction.atomic(), seen_by(None):
            if options["publish"]:
                figures = publish(year).figures
            else:
                figures = figures_of(year)
        for name, value in figures.items():
            self.stdout.write(f"{name}: {value}")
