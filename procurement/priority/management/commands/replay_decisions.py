"""Replay every stored judgement with its engine (I2)."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from marketplace.organisations.scopes import seen_by
from procurement.priority.models import Judgement
from procurement.priority.replay import differs


class Command(BaseCommand):
    """Exit 0 when every judgement comes out byte for byte as stored, 1 on any difference."""

    help = "Run every stored judgement through the engine that it names and compare the bytes."

    def handle(self, *args: Any, **options: Any) -> None:
        """Name each judgement that differs."""
        different = count = 0
        with seen_by(None):
            for judgement in Judgement.objects.order_by("pk").iterator(chunk_size=500):
                count += 1
                if reason := differs(judgement):
                    different += 1
                    self.stderr.write(f"judgement {judgement.pk} ({judgement.subject}): {reason}")
        self.stdout.write(f"{count} judgements replayed, {different} differ")
        if different:
            raise CommandError("some judgements do not replay", returncode=1)
