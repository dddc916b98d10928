"""Who gets the gift: uploads of lists, and the members on them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from marketplace.organisations.models import Organisation, User
from marketplace.organisations.personal import EncryptedTextField
from marketplace.organisations.refusals import sentences_of
from marketplace.organisations.scopes import scoped
from procurement.programmes.models.plans import Programme


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
