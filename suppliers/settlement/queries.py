"""Under which terms a producer sells, and what it is owed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from marketplace.fulfilment.actions import Terms
from marketplace.fulfilment.models import ContractMode
from marketplace.organisations.models import Organisation
from marketplace.organisations.scopes import seen_by
from suppliers.settlement.models import Contract


def terms(producers: Iterable[Organisation], day: date) -> dict[Organisation, Terms]:
    """The terms of each producer on that day, by its contract; without one it sells directly."""
    wanted = list(producers)
    with seen_by(None):
        contracts = {
            contract.producer_id: contract
            for contract in Contract.objects.filter(producer__in=wanted, period__contains=day).select_related(
                "enterprise"
            )
        }
    return {producer: _terms(producer, contracts.get(producer.pk)) for producer in wanted}


def _terms(producer: Organisation, contract: Contract | None) -> Terms:
    if contract is None:
        return Terms(producer, None, ContractMode.DIRECT, 0)
    seller = contract.enterprise if contract.mode == ContractMode.RESALE else producer
    return Terms(seller, contract.enterprise, contract.mode, contract.fee_bp)
