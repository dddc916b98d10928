"""What upper-union officers see of their subtree, and what town, sector and county officers decide."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from marketplace.organisations.errors import HouseError
from marketplace.organisations.models import Role
from marketplace.workspaces import subtree
from marketplace.workspaces.accredited import accreditation_listing, history_of, paper_answer, papers_context
from marketplace.workspaces.doors import HouseRequest, open_to
from marketplace.workspaces.listing import Empty
from marketplace.workspaces.oversight import lists
from marketplace.workspaces.oversight.forms import ObjectionForm, ReasonForm, ValidityForm
from marketplace.workspaces.oversight.requests import waiting
from marketplace.workspaces.pages import put_into, tell, thanks, today
from marketplace.workspaces.templatetags.house import state_label
from suppliers.accreditation import actions as accreditation
from suppliers.accreditation.models import Accreditation, AccreditationState, Objection, ObjectionState
from suppliers.accreditation.queries import notice_ends

_OFFICES = (Role.TOWN_OFFICER, Role.SECTOR_OFFICER, Role.COUNTY_OFFICER)
_S = AccreditationState
_ENDS_SOON_DAYS = 60

# What stands where waits for whom, and the verb that carries it on.
NEXT: dict[str, tuple[Role, str, Any]] = {
    _S.APPLIED: (Role.TOWN_OFFICER, "review_town", gettext_lazy("Town review done")),
    _S.TOWN_REVIEW: (Role.SECTOR_OFFICER, "review_sector", gettext_lazy("Sector review done")),
    _S.SECTOR_REVIEW: (Role.COUNTY_OFFICER, "decide_county", gettext_lazy("Decide in favour")),
    _S.COUNTY_DECISION: (Role.COUNTY_OFFICER, "publish", gettext_lazy("Put on public notice")),
}
_STEPS: dict[str, Callable[..., None]] = {
    "review_town": accreditation.review_town,
    "review_sector": accreditation.review_sector,
    "decide_county": accreditation.decide_county,
    "publish": accreditation.publish,
}
_ENDINGS: dict[str, tuple[Callable[..., None], Any, frozenset[str]]] = {
    "refuse": (accreditation.refuse, gettext_lazy("Refuse"), frozenset({*NEXT, _S.PUBLIC_NOTICE})),
    "suspend": (accreditation.suspend, gettext_lazy("Suspend"), frozenset({_S.VALID})),
    "reinstate": (accreditation.reinstate, gettext_lazy("Reinstate"), frozenset({_S.SUSPENDED})),
    "revoke": (accreditation.revoke, gettext_lazy("Revoke"), frozenset({_S.VALID, _S.SUSPENDED})),
}


@open_to(Role.UNION_OFFICER, *_OFFICES)
def home(request: HouseRequest) -> HttpResponseBase:
    """The unions below with their shares, and what waits for this officer; who decides accreditations is led to theirs."""
    if Role.UNION_OFFICER not in request.roles:
        return redirect("oversight:accreditations")
    years = subtree.years_of(request.organisation)
    year = subtree.chosen_year(request, years)
    listing = subtree.union_listing(request, request.organisation, year, years)
    context = {
        "year": year,
        "chart": subtree.share_chart(listing.page.object_list),
        "totals": subtree.totals(request.organisation, year),
        "asked": waiting(request).count(),
    }
    return listing.answer("oversight/home.html", **context)


@open_to(*_OFFICES)
def accreditations(request: HouseRequest) -> HttpResponseBase:
    """Applications of the officer's county: those that wait for this person first, then those that end soon, then all."""
    rows = _of_county(request)
    mine = [state for state, (role, _verb, _words) in NEXT.items() if role in request.roles]
    if Role.COUNTY_OFFICER in request.roles:
        mine.append(_S.PUBLIC_NOTICE)
    empty = Empty(_("No application yet"), _("A producer of the county applies for each product."), "certificate")
    listing = accreditation_listing(request, rows, "oversight:accreditation", _("Applications"), empty, own=False)
    waiting = list(rows.filter(state__in=mine).order_by("recorded_at")[:100])
    on_notice = [one for one in waiting if one.state == _S.PUBLIC_NOTICE]
    ends = notice_ends(on_notice)
    objected_to = set(
        Objection.objects.filter(accreditation__in=on_notice, state=ObjectionState.OPEN).values_list(
            "accreditation", flat=True
        )
    )
    context = {
        # While a notice runs there is nothing to do about it, unless somebody objects.
        "waiting": [one for one in waiting if ends.get(one.number, today()) <= today() or one.pk in objected_to],
        "ending": lists.ending_soon(rows, today() + timedelta(days=_ENDS_SOON_DAYS))[:20],
    }
    return listing.answer("oversight/accreditations.html", **context)


