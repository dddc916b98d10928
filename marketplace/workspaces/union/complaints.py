"""What members say is wrong with their parcels, and the union's answers."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from marketplace.fulfilment.losses import last_return_day
from marketplace.fulfilment.models import LossKind, LossReason
from marketplace.organisations.errors import HouseError
from marketplace.organisations.models import Role
from marketplace.organisations.personal import mask_name
from marketplace.workspaces.doors import HouseRequest, open_to
from marketplace.workspaces.pages import carried_out, page_of, put_into, thanks
from marketplace.workspaces.union.member_forms import ComplaintsFilter, ReplyForm
from marketplace.workspaces.union.parts import MAY_BE, possible
from procurement.programmes import complaints
from procurement.programmes.models import Complaint, ComplaintReason, ComplaintState

# A member's words for a fault, as the union reports it to the producer.
_FAULT: dict[str, LossReason] = {
    ComplaintReason.MISSING: LossReason.MISSING,
    ComplaintReason.INCOMPLETE: LossReason.SHORT,
    ComplaintReason.DAMAGED: LossReason.DAMAGED,
    ComplaintReason.WRONG: LossReason.WRONG,
}


@open_to(Role.BUYER, Role.APPROVER)
def index(request: HouseRequest) -> HttpResponse:
    """All problems, the open ones first."""
    narrow = ComplaintsFilter(request.GET)
    narrow.is_valid()
    wishes = {name: value for name, value in narrow.cleaned_data.items() if value}
    rows = (
        Complaint.objects.filter(union=request.organisation, **wishes)
        .select_related("recipient__programme", "parcel__supplier_order__producer")
        .order_by("closed_at", "-id")
    )
    page = page_of(request, rows)
    for row in page.object_list:
        row.who = mask_name(row.recipient.name)
    waiting = Complaint.objects.filter(union=request.organisation, state=ComplaintState.OPEN).count()
    return render(request, "union/complaints.html", {"page": page, "narrow": narrow, "waiting": waiting})


@open_to(Role.BUYER, Role.APPROVER)
def detail(request: HouseRequest, pk: int) -> HttpResponse:
    """One problem, and the answer to it."""
    complaint = _complaint(request, pk)
    form = ReplyForm(request.POST or None, initial={"words": complaint.answer})
    if request.method == "POST" and form.is_valid():
        try:
            complaints.answer(request.user, complaint, form.cleaned_data["words"])
        except HouseError as error:
            put_into(form, error)
        else:
            thanks(request, _("The member reads your answer on the page of the gift."))
            return redirect("union:complaint", pk=pk)
    goods = [
        (item.line.product, item.quantity)
        for item in complaint.parcel.lines.select_related("line__product__commodity_class")
    ]
    context = {
        "complaint": complaint,
        "who": mask_name(complaint.recipient.name),
        "goods": goods,
        "form": form,
        "is_buyer": Role.BUYER in request.roles,
    }
    return render(request, "union/complaint.html", context | _next_acts(complaint))


def _next_acts(complaint: Complaint) -> dict[str, Any]:
    """What can be done with the parcel now, and the page of the part with that parcel ticked; or what was done with it already."""
    parcel, part = complaint.parcel, complaint.parcel.supplier_order
    kind = possible(part)
    if kind not in (LossKind.REFUSED, LossKind.RETURNED) or parcel.state not in MAY_BE[kind]:
        lost = parcel.loss
        return {"gone": lost, "refund_open": bool(lost and lost.refund_due) and not hasattr(lost, "refund")}
    asked = {"member": complaint.recipient.member_no, "parcel": parcel.pk, "reason": _FAULT[complaint.reason]}
    page = reverse("union:part", args=[part.order.number, part.pk])
    return {"act": kind, "act_url": f"{page}?{urlencode(asked)}#parcels", "last_day": last_return_day(part)}


@open_to(Role.BUYER)
@require_POST
def close(request: HouseRequest, pk: int) -> HttpResponse:
    """The matter is settled."""
    complaint = _complaint(request, pk)
    if carried_out(request, lambda: complaints.close(request.user, complaint)):
        thanks(request, _("The problem is closed."))
    return redirect("union:complaints")


def _complaint(request: HouseRequest, pk: int) -> Complaint:
    rows = Complaint.objects.select_related(
        "union", "recipient__programme", "parcel__supplier_order__producer", "parcel__supplier_order__order",
        "parcel__consignment", "parcel__loss__refund", "answered_by",
    )  # fmt: skip
    found: Complaint = get_object_or_404(rows, pk=pk, union=request.organisation)
    return found
