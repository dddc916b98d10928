"""Signing in (docs/decisions/0016-signing-in.md)."""

from django.apps import AppConfig


class SigninConfig(AppConfig):
    """Second factor, phone codes, invitations, lock-out."""

    name = "marketplace.signin"
    label = "signin"
