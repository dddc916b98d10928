"""One-click substitution: the rule's advice turned into gift lines, the assistance part first, and what that costs more or less."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from marketplace.shop.policy import purchase_policy
from procurement.priority import rule
from procurement.priority.policy import Judged
from procurement.programmes.models import GiftLine
from procurement.programmes.plans import Piece, Plan

Key = tuple[int | None, str, int, int, int]  # option, region, product, units a head, purse


@dataclass(frozen=True)
class Substitution:
    """What a part of the gift should have instead, one line for each option, region and product; what it comes to before and after,
    in fen."""

    lines: tuple[GiftLine, ...]
    before: int
    after: int

    @property
    def difference(self) -> int:
        """Fen that the part costs more (or, below zero, less) with the substitutes."""
        return self.after - self.before


def substitutions(plan: Plan, judged: Judged | None = None) -> dict[int, Substitution]:
    """For every part with something blocked, what it should have instead. The advice is one plan for the gift: all of it can be taken.

    Where a substitute's unit is smaller, a recipient gets so many units that they get no less. Heads that the advice cannot serve in
    whole stay with the ordinary product, as the rule lets them.
    """
    if plan.request is None:
        return {}
    found: Judged = judged or purchase_policy().judge(plan.request).detail
    parts: defaultdict[int, list[Piece]] = defaultdict(list)
    for piece in plan.pieces:
        parts[piece.gift_line.slot].append(piece)
    decisions = {piece.ref: found.decision(piece.ref) for piece in plan.pieces if not piece.parts}
    blocked = {
        slot for slot, pieces in parts.items() if any(p.ref in decisions and decisions[p.ref].blocked for p in pieces)
    }
    return {slot: _instead(plan, slot, parts[slot], decisions) for slot in sorted(blocked)}


def _instead(plan: Plan, slot: int, pieces: Iterable[Piece], decisions: dict[str, rule.LineDecision]) -> Substitution:
    heads: defaultdict[Key, int] = defaultdict(int)
    before = after = 0
    for piece in pieces:
        served, line = piece.heads, piece.gift_line
        before += piece.heads * piece.per_head
        decision = decisions.get(piece.ref)
        if decision is not None and decision.blocked:
            for substitute, units in _advised(decision):
                per_head = _units_a_head(piece, decision, substitute)
                taken = min(served, -(-units // per_head))
                if taken:
                    heads[line.option_id, piece.region, int(substitute.product), per_head, line.purse_id] += taken
                    after += taken * per_head * substitute.price_fen
                    served -= taken
        if served:
            heads[line.option_id, piece.region, line.product_id, line.per_head, line.purse_id] += served
            after += served * piece.per_head
    lines = tuple(
        GiftLine(
            programme=plan.programme,
            union=plan.programme.union,
            slot=slot,
            option_id=option,
            region=region,
            product_id=product,
            per_head=per_head,
            heads=number,
            purse_id=purse,
        )
        for (option, region, product, per_head, purse), number in heads.items()
    )
    return Substitution(lines, before, after)


def _advised(decision: rule.LineDecision) -> Iterable[tuple[rule.Substitute, int]]:
    """What can be ordered of the advice: not what the union's own orders hold, though it counts as on offer."""
    units = ((substitute, substitute.quantity - substitute.from_held) for substitute in decision.substitutes)
    return ((substitute, number) for substitute, number in units if number)


def _units_a_head(piece: Piece, decision: rule.LineDecision, substitute: rule.Substitute) -> int:
    """Units of the substitute that hold at least what the ordinary product would have given a recipient."""
    return -(-piece.gift_line.per_head * decision.content // substitute.content)
