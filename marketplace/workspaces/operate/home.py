"""What the operator does today."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Count
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from marketplace.evidence import keys
from marketplace.evidence.models import Checkpoint, Cosignature, Entry
from marketplace.evidence.sequencer import lag
from marketplace.organisations.errors import HouseError
from marketplace.organisations.models import Organisation, Role
from marketplace.shop.catalogue.models import Product
from marketplace.steps.actions import oldest_due
from marketplace.steps.models import Step, StepState
from marketplace.steps.operations import retry_failed
from marketplace.workspaces.doors import HouseRequest, open_to
from marketplace.workspaces.listing import Empty, Filters, Listing, between, choice, containing, day, words
from marketplace.workspaces.pages import tell, thanks, today
from marketplace.workspaces.sheets import Column
from procurement.policy.models import Policy
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
            rows = rows.filter(containing(text, "kind", "subject"))
        return between(rows, "written_at", self.wishes, moments=True)


@open_to(Role.OPERATOR)
def evidence(request: HouseRequest) -> HttpResponseBase:
    """How large the log is, how far it is behind, who has witnessed it; and its newest entries."""
    listing = Listing(
        request,
        Entry.objects.defer("leaf").select_related("union").order_by("-id"),
        (
            Column("pk", _("Entry")),
            Column("kind", _("Kind")),
            Column("subject", _("About")),
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


class StepFilters(Filters):
    """By state, kind and words."""

    state = choice(gettext_lazy("State"), StepState.choices)
    kind = choice(gettext_lazy("Kind"), [])
    q = words()

    def __init__(self, request: HouseRequest) -> None:
        super().__init__(request)
        kinds = Step.objects.order_by("kind").values_list("kind", flat=True).distinct()
        self.fields["kind"].choices = [("", _("All")), *((kind, kind) for kind in kinds)]  # type: ignore[attr-defined]

    def narrowed(self, rows: Any) -> Any:
        """The steps that fit."""
        if text := self.wishes.get("q"):
            rows = rows.filter(containing(text, "cause", "part", "reason"))
        return rows.filter(**{name: self.wishes[name] for name in ("state", "kind") if name in self.wishes})


@open_to(Role.OPERATOR)
def steps(request: HouseRequest) -> HttpResponseBase:
    """Work to be done, done and failed; failed steps with their reasons, to be tried again."""
    listing = Listing(
        request,
        Step.objects.order_by("-id"),
        (
            Column("pk", _("Step")),
            Column("kind", _("Kind")),
            Column("cause", _("Cause")),
            Column("part", _("Part")),
            Column("state", _("State"), "state"),
            Column("attempts", _("Attempts"), "count"),
            Column("next_run_at", _("Due"), "time"),
            Column("done_at", _("Done"), "time"),
            Column("reason", _("Reason")),
        ),
        _("Steps"),
        Empty(
            _("No step yet"),
            _("A step is written with the change that needs it, and stays until it is done."),
            "refresh",
        ),
        filters=StepFilters(request),
    )
    states = dict(Step.objects.values_list("state").annotate(n=Count("id")))
    counts = [(state, states.get(state.value, 0)) for state in StepState]
    return listing.answer("operate/steps.html", counts=counts, oldest=int(oldest_due().total_seconds()))


@open_to(Role.OPERATOR)
@require_POST
def retry(request: HouseRequest) -> HttpResponse:
    """Try failed steps again: the one whose button was pressed, or all that have failed."""
    one = request.POST.get("step", "")
    if one:
        chosen = [int(one)] if one.isascii() and one.isdigit() and len(one) < 19 else []
    else:
        chosen = list(Step.objects.filter(state=StepState.FAILED).values_list("pk", flat=True)[:_RETRIED_AT_ONCE])
    try:
        count = retry_failed(request.user, chosen)
    except HouseError as error:
        tell(request, error)
    else:
        said = ngettext("%(count)d step is tried again.", "%(count)d steps are tried again.", count)
        thanks(request, said % {"count": count})
    return redirect("operate:steps")
