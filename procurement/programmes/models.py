"""Programmes (慰问方案): one union's plan to give one gift on one occasion to a list of members."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from marketplace.fulfilment.models import Parcel
from marketplace.ledger.models import Purse
from marketplace.organisations.models import Organisation, User
from marketplace.organisations.personal import EncryptedTextField
from marketplace.organisations.refusals import sentences_of
from marketplace.organisations.scopes import scoped
from marketplace.shop.catalogue.models import Product
from marketplace.shop.order.models import Order
from procurement.policy.models import GiftForm, Occasion


class Delivery(models.TextChoices):
    """Where parcels go."""

    HOME = "home", _("To each home")
    WORKPLACE = "workplace", _("To the workplace, by department")
    VOUCHER = "voucher", _("By voucher: each member calls for theirs")


class ProgrammeState(models.TextChoices):
    """A plan is drafted, submitted, approved by another person, placed. What happens then is the order's to say.

    While members choose, nothing else in the plan changes; when the choosing closes, it is a draft again.
    """

    DRAFT = "draft", _("Draft")
    CHOOSING = "choosing", _("Members are choosing")
    SUBMITTED = "submitted", _("Waiting for approval")
    APPROVED = "approved", _("Approved")
    PLACED = "placed", _("Placed")
    WITHDRAWN = "withdrawn", _("Withdrawn")


PROGRAMME_MOVES: dict[str, list[str]] = {
    "draft": ["choosing", "submitted", "withdrawn"],
    "choosing": ["draft"],
    "submitted": ["approved", "draft"],
    "approved": ["placed", "draft"],
}


class Programme(models.Model):
    """One plan. `per_head` is the standard in fen for one member."""

    union = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="programmes")
    title = models.CharField(max_length=120)
    occasion = models.CharField(max_length=20, choices=Occasion)
    form = models.CharField(max_length=20, choices=GiftForm, default=GiftForm.GOODS)
    gift_year = models.PositiveSmallIntegerField()
    per_head = models.PositiveIntegerField()
    need_date = models.DateField()
    delivery = models.CharField(max_length=10, choices=Delivery, default=Delivery.HOME)
    purse = models.ForeignKey(Purse, on_delete=models.PROTECT, related_name="programmes")
    quotations = models.PositiveSmallIntegerField(default=0, help_text="quotations on file")
    approvers = models.PositiveSmallIntegerField(default=1, help_text="people who decided, as the minutes name them")
    state = models.CharField(max_length=10, choices=ProgrammeState, default=ProgrammeState.DRAFT)
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    submitted_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True)
    approved_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True)
    approved_at = models.DateTimeField(null=True)
    sent_back_because = models.CharField(
        max_length=400, blank=True, help_text="the approver's words, until submitted again"
    )
    terms = models.JSONField(
        default=list,
        db_default=[],
        help_text="what it was submitted for: [[product, region, fen a unit, assistance], …]",
    )
    order = models.OneToOneField(Order, on_delete=models.PROTECT, null=True, related_name="programme")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = scoped("union")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True)
                | (~Q(approved_by=F("created_by")) & ~Q(approved_by=F("submitted_by"))),
                name="another_person_approves",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["approved", "placed"]) | Q(approved_by__isnull=False),
                name="approved_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(state="placed", order__isnull=False) | ~Q(state="placed"), name="placed_has_an_order"
            ),
            models.CheckConstraint(
                condition=~Q(delivery="voucher") | Q(form="voucher_named"), name="a_voucher_names_shop_and_item"
            ),
        ]
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.title


class ImportState(models.TextChoices):
    """A large upload waits for a worker; a small one is read at once."""

    DUE = "due", _("Waiting")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")


class RosterImport(models.Model):
    """One upload of a roster: what the file was, how many people it named, which rows were at fault, and the annotated copy.

    `content` holds the workbook itself only while it waits to be read.
    """

    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="imports")
    union = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    file_name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    state = models.CharField(max_length=8, choices=ImportState, default=ImportState.DONE)
    reason = models.TextField(blank=True, help_text="why it failed, in the worker's language")
    refusal = models.JSONField(default=list, db_default=[], help_text="why, to be told in the reader's language")
    content = EncryptedTextField(help_text="the workbook, base64, until it has been read")
    people = models.PositiveIntegerField(default=0)
    accepted = models.PositiveIntegerField(default=0)
    faults = models.JSONField(default=list, help_text="[[sheet, row, code], …], without what the cells held")
    annotated = EncryptedTextField(help_text="the annotated workbook, base64, as it holds personal data")
    imported_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    objects = scoped("union")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["programme", "sha256"], condition=Q(state="due"), name="a_file_waits_to_be_read_once"
            )
        ]
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.file_name

    @property
    def why(self) -> str:
        """Why it failed, in the reader's language."""
        return " ".join(sentences_of(self.refusal)) or self.reason


