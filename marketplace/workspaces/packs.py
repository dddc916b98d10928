"""An order's evidence pack on the pages of unions and auditors: asked for, followed while it is made, left, found again."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from marketplace.organisations.errors import HouseError
from marketplace.shop.order.models import Order
from marketplace.workspaces.doors import HouseRequest
from marketplace.workspaces.pages import attachment, tell, thanks
from procurement.compliance.actions import ask_for_pack, state_of_pack
from procurement.compliance.models import EvidencePack, PackState

_STAGES = [PackState.DUE, PackState.INTENDED, PackState.DONE]


def pack_context(order: Order, workspace: str) -> dict[str, Any]:
    """The order's pack as it stands: what is being made, else the last one made."""
    rows = EvidencePack.objects.filter(order=order).defer("content", "manifest", "entries").order_by("-id")
    pack = rows.first()
    context: dict[str, Any] = {"pack": pack, "pack_make_url": reverse(f"{workspace}:pack", args=[order.number])}
    if pack is None:
        return context
    state, reason = state_of_pack(pack)
    made = pack if state == "done" else rows.filter(state=PackState.DONE).first()
    return context | {
        "pack_state": state,
        "pack_reason": reason,
        "pack_stage": _STAGES.index(PackState(pack.state)),
        "pack_url": reverse(f"{workspace}:pack_progress", args=[order.number]),
        "pack_made": made,
        "pack_file_url": reverse(f"{workspace}:pack_file", args=[order.number, made.pk]) if made else "",
    }


def ask_here(request: HouseRequest, order: Order, workspace: str) -> HttpResponse:
    """Let the pack be made, and show on the order's page how far it is."""
    try:
        ask_for_pack(request.user, order)
    except HouseError as error:
        tell(request, error)
    else:
        thanks(request, _("The evidence pack is being made. You can leave this page and come back."))
    return redirect(f"{workspace}:order", number=order.number)


def progress_of(request: HouseRequest, order: Order, workspace: str) -> HttpResponse:
    """How far it is, for the page that asks every two seconds."""
    return render(request, "audit/_pack.html", pack_context(order, workspace))


def file_of(order: Order, pk: int) -> HttpResponse:
    """A pack that was made; 404 while it is not, and once a later one has taken its place."""
    pack = EvidencePack.objects.filter(order=order, state=PackState.DONE, pk=pk).first()
    if pack is None:
        raise Http404
    return attachment(bytes(pack.content), f"evidence-{order.number}.zip", "application/zip")
