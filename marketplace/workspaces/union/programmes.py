"""A programme from its first line to its gift: plan, roster, goods. What follows is in approval.py."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from marketplace.ledger.models import Purse
from marketplace.organisations.errors import HouseError
from marketplace.organisations.models import Role
from marketplace.organisations.personal import mask_name, mask_phone
from marketplace.organisations.regions import region_name
from marketplace.shop.catalogue.models import Product
from marketplace.workspaces.doors import HouseRequest, open_to
from marketplace.workspaces.pages import carried_out, marked_workbook, page_of, put_into, thanks, today
from marketplace.workspaces.papers import read_scan
from marketplace.workspaces.storefront.forms import CatalogueForm
from marketplace.workspaces.storefront.queries import narrowed, with_rule
from marketplace.workspaces.templatetags._figures import fen
from marketplace.workspaces.union import queries
from marketplace.workspaces.union.forms import (
    ExceptionForm,
    GiftLineForm,
    PeopleFilter,
    ProgrammeForm,
    RosterForm,
    SetAsideForm,
)
from marketplace.workspaces.union.frame import frame, preview_context, programme_of
from marketplace.workspaces.union.lists import programme_listing
from marketplace.workspaces.union.purses import set_aside as set_money_aside
from marketplace.workspaces.union.suggestions import begin
from marketplace.workspaces.union.uploads import running
from procurement.priority.actions import ask_exception
from procurement.priority.models import Ground
from procurement.programmes import actions
from procurement.programmes.choosing import offer
from procurement.programmes.models import ImportState, Programme, ProgrammeState, Recipient, RosterImport
from procurement.programmes.uploads import take_roster
from suppliers.listings.queries import listed

_PEOPLE_SHOWN = 50
_CARDS = 12

# What a faulty row lacks; the marked copy says it in full beside each cell.
FAULT_WORDS = {
    "name": gettext_lazy("the name is missing or implausible"),
    "phone": gettext_lazy("the mobile number is missing or wrong"),
    "id_number": gettext_lazy("the identity number is wrong"),
    "address": gettext_lazy("the address is missing"),
    "duplicate_member": gettext_lazy("the member number is there twice"),
    "duplicate_id": gettext_lazy("the identity number is there twice"),
    "duplicate_person": gettext_lazy("the same person is there twice"),
    "member_no": gettext_lazy("the member number cannot be read"),
    "department": gettext_lazy("the department is too long"),
    "note": gettext_lazy("the note is too long"),
}


@open_to(Role.BUYER, Role.APPROVER)
def index(request: HouseRequest) -> HttpResponseBase:
    """All plans of the union, newest first."""
    rows = Programme.objects.filter(union=request.organisation).select_related("order")
    listing = programme_listing(request, rows)
    return listing.answer("union/programmes.html", page=listing.page, is_buyer=Role.BUYER in request.roles)


@open_to(Role.BUYER)
def new(request: HouseRequest) -> HttpResponse:
    """Open a plan: for `?occasion=`, to make good what the year `?make_good=` lacks, or in place of a parcel, `?in_place_of=`."""
    begun = begin(request.organisation, today(), request.GET)
    form = ProgrammeForm(request.organisation, request.POST or None, initial=begun.start)
    if request.method == "POST" and form.is_valid():
        wishes = form.cleaned_data
        try:
            programme = actions.create_programme(
                request.user, request.organisation, gift_year=wishes["purse"].gift_year, **wishes
            )
        except HouseError as error:
            put_into(form, error)
        else:
            thanks(request, _("The plan was opened. Next: who gets the gift?"))
            return redirect("union:roster", pk=programme.pk)
    return render(request, "union/programme_new.html", {"form": form, "due": begun.due, "lost": begun.lost})


@open_to(Role.BUYER)
def edit(request: HouseRequest, pk: int) -> HttpResponse:
    """Change the frame of a draft."""
    programme = programme_of(request, pk)
    start = {name: getattr(programme, name) for name in ProgrammeForm.base_fields}
    form = ProgrammeForm(request.organisation, request.POST or None, initial=start)
    if request.method == "POST" and form.is_valid():
        wishes = form.cleaned_data
        try:
            actions.revise_programme(request.user, programme, gift_year=wishes["purse"].gift_year, **wishes)
        except HouseError as error:
            put_into(form, error)
        else:
            thanks(request, _("The plan was changed."))
            return redirect("union:programme", pk=pk)
    return render(request, "union/programme_edit.html", frame(request, programme) | {"form": form})


@open_to(Role.BUYER)
@require_POST
def withdraw(request: HouseRequest, pk: int) -> HttpResponse:
    """Give a draft up."""
    programme = programme_of(request, pk)
    if carried_out(request, lambda: actions.withdraw(request.user, programme)):
        thanks(request, _("The plan “%(title)s” was withdrawn.") % {"title": programme.title})
        return redirect("union:programmes")
    return redirect("union:programme", pk=pk)


@open_to(Role.BUYER, Role.APPROVER)
def detail(request: HouseRequest, pk: int) -> HttpResponse:
    """The plan at a glance, and what comes next."""
    programme = programme_of(request, pk)
    context = frame(request, programme)
    lines = queries.gift_contents(programme)
    return render(request, "union/programme.html", context | {"lines": lines, "latest": programme.imports.first()})


@open_to(Role.BUYER, Role.APPROVER)
def roster(request: HouseRequest, pk: int) -> HttpResponse:
    """Who gets the gift: the upload, what became of it, and the list with personal data masked."""
    programme = programme_of(request, pk)
    form = RosterForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        upload = form.cleaned_data["roster"]
        try:
            done = take_roster(request.user, programme, upload.name, upload.read())
        except HouseError as error:
            put_into(form, error)
        else:
            if done.state == ImportState.DUE:
                thanks(request, _("The list is large and is being read now."))
            else:
                _tell_import(request, done)
            return redirect("union:roster", pk=pk)
    listed = Recipient.objects.filter(programme=programme)
    departments = listed.exclude(department="").order_by("department").values_list("department", flat=True).distinct()
    narrow = PeopleFilter(list(departments), request.GET)
    people = page_of(request, listed.filter(**narrow.wishes), _PEOPLE_SHOWN)
    people.object_list = [_masked(person) for person in people.object_list]
    context = frame(request, programme, "roster") | {"narrow": narrow}
    latest = programme.imports.first()
    context |= {"form": form, "people": people, "latest": latest, "faults": _faults(latest), "running": running(latest)}
    return render(request, "union/roster.html", context)


@open_to(Role.BUYER, Role.APPROVER)
def annotated(request: HouseRequest, pk: int, upload: int) -> HttpResponse:
    """The union's own workbook with every fault marked, for mending and uploading again."""
    uploads = RosterImport.objects.filter(programme__union=request.organisation)
    found: RosterImport = get_object_or_404(uploads, pk=upload, programme_id=pk)
    return marked_workbook(found.annotated, found.file_name)


