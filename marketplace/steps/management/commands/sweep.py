"""Run the sweeper."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from marketplace.steps.sweeper import run, stop_on_signals


class Command(BaseCommand):
    """One process of it is enough; more do no harm."""

    help = "Nudge due steps and do the regular work (sequencing evidence) until stopped."

    def add_arguments(self, parser: CommandParser) -> None:
        """How often to look."""
        parser.add_argument("--every", type=float, default=1.0, help="seconds between turns")

    def handle(self, *args: Any, **options: Any) -> None:
        """Turn until SIGTERM."""
        run(options["every"], stop_on_signals())
