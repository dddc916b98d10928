"""Bounds of a class: proposed, looked at by a second operator, set in force."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from marketplace.organisations.errors import HouseError
from marketplace.organisations.models import Role, User
from marketplace.shop import bounds as verbs
from marketplace.shop.catalogue.models import BoundsState, ClassBounds, CommodityClass
from marketplace.workspaces.classes import bounds_in_words
from marketplace.workspaces.doors import HouseRequest, open_to
from marketplace.workspaces.operate.forms import BoundsForm
from marketplace.workspaces.pages import put_into, tell, thanks


def bounds_context(commodity_class: CommodityClass, user: User) -> dict[str, Any]:
    """Bounds in force and proposed, in words. One statement."""
    rows = ClassBounds.objects.filter(
        commodity_class=commodity_class, state__in=[BoundsState.IN_FORCE, BoundsState.PROPOSED]
    )
    found = {row.state: row for row in rows.select_related("proposed_by", "commodity_class")}
    in_force, proposed = found.get(BoundsState.IN_FORCE), found.get(BoundsState.PROPOSED)
    return {
        "bounds": in_force,
        "sentences": bounds_in_words(commodity_class, in_force),
        "proposed": proposed,
        "proposed_sentences": bounds_in_words(commodity_class, proposed) if proposed else [],
        "is_proposer": bool(proposed and proposed.proposed_by_id == user.pk),
    }


@open_to(Role.OPERATOR)
def propose(request: HouseRequest, code: str) -> HttpResponse:
    """Propose bounds for a class, beginning with those in force."""
    found = get_object_or_404(CommodityClass.objects.filter(children__isnull=True), code=code)
    context = bounds_context(found, request.user)
    form = BoundsForm(request.POST or None, initial=BoundsForm.of(context["bounds"]))
    if request.method == "POST" and form.is_valid():
        try:
            verbs.propose_bounds(request.user, found, form.limits(), form.cleaned_data["ground"])
        except HouseError as error:
            put_into(form, error)
        else:
            thanks(request, _("Proposed. Another operator has to look at it before it holds."))
            return redirect("operate:class", code=code)
    return render(request, "operate/bounds.html", context | {"class": found, "form": form})


@open_to(Role.OPERATOR)
@require_POST
def approve(request: HouseRequest, pk: int) -> HttpResponse:
    """Set another operator's proposal in force."""
    return _decide(
        request, pk, verbs.approve_bounds, _("In force. What is judged from now on sees it; what was decided stays.")
    )


@open_to(Role.OPERATOR)
@require_POST
def discard(request: HouseRequest, pk: int) -> HttpResponse:
    """Let a proposal go."""
    return _decide(request, pk, verbs.discard_bounds, _("Discarded."))


def _decide(request: HouseRequest, pk: int, verb: Any, said: str) -> HttpResponse:
    found = get_object_or_404(ClassBounds.objects.select_related("commodity_class"), pk=pk)
    try:
        verb(request.user, found)
    except HouseError as error:
        tell(request, error)
    else:
        thanks(request, said)
    return redirect("operate:class", code=found.commodity_class.code)
