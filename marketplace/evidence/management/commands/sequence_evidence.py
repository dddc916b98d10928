"""manage.py sequence_evidence: one tick of the evidence log, or one every few seconds."""

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from marketplace.evidence.models import Checkpoint
from marketplace.evidence.sequencer import lag, sequence_all
from marketplace.evidence.witnessing import ask_witnesses


class Command(BaseCommand):
    """Sequence, sign, ask witnesses."""

    help = "Give waiting entries their places in the log, sign its new state, ask the witnesses to countersign."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The interval."""
        parser.add_argument("--every", type=float, metavar="SECONDS", help="go on for ever, with this pause in between")

    def handle(self, *args: Any, every: float | None = None, **options: Any) -> None:
        """Run."""
        while True:
            done = sequence_all()
            outcomes = ask_witnesses()
            if done or outcomes or every is None:
                latest = Checkpoint.objects.order_by("-size").first()
                said = ", ".join(f"{outcome.url}: {outcome.state}" for outcome in outcomes) or "nothing to ask"
                self.stdout.write(
                    f"{done} entries sequenced; the log has {latest.size if latest else 0}; {lag().waiting} "
                    f"wait; witnesses: {said}"
                )
            if every is None:
                return
            time.sleep(every)
