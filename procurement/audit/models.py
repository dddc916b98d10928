"""Audit cases: the auditor's dialogue with a union about one subject, until it is closed."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from marketplace.organisations.models import Organisation, User
from marketplace.organisations.scopes import scoped


class CaseState(models.TextChoices):
    """A case is open until the auditor closes it."""

    OPEN = "open", _("Open")
    ANSWERED = "answered", _("Answered")
    CLOSED = "closed", _("Closed")


CASE_MOVES: dict[str, list[str]] = {"open": ["answered", "closed"], "answered": ["open", "closed"]}


class AuditCase(models.Model):
    """One matter that an auditor raised about a union."""

    union = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="audit_cases")
    subject = models.CharField(max_length=80, help_text="what it is about, as order:number")
    question = models.TextField()
    state = models.CharField(max_length=10, choices=CaseState, default=CaseState.OPEN)
    opened_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField(auto_now_add=True)

    objects = scoped("union")

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.union} {self.subject}"


class CaseNote(models.Model):
    """Something said in a case. Append-only."""

    case = models.ForeignKey(AuditCase, on_delete=models.PROTECT, related_name="notes")
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    text = models.TextField()
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.case} #{self.pk}"
