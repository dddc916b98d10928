"""Work to be done, done and failed: what it is, whose, why it failed, and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from marketplace.fulfilment.models import Loss, SupplierOrder
from marketplace.organisations.errors import HouseError
from marketplace.organisations.models import Organisation, Role
from marketplace.steps.actions import oldest_due
from marketplace.steps.models import Step, StepState
from marketplace.steps.operations import retry_failed
from marketplace.workspaces.doors import HouseRequest, open_to
from marketplace.workspaces.listing import Empty, Filters, Listing, choice, containing, words
from marketplace.workspaces.pages import id_in, tell, thanks
from marketplace.workspaces.sheets import Column
from procurement.programmes.models import Programme, RosterImport

_RETRIED_AT_ONCE = 500

# What a step does, and what helps when it has failed.
KINDS: dict[str, tuple[str | Promise, str | Promise]] = {
    "supplier_order.send": (
        gettext_lazy("Send the supplier order to its producer"),
        gettext_lazy("Nothing that a producer does stops this. Try again, and look at the server's log if it fails."),
    ),
    "supplier_order.assign_lots": (
        gettext_lazy("Give lots to the parcels"),
        gettext_lazy(
            "Ask the producer whether a lot is still to be recorded, or why one is held back. Then try again."
        ),
    ),
    "supplier_order.accept_silently": (
        gettext_lazy("Accept for a union that stayed silent"),
        gettext_lazy("Look at the order's entries: money must be reserved for it. Then try again."),
    ),
    "supplier_order.settle": (
        gettext_lazy("Work out what the delivery earned"),
        gettext_lazy("Look whether the producer's contract and agreements are in force. Then try again."),
    ),
    "loss.correct_accrual": (
        gettext_lazy("Take back what returned goods had earned"),
        gettext_lazy("Look at the order's entries. What was paid out already is settled between the parties."),
    ),
    "lots.date": (
        gettext_lazy("Take lots off sale that came to their date"),
        gettext_lazy("Such lots are not assigned in any case. Try again; tomorrow's step does the same."),
    ),
    "recall.tell": (
        gettext_lazy("Tell a union and its members of a recall"),
        gettext_lazy("Tell the union by telephone, then try again; nobody is told twice."),
    ),
    "choosing.close": (
        gettext_lazy("Close the members' choosing"),
        gettext_lazy("Ask the union's buyer to close the choosing by hand, or try again."),
    ),
    "voucher.last_day": (
        gettext_lazy("Send to the workplace what nobody called for"),
        gettext_lazy("Look at the plan's entries, then try again: members' goods wait for it."),
    ),
    "reminders.daily": (
        gettext_lazy("Remind of what ends soon or waits"),
        gettext_lazy("Try again; what was said already is not said twice."),
    ),
    "figures.publish": (
        gettext_lazy("Publish the rule in figures"),
        gettext_lazy("Nothing depends on it. Try again; tomorrow's step counts anew."),
    ),
    "signin.forget_codes": (
        gettext_lazy("Remove old sign-in codes"),
        gettext_lazy("Try again; tomorrow's step removes what is left."),
    ),
    "roster.read": (
        gettext_lazy("Read a list of members"),
        gettext_lazy("Ask the union's buyer to upload the list again; the file that failed stays with the plan."),
    ),
    "pack.intend": (
        gettext_lazy("Note what an evidence pack holds"),
        gettext_lazy("Try again. Whoever asked for the pack can also ask for a new one."),
    ),
    "pack.seal": (
        gettext_lazy("Write an evidence pack"),
        gettext_lazy("Look whether the log is signed and witnessed in time. Then try again."),
    ),
    "certificate.show": (
        gettext_lazy("Show a certificate to the producers of its class"),
        gettext_lazy("Nothing that a producer does stops this. Try again, and look at the server's log if it fails."),
    ),
    "challenge.tell": (
        gettext_lazy("Tell the sides of a challenge how it stands"),
        gettext_lazy("The challenge itself is public at once. Try again, and look at the server's log if it fails."),
    ),
    "challenge.overdue": (
        gettext_lazy("Remind of challenges without an answer"),
        gettext_lazy("Tomorrow's step reminds of the same. Try again, and look at the server's log if it fails."),
    ),
    "watch.sweep": (
        gettext_lazy("Look through new and changed products"),
        gettext_lazy("The next night's sweep looks at the same products again. Try again to have it now."),
    ),
    "message.send": (
        gettext_lazy("Send a short message"),
        gettext_lazy("Look whether the provider of messages answers and the account is in credit. Then try again."),
    ),
    "exception.escalate": (
        gettext_lazy("Pass an unanswered request for an exception on"),
        gettext_lazy(
            "Look whether a policy is in force for the union. Then try again; the request can be answered meanwhile."
        ),
    ),
    "policy.simulate": (
        gettext_lazy("Decide gifts once more under a draft"),
        gettext_lazy("Nothing depends on it. Try again, or ask for the simulation anew; the reason says what it met."),
    ),
    "signin.phone_code": (
        gettext_lazy("Write the message with a sign-in code"),
        gettext_lazy("Codes end after minutes: whoever waits asks for a new one. Try again only to see the reason."),
    ),
}


@dataclass(frozen=True)
class Cause:
    """What a step was written for: in words, with an address where the operator finds it, and who can help."""

    words: str
    url: str = ""
    whom: Organisation | None = None


class StepFilters(Filters):
    """By state, kind and words."""

    state = choice(gettext_lazy("State"), StepState.choices)
    kind = choice(gettext_lazy("Kind"), [])
    q = words()

    def __init__(self, request: HouseRequest) -> None:
        super().__init__(request)
        kinds = Step.objects.order_by("kind").values_list("kind", flat=True).distinct()
        choices = [("", _("All")), *((kind, kind_words(kind)) for kind in kinds)]
        self.fields["kind"].choices = choices  # type: ignore[attr-defined]

    def narrowed(self, rows: Any) -> Any:
        """The steps that fit."""
        if text := self.wishes.get("q"):
            rows = rows.filter(containing(text, "cause", "part", "reason"))
        return rows.filter(**{name: self.wishes[name] for name in ("state", "kind") if name in self.wishes})


def kind_words(kind: str) -> str:
    """What steps of a kind do; the kind itself where nobody wrote words for it."""
    return str(KINDS[kind][0]) if kind in KINDS else kind


def present(steps: Sequence[Any]) -> list[Any]:
    """The steps with their words, causes and what to do next: one statement for each sort of cause on the page."""
    numbers = {step.pk: _about(step) for step in steps}
    wanted: dict[str, set[int]] = {}
    for sort, number in numbers.values():
        wanted.setdefault(sort, set()).add(number)
    found = {sort: _found(sort, sorted(ids)) for sort, ids in wanted.items()}
    for step in steps:
        sort, number = numbers[step.pk]
        step.kind_words = kind_words(step.kind)
        step.about = found[sort].get(number) or Cause(f"{step.cause} {step.part}".strip())
        step.cause_words = step.about.words
        step.next = KINDS[step.kind][1] if step.kind in KINDS and step.state == StepState.FAILED else ""
    return list(steps)


def _about(step: Step) -> tuple[str, int]:
    """The sort and number of what the step was written for."""
    sort, _colon, number = step.cause.partition(":")
    if step.kind == "supplier_order.send":
        sort, number = "supplier_order", step.part
    return sort, id_in(number)


def _found(sort: str, ids: list[int]) -> dict[int, Cause]:
    if sort == "supplier_order":
        rows = SupplierOrder.objects.filter(pk__in=ids).select_related("order", "producer")
        return {row.pk: _of_supplier_order(row) for row in rows}
    if sort == "loss":
        losses = Loss.objects.filter(pk__in=ids).select_related("supplier_order__order", "supplier_order__producer")
        return {loss.pk: _of_supplier_order(loss.supplier_order) for loss in losses}
    if sort == "programme":
        plans = Programme.objects.filter(pk__in=ids).select_related("union")
        return {plan.pk: _of_plan(plan) for plan in plans}
    if sort == "import":
        uploads = RosterImport.objects.filter(pk__in=ids).select_related("programme__union")
        return {upload.pk: _of_plan(upload.programme) for upload in uploads}
    told = {
        "message": _("Message %(number)s"),
        "phone_code": _("Sign-in code %(number)s"),
        "pack": _("Evidence pack %(number)s"),
        "challenge": _("Challenge CH-%(number)s"),
        "judgement": _("Judgement %(number)s"),
    }
    return {number: Cause(told[sort] % {"number": number}) for number in ids} if sort in told else {}


def _of_supplier_order(row: SupplierOrder) -> Cause:
    entries = f"{reverse('operate:evidence')}?{urlencode({'q': f'order:{row.order.number}'})}"
    return Cause(_("Supplier order %(number)s") % {"number": row.number}, entries, row.producer)


def _of_plan(plan: Programme) -> Cause:
    entries = f"{reverse('operate:evidence')}?{urlencode({'q': f'programme:{plan.pk}'})}"
    return Cause(_("Plan “%(title)s”") % {"title": plan.title}, entries, plan.union)


@open_to(Role.OPERATOR)
def steps(request: HouseRequest) -> HttpResponseBase:
    """Work to be done, done and failed; failed steps with their reasons, to be tried again."""
    listing = Listing(
        request,
        Step.objects.order_by("-id"),
        (
            Column("pk", _("Step")),
            Column("kind_words", _("Kind")),
            Column("cause_words", _("Cause")),
            Column("kind", _("Code")),
            Column("cause", _("Cause's key")),
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
        present=present,
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
        chosen = [id_in(one)]
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
