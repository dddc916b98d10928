"""Drafts of the rules as an auditor reads them, and what they would have changed in the unions in their care."""

from __future__ import annotations

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from marketplace.organisations.models import Role
from marketplace.workspaces.doors import HouseRequest, open_to
from marketplace.workspaces.pages import today
from marketplace.workspaces.simulations import ask, draft_context, shown
from procurement.policy.models import Policy


@open_to(Role.AUDITOR)
def index(request: HouseRequest) -> HttpResponse:
    """Rules that do not hold yet, drafts and approved ones, each in sentences, with what it changes and the simulator."""
    coming = Policy.objects.filter(period__startswith__gt=today()).order_by("period", "pk")
    drafts = Policy.objects.filter(approved_by__isnull=True).order_by("period", "pk")
    context = {"coming": [draft_context(request, policy, "audit") for policy in (coming | drafts).distinct()]}
    return render(request, "audit/policies.html", context)


@open_to(Role.AUDITOR)
@require_POST
def simulate(request: HouseRequest, pk: int) -> HttpResponse:
    """Ask what would have been decided under this policy in the unions below."""
    policy = get_object_or_404(Policy, pk=pk)
    return ask(request, policy, "audit", reverse("audit:policies"))


@open_to(Role.AUDITOR)
def simulation(request: HouseRequest, pk: int) -> HttpResponseBase:
    """How far a simulation is, and what it found."""
    return shown(request, pk, "audit", "audit/simulation.html")
