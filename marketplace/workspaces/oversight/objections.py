"""Objections to what is on public notice: the county officer asks who objected, and answers."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from marketplace.organisations.errors import HouseError
from marketplace.organisations.models import Role
from marketplace.workspaces.doors import HouseRequest, open_to
from marketplace.workspaces.oversight.forms import ObjectionForm
from marketplace.workspaces.oversight.views import accreditation_of, decisions
from marketplace.workspaces.pages import put_into, thanks
from suppliers.accreditation.objecting import contact_of, dismiss, uphold

_PAGE = "oversight/accreditation.html"


@open_to(Role.COUNTY_OFFICER)
@require_POST
def answer(request: HouseRequest, number: str, pk: int) -> HttpResponse:
    """Answer one objection, with the reason."""
    found = accreditation_of(request, number)
    objection = get_object_or_404(found.objections.all(), pk=pk)
    form = ObjectionForm(request.POST, auto_id=f"objection-{pk}-%s")
    if form.is_valid():
        verb = uphold if form.cleaned_data["outcome"] == "uphold" else dismiss
        try:
            verb(request.user, objection, form.cleaned_data["answer"])
        except HouseError as error:
            put_into(form, error)
        else:
            thanks(request, _("Answered and published."))
            return redirect("oversight:accreditation", number=number)
    return render(request, _PAGE, decisions(request, found, {pk: form}))


@open_to(Role.COUNTY_OFFICER)
@require_POST
def contact(request: HouseRequest, number: str, pk: int) -> HttpResponse:
    """Show who objected and how to reach them; recorded."""
    found = accreditation_of(request, number)
    objection = get_object_or_404(found.objections.select_related("accreditation__county"), pk=pk)
    name, address = contact_of(request.user, request.organisation, objection)
    return render(
        request, _PAGE, decisions(request, found) | {"revealed": {"pk": pk, "name": name, "contact": address}}
    )
