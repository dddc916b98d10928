"""Load the demonstration world, once; a second run does nothing."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from marketplace.demo.world import NotADemonstration, load


class Command(BaseCommand):
    help = "Load the demonstration world into the embedded database, once."

    def add_arguments(self, parser: CommandParser) -> None:
        """With or without a past."""
        parser.add_argument("--history", action="store_true", help="with more than a year of orders before today")

    def handle(self, *args: Any, **options: Any) -> None:
        """Load it and say what was done."""
        self._month = ""
        try:
            loaded = load(history=options["history"], tell=self._tell if options["verbosity"] else lambda _month: None)
        except NotADemonstration as refusal:
            raise CommandError(str(refusal)) from None
        if options["verbosity"] > 0:
            self.stdout.write(
                "The demonstration world is loaded." if loaded else "The demonstration world was there already."
            )

    def _tell(self, month: str) -> None:
        """One line a month while the past is made."""
        if month != self._month:
            self.stdout.write(f"  the demonstration's past: {month}")
            self.stdout.flush()
            self._month = month
