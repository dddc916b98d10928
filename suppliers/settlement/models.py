"""Contracts with their mode, and what follows from the lots shipped: who is owed what, and why. Money itself is in the ledger."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q

from marketplace.fulfilment.models import ContractMode, SupplierOrder
from marketplace.organisations.models import Organisation
from marketplace.organisations.scopes import scoped
from marketplace.stock.models import Lot
from suppliers.provenance.models import Household


class Contract(models.Model):
    """What a province enterprise and a producer agreed: mode and the enterprise's fee, for a period."""

    enterprise = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="contracts_given")
    producer = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="contracts")
    mode = models.CharField(max_length=8, choices=ContractMode)
    fee_bp = models.PositiveSmallIntegerField()
    period = DateRangeField()

    objects = scoped("enterprise", "producer")

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="one_contract_at_a_time",
                expressions=[(F("producer"), RangeOperators.EQUAL), (F("period"), RangeOperators.OVERLAPS)],
            ),
            models.CheckConstraint(condition=Q(fee_bp__lte=5_000), name="a_fee_is_at_most_half"),
        ]

    def __str__(self) -> str:
        return f"{self.enterprise} – {self.producer}"


class Accrual(models.Model):
    """What one accepted supplier order earns its producer, in fen: gross = fee + households + net."""

    supplier_order = models.OneToOneField(SupplierOrder, on_delete=models.PROTECT, related_name="accrual")
    producer = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="accruals")
    gross = models.BigIntegerField()
    fee = models.BigIntegerField()
    households = models.BigIntegerField()
    net = models.BigIntegerField()
    paid_at = models.DateTimeField(null=True)

    objects = scoped("producer", "supplier_order__enterprise")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(gross=F("fee") + F("households") + F("net")), name="an_accrual_adds_up")
        ]

    def __str__(self) -> str:
        return f"{self.supplier_order}: {self.gross}"


class HouseholdAccrual(models.Model):
    """What a household is owed for its part in a lot that an order shipped: grams it brought, fen it earns."""

    accrual = models.ForeignKey(Accrual, on_delete=models.PROTECT, related_name="by_household")
    household = models.ForeignKey(Household, on_delete=models.PROTECT, related_name="accruals")
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="+")
    producer = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    grams = models.BigIntegerField()
    amount = models.BigIntegerField()
    paid_at = models.DateTimeField(null=True)
    confirmed_at = models.DateTimeField(null=True)

    objects = scoped("producer", "accrual__supplier_order__enterprise")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["accrual", "household", "lot"], name="a_household_earns_once_per_lot"),
            models.CheckConstraint(
                condition=Q(confirmed_at__isnull=True) | Q(paid_at__isnull=False), name="confirmed_only_after_paid"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.household} {self.amount}"
