"""manage.py check_evidence.

Compare every stored row of the evidence log with every other, and with what witnesses have signed.
"""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from marketplace.evidence.check import check_log


class Command(BaseCommand):
    """Check the whole log."""

    help = "Recompute the whole evidence log from its entries and report every fault."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whether to ask witnesses."""
        parser.add_argument(
            "--offline",
            action="store_true",
            help="do not ask the witnesses for the size that they have signed",
        )

    def handle(self, *args: Any, offline: bool = False, **options: Any) -> None:
        """Report; exit with an error if there is a fault."""
        report = check_log(ask=not offline)
        for fault in report.faults:
            self.stderr.write(fault)
        for remark in report.remarks:
            self.stdout.write(remark)
        summary = f"{report.entries} entries, {report.checkpoints} checkpoints, {report.cosignatures} cosignatures"
        if report.faults:
            raise CommandError(f"{len(report.faults)} faults in {summary}")
        self.stdout.write(f"The log verifies: {summary}.")
