"""Replay every stored judgement with its engine (I2), or decide it once more under another policy."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import date, datetime, time, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from marketplace.organisations.models import Organisation, OrganisationKind
from marketplace.organisations.scopes import seen_by
from procurement.policy.models import Policy
from procurement.priority.models import Judgement
from procurement.priority.replay import differs
from procurement.priority.simulation import Figures, Otherwise, concerned, decide_again

_CHUNK = 500
_YEAR = timedelta(days=365)


class Command(BaseCommand):
    """Exit 0 when every judgement comes out byte for byte as stored, 1 on any difference; with --policy 0, whatever would change."""

    help = (
        "Run every stored judgement through the engine that it names and compare the bytes. With --policy: what would have been "
        "decided otherwise under that policy, a draft or an approved one; nothing is stored."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """From which day on, and under which policy."""
        parser.add_argument("--since", type=date.fromisoformat, help="only what was judged on or after this day")
        parser.add_argument("--policy", help="version of the policy to decide under, the last year without --since")

    def handle(self, *args: Any, **options: Any) -> None:
        """Name each judgement that differs."""
        with seen_by(None):
            if options["policy"]:
                self._simulate(options["policy"], options["since"] or timezone.localdate() - _YEAR)
            else:
                self._replay(options["since"])

    def _replay(self, since: date | None) -> None:
        different = count = 0
        rows = Judgement.objects.order_by("pk")
        if since is not None:
            rows = rows.filter(at__gte=timezone.make_aware(datetime.combine(since, time.min)))
        for judgement in rows.iterator(chunk_size=_CHUNK):
            count += 1
            if reason := differs(judgement):
                different += 1
                self.stderr.write(f"judgement {judgement.pk} ({judgement.subject}): {reason}")
        self.stdout.write(f"{count} judgements replayed, {different} differ")
        if different:
            raise CommandError("some judgements do not replay", returncode=1)

    def _simulate(self, version: str, since: date) -> None:
        policy = Policy.objects.filter(version=version).first()
        if policy is None:
            raise CommandError(f"there is no policy {version}")
        house = Organisation.objects.get(kind=OrganisationKind.OPERATOR)
        rows = concerned(policy, house, since, timezone.localdate() + timedelta(days=1))
        figures = Figures()
        for found in decide_again(policy, rows.iterator(chunk_size=_CHUNK)):
            figures.add(found)
            if found.is_changed:
                self.stdout.write(_line(found))
        self.stdout.write(
            f"{figures.gifts} gifts judged since {since} would be decided under {version}: {figures.changed} otherwise "
            f"({figures.refused} refused, {figures.allowed} allowed, {figures.otherwise} for other reasons); "
            f"{figures.changed_lines} of {figures.lines} lines, "
            f"{_yuan(figures.changed_amount)} of {_yuan(figures.amount)} yuan"
        )
        for code, (new, gone) in sorted(figures.codes.items()):
            self.stdout.write(f"  {code}: {new} gifts newly against it, {gone} no longer")


def _line(found: Otherwise) -> str:
    words = {True: "allowed", False: "refused"}
    reasons = ", ".join(f"{'+' if reason.new else '-'}{reason.code}" for reason in found.reasons)
    return (
        f"judgement {found.judgement.pk} ({found.judgement.subject}): {words[found.judgement.allowed]} → "
        f"{words[found.would_be_allowed]}, {found.changed_lines} lines, {_yuan(found.changed_amount)} yuan"
        f"{f' ({reasons})' if reasons else ''}"
    )


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"
