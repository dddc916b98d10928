"""Holds and recalls as every workspace shows them: a list, one with all lots and parcels that it reaches, and the ways to act."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from django import forms
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from marketplace.fulfilment.models import Parcel, ParcelState
from marketplace.organisations.errors import HouseError
from marketplace.organisations.models import Organisation, OrganisationKind, Reveal, Role
from marketplace.organisations.personal import mask_name
from marketplace.organisations.scopes import seen_by
from marketplace.stock.models import Lot
from marketplace.workspaces.doors import HouseRequest, open_to
from marketplace.workspaces.listing import Empty, Filters, Listing, choice, containing, words
from marketplace.workspaces.pages import carried_out, put_into, thanks
from marketplace.workspaces.sheets import Column
from suppliers.provenance.graph import Delivery, Reached, reached
from suppliers.provenance.incidents import hold, lift, recall
from suppliers.provenance.models import Incident, IncidentKind, IncidentReason

INCIDENTS = (
    Column("code", gettext_lazy("Lot"), url="url"),
    Column("kind_words", gettext_lazy("Kind")),
    Column("state_code", gettext_lazy("State"), "state"),
    Column("reason_words", gettext_lazy("Reason")),
    Column("producer", gettext_lazy("Producer")),
    Column("by", gettext_lazy("By")),
    Column("opened_at", pgettext_lazy("of a hold or recall", "Since"), "time"),
    Column("lots", gettext_lazy("Lots concerned"), "count"),
)


class IncidentFilters(Filters):
    """By words, kind, and whether in force."""

    q = words()
    kind = choice(gettext_lazy("Kind"), IncidentKind.choices)
    state = choice(gettext_lazy("State"), [("open", gettext_lazy("In force")), ("lifted", gettext_lazy("Lifted"))])

    def narrowed(self, rows: Any) -> Any:
        """The incidents that fit."""
        if text := self.wishes.get("q"):
            rows = rows.filter(containing(text, "lot__code", "producer__name", "producer__name_en"))
        return rows.filter(**{name: self.wishes[name] for name in ("kind", "state") if name in self.wishes})


class IncidentForm(forms.Form):
    """A hold or a recall."""

    kind = forms.ChoiceField(label=gettext_lazy("What is to be done"), choices=IncidentKind.choices)
    reason = forms.ChoiceField(label=gettext_lazy("Reason"), choices=IncidentReason.choices)
    words = forms.CharField(
        label=gettext_lazy("In your words"),
        required=False,
        max_length=200,
        help_text=gettext_lazy("What was found, where, how many; no names. Unions read it."),
    )


class LotIncidentForm(IncidentForm):
    """The same, of a lot named by its code."""

    lot = forms.CharField(label=gettext_lazy("Lot"), max_length=40, help_text=gettext_lazy("The code on the box."))
    field_order = ("lot", "kind", "reason", "words")


class RecallOnlyForm(LotIncidentForm):
    """Operators recall; holding is for those who can look at the goods."""

    kind = forms.ChoiceField(
        label=gettext_lazy("What is to be done"), choices=[(IncidentKind.RECALL.value, IncidentKind.RECALL.label)]
    )


class LiftForm(forms.Form):
    """Why a hold is over."""

    words = forms.CharField(
        label=gettext_lazy("What was found"), required=False, max_length=200, help_text=gettext_lazy("No names.")
    )


class ReachFilters(Filters):
    """Parcels by words and state."""

    q = words()
    state = choice(gettext_lazy("State"), ParcelState.choices)

    def narrowed(self, rows: Any) -> Any:
        """The deliveries that fit."""
        text, state = str(self.wishes.get("q", "")).lower(), self.wishes.get("state")
        return [
            one
            for one in rows
            if (not state or one.delivery.state == state)
            and (not text or any(text in part.lower() for part in one.said))
        ]


@dataclass
class Row:
    """A delivery as the list shows it; `name` is filled in when it is shown, `url` is where the reader acts on it, if anywhere."""

    delivery: Delivery
    lot: str
    union: str
    url: str
    name: str = ""

    @property
    def units(self) -> int:
        """Units of the lot in the parcel."""
        return self.delivery.units

    @property
    def said(self) -> tuple[str, ...]:
        """What can be searched."""
        one = self.delivery
        return (self.lot, self.union, one.order, one.supplier_order, one.department)


REACH = (
    Column("union", gettext_lazy("Union")),
    Column("delivery.order", gettext_lazy("Order"), url="url"),
    Column("delivery.supplier_order", gettext_lazy("Supplier order")),
    Column("lot", gettext_lazy("Lot")),
    Column("units", gettext_lazy("Units"), "count"),
    Column("delivery.state", gettext_lazy("State"), "state"),
    Column("delivery.department", gettext_lazy("Department")),
    Column("name", gettext_lazy("Recipient")),
)


def reach_listing(request: HouseRequest, incident: Incident, found: Reached, *, in_full: bool) -> Listing:
    """Every parcel that holds any of the goods. Names are masked on the page; in the workbook only where not `in_full`."""
    codes = {lot.pk: lot.code for lot in found.lots}
    english = request.LANGUAGE_CODE == "en"
    plain = in_full and request.GET.get("as") == "xlsx"
    acts = request.organisation.kind == OrganisationKind.UNION
    rows = [
        Row(
            one,
            codes[one.lot],
            (one.union_name_en if english else one.union_name) or one.union_name,
            reverse("union:order", args=[one.order]) if acts else "",
        )
        for one in found.deliveries
    ]
    if plain:
        Reveal.objects.create(
            user=request.user,
            organisation=request.organisation,
            purpose="recall",
            subject=incident.lot.code,
            count=found.parcels,
        )

    def present(some: Sequence[Row]) -> list[Any]:
        with seen_by(None):
            names = {
                p.pk: p.name for p in Parcel.objects.filter(pk__in={row.delivery.parcel for row in some}).only("name")
            }
        for row in some:
            name = names.get(row.delivery.parcel, "")
            row.name = name if plain else mask_name(name)
        return list(some)

    empty = Empty(_("No parcel holds any of it"), _("What was made is still with the producer."), "box")
    listing = Listing(
        request, rows, REACH, _("Where it went"), empty, filters=ReachFilters(request), present=present, size=50
    )
    listing.sums = {"units": sum(row.units for row in listing.rows)}
    return listing


class Acting(Protocol):
    """A page's or the API's request: somebody who acts for an organisation."""

    @property
    def organisation(self) -> Organisation:
        """The organisation."""


def visible(request: Acting) -> QuerySet[Any]:
    """The incidents that concern whoever asks: its own lots, its producers', its county's; all for the house itself."""
    who, today = request.organisation, timezone.localdate()
    with seen_by(None):
        rows: QuerySet[Any] = Incident.objects.select_related("lot", "producer", "by")
    if who.kind == OrganisationKind.OPERATOR:
        return rows
    if who.kind == OrganisationKind.PROVINCE_ENTERPRISE:
        ours = Organisation.objects.filter(contracts__enterprise=who, contracts__period__contains=today)
        return rows.filter(Q(producer__in=ours) | Q(by=who))
    if who.kind == OrganisationKind.COUNTY_OFFICE:
        return rows.filter(producer__county=who.county_id)
    return rows.filter(producer=who)


def incident_listing(request: HttpRequest, rows: QuerySet[Any], workspace: str) -> Listing:
    """Holds and recalls, the newest first."""

    def present(found: Sequence[Any]) -> list[Any]:
        for row in found:
            row.url = reverse(f"{workspace}:incident", args=[row.pk])
            row.code = row.lot.code
            row.kind_words, row.reason_words = row.get_kind_display(), row.get_reason_display()
            row.state_code = "lifted" if row.state == "lifted" else "recalled" if row.kind == "recall" else "held"
        return list(found)

    empty = Empty(
        _("No holds and no recalls"),
        _("When something may be wrong with a lot, hold it first: nothing of it leaves."),
        "shield",
    )
    return Listing(
        request,
        rows.annotate(lots=Count("concerns")).order_by("-pk"),
        INCIDENTS,
        _("Holds and recalls"),
        empty,
        filters=IncidentFilters(request),
        present=present,
    )


def act(request: HouseRequest, lot: Lot, said: dict[str, Any]) -> Incident:
    """Hold or recall a lot for the organisation that asks. Raises what the verbs raise."""
    verb = recall if said["kind"] == IncidentKind.RECALL else hold
    return verb(request.user, request.organisation, lot, IncidentReason(said["reason"]), said["words"])


def incident_answer(request: HouseRequest, incident: Incident, workspace: str) -> HttpResponseBase:
    """One incident: what, why, which lots, where they went; lifting it."""
    who = request.organisation
    form = LiftForm(request.POST or None)
    if request.method == "POST" and workspace != "union" and form.is_valid():
        if carried_out(request, lambda: lift(request.user, incident, form.cleaned_data["words"])):
            thanks(request, _("The hold is lifted; what nothing else stops is on sale again."))
        return redirect(f"{workspace}:incident", pk=incident.pk)
    viewers = None if who.kind == OrganisationKind.OPERATOR else [who.pk]
    if who.kind == OrganisationKind.COUNTY_OFFICE:
        viewers = [incident.producer_id]
    found = reached(lots=[incident.lot_id], viewers=viewers)
    in_full = who.kind in {OrganisationKind.OPERATOR, OrganisationKind.PROVINCE_ENTERPRISE, OrganisationKind.UNION}
    listing = reach_listing(request, incident, found, in_full=in_full)
    if request.GET.get("as") == "xlsx":
        return listing.answer("incident.html")
    context = {
        "incident": incident,
        "found": found,
        "unions": len(found.unions),
        "workspace": workspace,
        "back": reverse("union:home" if workspace == "union" else f"{workspace}:incidents"),
        "may_lift": incident.kind == "hold" and incident.state == "open" and incident.by_id == who.pk,
        "form": form,
        "in_full": in_full,
        "for_union": workspace == "union",
    }
    return listing.answer("incident.html", **context)


def pages(workspace: str, role: Role) -> tuple[Callable[..., HttpResponseBase], Callable[..., HttpResponseBase]]:
    """The two views of a workspace: the list, where a lot is held or recalled by its code, and one incident."""

    @open_to(role)
    def index(request: HouseRequest) -> HttpResponseBase:
        """Holds and recalls."""
        kind = RecallOnlyForm if role == Role.OPERATOR else LotIncidentForm
        form = kind(request.POST or None, auto_id="stop-%s")
        if request.method == "POST" and form.is_valid():
            try:
                made = act(request, _named(form.cleaned_data["lot"]), form.cleaned_data)
            except HouseError as error:
                put_into(form, error)
            except Lot.DoesNotExist:
                form.add_error("lot", _("No lot has this code. Copy it from the box or the trace page."))
            else:
                thanks(request, _("Done. The lots concerned are listed below; unions are told of a recall."))
                return redirect(f"{workspace}:incident", pk=made.pk)
        return incident_listing(request, visible(request), workspace).answer("incidents.html", form=form)

    @open_to(role)
    def detail(request: HouseRequest, pk: int) -> HttpResponseBase:
        """One hold or recall."""
        found = visible(request).filter(pk=pk).first()
        if found is None:
            raise Http404
        return incident_answer(request, found, workspace)

    return index, detail


def _named(code: str) -> Lot:
    with seen_by(None):
        found: Lot = Lot.objects.select_related("holder").get(code=code.strip())
    return found
