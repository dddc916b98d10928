"""Organisations: the list, registering, names, standing; and the purses of a union."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from typing import Any

from django import forms
from django.db.models import Count, Q
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from marketplace.evidence.models import Entry
from marketplace.ledger import purses
from marketplace.ledger.models import Purse, PurseKind, PursePurpose
from marketplace.organisations.errors import HouseError
from marketplace.organisations.models import Organisation, OrganisationKind, Role, UnionLevel
from marketplace.workspaces.doors import HouseRequest, open_to
from marketplace.workspaces.listing import Empty, Filters, Listing, choice, containing, words
from marketplace.workspaces.log_words import kind_in_words
from marketplace.workspaces.operate.forms import FundForm, GroundForm, NameForm, OrganisationForm, PurseForm
from marketplace.workspaces.pages import put_into, thanks
from marketplace.workspaces.sheets import Column
from suppliers.registration import actions


class OrganisationFilters(Filters):
    """By words, kind, level and standing."""

    q = words()
    kind = choice(gettext_lazy("Kind"), OrganisationKind.choices)
    level = choice(gettext_lazy("Level of the union"), UnionLevel.choices)
    standing = choice(
        gettext_lazy("Standing"),
        [("good", gettext_lazy("In good standing")), ("bad", gettext_lazy("Not in good standing"))],
    )

    def narrowed(self, rows: Any) -> Any:
        """The organisations that fit."""
        if text := self.wishes.get("q"):
            rows = rows.filter(containing(text, "name", "name_en", "code", "credit_code"))
        if standing := self.wishes.get("standing"):
            rows = rows.filter(good_standing=standing == "good")
        return rows.filter(**{name: self.wishes[name] for name in ("kind", "level") if name in self.wishes})


@open_to(Role.OPERATOR)
def index(request: HouseRequest) -> HttpResponseBase:
    """Everybody on the platform, in order of the tree."""
    people = Count("memberships__user", distinct=True)
    listing = Listing(
        request,
        Organisation.objects.select_related("parent", "county").annotate(people=people).order_by("kind", "path"),
        (
            Column("name", _("Organisation"), url="url"),
            Column("code", _("Short code")),
            Column("kind", _("Kind")),
            Column("above", _("Union above")),
            Column("county", _("County")),
            Column("credit_code", _("Credit code")),
            Column("people", _("People"), "count"),
            Column("state", _("Standing"), "state"),
        ),
        _("Organisations"),
        Empty(_("Nobody yet"), _("Register the province's union first, then those below it."), "bank"),
        filters=OrganisationFilters(request),
        present=_rows,
    )
    new = {"url": reverse("operate:organisation_new"), "label": _("Register an organisation"), "icon": "plus"}
    return listing.answer("list.html", lead=_("Unions in order of their tree, then everybody else."), actions=[new])


def _rows(found: Sequence[Any]) -> list[dict[str, Any]]:
    return [
        {
            "name": row.display_name,
            "url": reverse("operate:organisation", args=[row.code]),
            "code": row.code,
            "kind": _kind(row),
            "above": row.parent,
            "county": row.county,
            "credit_code": row.credit_code,
            "people": row.people,
            "state": "active" if row.good_standing else "suspended",
        }
        for row in found
    ]


def _kind(row: Organisation) -> str:
    kind = str(OrganisationKind(row.kind).label)
    return f"{kind} · {UnionLevel(row.level).label}" if row.level else kind


@open_to(Role.OPERATOR)
def new(request: HouseRequest) -> HttpResponse:
    """Register an organisation."""
    form = OrganisationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.register(request.user, form.wish())
        except HouseError as error:
            put_into(form, error)
        else:
            thanks(request, _("%(name)s is registered.") % {"name": made.display_name})
            return redirect("operate:organisation", code=made.code)
    return render(request, "operate/organisation_new.html", {"form": form})


@open_to(Role.OPERATOR)
def detail(request: HouseRequest, code: str) -> HttpResponse:
    """One organisation, and what can be changed about it."""
    return render(request, "operate/organisation.html", _context(_one(code)))


@open_to(Role.OPERATOR)
@require_POST
def rename(request: HouseRequest, code: str) -> HttpResponse:
    """Change name and credit code."""
    found = _one(code)
    form = NameForm(request.POST)
    verb = lambda: actions.rename(request.user, found, **form.cleaned_data)  # noqa: E731
    return _changed(request, found, "name_form", form, verb, _("The new name stands; the old one is in the log."))


@open_to(Role.OPERATOR)
@require_POST
def standing(request: HouseRequest, code: str) -> HttpResponse:
    """Take out of good standing, or back into it: which of the two, the form says, so that a repeat changes nothing."""
    found = _one(code)
    form = GroundForm(request.POST, prefix="standing")
    good = request.POST.get("good") == "yes"
    verb = lambda: actions.set_standing(request.user, found, good=good, reason=form.cleaned_data["ground"])  # noqa: E731
    return _changed(request, found, "standing_form", form, verb, _("Done; the reason is in the log."))


@open_to(Role.OPERATOR)
@require_POST
def open_purse(request: HouseRequest, code: str) -> HttpResponse:
    """Open a purse of the union."""
    found = _one(code)
    form = PurseForm(request.POST, prefix="purse")

    def verb() -> object:
        wish = dict(form.cleaned_data)
        wish["purpose"] = PursePurpose(wish["purpose"] or PursePurpose.GIFTS)
        return purses.open_for(request.user, found, ring_fenced=wish.pop("kind") == PurseKind.RING_FENCED, **wish)

    return _changed(
        request, found, "purse_form", form, verb, _("The purse is open. Now note what the union put into it.")
    )


@open_to(Role.OPERATOR)
def fund(request: HouseRequest, code: str, pk: int) -> HttpResponse:
    """Note money that the union put into one of its purses."""
    found = _one(code)
    purse: Purse = get_object_or_404(Purse.objects.select_related("account", "union"), pk=pk, union=found)
    form = FundForm(request.POST or None, initial={"key": uuid.uuid4().hex})
    if request.method == "POST" and form.is_valid():
        wish = form.cleaned_data
        try:
            purses.fund_from_bank(request.user, purse, wish["amount"], wish["reference"], wish["key"])
        except HouseError as error:
            put_into(form, error)
        else:
            thanks(request, _("The money is in the purse; the union can spend it."))
            return redirect("operate:organisation", code=code)
    return render(request, "operate/fund.html", {"organisation": found, "purse": purse, "form": form})


def _changed(
    request: HouseRequest,
    found: Organisation,
    name: str,
    form: forms.Form,
    verb: Callable[[], object],
    sentence: str,
) -> HttpResponse:
    """Carry the verb out and go back, or show the form again with what is wrong."""
    if form.is_valid():
        try:
            verb()
        except HouseError as error:
            put_into(form, error)
        else:
            thanks(request, sentence)
            return redirect("operate:organisation", code=found.code)
    return render(request, "operate/organisation.html", _context(_one(found.code)) | {name: form})


def _context(found: Organisation) -> dict[str, Any]:
    is_union = found.kind == OrganisationKind.UNION
    entries = Entry.objects.filter(subject=f"organisation:{found.code}").order_by("-id")[:50]
    held = Purse.objects.filter(union=found).select_related("account").order_by("-gift_year", "id") if is_union else ()
    return {
        "organisation": found,
        "kind": _kind(found),
        "state": "active" if found.good_standing else "suspended",
        "is_union": is_union,
        "purses": held,
        "children": found.children.order_by("path")[:100],
        "roles": found.memberships.values("role")
        .annotate(n=Count("id", filter=Q(user__is_active=True)))
        .order_by("role"),
        "name_form": NameForm(initial={n: getattr(found, n) for n in ("name", "name_en", "credit_code")}),
        "standing_form": GroundForm(prefix="standing"),
        "purse_form": PurseForm(prefix="purse") if is_union else None,
        "trail": [
            {
                "when": entry.written_at,
                "title": kind_in_words(entry.kind),
                "text": entry.body.get("reason", ""),
                "mark": bytes(entry.leaf_hash).hex(),
            }
            for entry in entries
        ],
    }


def _one(code: str) -> Organisation:
    return get_object_or_404(Organisation.objects.select_related("parent", "county"), code=code)
