"""A producer's lots: what state they are in, how new ones are made of collections and lots, certificates, holds and recalls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from marketplace.fulfilment.lots import why_unfit
from marketplace.organisations.errors import HouseError
from marketplace.organisations.models import Role
from marketplace.stock.models import Condition, Lot
from marketplace.workspaces.doors import HouseRequest, open_to
from marketplace.workspaces.incidents import IncidentForm, act, incident_answer, incident_listing, visible
from marketplace.workspaces.listing import Empty, Filters, Listing, choice, containing, words
from marketplace.workspaces.pages import carried_out, put_into, tell, thanks
from marketplace.workspaces.producer import lot_sources
from marketplace.workspaces.producer.lot_forms import CollectedForm, WorkForm
from marketplace.workspaces.sheets import Column
from suppliers.provenance.certificates import Collected, enter_collected, issue_certificate
from suppliers.provenance.making import transform
from suppliers.provenance.models import Input, PassCertificate

LOTS = (
    Column("code", gettext_lazy("Lot"), url="url"),
    Column("sku", gettext_lazy("Article")),
    Column("state_code", gettext_lazy("State"), "state"),
    Column("produced_on", gettext_lazy("Made on"), "date"),
    Column("best_before", gettext_lazy("Best before"), "date"),
    Column("made", gettext_lazy("Made"), "count"),
    Column("waiting", gettext_lazy("To be shipped"), "count"),
    Column("shipped", gettext_lazy("Shipped"), "count"),
    Column("used", gettext_lazy("Used for other lots"), "count"),
    Column("left", gettext_lazy("Left"), "count"),
)


class LotFilters(Filters):
    """By words, condition, and whether the certificate is missing."""

    q = words()
    state = choice(
        gettext_lazy("State"), [*Condition.choices, ("uncertified", gettext_lazy("Pass certificate missing"))]
    )

    def narrowed(self, rows: Any) -> Any:
        """The lots that fit."""
        if text := self.wishes.get("q"):
            rows = rows.filter(containing(text, "code", "stock__sku"))
        state = self.wishes.get("state")
        if state == "uncertified":
            return rows.filter(certificate_due=True)
        return rows.filter(condition=state) if state else rows


def _state_of(lot: Lot) -> str:
    """Its condition; of a good lot also what keeps it from being assigned all the same."""
    if lot.condition != Condition.GOOD:
        return str(lot.condition)
    return "uncertified" if lot.certificate_due else "out_of_date" if why_unfit(lot) else "good"


def _own(request: HouseRequest) -> Any:
    return Lot.objects.filter(holder=request.organisation).select_related("stock", "holder")


@open_to(Role.PRODUCER)
def index(request: HouseRequest) -> HttpResponseBase:
    """All lots, newest first."""

    def present(found: Sequence[Any]) -> list[Any]:
        for row in found:
            row.url, row.sku = reverse("producer:lot", args=[row.pk]), row.stock.sku
            row.waiting, row.state_code = row.allocated - row.shipped, _state_of(row)
        return list(found)

    empty = Empty(_("No lot yet"), _("A lot is goods of one making: record what went in and what came out."), "tag")
    listing = Listing(
        request,
        _own(request).order_by("-produced_on", "-pk"),
        LOTS,
        _("Lots"),
        empty,
        filters=LotFilters(request),
        present=present,
    )
    actions = [
        {"url": reverse("producer:lot_new"), "label": _("Make, mix or repack"), "icon": "plus"},
        {"url": reverse("producer:incidents"), "label": _("Holds and recalls"), "icon": "shield"},
    ]
    return listing.answer("list.html", actions=actions)


@open_to(Role.PRODUCER)
def new(request: HouseRequest) -> HttpResponse:
    """Record that lots were made of purchase notes and lots; `find` looks for other lots and notes, and keeps what was typed."""
    typed, sources = request.POST.dict(), lot_sources.sources(request.organisation, request.POST)
    if "find" in typed:
        form = WorkForm(initial=typed | {"certify": "certify" in typed}, sources=sources)
        return render(request, "producer/lot_new.html", {"form": form})
    form = WorkForm(request.POST or None, sources=sources)
    if request.method == "POST" and form.is_valid():
        try:
            made = _make(request, form)
        except HouseError as error:
            put_into(form, error)
        else:
            thanks(request, _("Recorded. The units are in stock."))
            return redirect("producer:lot", pk=made[0].pk)
    return render(request, "producer/lot_new.html", {"form": form})


def _make(request: HouseRequest, form: WorkForm) -> list[Lot]:
    # Without its certificates nothing of it stands: the form would be sent again, and its lots exist already.
    with transaction.atomic():
        made = transform(request.user, request.organisation, form.work())
        if form.cleaned_data["certify"]:
            for lot in Lot.objects.filter(pk__in=[one.pk for one in made], certificate_due=True):
                issue_certificate(request.user, lot)
    return made


@open_to(Role.PRODUCER)
def detail(request: HouseRequest, pk: int) -> HttpResponse:
    """One lot: its state, what it was made of and what was made of it, its certificate; the ways to stop it."""
    return _lot_page(request, _one(request, pk))


def _one(request: HouseRequest, pk: int) -> Lot:
    found: Lot = get_object_or_404(_own(request).select_related("output__transformation"), pk=pk)
    return found


def _lot_page(
    request: HouseRequest, lot: Lot, stop_form: IncidentForm | None = None, paper_form: CollectedForm | None = None
) -> HttpResponse:
    output = getattr(lot, "output", None)
    inputs = Input.objects.filter(transformation=output.transformation_id) if output else Input.objects.none()
    context = {
        "lot": lot,
        "why": why_unfit(lot),
        "waiting": lot.allocated - lot.shipped,
        "output": output,
        "inputs": inputs.select_related("collection", "lot").order_by("pk"),
        "went_into": Lot.objects.filter(output__transformation__inputs__lot=lot).order_by("pk"),
        "certificate": PassCertificate.objects.filter(lot=lot).first(),
        "incidents": visible(request).filter(Q(concerns__lot=lot)),
        "stop_form": stop_form or IncidentForm(),
        "paper_form": paper_form or CollectedForm(),
        "stop_opened": stop_form is not None,
        "paper_opened": paper_form is not None,
    }
    return render(request, "producer/lot.html", context)


@open_to(Role.PRODUCER)
@require_POST
def certificate(request: HouseRequest, pk: int) -> HttpResponse:
    """Issue the lot's pass certificate, or enter the one that was collected."""
    lot = _one(request, pk)
    form = CollectedForm(request.POST)
    own = "issue" in request.POST
    if not own and not form.is_valid():
        return _lot_page(request, lot, paper_form=form)

    def enter() -> object:
        if own:
            return issue_certificate(request.user, lot)
        return enter_collected(request.user, lot, Collected(**form.cleaned_data))

    if carried_out(request, enter):
        thanks(request, _("The pass certificate is entered; the lot is for sale and can be assigned."))
    return redirect("producer:lot", pk=pk)


@open_to(Role.PRODUCER)
@require_POST
def stop(request: HouseRequest, pk: int) -> HttpResponse:
    """Hold or recall the lot and all that was made of it."""
    lot = _one(request, pk)
    form = IncidentForm(request.POST)
    if not form.is_valid():
        return _lot_page(request, lot, stop_form=form)
    try:
        made = act(request, lot, form.cleaned_data)
    except HouseError as error:
        tell(request, error)
        return redirect("producer:lot", pk=pk)
    thanks(request, _("Done. The lots concerned are listed below; unions are told of a recall."))
    return redirect("producer:incident", pk=made.pk)


@open_to(Role.PRODUCER)
def incidents(request: HouseRequest) -> HttpResponseBase:
    """Holds and recalls of the producer's lots, whoever placed them."""
    return incident_listing(request, visible(request), "producer").answer("incidents.html")


@open_to(Role.PRODUCER)
def incident(request: HouseRequest, pk: int) -> HttpResponseBase:
    """One of them, with the parcels that it reaches."""
    return incident_answer(request, get_object_or_404(visible(request), pk=pk), "producer")
