"""Money set aside for assistance products."""

from __future__ import annotations

from marketplace.ledger import actions as ledger
from marketplace.ledger.models import Purse, PurseKind
from marketplace.organisations.models import User
from marketplace.workspaces.errors import NoAssistancePurse
from procurement.programmes.models import Programme


def set_aside(actor: User, programme: Programme, amount: int, key: str) -> None:
    """Move money (fen) from the plan's purse into the union's assistance-only purse of that gift year, once per key.

    Raises NoAssistancePurse, and what the ledger's verb raises.
    """
    union = programme.union
    target = Purse.objects.filter(union=union, gift_year=programme.gift_year, kind=PurseKind.RING_FENCED).first()
    if target is None:
        raise NoAssistancePurse(union=union.display_name, year=programme.gift_year)
    ledger.set_aside(actor, programme.purse, target, amount, f"set_aside:{union.code}:{key}")
