"""Supplier orders, consignments and parcels. The one stored state is the parcel's; every parent's is derived from its parcels (I7)."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from marketplace.organisations.models import Organisation, User
from marketplace.organisations.personal import EncryptedTextField
from marketplace.organisations.scopes import scoped
from marketplace.shop.order.models import Line, Order
from marketplace.stock.models import Lot


class ContractMode(models.TextChoices):
    """Who sells: the province enterprise (resale), or the producer with the enterprise earning a fee (agency), or directly."""

    RESALE = "resale", _("Resale")
    AGENCY = "agency", _("Agency")
    DIRECT = "direct", _("Direct")


class SupplierOrder(models.Model):
    """The part of an order that one producer supplies (供货单). `seller` is the seller of record, whom the union pays."""

    number = models.CharField(max_length=40, unique=True)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="supplier_orders")
    union = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    producer = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="supplier_orders")
    seller = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    enterprise = models.ForeignKey(
        Organisation,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        help_text="the province enterprise that earns the fee",
    )
    mode = models.CharField(max_length=8, choices=ContractMode)
    fee_bp = models.PositiveSmallIntegerField(default=0, help_text="the enterprise's part, in hundredths of a per cent")
    need_date = models.DateField()
    acceptance_days = models.PositiveSmallIntegerField(
        help_text="silence for so long after shipping counts as acceptance"
    )
    return_days = models.PositiveSmallIntegerField(
        default=7, help_text="goods can be returned so long after acceptance"
    )
    sent_at = models.DateTimeField(null=True)
    confirmed_at = models.DateTimeField(null=True)
    accepted_at = models.DateTimeField(null=True)
    paid_at = models.DateTimeField(null=True)

    objects = scoped("union", "producer", "seller", "enterprise")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order", "producer"], name="one_supplier_order_per_producer"),
            models.CheckConstraint(
                condition=Q(confirmed_at__isnull=True) | Q(sent_at__isnull=False), name="confirmed_only_after_sent"
            ),
            models.CheckConstraint(
                condition=Q(mode="direct") | Q(enterprise__isnull=False), name="a_contract_has_an_enterprise"
            ),
        ]
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.number


class ParcelState(models.TextChoices):
    """Where a parcel stands. One for which its member has a voucher waits until they call for it."""

    UNCALLED = "uncalled", _("Not called for yet")
    PLACED = "placed", _("Placed")
    ASSIGNED = "assigned", _("Lots assigned")
    SHIPPED = "shipped", _("Shipped")
    ACCEPTED = "accepted", _("Accepted")
    REFUSED = "refused", _("Refused on arrival")
    CANCELLED = "cancelled", _("Cancelled")
    RETURNED = "returned", _("Goods returned")


PARCEL_MOVES: dict[str, list[str]] = {
    "uncalled": ["placed", "cancelled"],
    "placed": ["assigned", "cancelled"],
    "assigned": ["shipped", "cancelled"],
    "shipped": ["accepted", "refused"],
    "accepted": ["returned"],
}


class Party(models.TextChoices):
    """Who caused it that goods do not reach a member as ordered."""

    UNION = "union", _("Union")
    PRODUCER = "producer", _("Producer")


class LossReason(models.TextChoices):
    """Why goods do not reach a member as ordered."""

    DAMAGED = "damaged", _("Damaged")
    SPOILED = "spoiled", _("Spoiled or of poor quality")
    SHORT = "short", _("Less than ordered")
    WRONG = "wrong", _("Not what was ordered")
    MISSING = "missing", _("Did not arrive")
    MEMBER_LEFT = "member_left", _("The member has left")
    NOT_NEEDED = "not_needed", _("No longer needed")
    CANNOT_SUPPLY = "cannot_supply", _("Not enough goods")
    CROP_FAILED = "crop_failed", _("The harvest failed")
    QUALITY_HELD = "quality_held", _("Held back by quality control")


class LossKind(models.TextChoices):
    """What became of the parcels: cancelled before shipping, refused on arrival, returned after acceptance."""

    CANCELLED = "cancelled", _("Cancelled")
    REFUSED = "refused", _("Refused on arrival")
    RETURNED = "returned", _("Goods returned")


FAULTS = [LossReason.DAMAGED, LossReason.SPOILED, LossReason.SHORT, LossReason.WRONG, LossReason.MISSING]
REASONS: dict[tuple[str, str], list[LossReason]] = {
    (LossKind.REFUSED, Party.PRODUCER): FAULTS,
    (LossKind.RETURNED, Party.PRODUCER): FAULTS,
    (LossKind.CANCELLED, Party.UNION): [LossReason.MEMBER_LEFT, LossReason.NOT_NEEDED],
    (LossKind.CANCELLED, Party.PRODUCER): [LossReason.CANNOT_SUPPLY, LossReason.CROP_FAILED, LossReason.QUALITY_HELD],
}


class Loss(models.Model):
    """Parcels of one supplier order that do not reach their members as ordered, for one reason. Append-only.

    `amount` (fen) is what their goods cost; `refund_due` the part of it that the union had paid the seller already.
    """

    supplier_order = models.ForeignKey(SupplierOrder, on_delete=models.PROTECT, related_name="losses")
    union = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    producer = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=LossKind)
    by = models.CharField(max_length=8, choices=Party, help_text="who caused it")
    reason = models.CharField(max_length=16, choices=LossReason)
    words = models.CharField(max_length=200, blank=True)
    parcels = models.PositiveIntegerField()
    amount = models.BigIntegerField()
    refund_due = models.BigIntegerField(default=0)
    reported_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    objects = scoped("union", "producer", "supplier_order__seller", "supplier_order__enterprise")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["refused", "returned"], by="producer", reason__in=FAULTS)
                | Q(kind="cancelled", by="union", reason__in=REASONS["cancelled", "union"])
                | Q(kind="cancelled", by="producer", reason__in=REASONS["cancelled", "producer"]),
                name="a_reason_fits_its_loss",
            ),
            models.CheckConstraint(condition=Q(parcels__gt=0), name="a_loss_is_of_something"),
            models.CheckConstraint(
                condition=Q(refund_due=0) | Q(kind="returned", refund_due=F("amount")), name="refunded_is_what_returned"
            ),
        ]
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.supplier_order}: {self.parcels} {self.kind}"


class Consignment(models.Model):
    """What a producer hands to a carrier at once (发货单)."""

    supplier_order = models.ForeignKey(SupplierOrder, on_delete=models.PROTECT, related_name="consignments")
    carrier = models.CharField(max_length=60)
    waybill = models.CharField(max_length=60)
    shipped_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["carrier", "waybill"], name="a_waybill_is_used_once")]

    def __str__(self) -> str:
        return f"{self.carrier} {self.waybill}"


class Parcel(models.Model):
    """What one recipient gets from one producer. Name, phone and address are a snapshot for the label, encrypted.

    `recipient` is the recipient's id in the programme, a floor above; `member_no` is what a hand-out list shows.
    """

    supplier_order = models.ForeignKey(SupplierOrder, on_delete=models.PROTECT, related_name="parcels")
    union = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    producer = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    consignment = models.ForeignKey(Consignment, on_delete=models.PROTECT, null=True, related_name="parcels")
    recipient = models.BigIntegerField()
    region = models.CharField(max_length=6)
    department = models.CharField(max_length=80, blank=True)
    name = EncryptedTextField()
    phone = EncryptedTextField()
    address = EncryptedTextField()
    state = models.CharField(max_length=10, choices=ParcelState, default=ParcelState.PLACED)
    loss = models.ForeignKey(Loss, on_delete=models.PROTECT, null=True, related_name="lost")

    objects = scoped("union", "producer")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["supplier_order", "recipient"], name="one_parcel_per_recipient_and_producer"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["uncalled", "placed", "assigned", "cancelled"]) | Q(consignment__isnull=False),
                name="shipped_in_a_consignment",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["cancelled", "refused", "returned"], loss__isnull=False)
                | Q(state__in=["uncalled", "placed", "assigned", "shipped", "accepted"], loss__isnull=True),
                name="a_lost_parcel_says_why",
            ),
        ]
        indexes = [models.Index(fields=["supplier_order", "state"], name="parcels_by_state")]

    def __str__(self) -> str:
        return f"{self.supplier_order}/{self.pk}"


class ParcelLine(models.Model):
    """Units of an order line in a parcel."""

    parcel = models.ForeignKey(Parcel, on_delete=models.PROTECT, related_name="lines")
    line = models.ForeignKey(Line, on_delete=models.PROTECT, related_name="parcel_lines")
    quantity = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["parcel", "line"], name="a_line_is_in_a_parcel_once"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="a_parcel_line_holds_something"),
        ]

    def __str__(self) -> str:
        return f"{self.parcel}: {self.line_id} × {self.quantity}"


class Allocation(models.Model):
    """Which lot the units of a parcel line come from."""

    parcel_line = models.ForeignKey(ParcelLine, on_delete=models.PROTECT, related_name="allocations")
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="allocations")
    quantity = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["parcel_line", "lot"], name="a_lot_is_named_once")]

    def __str__(self) -> str:
        return f"{self.parcel_line_id} ← {self.lot}"
