"""One person more on the list, or one fewer."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from marketplace.organisations.errors import HouseError
from marketplace.organisations.models import Role
from marketplace.workspaces.doors import HouseRequest, open_to
from marketplace.workspaces.pages import carried_out, put_into, thanks
from marketplace.workspaces.union.forms import PersonForm
from marketplace.workspaces.union.frame import frame, programme_of
from procurement.programmes import people
from procurement.programmes.models import Recipient


@open_to(Role.BUYER)
def add(request: HouseRequest, pk: int) -> HttpResponse:
    """Somebody joined after the list was made."""
    programme = programme_of(request, pk)
    form = PersonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            people.add_person(request.user, programme, **form.cleaned_data)
        except HouseError as error:
            put_into(form, error)
        else:
            thanks(request, _("%(name)s is on the list.") % {"name": form.cleaned_data["name"]})
            return redirect("union:person_add" if "another" in request.POST else "union:roster", pk=pk)
    return render(request, "union/person.html", frame(request, programme, "roster") | {"form": form})


@open_to(Role.BUYER)
@require_POST
def take_off(request: HouseRequest, pk: int, person: int) -> HttpResponse:
    """Somebody left. Whoever is gone already is gone."""
    programme = programme_of(request, pk)
    found: Recipient = get_object_or_404(Recipient.objects.filter(programme=programme), pk=person)
    if carried_out(request, lambda: people.take_off(request.user, programme, found)):
        thanks(request, _("The member %(number)s was taken off the list.") % {"number": found.member_no})
    return redirect("union:roster", pk=pk)
