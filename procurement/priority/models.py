"""What the rule decided, and what it was told: judgements, decisions, certificates, exceptions, the union's year."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from marketplace.evidence.models import Entry
from marketplace.fulfilment.models import Loss
from marketplace.ledger.models import Purse
from marketplace.organisations.models import Organisation, User
from marketplace.organisations.papers import Scan
from marketplace.organisations.scopes import scoped
from marketplace.shop.catalogue.models import CommodityClass, Product
from marketplace.shop.order.models import Line, Order
from procurement.policy.models import Policy


class UnionYear(models.Model):
    """A union's gift year: the live amounts (fen) of assistance and ordinary gifts, which triggers on decisions and releases write.

    Its row lock orders the union's placements. Once closed it takes nothing any more, and neither does any year before it.
    `closed_share_bp` is the minimum by which it was closed, `shortfall` what was set aside, not spent, and carried over, in fen.
    `brought_forward` are assistance goods (fen) that closed years leave to be bought, for their ordinary ones by their own shares.
    """

    union = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="years")
    gift_year = models.PositiveSmallIntegerField()
    assistance = models.BigIntegerField(default=0)
    ordinary = models.BigIntegerField(default=0)
    make_good_due = models.BooleanField(default=False)
    closed_at = models.DateTimeField(null=True)
    closed_share_bp = models.PositiveIntegerField(null=True)
    shortfall = models.BigIntegerField(default=0, db_default=0)
    brought_forward = models.BigIntegerField(default=0, db_default=0)

    objects = scoped("union")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["union", "gift_year"], name="one_row_per_union_and_year"),
            models.CheckConstraint(
                condition=Q(assistance__gte=0, ordinary__gte=0), name="amounts_live_are_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.union} {self.gift_year}"

    @property
    def counted(self) -> int:
        """A as clause 3 counts it (fen): assistance goods less what closed years left to be bought; may be below zero."""
        return self.assistance - self.brought_forward


class Judgement(models.Model):
    """One run of the rule over a whole gift, stored for placements and refused attempts. Append-only.

    `input` and `output` are canonical JSON, byte for byte what the engine took and gave; `leaf_hash` is that of the log entry.
    """

    union = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="judgements")
    gift_year = models.PositiveSmallIntegerField()
    subject = models.CharField(max_length=80, help_text="the programme judged, as programme:id")
    allowed = models.BooleanField()
    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, related_name="judgements")
    engine = models.CharField(max_length=20)
    engine_hash = models.CharField(max_length=64)
    input = models.TextField()
    output = models.TextField()
    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, related_name="judgement")
    leaf_hash = models.BinaryField(max_length=32)
    at = models.DateTimeField(auto_now_add=True)

    objects = scoped("union")

    class Meta:
        indexes = [models.Index(fields=["subject"], name="judgements_of_subject")]

    def __str__(self) -> str:
        return f"{self.subject} {'allowed' if self.allowed else 'refused'}"


class Outcome(models.TextChoices):
    """Why a line may be bought, or that it may not."""

    ASSISTANCE = "assistance", _("Assistance product")
    NO_EQUIVALENT = "no_equivalent", _("No equivalent: certificate")
    PARTIAL = "partial", _("Rest beyond the assistance part")
    EXCEPTION = "exception", _("Exception")
    ORDINARY = "ordinary", _("Ordinary product, share kept")
    UNCOVERED = "uncovered", _("Not covered by the rule")
    BLOCKED = "blocked", _("Blocked: equivalents on offer")


class Certificate(models.Model):
    """Numbered proof that nothing suitable of a class was on offer for an order (无同类证明). Append-only.

    Its candidates, by region, with the criteria that each failed, are in the judgement's output.
    """

    number = models.CharField(max_length=40, unique=True)
    judgement = models.ForeignKey(Judgement, on_delete=models.PROTECT, related_name="certificates")
    union = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    commodity_class = models.ForeignKey(CommodityClass, on_delete=models.PROTECT, related_name="certificates")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["judgement", "commodity_class"], name="one_certificate_per_class_and_order")
        ]

    def __str__(self) -> str:
        return self.number


class Ground(models.TextChoices):
    """Why an ordinary product is needed although equivalents are on offer: a closed list. Planning too late is none of them."""

    HEALTH = "health", _("Health or diet of members")
    CUSTOMS = "customs", _("Customs of a nationality")
    WORK = "work", _("Protection at work")
    SPECIFICATION = "specification", _("A specification that no product on offer has")
    FAILURE = "failure", _("Producers who could not deliver")
    OTHER = "other", _("Another ground, as described")


class ExceptionState(models.TextChoices):
    """Where a request for an exception stands. Agreed: a second person has still to agree."""

    ASKED = "asked", _("Asked")
    AGREED = "agreed", _("Agreed by one, a second is due")
    GRANTED = "granted", _("Granted")
    REFUSED = "refused", _("Refused")
    REVOKED = "revoked", _("Revoked")


OPEN_STATES = (ExceptionState.ASKED, ExceptionState.AGREED)


class PriorityException(models.Model):
    """Leave to buy an ordinary product despite equivalents (例外审批): granted by a union above, for a quantity and a period.

    `value` is what the units cost without freight when asked for, in fen. `waits_for` is the lowest union that may answer now: the
    first one above that the policy lets decide on that value, later those above it; once `delegated`, its delegate may answer, too.
    """

    number = models.CharField(max_length=40, unique=True)
    union = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="exceptions")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="+")
    ground = models.CharField(max_length=14, choices=Ground, default=Ground.OTHER)
    grounds = models.TextField()
    quantity = models.PositiveIntegerField()
    value = models.PositiveBigIntegerField(default=0)
    used = models.PositiveIntegerField(default=0)
    waives_share = models.BooleanField(default=False)
    valid_from = models.DateField()
    valid_to = models.DateField()
    state = models.CharField(max_length=8, choices=ExceptionState, default=ExceptionState.ASKED)
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(default=timezone.now)
    waits_for = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", null=True)
    answer_by = models.DateTimeField(null=True, help_text="then it goes to the delegate, then to the union above")
    stage = models.PositiveSmallIntegerField(default=0, help_text="how often it has gone on unanswered")
    delegated = models.BooleanField(default=False)
    needs_second = models.BooleanField(default=False)
    agreed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True)
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True)
    decided_for = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+", null=True)
    decided_at = models.DateTimeField(null=True)
    answer = models.TextField(blank=True)
    answer_salt = models.BinaryField(max_length=16, null=True, help_text="of the log's commitment to the answer")
    revoked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True)
    revoked_at = models.DateTimeField(null=True)
    revoked_because = models.TextField(blank=True)

    objects = scoped("union", "decided_for")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(used__lte=F("quantity")), name="an_exception_is_not_overdrawn"),
            models.CheckConstraint(
                condition=Q(decided_for__isnull=True) | ~Q(decided_for=F("union")), name="granted_from_above"
            ),
            models.CheckConstraint(condition=Q(valid_to__gte=F("valid_from")), name="an_exception_has_a_period"),
            models.CheckConstraint(
                condition=~Q(state__in=["granted", "revoked"], needs_second=True)
                | Q(agreed_by__isnull=False) & ~Q(agreed_by=F("decided_by")),
                name="a_second_person_agrees",
            ),
        ]
        indexes = [
            models.Index(fields=["answer_by"], condition=Q(state__in=["asked", "agreed"]), name="exceptions_unanswered")
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def state_today(self) -> str:
        """Its state, or "expired" when it was granted and its period is over."""
        is_over = self.state == ExceptionState.GRANTED and self.valid_to < timezone.localdate()
        return "expired" if is_over else str(self.state)

    @property
    def left(self) -> int:
        """Units that it still allows, whatever the day."""
        return self.quantity - self.used


class Delegate(models.Model):
    """Who answers for a union what its own officers have left unanswered: an officer of another union (or of its own)."""

    union = models.OneToOneField(Organisation, on_delete=models.CASCADE, related_name="delegate")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    named_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"{self.user} for {self.union}"


class FiledPaper(Scan):
    """A scanned paper beside a request for an exception. Append-only."""

    exception = models.ForeignKey(PriorityException, on_delete=models.PROTECT, related_name="papers")
    union = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")

    objects = scoped("union")

    class Meta(Scan.Meta):
        constraints = [models.UniqueConstraint(fields=["exception", "sha256"], name="an_exception_paper_is_filed_once")]


class Decision(models.Model):
    """What was decided for one line of a placed order (or one component of a box on it), region and date. Append-only.

    I1: at commit, every covered order line's product (or each component of its box) is covered, to the unit, by its decisions.
    """

    judgement = models.ForeignKey(Judgement, on_delete=models.PROTECT, related_name="decisions")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="decisions")
    line = models.ForeignKey(Line, on_delete=models.PROTECT, related_name="decisions")
    union = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    gift_year = models.PositiveSmallIntegerField()
    ref = models.CharField(max_length=60)
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="decisions")
    purse = models.ForeignKey(Purse, on_delete=models.PROTECT, related_name="decisions")
    region = models.CharField(max_length=6)
    need_date = models.DateField()
    outcome = models.CharField(max_length=16, choices=Outcome)
    quantity = models.PositiveIntegerField()
    unit_price = models.PositiveIntegerField(help_text="fen; of a component, its part of one box's price")
    amount = models.BigIntegerField(help_text="fen")
    waived = models.BooleanField(default=False, help_text="an exception takes it out of the share")
    certificate = models.ForeignKey(Certificate, on_delete=models.PROTECT, null=True, related_name="decisions")
    exception = models.ForeignKey(PriorityException, on_delete=models.PROTECT, null=True, related_name="decisions")

    objects = scoped("union")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(outcome="blocked"), name="an_order_has_no_blocked_decision"),
            models.CheckConstraint(
                condition=~Q(outcome="no_equivalent") | Q(certificate__isnull=False), name="certified"
            ),
            models.CheckConstraint(condition=~Q(outcome="exception") | Q(exception__isnull=False), name="excepted"),
            models.UniqueConstraint(fields=["judgement", "ref", "outcome"], name="decided_once"),
        ]
        indexes = [models.Index(fields=["union", "gift_year"], name="decisions_of_a_year")]

    def __str__(self) -> str:
        return f"{self.product} {self.outcome}"


class Simulation(models.Model):
    """Stored judgements of a period, decided once more under another policy; a step works through them, chunk by chunk.

    `until` is the first day that is not read any more, never after the day on which it was asked for: what is read stays the same.
    `figures` are those of simulation.Figures.
    """

    policy = models.ForeignKey(Policy, on_delete=models.CASCADE, related_name="simulations")
    organisation = models.ForeignKey(
        Organisation,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="for whom: its subtree, or all for the operator",
    )
    since = models.DateField()
    until = models.DateField()
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)
    total = models.PositiveIntegerField(help_text="judgements to read")
    done = models.PositiveIntegerField(default=0)
    figures = models.JSONField(default=dict)

    objects = scoped("organisation")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["policy", "organisation", "since", "until"], name="simulated_once_for_a_period"
            ),
            models.CheckConstraint(condition=Q(until__gt=F("since")), name="a_simulation_has_a_period"),
        ]

    def __str__(self) -> str:
        return f"{self.policy} {self.since} – {self.until}"


class SimulatedChange(models.Model):
    """A judgement that the other policy would have decided otherwise. `amount` is fen; `reasons` as simulation.Reason."""

    simulation = models.ForeignKey(Simulation, on_delete=models.CASCADE, related_name="changes")
    judgement = models.ForeignKey(Judgement, on_delete=models.PROTECT, related_name="+")
    union = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    was_allowed = models.BooleanField()
    would_be_allowed = models.BooleanField()
    lines = models.PositiveIntegerField()
    amount = models.BigIntegerField()
    reasons = models.JSONField(default=list)

    objects = scoped("union")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["simulation", "judgement"], name="simulated_once")]

    def __str__(self) -> str:
        return f"{self.judgement}: {self.was_allowed} → {self.would_be_allowed}"


class Release(models.Model):
    """Units of a decision that were cancelled, refused or returned: what a decision still counts is itself less its releases.

    Append-only, never more than was decided. `amount` is fen. `gift_year` is the decision's; when that is closed, the first open one.
    """

    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="releases")
    loss = models.ForeignKey(Loss, on_delete=models.PROTECT, related_name="releases")
    union = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    gift_year = models.PositiveSmallIntegerField()
    quantity = models.PositiveIntegerField()
    amount = models.BigIntegerField()
    at = models.DateTimeField(auto_now_add=True)

    objects = scoped("union")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["decision", "loss"], name="released_once_by_a_loss"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="a_release_is_of_something"),
        ]
        indexes = [models.Index(fields=["union", "gift_year"], name="releases_of_a_year")]

    def __str__(self) -> str:
        return f"{self.decision} − {self.quantity}"
