"""Households, what ties them to a producer, what was collected from them, and which lots it went into (I4)."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from marketplace.organisations.models import County, Organisation, User
from marketplace.organisations.papers import Scan
from marketplace.organisations.personal import EncryptedTextField
from marketplace.organisations.scopes import scoped
from marketplace.shop.catalogue.models import CommodityClass
from marketplace.stock.models import Lot
from suppliers.accreditation.models import Mechanism


class Household(models.Model):
    """A household lifted from poverty (脱贫户): a record, masked on screen, never a login."""

    code = models.CharField(max_length=40, unique=True)
    county = models.ForeignKey(County, on_delete=models.PROTECT, related_name="+")
    village = models.CharField(max_length=60)
    head_name = EncryptedTextField()
    phone = EncryptedTextField()
    phone_index = models.CharField(max_length=32, db_index=True, blank=True, default="")
    id_number = EncryptedTextField()
    id_index = models.CharField(max_length=32, db_index=True, blank=True)
    bank_account = EncryptedTextField()
    producer = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="households", help_text="who recorded it"
    )

    objects = scoped("producer")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["producer", "id_index"], condition=~Q(id_index=""), name="a_household_is_recorded_once"
            )
        ]

    def __str__(self) -> str:
        return self.code


class Witness(models.TextChoices):
    """How the household's side confirmed an agreement."""

    CODE = "code", _("By a code sent to its phone")
    OFFICE = "office", _("At the town office")


class BenefitAgreement(models.Model):
    """Ties a household to a producer by a mechanism; counts only once the household's side has confirmed it.

    `share_bp`: the part of what a lot sells for that is the households' (hundredths of a per cent), split by the weight each brought.
    """

    household = models.ForeignKey(Household, on_delete=models.PROTECT, related_name="agreements")
    producer = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="agreements")
    mechanism = models.CharField(max_length=16, choices=Mechanism)
    share_bp = models.PositiveSmallIntegerField()
    signed_on = models.DateField()
    confirmed_at = models.DateTimeField(null=True)
    confirmed_by = models.CharField(max_length=6, choices=Witness, blank=True, default="")
    disowned_at = models.DateTimeField(null=True, help_text="when the household said that it knows nothing of it")

    objects = scoped("producer")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["household", "producer"], name="one_agreement_per_household_and_producer"),
            models.CheckConstraint(condition=Q(share_bp__lte=10_000), name="a_share_is_at_most_the_whole"),
            models.CheckConstraint(
                condition=Q(confirmed_at__isnull=True, confirmed_by="")
                | Q(confirmed_at__isnull=False, confirmed_by__in=Witness.values),
                name="confirmed_in_some_way",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.household} ↔ {self.producer}"

    @property
    def state(self) -> str:
        """Where it stands: waiting for the household's side, confirmed, or disowned."""
        if self.confirmed_at:
            return "confirmed_by_household"
        return "disowned" if self.disowned_at else "unconfirmed"


class PaperKind(models.TextChoices):
    """What lies beside an agreement."""

    CONTRACT = "contract", _("Purchase contract")
    WAGES = "wages", _("Wage sheet")
    SHARES = "shares", _("Share agreement")
    PAYOUTS = "payouts", _("Payout list")
    LEASE = "lease", _("Lease")
    COMMISSION = "commission", _("Commission note")
    ASSETS = "assets", _("Agreement on the income of an asset")
    CONFIRMED = "confirmed", _("Confirmation signed by the household")


# The papers that prove each mechanism; the first is the one that is signed.
EVIDENCE: dict[str, tuple[PaperKind, ...]] = {
    Mechanism.ORDER_PURCHASE: (PaperKind.CONTRACT,),
    Mechanism.EMPLOYMENT: (PaperKind.WAGES,),
    Mechanism.SHARE_DIVIDEND: (PaperKind.SHARES, PaperKind.PAYOUTS),
    Mechanism.LAND_LEASE: (PaperKind.LEASE,),
    Mechanism.COMMISSION: (PaperKind.COMMISSION,),
    Mechanism.ASSET_INCOME: (PaperKind.ASSETS, PaperKind.PAYOUTS),
}


