"""Run the main job and print its table."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from marketplace.demo.main_job import Report, Stuck, run
from marketplace.organisations.errors import HouseError
from marketplace.steps.actions import run_all_due


class Command(BaseCommand):
    """Exit 0 only if every figure is exactly right."""

    help = "Run the main job end to end: two rosters, two gifts, from the file to the verified statement."

    def add_arguments(self, parser: CommandParser) -> None:
        """Who carries out the steps."""
        parser.add_argument(
            "--without-worker", action="store_true", help="carry out steps in this process, with no broker"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Show progress, then the figures."""
        report = Report()
        drive = run_all_due if options["without_worker"] else lambda: None
        try:
            run(report, self._tell, lambda: (drive(), None)[1])
        except (HouseError, Stuck) as error:
            self._table(report)
            raise CommandError(str(error)) from error
        self._table(report)
        if not report.ok:
            raise CommandError("some figures are wrong")

    def _tell(self, stage: str, seconds: float) -> None:
        self.stdout.write(f"  done in {seconds:6.2f} s  {stage}")
        sys.stdout.flush()

    def _table(self, report: Report) -> None:
        wide = max((len(figure.name) for figure in report.figures), default=0)
        for figure in report.figures:
            mark = "right" if figure.right else f"WRONG, must be {_short(figure.expected)}"
            self.stdout.write(f"{figure.name:<{wide}}  {_short(figure.got):<44}  {mark}")
        right = sum(figure.right for figure in report.figures)
        self.stdout.write(f"{right} of {len(report.figures)} figures right, {sum(s for _, s in report.seconds):.1f} s")


def _short(value: Any) -> str:
    text = f"{value:,}" if type(value) is int else str(value)
    return text if len(text) <= 44 else f"{text[:41]}..."
