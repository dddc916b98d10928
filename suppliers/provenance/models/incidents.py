"""Holds and recalls of lots."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from marketplace.organisations.models import Organisation, User
from marketplace.organisations.scopes import scoped
from marketplace.stock.models import Lot


class IncidentKind(models.TextChoices):
    """What is done about lots in which something is or may be wrong."""

    HOLD = "hold", _("Hold")
    RECALL = "recall", _("Recall")


class IncidentState(models.TextChoices):
    """Whether it is in force."""

    OPEN = "open", _("In force")
    LIFTED = "lifted", _("Lifted")


INCIDENT_MOVES: dict[str, list[str]] = {"open": ["lifted"]}


class IncidentReason(models.TextChoices):
    """Why lots are held or recalled."""

    TEST = "test", _("Waiting for a test")
    QUALITY = "quality", _("Quality below what was promised")
    HARMFUL = "harmful", _("Harmful residues or germs")
    FOREIGN = "foreign", _("Foreign bodies")
    LABEL = "label", _("Wrong label or origin")
    PACKAGING = "packaging", _("Packaging damaged")
    COMPLAINTS = "complaints", _("Members' complaints")


class Incident(models.Model):
    """A hold, which can be lifted, or a recall, which cannot: of one lot and of all that was made of it."""

    kind = models.CharField(max_length=6, choices=IncidentKind)
    state = models.CharField(max_length=6, choices=IncidentState, default=IncidentState.OPEN)
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="incidents")
    producer = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="incidents")
    by = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", help_text="whose word it is")
    reason = models.CharField(max_length=10, choices=IncidentReason)
    words = models.CharField(max_length=200, blank=True)
    opened_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField(auto_now_add=True)
    lifted_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    lifted_at = models.DateTimeField(null=True)
    lifted_words = models.CharField(max_length=200, blank=True)

    objects = scoped("producer", "by")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state="open", lifted_at__isnull=True, lifted_by__isnull=True)
                | Q(kind="hold", state="lifted", lifted_at__isnull=False, lifted_by__isnull=False),
                name="only_a_hold_is_lifted",
            ),
            models.UniqueConstraint(fields=["lot"], condition=Q(kind="recall"), name="a_lot_is_recalled_once"),
            models.UniqueConstraint(
                fields=["lot", "by"], condition=Q(kind="hold", state="open"), name="one_hold_each_at_a_time"
            ),
        ]
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.kind} {self.lot}"


class IncidentLot(models.Model):
    """A lot that an incident is about: the one named, and all that was made of it. Append-only."""

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="concerns")
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="concerned")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["incident", "lot"], name="an_incident_names_a_lot_once")]

    def __str__(self) -> str:
        return f"{self.incident}: {self.lot}"
