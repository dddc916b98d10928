"""Which function carries out which kind of step."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from marketplace.steps.models import Step

Handler = Callable[["Step"], bool | timedelta | None]

_handlers: dict[str, Handler] = {}
_queues: dict[str, str] = {}


def handles(kind: str, queue: str = "fulfilment") -> Callable[[Handler], Handler]:
    """Register the function for a step kind. It runs inside the step's transaction.

    It returns False when it did one chunk and wants to go on (its place kept in `step.cursor`), a time when it waits for something and
    wants to look again after it, anything else when done.
    """

    def register(handler: Handler) -> Handler:
        if _handlers.setdefault(kind, handler) is not handler:
            raise ValueError(f"two handlers for the step kind {kind}")
        _queues[kind] = queue
        return handler

    return register


def handler_of(kind: str) -> Handler:
    """The function for a step kind; KeyError when no app registered one."""
    return _handlers[kind]


def kinds() -> list[str]:
    """All kinds of steps that apps have registered."""
    return sorted(_handlers)


def queue_of(kind: str) -> str:
    """The Celery queue on which a kind is nudged."""
    return _queues.get(kind, "fulfilment")
