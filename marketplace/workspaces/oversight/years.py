"""The gift years of the unions below: which are closed, what went on from them; an officer above may close one."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from marketplace.organisations.models import Role
from marketplace.workspaces import subtree
from marketplace.workspaces.closing import closing_page, years_listing
from marketplace.workspaces.doors import HouseRequest, open_to


@open_to(Role.UNION_OFFICER)
def years(request: HouseRequest) -> HttpResponseBase:
    """Each union's gift year, closed or open."""
    known = subtree.years_of(request.organisation)
    year = subtree.chosen_year(request, known)
    lead = _(
        "A year is closed when its goods are accepted and paid; what is not spent, or still to be bought, goes on into the next."
    )
    listing = years_listing(request, request.organisation, year, known)
    return listing.answer("list.html", lead=lead, over=str(year))


@open_to(Role.UNION_OFFICER)
def close_year(request: HouseRequest, code: str, year: int) -> HttpResponse:
    """What is still open of a union's year, and closing it."""
    union = get_object_or_404(subtree.unions_below(request.organisation), code=code)
    back = f"{reverse('oversight:years')}?{urlencode({'year': year})}"
    may_close = union != request.organisation
    return closing_page(request, union, year, "oversight/close_year.html", back, may_close=may_close)
