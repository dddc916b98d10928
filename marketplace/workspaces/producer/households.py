"""A producer's households: recorded, tied by an agreement with its paper, and asked by phone whether it is theirs."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from marketplace.organisations.errors import HouseError
from marketplace.organisations.models import Role
from marketplace.workspaces.doors import HouseRequest, open_to
from marketplace.workspaces.households import household_context, household_listing, paper_answer
from marketplace.workspaces.listing import Empty
from marketplace.workspaces.pages import put_into, tell, thanks
from marketplace.workspaces.papers import read_scan
from marketplace.workspaces.producer.household_forms import ChangePhoneForm, EvidenceForm, HouseholdForm, SignForm
from suppliers.accreditation.models import Mechanism
from suppliers.provenance.actions import change_phone, record_household, sign_agreement
from suppliers.provenance.confirming import ask_household, code_of
from suppliers.provenance.models import BenefitAgreement, Household
from suppliers.provenance.papers import file_evidence

_LINK = "household_question"


@open_to(Role.PRODUCER)
def index(request: HouseRequest) -> HttpResponseBase:
    """All households of the producer."""
    empty = Empty(
        _("No household yet"),
        _(
            "Record each household from which you buy, sign its agreement, and let it confirm: only then does its produce count."
        ),
        "people",
    )
    rows = Household.objects.filter(producer=request.organisation)
    listing = household_listing(request, rows, "producer:household", _("Households"), empty, own=True)
    actions = [{"url": reverse("producer:household_new"), "label": _("Record a household"), "icon": "plus"}]
    return listing.answer("list.html", actions=actions)


@sensitive_post_parameters()
@open_to(Role.PRODUCER)
def new(request: HouseRequest) -> HttpResponse:
    """Record a household."""
    form = HouseholdForm(request.organisation, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            household = record_household(request.user, request.organisation, **form.cleaned_data)
        except HouseError as error:
            put_into(form, error)
        else:
            thanks(request, _("%(code)s is recorded. Now sign the agreement.") % {"code": household.code})
            return redirect("producer:household", pk=household.pk)
    return render(request, "producer/household_new.html", {"form": form})


@open_to(Role.PRODUCER)
def detail(request: HouseRequest, pk: int) -> HttpResponse:
    """One household: its agreement, papers, and whether it has confirmed."""
    return _page(request, _own(request, pk))


@open_to(Role.PRODUCER)
@require_POST
def sign(request: HouseRequest, pk: int) -> HttpResponse:
    """Enter the agreement with its paper."""
    household = _own(request, pk)
    form = SignForm(request.POST, request.FILES)
    if form.is_valid():
        told = form.cleaned_data
        scan = read_scan(told["paper"])
        mechanism = Mechanism(told["mechanism"])
        try:
            sign_agreement(
                request.user, request.organisation, household, mechanism, told["share_bp"], told["signed_on"], scan
            )
        except HouseError as error:
            put_into(form, error)
        else:
            thanks(request, _("The agreement is entered. It counts once the household has confirmed it."))
            return redirect("producer:household", pk=pk)
    return _page(request, household, sign=form)


@open_to(Role.PRODUCER)
@require_POST
def evidence(request: HouseRequest, pk: int) -> HttpResponse:
    """Put one more paper on file."""
    household = _own(request, pk)
    agreement = _agreement(household)
    form = EvidenceForm(agreement.mechanism, request.POST, request.FILES)
    if form.is_valid():
        name, content = read_scan(form.cleaned_data["paper"])
        try:
            file_evidence(request.user, agreement, form.cleaned_data["kind"], name, content)
        except HouseError as error:
            put_into(form, error)
        else:
            thanks(request, _("“%(name)s” is on file.") % {"name": name})
            return redirect("producer:household", pk=pk)
    return _page(request, household, evidence=form)


@open_to(Role.PRODUCER)
@require_POST
def ask(request: HouseRequest, pk: int) -> HttpResponse:
    """Send the household the question whether the agreement is its own."""
    agreement = _agreement(_own(request, pk))

    def link(token: str) -> str:
        return request.build_absolute_uri(reverse("household_answer", args=[token]))

    try:
        address = ask_household(request.user, agreement, link)
    except HouseError as error:
        tell(request, error)
    else:
        thanks(request, _("The question is on its way to the household's phone. It is good for 3 days."))
        if _is_demonstration():
            request.session[_LINK] = [pk, address]
    return redirect("producer:household", pk=pk)


@sensitive_post_parameters()
@open_to(Role.PRODUCER)
@require_POST
def phone(request: HouseRequest, pk: int) -> HttpResponse:
    """Correct the household's number."""
    household = _own(request, pk)
    form = ChangePhoneForm(request.POST)
    if form.is_valid():
        try:
            change_phone(request.user, household, form.cleaned_data["phone"])
        except HouseError as error:
            put_into(form, error)
        else:
            thanks(
                request, _("The number is corrected. A question sent to another number cannot be answered any more.")
            )
            return redirect("producer:household", pk=pk)
    return _page(request, household, phone=form)


@open_to(Role.PRODUCER)
def paper(request: HouseRequest, pk: int, paper: int) -> HttpResponse:
    """One paper, as a file to be saved."""
    return paper_answer(_own(request, pk), paper)


def _own(request: HouseRequest, pk: int) -> Household:
    rows = Household.objects.filter(producer=request.organisation).select_related("producer", "county")
    found: Household = get_object_or_404(rows, pk=pk)
    return found


def _agreement(household: Household) -> BenefitAgreement:
    found: BenefitAgreement = get_object_or_404(
        BenefitAgreement.objects.select_related("producer", "household"), household=household
    )
    return found


def _page(request: HouseRequest, household: Household, **given: forms.Form) -> HttpResponse:
    """The page with its forms; those given are shown again with their faults."""
    context: dict[str, Any] = household_context(household)
    agreement = context["agreement"]
    forms_ = {
        "sign": SignForm() if agreement is None else None,
        "evidence": EvidenceForm(agreement.mechanism, auto_id="evidence-%s") if agreement else None,
        "phone": ChangePhoneForm(auto_id="phone-%s"),
    }
    context |= {f"{name}_form": form for name, form in (forms_ | given).items()}
    context["opened"] = next(iter(given), "")
    context["question"] = _shown_question(request, context)
    return render(request, "producer/household.html", context)


def _is_demonstration() -> bool:
    return bool(settings.EMBEDDED and settings.MESSAGE_PROVIDER.endswith(".ConsoleProvider"))


def _shown_question(request: HouseRequest, context: dict[str, Any]) -> dict[str, str] | None:
    """On a demonstration, what the household's phone would show now."""
    pk, address = request.session.get(_LINK, (None, ""))
    if pk != context["household"].pk or context["state"] != "unconfirmed" or not _is_demonstration():
        return None
    return {"address": address, "code": code_of(context["asked"])}
