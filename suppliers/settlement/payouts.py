"""Paying out many deliveries in one go, as a province enterprise does on its payment day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from marketplace.organisations.models import Organisation, Role, User
from marketplace.organisations.queries import require
from marketplace.organisations.scopes import seen_by
from marketplace.steps.commands import once
from suppliers.settlement.actions import pay_out
from suppliers.settlement.errors import NothingChosen, NotYours, TooManyChosen
from suppliers.settlement.models import Accrual

MOST_AT_ONCE = 200


@dataclass(frozen=True)
class PaidOut:
    """How many deliveries were noted as paid, and how much (fen) that was for producers and households together."""

    deliveries: int
    amount: int


def pay_out_many(actor: User, enterprise: Organisation, accruals: Iterable[int], key: str) -> PaidOut:
    """Record that the producers of these accruals (ids) and their households were paid, all or none, once per key.

    What was paid before is passed over. Raises NotAllowed, NothingChosen, TooManyChosen, NotYours, SameKeyOtherBody.
    """
    require(actor, Role.PROVINCE, enterprise)
    wanted = sorted(set(accruals))
    if not wanted:
        raise NothingChosen
    if len(wanted) > MOST_AT_ONCE:
        raise TooManyChosen(count=len(wanted), most=MOST_AT_ONCE)
    with once(enterprise, key, "pay_out_many", wanted) as remembered, seen_by(None):
        if not remembered.is_repeat:
            related = ("supplier_order__order", "supplier_order__union", "supplier_order__producer", "producer")
            found = list(
                Accrual.objects.select_related(*related, "supplier_order__enterprise")
                .filter(pk__in=wanted, corrects__isnull=True, supplier_order__enterprise=enterprise)
                .order_by("pk")
            )
            if len(found) != len(wanted):
                raise NotYours(enterprise=enterprise.display_name)
            due = [accrual for accrual in found if accrual.paid_at is None]
            remembered.answer = [len(due), sum(pay_out(actor, accrual) for accrual in due)]
        return PaidOut(*remembered.answer)