@open_to(Role.BUYER, Role.APPROVER)
def goods(request: HouseRequest, pk: int) -> HttpResponse:
    """What the gift holds: each line with the rule's word on it, and the catalogue to choose from."""
    programme = programme_of(request, pk)
    context = frame(request, programme, "goods")
    if programme.order is not None:
        context["lines"] = queries.gift_contents(programme)
    if programme.state == ProgrammeState.DRAFT and Role.BUYER in request.roles:
        # While something has to be made good only assistance products can be added: the list begins with them.
        due = queries.due(request.organisation, programme.gift_year)
        form = CatalogueForm(request.GET or ({"kind": "assistance"} if due else {}))
        page = page_of(request, narrowed(listed(today()), form.wishes), _CARDS)
        page.object_list = with_rule(page.object_list, request.organisation, today())
        purses = queries.purses(request.organisation, programme.gift_year)
        context |= {"form": form, "page": page, "purses": purses, "due": due}
    return render(request, "union/goods.html", context | preview_context(programme) | {"key": uuid.uuid4().hex})


@open_to(Role.BUYER)
@require_POST
def put(request: HouseRequest, pk: int) -> HttpResponse:
    """Put a product into a part of the gift."""
    programme = programme_of(request, pk)
    form = GiftLineForm(request.POST)
    if form.is_valid():
        wishes = form.cleaned_data
        product = get_object_or_404(Product.objects.filter(is_public=True), pk=wishes["product"])
        purse = get_object_or_404(Purse, pk=wishes["purse"], union=request.organisation) if wishes["purse"] else None
        if wishes["choice"]:
            carried_out(
                request,
                lambda: offer(request.user, programme, wishes["choice"], product, per_head=wishes["per_head"]),
            )
        else:
            carried_out(
                request,
                lambda: actions.put_gift_line(
                    request.user, programme, wishes["slot"], product, per_head=wishes["per_head"], purse=purse
                ),
            )
    else:
        for name, errors in form.errors.items():
            label = form.fields[name].label if name in form.fields else ""
            messages.error(request, f"{label}: {' '.join(map(str, errors))}" if label else " ".join(map(str, errors)))
    return _back(programme, request)


