"""Check the offer book against the whole log."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction

from marketplace.organisations.scopes import seen_by
from procurement.priority.citing import wrongly_cited
from suppliers.offerbook.check import check_book


class Command(BaseCommand):
    """Exit 0 when every book is what the log's entries make it, every offer stands as its last entry says, and decisions cite well."""

    help = "Compute every book of offers anew from the log, and compare offers and decisions with it."

    def handle(self, *args: Any, **options: Any) -> None:
        """Name each fault. It all has to be of one state of the database."""
        in_transaction = connection.in_atomic_block
        with transaction.atomic(), seen_by(None):
            if not in_transaction:
                with connection.cursor() as cursor:
                    cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            report = check_book()
            report.faults += wrongly_cited()
        for fault in report.faults:
            self.stderr.write(fault)
        self.stdout.write(
            f"{report.entries} entries about {report.offers} offers, {report.books} books: {len(report.faults)} faults"
        )
        if report.faults:
            raise CommandError("the offer book is not what the log says", returncode=1)
