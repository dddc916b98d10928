"""Write an order's evidence pack."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from marketplace import local_witness
from marketplace.evidence import keys
from marketplace.evidence.errors import BadPack, WitnessMissing
from marketplace.organisations.scopes import seen_by
from marketplace.shop.order.models import Order
from procurement.compliance.pack import build_pack


class Command(BaseCommand):
    """One file for the auditor."""

    help = "Write the evidence pack of an order as a ZIP that verify.py checks offline."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which order, which file."""
        parser.add_argument("--order", required=True)
        parser.add_argument("--out", type=Path, required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        """Build it."""
        with seen_by(None):
            order = Order.objects.select_related("union").filter(number=options["order"]).first()
        if order is None:
            raise CommandError(f"There is no order {options['order']}.")
        witness = local_witness.running(settings.DATA_DIR, keys.log_vkey()) if settings.EMBEDDED else nullcontext()
        try:
            with witness:
                pack = build_pack(order, options["out"])
        except (BadPack, WitnessMissing) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{pack.path}: {pack.entries} entries, {pack.files} files")
