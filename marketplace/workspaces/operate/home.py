"""What the operator does today."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db.models import Count, Q
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from marketplace.evidence import keys
from marketplace.evidence.models import Checkpoint, Cosignature, Entry
from marketplace.evidence.sequencer import lag
from marketplace.organisations.models import Organisation, Role
from marketplace.shop.catalogue.models import BoundsState, ClassBounds, Product
from marketplace.steps.actions import oldest_due
from marketplace.steps.models import Step, StepState
from marketplace.workspaces.doors import HouseRequest, open_to
from marketplace.workspaces.listing import Empty, Filters, Listing, between, containing, day, words
from marketplace.workspaces.log_words import kind_in_words, kinds_said, subject_in_words
from marketplace.workspaces.pages import today
from marketplace.workspaces.sheets import Column
from procurement.policy.models import Policy
from procurement.watch.models import ChallengeState
from procurement.watch.queries import challenges
from procurement.watch.sweep import open_proposals
from suppliers.accreditation.queries import expiring

EXPIRES_SOON_DAYS = 60
_FEW = 8
_RETRIED_AT_ONCE = 500


@open_to(Role.OPERATOR)
def home(request: HouseRequest) -> HttpResponse:
    """What failed, what lags, what waits for a second person, what is about to end."""
    ending = expiring(today() + timedelta(days=EXPIRES_SOON_DAYS)).select_related("product", "producer", "county")
    bad = Organisation.objects.filter(good_standing=False)
    unclassified = Product.objects.filter(commodity_class__isnull=True, components__isnull=True)
    context: dict[str, Any] = {
        "failed": Step.objects.filter(state=StepState.FAILED).count(),
        "oldest": int(oldest_due().total_seconds()),
        "lag": lag(),
        "drafts": Policy.objects.filter(approved_by__isnull=True).select_related("drafted_by").order_by("period"),
        "unclassified": unclassified.order_by("-id")[:_FEW],
        "unclassified_count": unclassified.count(),
        "bad": bad.order_by("name")[:_FEW],
        "bounds": ClassBounds.objects.filter(state=BoundsState.PROPOSED).select_related(
            "commodity_class", "proposed_by"
        ),
        "challenges": challenges().filter(state=ChallengeState.OPEN).order_by("answer_by", "id")[:_FEW],
        "found": open_proposals().count(),
        "ending": ending[:_FEW],
        "ending_count": ending.count(),
    }
    return render(request, "operate/home.html", context)


class EntryFilters(Filters):
    """By kind or subject, and day."""

    q = words()
    since = day(gettext_lazy("From"))
    until = day(gettext_lazy("Until"))

    def narrowed(self, rows: Any) -> Any:
        """The entries that fit."""
        if text := self.wishes.get("q"):
            rows = rows.filter(containing(text, "kind", "subject") | Q(kind__in=kinds_said(text)))
        return between(rows, "written_at", self.wishes, moments=True)


def _in_words(entries: Sequence[Any]) -> list[Any]:
    for entry in entries:
        entry.kind_words, entry.about = kind_in_words(entry.kind), subject_in_words(entry.subject)
    return list(entries)


@open_to(Role.OPERATOR)
def evidence(request: HouseRequest) -> HttpResponseBase:
    """How large the log is, how far it is behind, who has witnessed it; and its newest entries."""
    listing = Listing(
        request,
        Entry.objects.defer("leaf").select_related("union").order_by("-id"),
        (
            Column("pk", _("Entry")),
            Column("kind_words", _("Kind")),
            Column("about", _("About")),
            Column("union", _("Union")),
            Column("written_at", _("Written"), "time"),
        ),
        _("Evidence log"),
        Empty(
            _("Nothing has been written yet"),
            _("Whatever changes something writes an entry, in the same transaction."),
            "shield",
        ),
        filters=EntryFilters(request),
        present=_in_words,
    )
    latest = Checkpoint.objects.order_by("-size").prefetch_related("cosignatures").first()
    signed = dict(Cosignature.objects.values_list("witness").annotate(n=Count("id")))
    context = {
        "lag": lag(),
        "latest": latest,
        "checkpoints": Checkpoint.objects.count(),
        "witnesses": [
            {"name": verifier.name, "signed": signed.get(verifier.name, 0)} for verifier in keys.known_witnesses()
        ],
    }
    return listing.answer("operate/evidence.html", **context)
