"""What a plan was submitted for: prices and accreditations of that day. What is dearer or lost since is said before it is bought."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from marketplace.ledger.actions import yuan
from marketplace.organisations.errors import HouseError
from procurement.programmes.errors import AccreditationEnded, PriceRisen
from procurement.programmes.plans import Plan

# A row of Programme.terms: product, region, fen a unit delivered, 1 for an assistance product.
Term = list[Any]


def terms_of(plan: Plan) -> list[Term]:
    """What the plan costs and counts on today, one row for each product and region."""
    rows = {
        (piece.gift_line.product_id, piece.region): [
            piece.gift_line.product_id,
            piece.region,
            piece.offer.unit_price,
            int(piece.gift_line.product_id in plan.helped),
        ]
        for piece in plan.pieces
    }
    return [rows[key] for key in sorted(rows)]


def changed_since(plan: Plan, terms: Iterable[Term]) -> list[HouseError]:
    """What is worse than when the plan was submitted: dearer goods, accreditations that have ended. Cheaper ones are no fault."""
    before: Mapping[tuple[int, str], Term] = {(term[0], term[1]): term for term in terms}
    found: dict[tuple[str, int], HouseError] = {}
    for piece in plan.pieces:
        product, term = piece.gift_line.product, before.get((piece.gift_line.product_id, piece.region))
        if term is None:
            continue
        if piece.offer.unit_price > term[2]:
            risen = PriceRisen(title=product.get_title(), was=yuan(term[2]), now=yuan(piece.offer.unit_price))
            found.setdefault(("price", product.pk), risen)
        if term[3] and product.pk not in plan.helped:
            found.setdefault(("accreditation", product.pk), AccreditationEnded(title=product.get_title()))
    return list(found.values())
