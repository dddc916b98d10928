"""The real-name receipt list (实名签领表) of an order: who got what, worth how much, to be signed; on paper and as a workbook."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from marketplace.fulfilment.models import ParcelLine, ParcelState
from marketplace.organisations.models import Reveal, Role
from marketplace.shop.order.models import Order
from marketplace.workspaces.doors import HouseRequest, open_to
from marketplace.workspaces.sheets import Column, Sheet, download
from procurement.programmes.models import Recipient

_NOT_GIVEN = (ParcelState.CANCELLED, ParcelState.REFUSED)


@open_to(Role.BUYER)
def receipts(request: HouseRequest, number: str) -> HttpResponse:
    """Which department; by POST the list itself with names in full, which is recorded."""
    order = _order(request, number)
    departments = Recipient.objects.filter(programme__order=order).order_by("department")
    context: dict[str, Any] = {"order": order}
    if request.method != "POST":
        names = departments.exclude(department="").values_list("department", flat=True).distinct()
        return render(request, "union/receipts.html", context | {"departments": list(names)})
    sheets: dict[str, list[dict[str, Any]]] = {}
    for row in _rows(request, order):
        sheets.setdefault(row["department"], []).append(row)
    return render(request, "union/receipts_sheet.html", context | {"sheets": sheets.items()})


@open_to(Role.BUYER)
@require_POST
def receipts_workbook(request: HouseRequest, number: str) -> HttpResponseBase:
    """The list as a workbook; recorded as well."""
    order = _order(request, number)
    columns = (
        Column("department", _("Department")),
        Column("member_no", _("Member number")),
        Column("name", _("Name")),
        Column("item", _("Product")),
        Column("units", _("Units"), "count"),
        Column("amount", _("Amount"), "money"),
        Column("date", _("Date")),
        Column("signature", _("Signature")),
    )
    sheet = Sheet(str(_("Real-name receipt list")), columns, _rows(request, order))
    return download([sheet], f"{order.number} – {_('Real-name receipt list')}")


def _order(request: HouseRequest, number: str) -> Order:
    rows = Order.objects.select_related("programme", "union")
    found: Order = get_object_or_404(rows, number=number, union=request.organisation)
    return found


def _rows(request: HouseRequest, order: Order) -> list[dict[str, Any]]:
    """A row for each member and product that was not refused or cancelled, by department. Two statements, and one reveal."""
    people = Recipient.objects.filter(programme__order=order)
    if department := request.POST.get("department", ""):
        people = people.filter(department=department)
    known = people.in_bulk()
    lines = (
        ParcelLine.objects.filter(parcel__supplier_order__order=order, parcel__recipient__in=list(known))
        .exclude(parcel__state__in=_NOT_GIVEN)
        .select_related("line", "parcel")
        .order_by("parcel__department", "parcel__recipient", "line_id")
    )
    Reveal.objects.create(
        user=request.user, organisation=order.union, purpose="receipt list", subject=order.number, count=len(known)
    )
    return [_row(known[item.parcel.recipient], item) for item in lines]


def _row(person: Recipient, item: ParcelLine) -> dict[str, Any]:
    return {
        "department": person.department,
        "member_no": "" if person.member_no.startswith("~") else person.member_no,
        "name": person.name,
        "item": item.line.title,
        "units": item.quantity,
        "amount": item.quantity * item.line.unit_price_fen,
        "date": "",
        "signature": "",
    }