class AgreementPaper(Scan):
    """A scan beside an agreement. Append-only."""

    agreement = models.ForeignKey(BenefitAgreement, on_delete=models.PROTECT, related_name="papers")
    producer = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=PaperKind)

    objects = scoped("producer")

    class Meta(Scan.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["agreement", "kind", "sha256"], name="a_paper_is_filed_once_beside_an_agreement"
            )
        ]


class HouseholdCode(models.Model):
    """A question sent to a household's phone: is this agreement yours? Of the link only a hash is kept, of the code a salt."""

    agreement = models.ForeignKey(BenefitAgreement, on_delete=models.PROTECT, related_name="codes")
    token_hash = models.CharField(max_length=64, unique=True)
    salt = models.CharField(max_length=32)
    tries = models.PositiveSmallIntegerField(default=0)
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["agreement", "-asked_at"], name="codes_of_an_agreement")]

    def __str__(self) -> str:
        return f"code {self.pk}"


class Collection(models.Model):
    """Produce bought from a household: weight in grams, price in fen for the whole."""

    agreement = models.ForeignKey(BenefitAgreement, on_delete=models.PROTECT, related_name="collections")
    producer = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="collections")
    produce = models.CharField(max_length=40)
    grams = models.PositiveIntegerField()
    price = models.PositiveIntegerField()
    collected_on = models.DateField()
    note = models.CharField(max_length=80, help_text="the producer's number of the purchase note")

    objects = scoped("producer")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["producer", "note"], name="a_purchase_note_is_entered_once")]

    def __str__(self) -> str:
        return self.note


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


class IncidentKind(models.TextChoices):
    """What is done about lots in which something is or may be wrong."""

    HOLD = "hold", _("Hold")
    RECALL = "recall", _("Recall")


class IncidentState(models.TextChoices):
    """Whether it is in force."""

    OPEN = "open", _("In force")
    LIFTED = "lifted", _("Lifted")


INCIDENT_MOVES: dict[str, list[str]] = {"open": ["lifted"]}


class IncidentReason(models.TextChoices):
    """Why lots are held or recalled."""

    TEST = "test", _("Waiting for a test")
    QUALITY = "quality", _("Quality below what was promised")
    HARMFUL = "harmful", _("Harmful residues or germs")
    FOREIGN = "foreign", _("Foreign bodies")
    LABEL = "label", _("Wrong label or origin")
    PACKAGING = "packaging", _("Packaging damaged")
    COMPLAINTS = "complaints", _("Members' complaints")


class Incident(models.Model):
    """A hold, which can be lifted, or a recall, which cannot: of one lot and of all that was made of it."""

    kind = models.CharField(max_length=6, choices=IncidentKind)
    state = models.CharField(max_length=6, choices=IncidentState, default=IncidentState.OPEN)
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="incidents")
    producer = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="incidents")
    by = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", help_text="whose word it is")
    reason = models.CharField(max_length=10, choices=IncidentReason)
    words = models.CharField(max_length=200, blank=True)
    opened_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField(auto_now_add=True)
    lifted_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    lifted_at = models.DateTimeField(null=True)
    lifted_words = models.CharField(max_length=200, blank=True)

    objects = scoped("producer", "by")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state="open", lifted_at__isnull=True, lifted_by__isnull=True)
                | Q(kind="hold", state="lifted", lifted_at__isnull=False, lifted_by__isnull=False),
                name="only_a_hold_is_lifted",
            ),
            models.UniqueConstraint(fields=["lot"], condition=Q(kind="recall"), name="a_lot_is_recalled_once"),
            models.UniqueConstraint(
                fields=["lot", "by"], condition=Q(kind="hold", state="open"), name="one_hold_each_at_a_time"
            ),
        ]
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.kind} {self.lot}"


class IncidentLot(models.Model):
    """A lot that an incident is about: the one named, and all that was made of it. Append-only."""

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="concerns")
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="concerned")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["incident", "lot"], name="an_incident_names_a_lot_once")]

    def __str__(self) -> str:
        return f"{self.incident}: {self.lot}"
