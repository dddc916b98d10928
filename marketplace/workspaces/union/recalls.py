"""A recall that reached the union's members."""

from __future__ import annotations

from django.http import Http404
from django.http.response import HttpResponseBase

from marketplace.organisations.models import Role
from marketplace.organisations.scopes import seen_by
from marketplace.workspaces.doors import HouseRequest, open_to
from marketplace.workspaces.incidents import incident_answer
from suppliers.provenance.graph import reached
from suppliers.provenance.models import Incident, IncidentKind


@open_to(Role.BUYER, Role.APPROVER)
def detail(request: HouseRequest, pk: int) -> HttpResponseBase:
    """What it is, and which of the union's parcels hold any of it."""
    with seen_by(None):
        rows = Incident.objects.filter(kind=IncidentKind.RECALL).select_related("lot", "producer", "by")
        found = rows.filter(pk=pk).first()
    if found is None or not reached(lots=[found.lot_id], viewers=[request.organisation.pk]).parcels:
        raise Http404
    return incident_answer(request, found, "union")
