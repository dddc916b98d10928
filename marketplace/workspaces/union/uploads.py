"""A large list being read: asked every two seconds, left and found again on the list's page, tried again when given up."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from marketplace.organisations.models import Role
from marketplace.workspaces.doors import HouseRequest, open_to
from marketplace.workspaces.pages import carried_out
from procurement.programmes.models import ImportState, RosterImport
from procurement.programmes.uploads import retry_import, state_of_import


def running(upload: RosterImport | None) -> dict[str, Any] | None:
    """What the progress component shows of an upload that waits; None for one that has been read."""
    if upload is None or upload.state != ImportState.DUE:
        return None
    return {
        "state": state_of_import(upload),
        "url": reverse("union:import_progress", args=[upload.programme_id, upload.pk]),
    }


@open_to(Role.BUYER, Role.APPROVER)
def progress(request: HouseRequest, pk: int, upload: int) -> HttpResponse:
    """How far it is; once it has been read, the page that asked is loaded anew."""
    found = _upload(request, pk, upload)
    answer = render(request, "union/_import.html", {"latest": found, "running": running(found)})
    if found.state != ImportState.DUE:
        answer["HX-Refresh"] = "true"
    return answer


@open_to(Role.BUYER)
@require_POST
def retry(request: HouseRequest, pk: int, upload: int) -> HttpResponse:
    """Try again what the worker has given up."""
    found = _upload(request, pk, upload)
    carried_out(request, lambda: retry_import(request.user, found))
    return redirect("union:roster", pk=pk)


def _upload(request: HouseRequest, pk: int, upload: int) -> RosterImport:
    rows = RosterImport.objects.filter(programme__union=request.organisation).select_related("union")
    found: RosterImport = get_object_or_404(rows, pk=upload, programme_id=pk)
    return found
