"""Short messages (docs/decisions/0016-signing-in.md)."""

from django.apps import AppConfig


class MessagingConfig(AppConfig):
    """Messages, their provider, the step that sends them."""

    name = "marketplace.messaging"
    label = "messaging"
