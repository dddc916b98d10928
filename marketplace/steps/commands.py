"""Commands that are carried out once, however often they are sent (I6)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from marketplace.organisations.errors import SameKeyOtherBody
from marketplace.organisations.models import Organisation
from marketplace.steps.models import Command


@dataclass
class Remembered:
    """What `once` yields: the first answer when the command came before, else a place to put it."""

    answer: Any = None
    is_repeat: bool = False


@contextmanager
def once(organisation: Organisation, key: str, verb: str, body: Any) -> Iterator[Remembered]:
    """Carry out a command at most once per organisation and key, in one transaction (I6).

    A second caller with the same key waits for the first, then gets its answer; SameKeyOtherBody when the body differs.
    """
    fingerprint = hashlib.sha256(json.dumps([verb, body], sort_keys=True, default=str).encode()).hexdigest()
    with transaction.atomic():
        command, created = Command.objects.get_or_create(
            organisation=organisation, key=key, defaults={"verb": verb, "fingerprint": fingerprint}
        )
        if not created:
            if command.fingerprint != fingerprint:
                raise SameKeyOtherBody(key=key)
            yield Remembered(command.answer, is_repeat=True)
            return
        remembered = Remembered()
        yield remembered
        command.answer = remembered.answer
        command.save(update_fields=["answer"])
