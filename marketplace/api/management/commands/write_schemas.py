"""manage.py write_schemas: docs/schemas/ anew, or whether it is current."""

from __future__ import annotations

import io
import json
from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.utils import translation

from marketplace.api.judgement_schema import input_schema, output_schema
from marketplace.api.offer_schema import book_schema, entry_schema
from procurement.priority import rule
from procurement.priority.replay import ENGINES


class Command(BaseCommand):
    """The API as OpenAPI; as JSON Schema the offer book, and the rule's input and output, of every engine."""

    help = "Write docs/schemas/ from the code; with --check say whether the files there are current."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where to, and whether only to compare."""
        parser.add_argument("--folder", type=Path, default=Path(settings.BASE_DIR) / "docs" / "schemas")
        parser.add_argument("--check", action="store_true", help="write nothing; fail if a file is not current")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write or compare."""
        folder: Path = options["folder"]
        if options["check"]:
            if stale := [name for name, text in contents().items() if _read(folder / name) != text]:
                raise CommandError(f"not current in {folder}: {', '.join(stale)}. Run manage.py write_schemas.")
            return
        for name, text in contents().items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
            self.stdout.write(str(folder / name))


def contents() -> Mapping[str, str]:
    """The files by name, in English whatever the language of the moment."""
    with translation.override("en"):
        api = io.StringIO()
        call_command("spectacular", validate=True, fail_on_warn=True, stdout=api)
        files = {"openapi.yaml": api.getvalue()}
        for version, engine in ENGINES.items():
            place = "" if engine is rule else f"engine-{version}/"
            files[f"{place}judgement-input.schema.json"] = _json(input_schema(engine))
            files[f"{place}judgement-output.schema.json"] = _json(output_schema(engine))
        files["offer-entry.schema.json"] = _json(entry_schema())
        files["offer-book.schema.json"] = _json(book_schema())
        return files


def _json(schema: dict[str, Any]) -> str:
    return json.dumps(schema, indent=2) + "\n"


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
