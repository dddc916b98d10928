"""Whether the shop window's rows are what they would be if built anew."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from marketplace.shop.partner.models import StockRecord
from suppliers.listings.models import Listing
from suppliers.listings.queries import differences, rebuild


class Command(BaseCommand):
    """Compares every row with its rebuild; the exit code says whether they agree."""

    help = "Compare the listing rows with a rebuild; --mend puts right what differs."

    def add_arguments(self, parser: CommandParser) -> None:
        """Only to look, or to mend as well."""
        parser.add_argument("--mend", action="store_true", help="build anew what differs")

    def handle(self, *args: Any, **options: Any) -> None:
        """Compare, say which differ, mend when asked."""
        with transaction.atomic():
            wrong = differences()
            if wrong and options["mend"]:
                rebuild(StockRecord.objects.filter(pk__in=wrong).values_list("product", flat=True))
                rebuild(Listing.objects.filter(pk__in=wrong).values_list("product", flat=True))
        if wrong and not options["mend"]:
            raise CommandError(
                f"{len(wrong)} listings differ from their rebuild: stock records {wrong[:20]}. Run it with --mend."
            )
        self.stdout.write(f"{len(wrong)} differences{', mended' if wrong else ''}; {Listing.objects.count()} listings.")
