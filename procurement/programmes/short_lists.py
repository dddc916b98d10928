"""A part's short list with the rule's word on each product, as if all members chose it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from marketplace.shop.catalogue.models import Product
from marketplace.shop.policy import purchase_policy
from procurement.priority import rule
from procurement.priority.policy import Judged
from procurement.programmes.choices import counted_options
from procurement.programmes.models import Option
from procurement.programmes.plans import Plan, bound_request

_GRAVEST = [rule.BLOCKED, rule.PARTIAL, rule.NO_EQUIVALENT, rule.EXCEPTION, rule.ORDINARY, rule.ASSISTANCE]


@dataclass(frozen=True)
class OptionView:
    """A product to choose: fen for one member's share at most, how many chose it and how many get it because they did not choose,
    the rule's word ("" once members have chosen).
    """

    option: Option
    product: Product
    price: int | None
    chosen: int
    by_default: int
    outcome: str
    substitutes: tuple[Product, ...] = ()


def option_views(plan: Plan) -> dict[int, tuple[OptionView, ...]]:
    """Every short list of the plan, by slot. Constant statements."""
    counted = counted_options(plan.programme)
    if not counted:
        return {}
    outcomes, substitutes = _said(plan)
    prices: defaultdict[int, int] = defaultdict(int)
    for piece in (*plan.pieces, *plan.open_pieces):
        if piece.gift_line.option_id:
            prices[piece.gift_line.option_id] = max(prices[piece.gift_line.option_id], piece.per_head)
    found = Product.objects.in_bulk({pk for pks in substitutes.values() for pk in pks})
    lists: defaultdict[int, list[OptionView]] = defaultdict(list)
    for one in counted:
        option = one.option
        instead = tuple(found[pk] for pk in substitutes.get(option.pk, ()))
        lists[option.slot].append(
            OptionView(
                option,
                option.product,
                prices.get(option.pk),
                one.chosen,
                one.by_default,
                outcomes.get(option.pk, ""),
                instead,
            )
        )
    return {slot: tuple(views) for slot, views in lists.items()}


def _said(plan: Plan) -> tuple[dict[int, str], dict[int, list[int]]]:
    """The gravest outcome of each option over its regions, and what the rule would put in its place."""
    request = bound_request(plan)
    if request is None:
        return {}, {}
    judged: Judged = purchase_policy().judge(request).detail
    outcomes: dict[int, str] = {}
    substitutes: defaultdict[int, list[int]] = defaultdict(list)
    for piece in plan.open_pieces:
        option = piece.gift_line.option_id or 0
        refs = [f"{piece.ref}/{part.product_id}" for part in piece.parts] or [piece.ref]
        for decision in map(judged.decision, refs):
            before = outcomes.get(option, decision.outcome)
            outcomes[option] = min(before, decision.outcome, key=_gravity)
            if not piece.parts and decision.outcome == rule.BLOCKED:
                new = [int(s.product) for s in decision.substitutes if int(s.product) not in substitutes[option]]
                substitutes[option] += new[:3]
    return outcomes, dict(substitutes)


def _gravity(outcome: str) -> int:
    return _GRAVEST.index(outcome) if outcome in _GRAVEST else len(_GRAVEST)
