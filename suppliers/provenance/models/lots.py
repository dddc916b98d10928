"""How lots came to be (I4), and the pass certificates that go with them."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from marketplace.organisations.models import Organisation, User
from marketplace.organisations.personal import EncryptedTextField
from marketplace.organisations.scopes import scoped
from marketplace.shop.catalogue.models import CommodityClass
from marketplace.stock.models import Lot
from suppliers.provenance.models.purchases import Collection


class TransformationKind(models.TextChoices):
    """What was done with the goods."""

    MAKE = "make", _("Made")
    MIX = "mix", _("Mixed")
    REPACK = "repack", _("Repacked")


class Transformation(models.Model):
    """An event at a producer by which collections and lots (inputs) became lots (outputs). Append-only.

    `yield_bp` is declared: what comes of the inputs' weight, in hundredths of a per cent; `waste_grams` is what else came of it. Along
    the graph of lots the ids only rise, which is why nothing is ever made of itself.
    """

    producer = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="transformations")
    kind = models.CharField(max_length=8, choices=TransformationKind)
    yield_bp = models.PositiveIntegerField()
    waste_grams = models.PositiveIntegerField(default=0)
    done_on = models.DateField()

    objects = scoped("producer")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(yield_bp__gte=1, yield_bp__lte=10_000), name="nothing_becomes_more")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.done_on}"


class Input(models.Model):
    """What went into a transformation: grams of a collection, or units of a lot and what these weigh. Append-only."""

    transformation = models.ForeignKey(Transformation, on_delete=models.PROTECT, related_name="inputs")
    collection = models.ForeignKey(Collection, on_delete=models.PROTECT, null=True, related_name="used_in")
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, null=True, related_name="used_in")
    units = models.PositiveIntegerField(null=True)
    grams = models.PositiveBigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["transformation", "collection"], name="a_collection_enters_once"),
            models.UniqueConstraint(fields=["transformation", "lot"], name="a_lot_enters_once"),
            models.CheckConstraint(
                condition=Q(collection__isnull=False, lot__isnull=True, units__isnull=True)
                | Q(collection__isnull=True, lot__isnull=False, units__gt=0),
                name="an_input_is_a_collection_or_a_lot",
            ),
            models.CheckConstraint(condition=Q(grams__gt=0), name="an_input_weighs_something"),
        ]

    def __str__(self) -> str:
        return f"{self.collection_id or self.lot_id} → {self.transformation}"


class Output(models.Model):
    """A lot that a transformation made; `unit_grams` is what a sales unit of it holds of the inputs. Append-only."""

    transformation = models.ForeignKey(Transformation, on_delete=models.PROTECT, related_name="outputs")
    lot = models.OneToOneField(Lot, on_delete=models.PROTECT, related_name="output")
    unit_grams = models.PositiveIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(unit_grams__gt=0), name="a_unit_weighs_something")]

    def __str__(self) -> str:
        return f"{self.transformation} → {self.lot}"


class CertificateRule(models.Model):
    """From when to when goods of a commodity class, and of the classes below it, need a pass certificate (承诺达标合格证) per lot."""

    commodity_class = models.ForeignKey(CommodityClass, on_delete=models.PROTECT, related_name="certificate_rules")
    since = models.DateField()
    until = models.DateField(null=True, help_text="the last day; none while it is in force")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(until__isnull=True) | Q(until__gte=F("since")), name="a_rule_has_days")
        ]

    def __str__(self) -> str:
        return f"{self.commodity_class} {self.since}"


class CertificateKind(models.TextChoices):
    """Where a pass certificate comes from."""

    ISSUED = "issued", _("Issued by the producer")
    COLLECTED = "collected", _("Collected from the seller")


class PassCertificate(models.Model):
    """The promise (承诺达标合格证) that goes with a lot: product, weight or units, origin, date, promising party. Append-only, kept.

    Of one collected from outside, the promising party may be a person: name and contact are encrypted.
    """

    lot = models.OneToOneField(Lot, on_delete=models.PROTECT, related_name="certificate")
    producer = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="pass_certificates")
    kind = models.CharField(max_length=10, choices=CertificateKind)
    number = models.CharField(max_length=40)
    product = models.CharField(max_length=120)
    quantity = models.CharField(max_length=60)
    origin = models.CharField(max_length=120)
    promised_by = EncryptedTextField()
    contact = EncryptedTextField()
    issued_on = models.DateField()
    keep_until = models.DateField()
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(auto_now_add=True)

    objects = scoped("producer")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["producer", "number"], name="a_pass_certificate_is_entered_once"),
        ]

    def __str__(self) -> str:
        return self.number
