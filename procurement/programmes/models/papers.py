"""Papers on file beside a plan and its order."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from marketplace.organisations.models import Organisation
from marketplace.organisations.papers import Scan
from marketplace.organisations.scopes import scoped
from procurement.programmes.models.plans import Programme


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


class Paper(Scan):
    """A scanned paper beside a plan and its order."""

    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="papers")
    union = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=PaperKind)

    objects = scoped("union")

    class Meta(Scan.Meta):
        constraints = [models.UniqueConstraint(fields=["programme", "sha256"], name="a_paper_is_filed_once")]
