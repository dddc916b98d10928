"""Step rows: the outbox and the truth about work to be done; and the keys under which commands came (I6)."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from marketplace.organisations.models import Organisation
from marketplace.organisations.refusals import sentences_of


class StepState(models.TextChoices):
    """A step is due until it is done; after too many attempts it has failed and waits for a person."""

    DUE = "due", _("Due")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")


class Step(models.Model):
    """One piece of work, written in the transaction that needs it, unique by cause, kind and part.

    Its handler runs in the same transaction that marks it done, holding the row's lock: the lock is the lease, so that a killed
    worker leaves the step due and nothing half-done.
    """

    cause = models.CharField(max_length=80)
    kind = models.CharField(max_length=40)
    part = models.CharField(max_length=80, blank=True)
    state = models.CharField(max_length=8, choices=StepState, default=StepState.DUE)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_run_at = models.DateTimeField(default=timezone.now)
    cursor = models.JSONField(default=dict, help_text="where long work goes on")
    reason = models.TextField(blank=True, help_text="what was raised, for search and the server's log")
    refusal = models.JSONField(
        default=list, db_default=[], help_text="the refusal, to be told in the reader's language"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["cause", "kind", "part"], name="a_step_is_written_once")]
        indexes = [
            models.Index(fields=["next_run_at"], condition=models.Q(state="due"), name="steps_due"),
            models.Index(fields=["id"], condition=models.Q(state="failed"), name="steps_failed"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.cause} {self.part}".strip()

    @property
    def why(self) -> str:
        """Why it failed, in the reader's language where it was refused; else what was raised."""
        return " ".join(sentences_of(self.refusal)) or self.reason


class Command(models.Model):
    """A command as it first came: key, verb, fingerprint of its body, and what it answered."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=64)
    verb = models.CharField(max_length=40)
    fingerprint = models.CharField(max_length=64)
    answer = models.JSONField(null=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organisation", "key"], name="a_key_is_used_once")]

    def __str__(self) -> str:
        return f"{self.verb} {self.key}"
