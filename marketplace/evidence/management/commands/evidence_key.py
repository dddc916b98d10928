"""manage.py evidence_key: the log's public key, for witnesses and auditors."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from marketplace.evidence import keys
from marketplace.evidence.errors import KeyMissing
from marketplace.evidence.keyfile import create_key


class Command(BaseCommand):
    """Print the public key, or make the private one."""

    help = "Print the evidence log's public key; with --create, make the private key first if there is none."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whether to create."""
        parser.add_argument(
            "--create",
            action="store_true",
            help="make the key that EVIDENCE_KEY_FILE names, if it is missing",
        )

    def handle(self, *args: Any, create: bool = False, **options: Any) -> None:
        """Print the vkey."""
        if create:
            create_key(Path(settings.EVIDENCE_KEY_FILE))
        try:
            self.stdout.write(keys.log_vkey())
        except KeyMissing as error:
            raise CommandError(str(error)) from error
