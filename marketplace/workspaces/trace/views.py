"""What anybody sees who scans the code on a box: where it comes from, its way, what its households get, and the proof."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from marketplace.fulfilment.codes import parcel_of
from marketplace.workspaces.doors import open_to_all
from marketplace.workspaces.strangers import same_for_strangers
from marketplace.workspaces.trace.queries import lot_trace, parcel_trace


@open_to_all
@same_for_strangers
def find(request: HttpRequest) -> HttpResponse:
    """Where somebody types the code who cannot scan it."""
    code = request.GET.get("code", "").strip()[:60]
    unknown = False
    if code:
        if _exists(code):
            return redirect("trace", code=code)
        unknown = True
    return render(request, "trace/find.html", {"code": code, "unknown": unknown})


def _exists(code: str) -> bool:
    parcel = parcel_of(code)
    return "/" not in code and (
        (parcel is not None and parcel_trace(parcel, code) is not None) or lot_trace(code) is not None
    )


@open_to_all
@same_for_strangers
def trace(request: HttpRequest, code: str) -> HttpResponse:
    """The way of a lot, or of a parcel by its own unguessable code."""
    address = request.build_absolute_uri(reverse("trace", args=[code]))
    if (parcel := parcel_of(code)) is not None:
        if (found := parcel_trace(parcel, code)) is None:
            raise Http404
        return render(request, "trace/parcel.html", {"trace": found, "address": address})
    if (lot := lot_trace(code)) is None:
        raise Http404
    return render(request, "trace/lot.html", {"trace": lot, "address": address})
