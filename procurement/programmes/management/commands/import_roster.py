"""Import a roster file into a programme, and say what was found."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from marketplace.organisations.errors import HouseError
from marketplace.organisations.scopes import seen_by
from procurement.programmes.actions import import_roster
from procurement.programmes.models import Programme


class Command(BaseCommand):
    """On behalf of whoever drew up the programme."""

    help = "Import a roster workbook into a programme; with --json print people, accepted and faulty rows."

    def add_arguments(self, parser: CommandParser) -> None:
        """The programme's id and the file."""
        parser.add_argument("programme", type=int)
        parser.add_argument("file", type=Path)
        parser.add_argument("--json", action="store_true", dest="as_json")

    def handle(self, *args: Any, **options: Any) -> None:
        """Import through the same verb as the page."""
        try:
            with seen_by(None):
                programme = Programme.objects.select_related("created_by", "union").get(pk=options["programme"])
                imported = import_roster(
                    programme.created_by, programme, options["file"].name, options["file"].read_bytes()
                )
        except Programme.DoesNotExist as error:
            raise CommandError(f"There is no programme {options['programme']}.") from error
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be read: {error}") from error
        except HouseError as error:
            raise CommandError("\n".join(error.sentences)) from error
        rows = [[row, code] for _sheet, row, code in imported.faults]
        if options["as_json"]:
            self.stdout.write(
                json.dumps({"people": imported.people, "accepted": imported.accepted, "faulty_rows": rows})
            )
        else:
            self.stdout.write(f"{imported.people} people, {imported.accepted} accepted, {len(rows)} faults")
            for row, code in rows:
                self.stdout.write(f"  row {row}: {code}")
