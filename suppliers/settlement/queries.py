"""Under which terms a producer sells, and what it is owed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Q, Sum
from django.db.models.functions import ExtractYear

from marketplace.fulfilment.actions import Terms
from marketplace.fulfilment.models import ContractMode
from marketplace.organisations.models import Organisation
from marketplace.organisations.scopes import seen_by
from marketplace.stock.models import Lot
from suppliers.provenance.models import Household
from suppliers.settlement.models import Contract, HouseholdAccrual


@dataclass(frozen=True)
class Earned:
    """What households have earned by what was sold of a lot so far: households, fen accrued, paid, and confirmed by them."""

    households: int
    accrued: int
    paid: int
    confirmed: int


def earned_by(lot: Lot) -> Earned:
    """What a lot has brought its households, all together. One statement."""
    with seen_by(None):
        sums = HouseholdAccrual.objects.filter(lot=lot).aggregate(
            households=Count("household", distinct=True),
            accrued=Sum("amount", default=0),
            paid=Sum("amount", filter=Q(paid_at__isnull=False), default=0),
            confirmed=Sum("amount", filter=Q(confirmed_at__isnull=False), default=0),
        )
    return Earned(**sums)


def received_by_year(households: Iterable[Household]) -> list[tuple[int, int]]:
    """Year → fen paid out in it to these households together, whoever the producer was; the latest first. One statement."""
    with seen_by(None):
        paid = HouseholdAccrual.objects.filter(household__in=households, paid_at__isnull=False)
        years = paid.annotate(year=ExtractYear("paid_at")).values_list("year").annotate(Sum("amount"))
        return list(years.order_by("-year"))


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
