"""Exceptions: asked for by a union, granted or refused from above."""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.utils import timezone

from marketplace.evidence.actions import record
from marketplace.ledger.actions import is_posted, release, yuan
from marketplace.ledger.errors import PurseElsewhere
from marketplace.ledger.models import Purse, PurseKind
from marketplace.organisations.models import Organisation, Role, User
from marketplace.organisations.queries import require, require_above
from marketplace.organisations.scopes import seen_by
from marketplace.shop.catalogue.models import Product
from procurement.policy.queries import policy_of
from procurement.priority.errors import ExceptionNotOpen, ReserveBound
from procurement.priority.models import ExceptionState, PriorityException
from procurement.priority.reserves import reserve
from procurement.priority.years import excess, lock_year


def ask_exception(
    actor: User, union: Organisation, product: Product, *, grounds: str, quantity: int, valid_from: date, valid_to: date
) -> PriorityException:
    """Ask the union above for leave to buy `quantity` units of an ordinary product. Raises NotAllowed."""
    require(actor, Role.BUYER, union)
    with transaction.atomic():
        exception = PriorityException.objects.create(
            number=f"EX-{union.code}-{timezone.now():%Y%m%d%H%M%S%f}",
            union=union,
            product=product,
            grounds=grounds,
            quantity=quantity,
            valid_from=valid_from,
            valid_to=valid_to,
            asked_by=actor,
        )
        _record("exception.asked", exception)
    return exception


def grant_exception(actor: User, exception: PriorityException) -> None:
    """Grant as an officer of a union above. Raises NotAllowed, ExceptionNotOpen when it was decided meanwhile."""
    _decide(actor, exception, ExceptionState.GRANTED)


def refuse_exception(actor: User, exception: PriorityException) -> None:
    """Refuse as an officer of a union above. Raises as grant_exception does."""
    _decide(actor, exception, ExceptionState.REFUSED)


def release_reserve(actor: User, source: Purse, target: Purse, amount: int, key: str) -> None:
    """Let money (fen) out of a union's assistance-only purse, as an officer of a union above, once per key.

    Under the lock of the union's year, so that no placement counts on money that is leaving. Raises NotAllowed, NothingToMove,
    NotEnoughMoney, ReserveBound when the year's ordinary gifts rest on it.
    """
    require_above(actor, Role.UNION_OFFICER, source.union)
    if (source.union_id, source.gift_year, target.kind) != (target.union_id, target.gift_year, PurseKind.GENERAL):
        raise PurseElsewhere(source=source.name, target=target.name)
    with transaction.atomic(), seen_by(None):
        year = lock_year(source.union, source.gift_year)
        share_bp = policy_of(source.union, timezone.localdate()).minimum_share_bp
        left = reserve(source.union, source.gift_year) - amount
        if excess(year.assistance, year.ordinary, left, share_bp) > 0 and not is_posted(key):
            raise ReserveBound(purse=source.name, amount=yuan(amount))
        release(source, target, amount, key)


def _decide(actor: User, exception: PriorityException, state: ExceptionState) -> None:
    above = require_above(actor, Role.UNION_OFFICER, exception.union)
    with transaction.atomic(), seen_by(None):
        moved = PriorityException.objects.filter(pk=exception.pk, state=ExceptionState.ASKED).update(
            state=state, decided_by=actor, decided_for=above
        )
        if not moved:
            raise ExceptionNotOpen(number=exception.number)
        exception.refresh_from_db()
        _record(f"exception.{state}", exception)


def _record(kind: str, exception: PriorityException) -> None:
    record(
        kind,
        {
            "number": exception.number,
            "union": exception.union.code,
            "product": exception.product_id,
            "quantity": exception.quantity,
            "from": exception.valid_from.isoformat(),
            "to": exception.valid_to.isoformat(),
            "decided_for": exception.decided_for.code if exception.decided_for else "",
        },
        subject=f"exception:{exception.number}",
        union_id=exception.union_id,
    )
