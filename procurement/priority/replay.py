"""Replaying stored judgements (I2): the same input through the same engine gives the same bytes."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

from procurement.priority import rule, rule_1
from procurement.priority.models import Judgement

# When the rule changes, the old engine stays as a module of its own, unchanged to the byte, and is named here by its version.
ENGINES: dict[str, ModuleType] = {rule_1.ENGINE_VERSION: rule_1, rule.ENGINE_VERSION: rule}


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


def engine_files(versions: Iterable[str]) -> dict[str, bytes]:
    """The files of these engines, by file name: what a pack brings along and the public may fetch."""
    paths = {Path(ENGINES[version].__file__ or "") for version in versions if version in ENGINES}
    return {path.name: path.read_bytes() for path in sorted(paths)}


def read_input(engine: str, data: bytes) -> rule.Gift:
    """A stored input of any engine as the present one reads it. What an older engine was not told is empty or zero.

    Raises rule.InputError when it is none.
    """
    if engine == rule.ENGINE_VERSION:
        return rule.from_canonical(data)
    rule_1.from_canonical(data)
    gift = json.loads(data)
    gift |= {"per_head_fenced_fen": 0, "year_heads": []}
    gift["policy"] |= {"uncovered_purposes": [], "ring_fence_fen": 0, "keep_last_year": 0}
    gift["year"] |= {"last_assistance_fen": 0}
    for line in gift["lines"]:
        line["purse_purpose"] = ""
    text = json.dumps(gift, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return rule.from_canonical(text.encode())
