"""Households of an officer's county: who waits to be spoken with, who knows nothing of an agreement, with the papers on file."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from marketplace.organisations.errors import HouseError
from marketplace.organisations.models import Reveal, Role
from marketplace.organisations.scopes import seen_by
from marketplace.workspaces.doors import HouseRequest, open_to
from marketplace.workspaces.households import household_context, household_listing, paper_answer
from marketplace.workspaces.listing import Empty
from marketplace.workspaces.pages import put_into, thanks
from marketplace.workspaces.papers import read_scan
from suppliers.provenance.actions import confirm_agreement
from suppliers.provenance.models import BenefitAgreement, Household
from suppliers.provenance.queries import same_household
from suppliers.settlement.queries import received_by_year

_OFFICES = (Role.TOWN_OFFICER, Role.SECTOR_OFFICER, Role.COUNTY_OFFICER)


class ConfirmForm(forms.Form):
    """The form that the household signed at the office."""

    paper = forms.FileField(
        label=gettext_lazy("The form that the household signed"),
        help_text=gettext_lazy("It names the producer, the mechanism and the share, in words that were read out."),
    )


@open_to(*_OFFICES)
def index(request: HouseRequest) -> HttpResponseBase:
    """All households of the county."""
    empty = Empty(
        _("No household yet"),
        _("Producers of the county record them. Each agreement counts only once the household has confirmed it."),
        "people",
    )
    with seen_by(None):
        listing = household_listing(
            request, _of_county(request), "oversight:household", _("Households"), empty, own=False
        )
        return listing.answer("list.html")


@open_to(*_OFFICES)
def detail(request: HouseRequest, pk: int) -> HttpResponse:
    """One household: what was agreed, what it said, its papers."""
    with seen_by(None):
        return _page(request, _one(request, pk), ConfirmForm())


@open_to(Role.TOWN_OFFICER, Role.COUNTY_OFFICER)
@require_POST
def reveal(request: HouseRequest, pk: int) -> HttpResponse:
    """Show name and number in full, to visit or to call the household; recorded."""
    with seen_by(None):
        household = _one(request, pk)
        Reveal.objects.create(
            user=request.user,
            organisation=request.organisation,
            purpose="household",
            subject=household.code,
            count=1,
        )
        return _page(request, household, ConfirmForm(), {"name": household.head_name, "phone": household.phone})


@open_to(Role.TOWN_OFFICER)
@require_POST
def confirm(request: HouseRequest, pk: int) -> HttpResponse:
    """Confirm the agreement for the household's side, with the form that it signed."""
    form = ConfirmForm(request.POST, request.FILES)
    with seen_by(None):
        household = _one(request, pk)
        signed = BenefitAgreement.objects.select_related("household", "producer")
        agreement: BenefitAgreement = get_object_or_404(signed, household=household)
        if form.is_valid():
            try:
                confirm_agreement(request.user, agreement, read_scan(form.cleaned_data["paper"]))
            except HouseError as error:
                put_into(form, error)
            else:
                thanks(request, _("The agreement of %(code)s is confirmed.") % {"code": household.code})
                return redirect("oversight:household", pk=pk)
        return _page(request, household, form)


@open_to(*_OFFICES)
def paper(request: HouseRequest, pk: int, paper: int) -> HttpResponse:
    """One paper, as a file to be saved."""
    with seen_by(None):
        return paper_answer(_one(request, pk), paper)


def _of_county(request: HouseRequest) -> Any:
    return Household.objects.filter(county=request.organisation.county).select_related("producer", "county")


def _one(request: HouseRequest, pk: int) -> Household:
    found: Household = get_object_or_404(_of_county(request), pk=pk)
    return found


def _page(
    request: HouseRequest, household: Household, form: ConfirmForm, shown: dict[str, str] | None = None
) -> HttpResponse:
    context = household_context(household)
    context["masked"] |= shown or {}
    context["others"] = same_household(household)
    context["received"] = received_by_year([household, *context["others"]])
    may_confirm = Role.TOWN_OFFICER in request.roles and context["state"] in {"unconfirmed", "disowned"}
    may_reveal = not shown and not request.roles.isdisjoint({Role.TOWN_OFFICER, Role.COUNTY_OFFICER})
    context |= {"form": form if may_confirm else None, "may_reveal": may_reveal}
    return render(request, "oversight/household.html", context)
