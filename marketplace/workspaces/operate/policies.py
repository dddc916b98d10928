"""Policies: what holds, what held, what waits for a second person, and drafting the next one."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from marketplace.organisations.errors import HouseError
from marketplace.organisations.models import Role
from marketplace.organisations.regions import region_name
from marketplace.workspaces.doors import HouseRequest, open_to
from marketplace.workspaces.operate.forms import PolicyForm
from marketplace.workspaces.pages import put_into, tell, thanks, today
from marketplace.workspaces.policy_words import level_label, topics
from marketplace.workspaces.simulations import ask, draft_context, shown
from procurement.policy import actions, drafts
from procurement.policy.models import Policy


@open_to(Role.OPERATOR)
def index(request: HouseRequest) -> HttpResponse:
    """Drafts first, then what is in force in each region, then what follows and what went before."""
    day = today()
    shown = [_shown(policy) for policy in _policies().order_by("region", "-period")]
    approved = [one for one in shown if one["policy"].approved_by_id]
    context = {
        "drafts": [one for one in shown if not one["policy"].approved_by_id],
        "in_force": [one for one in approved if day in one["policy"].period],
        "others": [one for one in approved if day not in one["policy"].period],
    }
    return render(request, "operate/policies.html", context)


@open_to(Role.OPERATOR)
def detail(request: HouseRequest, pk: int) -> HttpResponse:
    """One policy in sentences; a draft can be approved by a second person or thrown away."""
    policy = get_object_or_404(_policies(), pk=pk)
    context = draft_context(request, policy, "operate") | _shown(policy)
    return render(request, "operate/policy.html", context | {"is_drafter": policy.drafted_by_id == request.user.pk})


@open_to(Role.OPERATOR)
@require_POST
def simulate(request: HouseRequest, pk: int) -> HttpResponse:
    """Ask what would have been decided under this policy."""
    policy = get_object_or_404(Policy, pk=pk)
    return ask(request, policy, "operate", reverse("operate:policy", args=[pk]))


@open_to(Role.OPERATOR)
def simulation(request: HouseRequest, pk: int) -> HttpResponseBase:
    """How far a simulation is, and what it found."""
    return shown(request, pk, "operate", "operate/simulation.html")


@open_to(Role.OPERATOR)
def new(request: HouseRequest) -> HttpResponse:
    """Write a new policy down, beginning with the rules that hold today."""
    current = Policy.objects.filter(approved_by__isnull=False, period__contains=today()).order_by("region").first()
    form = PolicyForm(request.POST or None, initial=PolicyForm.like(current))
    if request.method == "POST" and form.is_valid():
        try:
            policy = drafts.draft(request.user, form.draft())
        except HouseError as error:
            put_into(form, error)
        else:
            thanks(request, _("The draft was written down. A second operator reads and approves it."))
            return redirect("operate:policy", pk=policy.pk)
    return render(request, "operate/policy_new.html", {"form": form, "like": current})


@open_to(Role.OPERATOR)
@require_POST
def approve(request: HouseRequest, pk: int) -> HttpResponse:
    """Approve another person's draft."""
    policy = get_object_or_404(Policy, pk=pk)
    try:
        actions.approve(request.user, policy)
    except HouseError as error:
        tell(request, error)
    else:
        thanks(request, _("Approved. It comes into force on its first day, and is never changed."))
    return redirect("operate:policy", pk=pk)


@open_to(Role.OPERATOR)
@require_POST
def discard(request: HouseRequest, pk: int) -> HttpResponse:
    """Throw a draft away."""
    policy = get_object_or_404(Policy, pk=pk)
    try:
        drafts.discard(request.user, policy)
    except HouseError as error:
        tell(request, error)
        return redirect("operate:policy", pk=pk)
    thanks(request, _("The draft %(version)s was thrown away.") % {"version": policy.version})
    return redirect("operate:policies")


def _policies() -> Any:
    return Policy.objects.select_related("drafted_by", "approved_by")


def _shown(policy: Policy) -> dict[str, Any]:
    """A policy with its sentences, its region's name and where it stands."""
    day = today()
    if not policy.approved_by_id:
        state = "draft"
    elif day in policy.period:
        state = "active"
    else:
        state = "planned" if policy.period.lower > day else "expired"
    return {
        "policy": policy,
        "topics": topics(policy),
        "region": region_name(policy.region),
        "level": level_label(policy.level),
        "state": state,
    }
