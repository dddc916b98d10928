"""How the rule works out, in figures that anybody may read: as published in the log every day."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from marketplace.workspaces.doors import open_to_all
from marketplace.workspaces.pages import id_in
from marketplace.workspaces.strangers import same_for_strangers
from procurement.compliance.models import RuleFigures


@open_to_all
@same_for_strangers
def figures(request: HttpRequest) -> HttpResponse:
    """The latest figures of a gift year, by `?year=`; of the latest year without one. One statement."""
    latest = RuleFigures.objects.order_by("-gift_year", "-id").distinct("gift_year")
    found = {one.gift_year: one for one in latest}
    wanted = request.GET.get("year", "")
    year = id_in(wanted) if wanted else max(found, default=0)
    if wanted and year not in found:
        raise Http404
    context = {"here": "register_figures", "published": found.get(year), "years": list(found)}
    return render(request, "register/figures.html", context)
