"""What keeps a message from being sent."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from marketplace.organisations.errors import HouseError


class NoMessageProvider(HouseError):
    """Nobody was named who sends messages."""

    code = "no_message_provider"
    sentence = _(
        "No provider of short messages is set up, so nothing was sent. Name one in MESSAGE_PROVIDER (docs/operations.md); "
        "messages that are still of use are then sent."
    )