class Recipient(models.Model):
    """A member in a programme. Identifying fields are encrypted; the blind index finds the same person again."""

    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="recipients")
    union = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    imported = models.ForeignKey(RosterImport, on_delete=models.PROTECT, null=True, related_name="recipients")
    row = models.PositiveIntegerField(default=0)
    member_no = models.CharField(max_length=40)
    person = models.CharField(max_length=32, db_index=True, help_text="blind index of the member across programmes")
    name = EncryptedTextField()
    phone = EncryptedTextField()
    id_number = EncryptedTextField()
    address = EncryptedTextField()
    region = models.CharField(max_length=6)
    department = models.CharField(max_length=80, blank=True)
    received = models.PositiveIntegerField(
        default=0, help_text="fen of this gift that this member gets, set at placement"
    )
    received_assistance = models.PositiveIntegerField(default=0, help_text="the part of it in assistance goods")
    received_fenced = models.PositiveIntegerField(
        default=0, db_default=0, help_text="the part of it that assistance-only purses paid"
    )

    link_round = models.PositiveSmallIntegerField(
        default=1, db_default=1, help_text="raised to make the personal link given out before invalid"
    )

    objects = scoped("union")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["programme", "member_no"], name="a_member_is_on_the_list_once")]
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.programme_id}/{self.member_no}"


class Option(models.Model):
    """One product of a part's short list, among which each member chooses; who does not choose gets the default.

    What a member chose stays here. The gift lines of the option are what is bought for those who chose it: at first this product,
    after a substitution others.
    """

    programme = models.ForeignKey(Programme, on_delete=models.CASCADE, related_name="options")
    union = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    slot = models.PositiveSmallIntegerField()
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="+")
    is_default = models.BooleanField(default=False)

    objects = scoped("union")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["programme", "slot", "product"], name="a_product_is_offered_once"),
            models.UniqueConstraint(
                fields=["programme", "slot"], condition=Q(is_default=True), name="one_default_in_a_short_list"
            ),
        ]
        ordering = ["slot", "id"]

    def __str__(self) -> str:
        return f"{self.programme_id}/{self.slot}? {self.product_id}"


class GiftLine(models.Model):
    """Part of the gift. Every recipient gets exactly one line of each slot: a slot with one line is for all.

    A line with an option serves only those who chose it. Where a slot, or an option, has several lines (so many from this producer,
    the rest from that), a recipient is served by the first line of their region that still has `heads` left, then by the first line
    for every region.
    """

    programme = models.ForeignKey(Programme, on_delete=models.CASCADE, related_name="gift_lines")
    union = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    slot = models.PositiveSmallIntegerField()
    option = models.ForeignKey(Option, on_delete=models.CASCADE, null=True, related_name="gift_lines")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="+")
    region = models.CharField(max_length=6, blank=True, help_text="only for recipients of this region; empty for all")
    per_head = models.PositiveSmallIntegerField(default=1, help_text="units for each recipient")
    heads = models.PositiveIntegerField(null=True, help_text="recipients served; null for all the rest")
    purse = models.ForeignKey(Purse, on_delete=models.PROTECT, related_name="+")

    objects = scoped("union")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(per_head__gt=0), name="a_gift_line_gives_something"),
            models.UniqueConstraint(
                fields=["programme", "slot", "option", "region", "product", "purse"],
                nulls_distinct=False,
                name="a_product_fills_a_slot_once",
            ),
            models.UniqueConstraint(
                fields=["programme", "slot", "option", "region"],
                condition=Q(heads__isnull=True),
                nulls_distinct=False,
                name="one_line_takes_the_rest_of_a_slot",
            ),
        ]
        ordering = ["slot", "id"]

    def __str__(self) -> str:
        return f"{self.programme_id}/{self.slot} {self.product}"


class PaperKind(models.TextChoices):
    """The papers that an auditor looks for beside a plan and its order."""

    MINUTES = "minutes", _("Minutes of the meeting")
    QUOTATION = "quotation", _("Quotation")
    NOTICE = "notice", pgettext_lazy("kind of paper", "Public notice")
    CONTRACT = "contract", pgettext_lazy("kind of paper", "Contract")
    INVOICE = "invoice", _("Invoice")
    PAYMENT = "payment", _("Payment slip")
    RECEIPTS = "receipts", _("Signed receipt list")
    OTHER = "other", _("Other paper")


class Paper(models.Model):
    """A scanned paper on file. Its SHA-256 is in the evidence log; the bytes are encrypted, for papers name people."""

    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="papers")
    union = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=PaperKind)
    file_name = models.CharField(max_length=200)
    media_type = models.CharField(max_length=40)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    content = models.BinaryField(help_text="ciphertext")
    added_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    objects = scoped("union")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["programme", "sha256"], name="a_paper_is_filed_once")]
        ordering = ["id"]

    def __str__(self) -> str:
        return self.file_name