@open_to(Role.BUYER)
@require_POST
def clear(request: HouseRequest, pk: int, slot: int) -> HttpResponse:
    """Take a part out of the gift."""
    programme = programme_of(request, pk)
    carried_out(request, lambda: actions.clear_slot(request.user, programme, slot))
    return _back(programme, request)


@open_to(Role.BUYER)
@require_POST
def substitute(request: HouseRequest, pk: int, slot: int) -> HttpResponse:
    """Take the rule's substitutes for a blocked part: one click."""
    programme = programme_of(request, pk)
    if carried_out(request, lambda: actions.substitute(request.user, programme, slot)):
        thanks(request, _("The substitutes were taken: assistance products first."))
    return _back(programme, request)


@open_to(Role.BUYER)
@require_POST
def substitute_all(request: HouseRequest, pk: int) -> HttpResponse:
    """Take the rule's substitutes for everything that is blocked in the gift: one click."""
    programme = programme_of(request, pk)
    if carried_out(request, lambda: actions.substitute(request.user, programme)):
        thanks(request, _("The substitutes were taken: assistance products first."))
    return _back(programme, request)


@open_to(Role.BUYER, Role.APPROVER)
@require_POST
def set_aside(request: HouseRequest, pk: int) -> HttpResponse:
    """Move money into the assistance-only purse, so that the year's share holds."""
    programme = programme_of(request, pk)
    form = SetAsideForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Enter an amount in yuan with at most two decimals."))
    elif carried_out(
        request, lambda: set_money_aside(request.user, programme, form.cleaned_data["amount"], form.cleaned_data["key"])
    ):
        thanks(
            request, _("Set aside for assistance products: %(amount)s.") % {"amount": fen(form.cleaned_data["amount"])}
        )
    return _back(programme, request)


@open_to(Role.BUYER)
def exception(request: HouseRequest, pk: int, product: int) -> HttpResponse:
    """Ask the union above for leave to buy an ordinary product all the same."""
    programme = programme_of(request, pk)
    wanted = get_object_or_404(Product.objects.filter(is_public=True), pk=product)
    start = {
        "quantity": programme.recipients.count() or 1,
        "valid_from": today(),
        "valid_to": programme.need_date,
    }
    form = ExceptionForm(request.POST or None, request.FILES or None, initial=start)
    if request.method == "POST" and form.is_valid():
        asked = {name: form.cleaned_data[name] for name in ("grounds", "quantity", "valid_from", "valid_to")}
        asked |= {"ground": Ground(form.cleaned_data["ground"])}
        if scan := form.cleaned_data["paper"]:
            asked["papers"] = [read_scan(scan)]
        try:
            made = ask_exception(request.user, request.organisation, wanted, **asked)
        except HouseError as error:
            put_into(form, error)
        else:
            thanks(request, _("The request %(number)s was sent to the union above.") % {"number": made.number})
            return redirect("union:goods", pk=pk)
    return render(
        request, "union/exception.html", frame(request, programme, "goods") | {"form": form, "product": wanted}
    )


def _back(programme: Programme, request: HouseRequest) -> HttpResponseRedirect:
    """Back to the goods, with the filters that were set."""
    answer = redirect("union:goods", pk=programme.pk)
    if query := request.POST.get("query", ""):
        answer["Location"] += f"?{query}"
    return answer


def _masked(person: Recipient) -> dict[str, Any]:
    return {
        "pk": person.pk,
        "member_no": person.member_no if not person.member_no.startswith("~") else "–",
        "name": mask_name(person.name),
        "phone": mask_phone(person.phone),
        "department": person.department,
        "region": region_name(person.region),
    }


def _faults(upload: RosterImport | None) -> list[dict[str, Any]]:
    """The faulty rows of an upload with words for their codes."""
    if upload is None:
        return []
    return [
        {"sheet": sheet, "row": row, "words": FAULT_WORDS.get(code, code)} for sheet, row, code in upload.faults[:200]
    ]


def _tell_import(request: HouseRequest, done: RosterImport) -> None:
    faulty = done.people - done.accepted
    told = ngettext("%(count)d member is on the list.", "%(count)d members are on the list.", done.accepted) % {
        "count": done.accepted
    }
    if faulty > 0:
        told += " " + ngettext(
            "%(count)d row has a fault: download the marked copy, mend it, upload it again.",
            "%(count)d rows have faults: download the marked copy, mend them, upload it again.",
            faulty,
        ) % {"count": faulty}
        messages.warning(request, told)
    else:
        thanks(request, told)
