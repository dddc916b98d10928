"""The verbs of messaging: one message, or many at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from marketplace.messaging.models import Message, MessageState
from marketplace.steps.actions import write, write_each

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


@dataclass(frozen=True)
class MessageDraft:
    """A message to be sent; number and words stay out of whatever prints it."""

    kind: str
    key: str
    phone: str = field(repr=False)
    words: str = field(repr=False)
    useful_until: datetime


def send_many(drafts: Iterable[MessageDraft]) -> int:
    """As `send` for each of them, those with a key that is known already passed over; how many are new. Four statements."""
    by_key = {draft.key: draft for draft in drafts}
    known = set(Message.objects.filter(key__in=by_key).values_list("key", flat=True))
    new = [draft for key, draft in by_key.items() if key not in known]
    if not new:
        return 0
    rows = [
        Message(key=one.key, kind=one.kind, recipient=one.phone, words=one.words, useful_until=one.useful_until)
        for one in new
    ]
    Message.objects.bulk_create(rows, ignore_conflicts=True)
    made = Message.objects.filter(key__in=[one.key for one in new], state=MessageState.DUE)
    write_each([f"message:{pk}" for pk in made.values_list("pk", flat=True)], SEND)
    return len(new)
