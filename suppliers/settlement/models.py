"""Contracts with their mode, and what follows from the lots shipped: who is owed what, and why. Money itself is in the ledger."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q

from marketplace.fulfilment.models import ContractMode, Loss, SupplierOrder
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
    """What one accepted supplier order earns its producer, in fen: gross = fee + households + net.

    A correction is an accrual with negative amounts that names the one it `corrects` and the loss that it follows from, so that
    sums over accruals are right by themselves. `paid_at` of a correction says when it was set off or given back.
    """

    supplier_order = models.ForeignKey(SupplierOrder, on_delete=models.PROTECT, related_name="accruals")
    producer = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="accruals")
    corrects = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="corrections")
    loss = models.OneToOneField(Loss, on_delete=models.PROTECT, null=True, related_name="correction")
    gross = models.BigIntegerField()
    fee = models.BigIntegerField()
    households = models.BigIntegerField()
    net = models.BigIntegerField()
    paid_at = models.DateTimeField(null=True)

    objects = scoped("producer", "supplier_order__enterprise")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(gross=F("fee") + F("households") + F("net")), name="an_accrual_adds_up"),
            models.CheckConstraint(
                condition=Q(corrects__isnull=True, loss__isnull=True, gross__gt=0)
                | Q(corrects__isnull=False, loss__isnull=False, gross__lt=0, fee__lte=0, households__lte=0),
                name="a_correction_takes_back",
            ),
            models.UniqueConstraint(
                fields=["supplier_order"], condition=Q(corrects__isnull=True), name="a_supplier_order_is_accrued_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.supplier_order}: {self.gross}"


class Refund(models.Model):
    """Money that a seller of record gave back for goods returned after they were paid. Append-only."""

    loss = models.OneToOneField(Loss, on_delete=models.PROTECT, related_name="refund")
    union = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    amount = models.BigIntegerField()
    bank_reference = models.CharField(max_length=80)
    at = models.DateTimeField(auto_now_add=True)

    objects = scoped("union", "loss__producer", "loss__supplier_order__seller")

    def __str__(self) -> str:
        return f"{self.loss}: {self.amount}"


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
