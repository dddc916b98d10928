"""Requests for exceptions: answered by officers of unions above, revoked, handed to a delegate."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from marketplace.organisations.errors import HouseError
from marketplace.organisations.models import Membership, Role, User
from marketplace.organisations.scopes import seen_by
from marketplace.workspaces.doors import HouseRequest, open_to
from marketplace.workspaces.oversight import lists
from marketplace.workspaces.oversight.forms import AnswerForm, DelegateForm, ReasonForm
from marketplace.workspaces.pages import attachment, carried_out, tell, tell_faults, thanks
from procurement.priority import actions
from procurement.priority.escalation import name_delegate
from procurement.priority.models import OPEN_STATES, Delegate, ExceptionState, FiledPaper, PriorityException

_RELATED = (
    "union__parent",
    "product__commodity_class",
    "asked_by",
    "agreed_by",
    "decided_by",
    "decided_for",
    "waits_for",
)


@open_to(Role.UNION_OFFICER)
def exceptions(request: HouseRequest) -> HttpResponseBase:
    """Requests that wait for a decision with what speaks for and against them, and those decided."""
    decided = PriorityException.objects.exclude(state__in=OPEN_STATES).select_related(*_RELATED).order_by("-id")
    asked = list(waiting(request).select_related(*_RELATED).order_by("answer_by", "id")[:100])
    named = Delegate.objects.filter(union=request.organisation).select_related("user").first()
    context = {
        "asked": lists.requests(asked),
        "delegate": named,
        "delegate_form": DelegateForm(people=_officers(request), initial={"person": named.user_id if named else ""}),
        "reason": ReasonForm(),
    }
    return lists.decided_listing(request, decided).answer("oversight/exceptions.html", **context)


@open_to(Role.UNION_OFFICER)
@require_POST
def decide(request: HouseRequest, number: str, verb: str) -> HttpResponse:
    """Grant or refuse one request."""
    found = _found(request, number)
    form = AnswerForm(request.POST)
    if not form.is_valid():
        tell_faults(request, form)
        return redirect("oversight:exceptions")
    answer = form.cleaned_data["answer"]
    try:
        if verb == "grant":
            waives_share = form.cleaned_data["waives_share"]
            actions.grant_exception(request.user, found, waives_share=waives_share, answer=answer)
        else:
            actions.refuse_exception(request.user, found, answer=answer)
    except HouseError as error:
        tell(request, error)
    else:
        if found.state == ExceptionState.AGREED:
            thanks(request, _("You have agreed to %(number)s. A second person has to agree.") % {"number": number})
        else:
            thanks(request, _("The request %(number)s was decided.") % {"number": number})
    return redirect("oversight:exceptions")


@open_to(Role.UNION_OFFICER)
@require_POST
def revoke(request: HouseRequest, number: str) -> HttpResponse:
    """Take back what was granted; what was ordered under it stays."""
    found = _found(request, number)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        tell_faults(request, form)
        return redirect("oversight:exceptions")
    if carried_out(request, lambda: actions.revoke_exception(request.user, found, form.cleaned_data["reason"])):
        thanks(request, _("The exception %(number)s is revoked.") % {"number": number})
    return redirect("oversight:exceptions")


@open_to(Role.UNION_OFFICER)
def paper(request: HouseRequest, number: str, paper: int) -> HttpResponse:
    """A paper beside a request, as a file to be saved."""
    found = _found(request, number)
    with seen_by(None):
        filed: FiledPaper = get_object_or_404(FiledPaper.objects.filter(exception=found), pk=paper)
    return attachment(filed.plain(), filed.file_name, filed.media_type)


@open_to(Role.UNION_OFFICER)
@require_POST
def delegate(request: HouseRequest) -> HttpResponse:
    """Name who answers what the officers of this union leave unanswered."""
    form = DelegateForm(request.POST, people=_officers(request))
    if form.is_valid():
        person = User.objects.get(pk=form.cleaned_data["person"])
        if carried_out(request, lambda: name_delegate(request.user, request.organisation, person)):
            thanks(request, _("The delegate is named."))
    else:
        messages.error(request, _("Choose an officer from the list."))
    return redirect("oversight:exceptions")


def waiting(request: HouseRequest) -> QuerySet[PriorityException]:
    """Open requests of unions below, never of the officer's own (that is for the next one up), and those this officer answers for
    another union as its delegate."""
    below = Q(union__path__startswith=request.organisation.path) & ~Q(union=request.organisation)
    stands_in = Q(delegated=True, waits_for__delegate__user=request.user)
    with seen_by(None):
        found: QuerySet[PriorityException] = PriorityException.objects.filter(below | stands_in, state__in=OPEN_STATES)
    return found


def _found(request: HouseRequest, number: str) -> PriorityException:
    """A request of the subtree, or one that waits for this officer as a delegate. 404 otherwise."""
    rows = PriorityException.objects.all() | waiting(request)
    found: PriorityException = get_object_or_404(rows.select_related(*_RELATED).distinct(), number=number)
    return found


def _officers(request: HouseRequest) -> list[tuple[int, str]]:
    """Officers of this union and of those around it, but for this one: who may be named."""
    root = request.organisation.path.split("/")[0]
    held = Membership.objects.filter(role=Role.UNION_OFFICER, organisation__path__startswith=f"{root}/")
    people = held.exclude(user=request.user).select_related("user", "organisation").order_by("organisation__path", "id")
    return [(one.user_id, f"{one.user} · {one.organisation}") for one in people[:200]]
