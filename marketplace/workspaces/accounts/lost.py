"""A form that arrived too late: from a page of an earlier session, or without its cookies."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from marketplace.workspaces.doors import page_before


def page_too_old(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Say that nothing was done and nothing typed is lost, and lead back to the page with the form (403).

    Django asks it instead of its own bare page. Why exactly the token did not fit stays in the log.
    """
    context = {"page_kind": "error", "before": page_before(request)}
    return render(request, "registration/page_too_old.html", context, status=403)
