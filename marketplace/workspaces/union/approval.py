"""The whole plan on one page: submitted, approved or sent back, placed."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from marketplace.organisations.errors import HouseError
from marketplace.organisations.models import Role
from marketplace.workspaces.doors import HouseRequest, open_to
from marketplace.workspaces.pages import carried_out, thanks
from marketplace.workspaces.papers import papers_context
from marketplace.workspaces.union.forms import SendBackForm
from marketplace.workspaces.union.frame import frame, preview_context, programme_of
from procurement.programmes import actions
from procurement.programmes.models import Programme, ProgrammeState
from procurement.programmes.placement import place as place_order


@open_to(Role.BUYER, Role.APPROVER)
def approval(request: HouseRequest, pk: int) -> HttpResponse:
    """The whole plan on one page: to be submitted, approved, sent back, placed."""
    programme = programme_of(request, pk)
    context = frame(request, programme, "placed" if programme.state == ProgrammeState.APPROVED else "approval")
    context |= papers_context(programme) | preview_context(programme)
    return render(request, "union/approval.html", context | {"key": uuid.uuid4().hex, "send_back_form": SendBackForm()})


@open_to(Role.BUYER)
@require_POST
def submit(request: HouseRequest, pk: int) -> HttpResponse:
    """Hand the plan to the approver."""
    programme = programme_of(request, pk)
    if _carried_out_in_view(request, programme, lambda: actions.submit(request.user, programme)):
        thanks(request, _("The plan was submitted. An approver of your union decides on it now."))
    return redirect("union:approval", pk=pk)


@open_to(Role.BUYER, Role.APPROVER)
@require_POST
def approve(request: HouseRequest, pk: int) -> HttpResponse:
    """Approve another person's plan. The verb refuses a buyer who approves their own, with a sentence."""
    programme = programme_of(request, pk)
    if _carried_out_in_view(request, programme, lambda: actions.approve(request.user, programme)):
        thanks(request, _("The plan is approved. The buyer can place the order now."))
    return redirect("union:approval", pk=pk)


@open_to(Role.APPROVER)
@require_POST
def send_back(request: HouseRequest, pk: int) -> HttpResponse:
    """Send the plan back to its draft."""
    programme = programme_of(request, pk)
    form = SendBackForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Say in a few words what the buyer should change."))
    elif carried_out(request, lambda: actions.send_back(request.user, programme, form.cleaned_data["because"])):
        thanks(request, _("The plan went back to the buyer."))
    return redirect("union:approval", pk=pk)


@open_to(Role.BUYER)
@require_POST
def place(request: HouseRequest, pk: int) -> HttpResponse:
    """Place the order. The key came with the page, so that sending it twice gives the same order."""
    programme = programme_of(request, pk)
    try:
        order = place_order(request.user, programme, request.POST.get("key", "")[:64] or uuid.uuid4().hex)
    except HouseError as error:
        _tell_the_rest(request, programme, error)
        return redirect("union:approval", pk=pk)
    thanks(request, _("Order %(number)s was placed. The producers are being told now.") % {"number": order.number})
    return redirect("union:order", number=order.number)


def _carried_out_in_view(request: HouseRequest, programme: Programme, verb: Callable[[], object]) -> bool:
    """Carry out a verb from a page that lists what stands against the gift; tell what it refuses."""
    try:
        verb()
    except HouseError as error:
        _tell_the_rest(request, programme, error)
        return False
    return True


def _tell_the_rest(request: HouseRequest, programme: Programme, error: HouseError) -> None:
    """Tell a refusal, without the sentences that the page lists anyway as standing against the gift."""
    listed = {str(sentence) for sentence in preview_context(programme)["violations"]}
    rest = [sentence for sentence in error.sentences if sentence not in listed]
    if len(rest) < len(error.sentences):
        messages.error(request, _("It was not carried out. What stands against the gift is listed on this page."))
    for sentence in rest:
        messages.error(request, sentence)
