"""Load the demonstration world, once; a second run does nothing."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from marketplace.demo.world import NotADemonstration, load


class Command(BaseCommand):
    help = "Load the demonstration world into the embedded database, once."

    def handle(self, *args: Any, **options: Any) -> None:
        """Load it and say what was done."""
        try:
            loaded = load()
        except NotADemonstration as refusal:
            raise CommandError(str(refusal)) from None
        if options["verbosity"] > 0:
            self.stdout.write(
                "The demonstration world is loaded." if loaded else "The demonstration world was there already."
            )
