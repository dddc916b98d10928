"""One-click substitution: the rule's advice turned into gift lines, the assistance part first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from marketplace.shop.policy import purchase_policy
from procurement.priority import rule
from procurement.priority.policy import Judged
from procurement.programmes.models import GiftLine
from procurement.programmes.plans import Piece, Plan

Key = tuple[int | None, str, int, int, int]  # option, region, product, units a head, purse


def substitutes_for(plan: Plan, slot: int) -> list[GiftLine] | None:
    """The gift lines that a slot should have instead, one for each option, region and product; None when nothing in it is blocked.

    Where a substitute's unit is smaller, a recipient gets so many units that they get no less. Heads that the advice cannot serve in
    whole stay with the ordinary product, as the rule lets them.
    """
    if plan.request is None:
        return None
    judged: Judged = purchase_policy().judge(plan.request).detail
    pieces = [piece for piece in plan.pieces if piece.gift_line.slot == slot]
    decisions = {piece.ref: judged.decision(piece.ref) for piece in pieces if not piece.parts}
    if not any(decision.blocked for decision in decisions.values()):
        return None
    heads: defaultdict[Key, int] = defaultdict(int)
    for piece in pieces:
        served, line = piece.heads, piece.gift_line
        decision = decisions.get(piece.ref)
        if decision is not None and decision.blocked:
            for substitute, units in _advised(decision):
                per_head = _units_a_head(piece, decision, substitute)
                taken = min(served, -(-units // per_head))
                if taken:
                    heads[line.option_id, piece.region, int(substitute.product), per_head, line.purse_id] += taken
                    served -= taken
        if served:
            heads[line.option_id, piece.region, line.product_id, line.per_head, line.purse_id] += served
    return [
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
    ]


def _advised(decision: rule.LineDecision) -> Iterable[tuple[rule.Substitute, int]]:
    """What can be ordered of the advice: not what the union's own orders hold, though it counts as on offer."""
    units = ((substitute, substitute.quantity - substitute.from_held) for substitute in decision.substitutes)
    return ((substitute, number) for substitute, number in units if number)


def _units_a_head(piece: Piece, decision: rule.LineDecision, substitute: rule.Substitute) -> int:
    """Units of the substitute that hold at least what the ordinary product would have given a recipient."""
    return -(-piece.gift_line.per_head * decision.content // substitute.content)
