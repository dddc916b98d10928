"""The step that sends."""

from __future__ import annotations

from django.utils import timezone

from marketplace.messaging.actions import SEND
from marketplace.messaging.models import Message, MessageState
from marketplace.messaging.provider import provider
from marketplace.steps.models import Step
from marketplace.steps.registry import handles


@handles(SEND)
def send_message(step: Step) -> None:
    """Send what the committed row intends. The provider is asked first: an earlier try may have got through, its outcome unknown."""
    message = Message.objects.select_for_update().get(pk=int(step.cause.removeprefix("message:")))
    if message.state != MessageState.DUE:
        return
    carrier = provider()
    reference = carrier.find(message.key)
    if reference is None and message.useful_until <= timezone.now():
        message.state = MessageState.EXPIRED
    else:
        message.reference = reference or carrier.send(message.key, message.recipient, message.words)
        message.state, message.sent_at = MessageState.SENT, timezone.now()
    message.words = ""
    message.save(update_fields=["state", "reference", "sent_at", "words"])
