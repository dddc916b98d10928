"""Codes sent to phones, and invitations."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from marketplace.organisations.models import Organisation, Role
from marketplace.organisations.personal import EncryptedTextField


class PhoneCode(models.Model):
    """A code asked for by somebody who typed a phone number, known to us or not.

    The number stands here as a blind index only. The code stands nowhere: it is derived from `salt` under the installation's
    secret key, so that whoever reads the table has no code.
    """

    phone_index = models.CharField(max_length=32)
    address_index = models.CharField(max_length=32)
    salt = models.CharField(max_length=32)
    tries = models.PositiveSmallIntegerField(default=0)
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["phone_index", "asked_at"], name="phone_codes_by_phone"),
            models.Index(fields=["address_index", "asked_at"], name="phone_codes_by_address"),
        ]

    def __str__(self) -> str:
        return f"code {self.pk}"


class Invitation(models.Model):
    """A role offered to somebody by a link that works once. Of the link only a hash is kept, of the phone ciphertext."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=20, choices=Role)
    note = EncryptedTextField(help_text="for whom, in the words of whoever invited")
    phone = EncryptedTextField()
    token_hash = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    accepted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(accepted_at__isnull=True, accepted_by__isnull=True)
                | Q(accepted_at__isnull=False, accepted_by__isnull=False, revoked_at__isnull=True),
                name="accepted_by_somebody_and_not_revoked",
            )
        ]
        indexes = [models.Index(fields=["organisation", "-id"], name="invitations_of_an_organisation")]
        verbose_name = _("invitation")

    def __str__(self) -> str:
        return f"{self.get_role_display()} · {self.organisation}"
