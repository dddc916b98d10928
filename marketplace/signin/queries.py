"""Reads about people of an organisation."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from marketplace.organisations.models import Membership, Organisation
from marketplace.signin.models import Invitation


def people_of(organisation: Organisation, words: str = "", role: str = "") -> QuerySet[Membership]:
    """Who holds which role there, by name; each with `has_device`."""
    found = Membership.objects.filter(organisation=organisation).select_related("user", "organisation")
    if words:
        found = found.filter(Q(user__display_name__icontains=words) | Q(user__username__icontains=words))
    if role:
        found = found.filter(role=role)
    device = Authenticator.objects.filter(user=OuterRef("user"), type=Authenticator.Type.TOTP)
    return found.annotate(has_device=Exists(device)).order_by("user__display_name", "user__username", "id")


def open_invitations(organisation: Organisation) -> QuerySet[Invitation]:
    """Invitations that somebody may still take, newest first."""
    return (
        Invitation.objects.filter(
            organisation=organisation,
            accepted_at__isnull=True,
            revoked_at__isnull=True,
            expires_at__gt=timezone.now(),
        )
        .select_related("organisation", "invited_by")
        .order_by("-id")
    )
