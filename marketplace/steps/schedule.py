"""What is done every day: one step of each kind that settings name, however many sweepers run."""

from __future__ import annotations

from datetime import datetime, time

from django.conf import settings
from django.utils import timezone

from marketplace.steps.actions import write
from marketplace.steps.models import Step


def write_todays() -> None:
    """Write today's steps of `settings.DAILY_STEPS` (kind → hour from which it is due) that are not written yet."""
    today = timezone.localdate()
    cause = f"day:{today.isoformat()}"
    written = set(Step.objects.filter(cause=cause).values_list("kind", flat=True))
    for kind, hour in settings.DAILY_STEPS.items():
        if kind not in written:
            write(cause, kind, not_before=timezone.make_aware(datetime.combine(today, time(hour))))
