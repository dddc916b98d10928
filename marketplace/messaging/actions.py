"""The verb of messaging."""

from __future__ import annotations

from datetime import datetime

from marketplace.messaging.models import Message
from marketplace.steps.actions import write

SEND = "message.send"


def send(kind: str, key: str, phone: str, words: str, useful_until: datetime) -> None:
    """Let a message be sent once, under this key, as soon as what the caller's transaction does is committed.

    A repeated key changes nothing. After `useful_until` it is not sent any more. No permission is asked: the caller is a verb
    that has asked already.
    """
    message, made = Message.objects.get_or_create(
        key=key, defaults={"kind": kind, "recipient": phone, "words": words, "useful_until": useful_until}
    )
    if made:
        write(f"message:{message.pk}", SEND)