@open_to(*_OFFICES)
def accreditation_page(request: HouseRequest, number: str) -> HttpResponse:
    """One application: what was applied for, where it stands, what this officer may do."""
    found = accreditation_of(request, number)
    return render(request, "oversight/accreditation.html", decisions(request, found))


@open_to(*_OFFICES)
def paper(request: HouseRequest, number: str, paper: int) -> HttpResponse:
    """One paper beside an application, as a file to be saved."""
    return paper_answer(accreditation_of(request, number), paper)


@open_to(*_OFFICES)
@require_POST
def carry_on(request: HouseRequest, number: str) -> HttpResponse:
    """Carry an application one step on."""
    found = accreditation_of(request, number)
    if found.state not in NEXT:
        return redirect("oversight:accreditation", number=number)
    try:
        _STEPS[NEXT[found.state][1]](request.user, found)
    except HouseError as error:
        tell(request, error)
    else:
        found.refresh_from_db(fields=["state"])
        thanks(request, _("%(number)s is now at: %(state)s.") % {"number": number, "state": state_label(found.state)})
    return redirect("oversight:accreditation", number=number)


@open_to(Role.COUNTY_OFFICER)
@require_POST
def make_valid(request: HouseRequest, number: str) -> HttpResponse:
    """Let an accreditation hold for a period."""
    found = accreditation_of(request, number)
    form = ValidityForm(request.POST)
    if form.is_valid():
        try:
            accreditation.make_valid(
                request.user, found, form.cleaned_data["valid_from"], form.cleaned_data["valid_to"]
            )
        except HouseError as error:
            put_into(form, error)
        else:
            thanks(request, _("%(number)s is in force.") % {"number": number})
            return redirect("oversight:accreditation", number=number)
    return render(request, "oversight/accreditation.html", decisions(request, found) | {"validity": form})


@open_to(*_OFFICES)
@require_POST
def end(request: HouseRequest, number: str, verb: str) -> HttpResponse:
    """Refuse, suspend, reinstate or revoke, with the reason."""
    found = accreditation_of(request, number)
    form = ReasonForm(request.POST)
    if form.is_valid():
        try:
            _ENDINGS[verb][0](request.user, found, form.cleaned_data["reason"])
        except HouseError as error:
            put_into(form, error)
        else:
            thanks(request, _("Done; the reason is published."))
            return redirect("oversight:accreditation", number=number)
    return render(request, "oversight/accreditation.html", decisions(request, found) | {"reason": form})


def decisions(
    request: HouseRequest, found: Accreditation, answers: Mapping[int, ObjectionForm] | None = None
) -> dict[str, Any]:
    """What this officer may do with an accreditation where it stands. `answers`: by objection, its form with faults."""
    following = NEXT.get(found.state)
    is_county = Role.COUNTY_OFFICER in request.roles
    may_end = [
        (verb, words)
        for verb, (_act, words, states) in _ENDINGS.items()
        if found.state in states and (is_county or (verb == "refuse" and following and following[0] in request.roles))
    ]
    on_notice = found.state == _S.PUBLIC_NOTICE and is_county
    notice_end = notice_ends([found]).get(found.number) if on_notice else None
    is_running = notice_end is not None and today() < notice_end
    objections = list(found.objections.all())
    is_waiting = any(one.state == ObjectionState.OPEN for one in objections)
    start = {"valid_from": today(), "valid_to": today() + timedelta(days=3 * 365)}
    return {
        "accreditation": found,
        "history": history_of(found.product),
        "step": following[2] if following and following[0] in request.roles else "",
        "endings": may_end,
        "reason": ReasonForm() if may_end else None,
        "validity": ValidityForm(initial=start) if on_notice and not is_running and not is_waiting else None,
        "notice_end": notice_end if is_running else None,
        "objections": [(one, _answer_form(one, answers or {}) if is_county else None) for one in objections],
    } | papers_context(found)


def _answer_form(objection: Objection, answers: Mapping[int, ObjectionForm]) -> ObjectionForm | None:
    if objection.state != ObjectionState.OPEN:
        return answers.get(objection.pk)
    return answers.get(objection.pk) or ObjectionForm(auto_id=f"objection-{objection.pk}-%s")


def _of_county(request: HouseRequest) -> Any:
    rows = Accreditation.objects.filter(county=request.organisation.county).exclude(state=_S.DRAFT)
    return rows.select_related("product__commodity_class", "producer", "county")


def accreditation_of(request: HouseRequest, number: str) -> Accreditation:
    """The application of that number, of the officer's county. 404 for others."""
    found: Accreditation = get_object_or_404(_of_county(request), number=number)
    return found