class Choosing(models.Model):
    """The time in which members choose. Closed: `closed_at` is set, by whom, or by the deadline (null).

    `salt` belongs to the commitment in the evidence log by which the choices can be proven later without naming anybody there.
    """

    programme = models.OneToOneField(Programme, on_delete=models.CASCADE, related_name="choosing")
    union = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    closes_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True)
    salt = models.BinaryField()

    objects = scoped("union")

    def __str__(self) -> str:
        return f"{self.programme_id} until {self.closes_at:%Y-%m-%d}"


class Choice(models.Model):
    """What a member chose in one part of the gift; `recorded_by` names the buyer where the member has no phone."""

    recipient = models.ForeignKey(Recipient, on_delete=models.CASCADE, related_name="choices")
    union = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    slot = models.PositiveSmallIntegerField()
    option = models.ForeignKey(Option, on_delete=models.CASCADE, related_name="choices")
    at = models.DateTimeField()
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True)

    objects = scoped("union")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["recipient", "slot"], name="one_choice_in_each_part")]

    def __str__(self) -> str:
        return f"{self.recipient_id}/{self.slot}: {self.option_id}"


class CalledTo(models.TextChoices):
    """Where the goods of a voucher go: as its member said, or by default when its last day is over."""

    HOME = "home", _("To the member's address")
    WORKPLACE = "workplace", _("To the workplace")
    DEFAULT = "default", _("To the workplace, as nobody called for it")


class Voucher(models.Model):
    """A pick-up voucher (提货券): one member's right to the parcels that wait for them, until its last day (included).

    It has no value and no goods of its own: seller and item are those of the parcels' order lines, which are the invoice's. What is
    not called for by the last day goes to the workplace.
    """

    recipient = models.OneToOneField(Recipient, on_delete=models.PROTECT, related_name="voucher")
    union = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    last_day = models.DateField()
    called_to = models.CharField(max_length=10, choices=CalledTo, blank=True)
    called_at = models.DateTimeField(null=True)

    objects = scoped("union")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(called_to="", called_at__isnull=True)
                | Q(called_to__in=["home", "workplace", "default"], called_at__isnull=False),
                name="called_for_to_somewhere",
            )
        ]
        indexes = [
            models.Index(fields=["last_day"], condition=Q(called_at__isnull=True), name="vouchers_to_be_called_for")
        ]

    def __str__(self) -> str:
        return f"{self.recipient_id} until {self.last_day}"


class Receipt(models.Model):
    """A member's word that a parcel has come. It changes nothing for the union's acceptance."""

    parcel = models.OneToOneField(Parcel, on_delete=models.PROTECT, related_name="receipt")
    recipient = models.ForeignKey(Recipient, on_delete=models.PROTECT, related_name="receipts")
    union = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    objects = scoped("union")

    def __str__(self) -> str:
        return f"{self.parcel_id} {self.at:%Y-%m-%d}"


class ComplaintReason(models.TextChoices):
    """What is wrong with a parcel."""

    MISSING = "missing", _("It has not come")
    INCOMPLETE = "incomplete", _("Something is missing from it")
    DAMAGED = "damaged", _("It is damaged or spoilt")
    WRONG = "wrong", _("It holds something else")


class ComplaintState(models.TextChoices):
    """A complaint is open, answered by the union, closed."""

    OPEN = "open", _("Open")
    ANSWERED = "answered", _("Answered")
    CLOSED = "closed", _("Closed")


COMPLAINT_MOVES: dict[str, list[str]] = {
    "open": ["answered", "closed"],
    "answered": ["open", "closed"],
}


class Complaint(models.Model):
    """A member's problem with a parcel, and the union's answer. People write names and numbers: both lie encrypted."""

    parcel = models.ForeignKey(Parcel, on_delete=models.PROTECT, related_name="complaints")
    recipient = models.ForeignKey(Recipient, on_delete=models.PROTECT, related_name="complaints")
    union = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=12, choices=ComplaintReason)
    words = EncryptedTextField()
    answer = EncryptedTextField()
    state = models.CharField(max_length=10, choices=ComplaintState, default=ComplaintState.OPEN)
    at = models.DateTimeField(auto_now_add=True)
    answered_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True)
    answered_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    objects = scoped("union")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["parcel", "reason"], condition=~Q(state="closed"), name="a_problem_is_reported_once"
            )
        ]
        indexes = [models.Index(fields=["union", "state"], name="complaints_by_state")]
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.parcel_id} {self.reason}"


# Django looks for an app's models here; those of purchases from outside need some of the names above.
import procurement.programmes.outside_models  # noqa: E402, F401
