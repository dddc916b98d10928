"""A producer's accreditations: applied for from the phone, with papers; where each stands, and why."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from marketplace.organisations.errors import HouseError, Refusals
from marketplace.organisations.models import Role
from marketplace.shop.catalogue.models import Product
from marketplace.workspaces.accredited import (
    accreditation_listing,
    history_of,
    paper_answer,
    papers_context,
    stages_of,
)
from marketplace.workspaces.doors import HouseRequest, open_to
from marketplace.workspaces.listing import Empty
from marketplace.workspaces.pages import id_in, put_into, thanks
from marketplace.workspaces.producer.accreditation_forms import ApplicationForm, PaperForm
from suppliers.accreditation.applying import file_paper, keep_draft, send
from suppliers.accreditation.models import UNDER_WAY, Accreditation, AccreditationState
from suppliers.accreditation.queries import may_apply_for


@open_to(Role.PRODUCER)
def index(request: HouseRequest) -> HttpResponseBase:
    """All accreditations of the producer: drafts, under way, in force, ended."""
    empty = Empty(
        _("No accreditation yet"),
        _("A product counts as an assistance product once the county has accredited it. Apply for each product."),
        "certificate",
    )
    listing = accreditation_listing(
        request, _of_producer(request), "producer:accreditation", _("Accreditations"), empty, own=True
    )
    actions = [{"url": reverse("producer:accreditation_new"), "label": _("Apply for a product"), "icon": "plus"}]
    return listing.answer("list.html", actions=actions)


@open_to(Role.PRODUCER)
def new(request: HouseRequest) -> HttpResponse:
    """Apply for a product, or begin with a draft."""
    form = ApplicationForm(
        request.organisation, request.POST or None, request.FILES or None, initial=_as_before(request)
    )
    if request.method == "POST" and form.is_valid():
        return _keep(request, form, form.cleaned_data["product"])
    context = {"form": form, "nothing": not form.is_bound and not may_apply_for(request.organisation).exists()}
    return render(request, "producer/application.html", context)


@open_to(Role.PRODUCER)
def detail(request: HouseRequest, number: str) -> HttpResponse:
    """One accreditation: a draft to go on with, or where it stands."""
    found = _one(request, number)
    if found.state != AccreditationState.DRAFT:
        return _standing(request, found, PaperForm())
    entered = {"mechanism": found.mechanism, "households": found.households or None}
    form = ApplicationForm(
        request.organisation, request.POST or None, request.FILES or None, for_draft=True, initial=entered
    )
    if request.method == "POST" and form.is_valid():
        return _keep(request, form, found.product)
    return _draft(request, form, found)


@open_to(Role.PRODUCER)
@require_POST
def file(request: HouseRequest, number: str) -> HttpResponse:
    """Put one more paper beside an application that is under way."""
    found = _one(request, number)
    form = PaperForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            paper = file_paper(request.user, found, form.sent())
        except HouseError as error:
            put_into(form, error)
        else:
            thanks(request, _("“%(name)s” is on file.") % {"name": paper.file_name})
            return redirect("producer:accreditation", number=number)
    return _standing(request, found, form)


@open_to(Role.PRODUCER)
def paper(request: HouseRequest, number: str, paper: int) -> HttpResponse:
    """One paper, as a file to be saved."""
    return paper_answer(_one(request, number), paper)


def _keep(request: HouseRequest, form: ApplicationForm, product: Product) -> HttpResponse:
    """Keep what was entered; where it is to be sent, send it. With faults the draft stays, and the page names them all."""
    try:
        draft, faults = keep_draft(request.user, request.organisation, product, **form.entered())
    except HouseError as error:
        put_into(form, error)
        return render(request, "producer/application.html", {"form": form})
    try:
        if "send" in request.POST:
            send(request.user, draft, faults)
            thanks(request, _("Applied. The town office looks at it first; you see each step here."))
        elif faults:
            raise Refusals(faults)
        else:
            thanks(request, _("The draft is kept. Apply when it is complete."))
    except HouseError as error:
        put_into(form, error)
        return _draft(request, form, draft)
    return redirect("producer:accreditation", number=draft.number)


def _draft(request: HouseRequest, form: ApplicationForm, draft: Accreditation) -> HttpResponse:
    context = {"form": form, "draft": draft} | papers_context(draft)
    return render(request, "producer/application.html", context)


def _standing(request: HouseRequest, found: Accreditation, form: PaperForm) -> HttpResponse:
    history = history_of(found.product, found.number)
    context = {
        "accreditation": found,
        "history": history,
        "steps": stages_of(found, history),
        "objections": found.objections.all(),
        "form": form if found.state in UNDER_WAY or form.is_bound else None,
    } | papers_context(found)
    return render(request, "producer/accreditation.html", context)


def _as_before(request: HouseRequest) -> dict[str, Any]:
    """The product that the address names, as its latest accreditation says: a renewal begins with what held before."""
    product = id_in(request.GET.get("product", ""))
    last = _of_producer(request).filter(product=product).order_by("-id").first()
    if last is None:
        return {"product": product}
    return {"product": product, "mechanism": last.mechanism, "households": last.households or None}


def _of_producer(request: HouseRequest) -> Any:
    rows = Accreditation.objects.filter(producer=request.organisation)
    return rows.select_related("product__commodity_class", "producer__county", "county")


def _one(request: HouseRequest, number: str) -> Accreditation:
    found: Accreditation = get_object_or_404(_of_producer(request), number=number)
    return found
