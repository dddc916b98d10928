"""Print a union's statement."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from marketplace.organisations.models import Organisation
from marketplace.organisations.scopes import seen_by
from procurement.compliance.queries import statement


class Command(BaseCommand):
    """The same figures as the page."""

    help = "Print the statement of a union's gift year."

    def add_arguments(self, parser: CommandParser) -> None:
        """Whose, which year, in which form."""
        parser.add_argument("--union", required=True, help="the union's code")
        parser.add_argument("--year", type=int, required=True)
        parser.add_argument("--format", choices=["json", "text"], default="text")

    def handle(self, *args: Any, **options: Any) -> None:
        """Compute and print."""
        union = Organisation.objects.filter(code=options["union"], kind="union").first()
        if union is None:
            raise CommandError(f"There is no union with the code {options['union']}.")
        with seen_by(None):
            figures = statement(union, options["year"]).as_dict()
        if options["format"] == "json":
            self.stdout.write(json.dumps(figures, ensure_ascii=False, sort_keys=True))
        else:
            for name, value in figures.items():
                self.stdout.write(f"{name}: {value}")
