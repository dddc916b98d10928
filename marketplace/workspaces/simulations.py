"""The simulator as operators and auditors see it: asking, waiting, and what would have been decided otherwise, with the reasons."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import F, Sum
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext
from django_htmx.http import HttpResponseClientRefresh

from marketplace.organisations.errors import HouseError
from marketplace.organisations.regions import region_name
from marketplace.workspaces.doors import HouseRequest
from marketplace.workspaces.fields import DayInput
from marketplace.workspaces.listing import Empty, Filters, Listing, choice, containing, words
from marketplace.workspaces.pages import tell, today
from marketplace.workspaces.policy_words import differences, level_label, topics
from marketplace.workspaces.sheets import Column
from procurement.policy.models import Policy
from procurement.policy.queries import in_force
from procurement.priority.models import SimulatedChange, Simulation
from procurement.priority.simulating import simulate, state_of
from procurement.priority.simulation import Figures
from procurement.priority.words import breach, rule_label
from procurement.programmes.models import Programme

_YEAR = timedelta(days=365)
_COLUMNS = (
    Column("union", gettext_lazy("Union")),
    Column("day", gettext_lazy("Decided on"), "date"),
    Column("about", gettext_lazy("Plan"), url="url"),
    Column("answer", gettext_lazy("Decided → under the draft")),
    Column("lines", gettext_lazy("Lines"), "count"),
    Column("amount", gettext_lazy("Their amount"), "money"),
    Column("why", gettext_lazy("Why")),
)
_OUTCOMES = [
    ("refused", gettext_lazy("Bought, would be refused")),
    ("allowed", gettext_lazy("Refused, would be allowed")),
    ("otherwise", gettext_lazy("Same answer, otherwise decided")),
]


class PeriodForm(forms.Form):
    """From when on."""

    since = forms.DateField(label=gettext_lazy("Decided since"), widget=DayInput())


class ChangeFilters(Filters):
    """By what would become of it, and words."""

    outcome = choice(gettext_lazy("What would change"), _OUTCOMES)
    q = words()

    def narrowed(self, rows: Any) -> Any:
        """The changes that fit."""
        if text := self.wishes.get("q"):
            rows = rows.filter(containing(text, "union__name", "union__name_en", "union__code"))
        outcome = self.wishes.get("outcome")
        if outcome == "refused":
            return rows.filter(was_allowed=True, would_be_allowed=False)
        if outcome == "allowed":
            return rows.filter(was_allowed=False, would_be_allowed=True)
        if outcome == "otherwise":
            return rows.filter(would_be_allowed=F("was_allowed"))
        return rows


def draft_context(request: HouseRequest, policy: Policy, door: str) -> dict[str, Any]:
    """A draft in sentences, what it would change of the rule in force, and the simulations that were asked for here."""
    begins = policy.period.lower
    try:
        now = in_force(policy.region, min(today(), begins), policy.level or None)
    except HouseError:
        now = None
    asked = Simulation.objects.filter(policy=policy, organisation=request.organisation).order_by("-id")
    return {
        "policy": policy,
        "topics": topics(policy),
        "region": region_name(policy.region),
        "level": level_label(policy.level),
        "one": {"policy": policy, "before": now, "changes": differences(now, policy) if now else []},
        "form": PeriodForm(initial={"since": today() - _YEAR}),
        "simulate_url": reverse(f"{door}:policy_simulate", args=[policy.pk]),
        "asked": [{"simulation": one, "url": reverse(f"{door}:simulation", args=[one.pk])} for one in asked],
    }


def ask(request: HouseRequest, policy: Policy, door: str, back: str) -> HttpResponse:
    """Ask for a simulation and go where it is shown; asked before today, it is there already."""
    form = PeriodForm(request.POST)
    if form.is_valid():
        try:
            found = simulate(request.user, request.organisation, policy, form.cleaned_data["since"])
        except HouseError as error:
            tell(request, error)
        else:
            return redirect(f"{door}:simulation", pk=found.pk)
    else:
        messages.error(request, _("Choose the day from which on decisions are read."))
    return redirect(back)


def shown(request: HouseRequest, pk: int, door: str, template: str) -> HttpResponseBase:
    """How far it is while it runs; then the figures, by rule, and every gift that would have been decided otherwise."""
    found: Simulation = get_object_or_404(
        Simulation.objects.select_related("policy", "organisation", "asked_by"), pk=pk
    )
    state = state_of(found)
    progress = {"simulation": found, "state": state, "url": request.path}
    if request.htmx:  # type: ignore[attr-defined]
        return HttpResponseClientRefresh() if state == "done" else render(request, "policies/_progress.html", progress)
    figures = Figures(**found.figures)
    listing = Listing(
        request,
        SimulatedChange.objects.filter(simulation=found).select_related("union", "judgement").order_by("judgement_id"),
        _COLUMNS,
        _("Decided otherwise under %(version)s") % {"version": found.policy.version},
        Empty(
            gettext_lazy("Nothing would have been decided otherwise"),
            gettext_lazy("Every gift of the period would have had the same answer, line by line."),
            "check",
        ),
        filters=ChangeFilters(request),
        present=lambda rows: _presented(rows, door),
        sums={"lines": Sum("lines"), "amount": Sum("amount")},
    )
    codes = sorted(figures.codes.items(), key=lambda item: (-sum(item[1]), item[0]))
    context = progress | {
        "figures": figures,
        "last": found.until - timedelta(days=1),
        "newly": [(rule_label(code), new) for code, (new, _gone) in codes if new],
        "no_longer": [(rule_label(code), gone) for code, (_new, gone) in codes if gone],
    }
    return listing.answer(template, **context)


def _presented(rows: Sequence[Any], door: str) -> list[Any]:
    """The changes in words. One statement more, for the plans' titles."""
    ids = {int(row.judgement.subject.partition(":")[2]) for row in rows}
    plans = {plan.pk: plan for plan in Programme.objects.filter(pk__in=ids).select_related("order")}
    answers = {True: pgettext("of a judgement", "Passed"), False: pgettext("of a judgement", "Refused")}
    presented = []
    for row in rows:
        plan = plans.get(int(row.judgement.subject.partition(":")[2]))
        order = plan.order if plan and row.was_allowed else None
        presented.append(
            {
                "day": row.judgement.at,
                "union": str(row.union),
                "about": plan.title if plan else row.judgement.subject,
                "url": reverse("audit:order", args=[order.number]) if order and door == "audit" else "",
                "answer": f"{answers[row.was_allowed]} → {answers[row.would_be_allowed]}",
                "lines": row.lines,
                "amount": row.amount,
                "why": _("; ").join(map(_why, row.reasons)) or _("the same answer on another ground, line by line"),
            }
        )
    return presented


def _why(reason: dict[str, Any]) -> str:
    """A reason in few words: the rule, and where it is about the gift as a whole what was found beside what is asked."""
    label = rule_label(reason["code"])
    if not reason["new"]:
        return _("no longer against it: %(rule)s") % {"rule": label}
    if measured := breach(reason["code"], reason["figures"]):
        return _("%(rule)s: %(found)s, asked %(asked)s") % ({"rule": label} | measured)
    if reason["lines"]:
        return ngettext("%(rule)s, %(n)s line", "%(rule)s, %(n)s lines", reason["lines"]) % {
            "rule": label,
            "n": reason["lines"],
        }
    return label
