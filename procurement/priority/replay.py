"""Replaying stored judgements (I2): the same input through the same engine gives the same bytes."""

from __future__ import annotations

from types import ModuleType

from procurement.priority import rule
from procurement.priority.models import Judgement

# When the rule changes, the old engine stays as a module of its own and is named here by its version.
ENGINES: dict[str, ModuleType] = {rule.ENGINE_VERSION: rule}


def differs(judgement: Judgement) -> str:
    """Why a judgement does not replay, or the empty string when it does."""
    engine = ENGINES.get(judgement.engine)
    if engine is None:
        return f"engine {judgement.engine} is not here"
    if engine.engine_hash() != judgement.engine_hash:
        return f"engine {judgement.engine} was changed: its hash is not the one stored"
    try:
        output: bytes = engine.replay(judgement.input.encode())
    except ValueError as error:
        return f"the stored input cannot be read: {error}"
    return "" if output == judgement.output.encode() else "the output differs"
