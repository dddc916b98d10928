"""Short messages and how far they came."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from marketplace.organisations.personal import EncryptedTextField


class MessageState(models.TextChoices):
    """A message is to be sent until a provider took it, or until it is too late to be of use."""

    DUE = "due", _("To be sent")
    SENT = "sent", _("Sent")
    EXPIRED = "expired", _("Too late to be sent")


class Message(models.Model):
    """One message to one phone. `key` is under what the provider knows it; number and words are ciphertext, words go after sending."""

    key = models.CharField(max_length=80, unique=True)
    kind = models.CharField(max_length=40)
    recipient = EncryptedTextField()
    words = EncryptedTextField()
    state = models.CharField(max_length=8, choices=MessageState, default=MessageState.DUE)
    useful_until = models.DateTimeField()
    reference = models.CharField(max_length=80, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    sent_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"
