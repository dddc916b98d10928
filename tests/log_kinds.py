"""The kinds of entries that the code writes into the evidence log, found in its source."""

import ast
import re
from collections.abc import Iterator

from marketplace.evidence.pack import MANIFEST_KIND
from marketplace.fulfilment.models import LossKind
from procurement.watch.models import ChallengeState
from suppliers.accreditation.models import AccreditationState
from tests.house import ROOT

VERBS = {"record", "_record", "record_step", "record_exception", "note", "EntryDraft", "_say"}
KIND = re.compile(r"[a-z_]+\.[a-z_]+")


def arguments_of_verbs(tree: ast.AST) -> Iterator[ast.expr]:
    """What is handed to a verb that writes; of a variable all that the module ever calls so."""
    named: dict[str, list[ast.expr]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            named.setdefault(node.targets[0].id, []).append(node.value)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in VERBS:
                yield from node.args
                yield from (value for a in node.args if isinstance(a, ast.Name) for value in named.get(a.id, ()))


def written() -> set[str]:
    """The kinds that the code names, the demonstration's apart; those made of a state are counted by their states."""
    kinds = {f"accreditation.{state}" for state in AccreditationState if state != AccreditationState.DRAFT}
    kinds |= {f"challenge.{state}" for state in (ChallengeState.UPHELD, ChallengeState.REJECTED)}
    kinds |= {f"parcels.{kind}" for kind in LossKind} | {"offer.stands", "offer.capacity", "offers.book", MANIFEST_KIND}
    for path in (path for top in ("marketplace", "procurement", "suppliers") for path in (ROOT / top).rglob("*.py")):
        if "demo" in path.parts or "migrations" in path.parts:
            continue
        for argument in arguments_of_verbs(ast.parse(path.read_text())):
            texts = (node.value for node in ast.walk(argument) if isinstance(node, ast.Constant))
            kinds |= {text for text in texts if isinstance(text, str) and KIND.fullmatch(text)}
    return kinds
