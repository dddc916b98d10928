"""Who carries messages to phones. `settings.MESSAGE_PROVIDER` names the implementation; this is what it has to do."""

from __future__ import annotations

import sys
from typing import Protocol, cast

from django.conf import settings
from django.utils.module_loading import import_string

from marketplace.messaging.errors import NoMessageProvider


class MessageProvider(Protocol):
    """A service that sends short messages. Both calls end within ten seconds, and raise whatever went wrong."""

    def find(self, key: str) -> str | None:
        """The provider's reference of what was sent under this key; None if nothing was.

        Raises when the provider cannot tell: then nothing is sent, and it is asked again later.
        """

    def send(self, key: str, phone: str, words: str) -> str:
        """Send once, under this key; the provider's reference."""


class NoProvider:
    """The default outside demonstrations: sends nothing, and says so where failed steps are shown."""

    def find(self, key: str) -> str | None:
        """Nothing was ever sent."""
        return None

    def send(self, key: str, phone: str, words: str) -> str:
        """Raise NoMessageProvider."""
        raise NoMessageProvider


class ConsoleProvider:
    """The default of demonstrations: the words appear in the worker's log. Elsewhere it refuses, because codes are secret."""

    def find(self, key: str) -> str | None:
        """A console forgets."""
        return None

    def send(self, key: str, phone: str, words: str) -> str:
        """Print the words, without the number. Raises NoMessageProvider outside a demonstration."""
        if not settings.EMBEDDED:
            raise NoMessageProvider
        print(f"message {key}: {words}", file=sys.stderr, flush=True)
        return "console"


def provider() -> MessageProvider:
    """The provider that settings name."""
    return cast("MessageProvider", import_string(settings.MESSAGE_PROVIDER)())
