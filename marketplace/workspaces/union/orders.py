"""The union's orders: what was bought and why, where it is, accepting it, paying for it, its evidence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import BigIntegerField, OuterRef, Subquery, Sum
from django.db.models.functions import Cast, Coalesce
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from marketplace.fulfilment.actions import accept as accept_goods
from marketplace.fulfilment.models import SupplierOrder
from marketplace.organisations.errors import HouseError
from marketplace.organisations.models import Role
from marketplace.shop.order.models import Order
from marketplace.workspaces.doors import HouseRequest, open_to
from marketplace.workspaces.errors import PaymentReferenceMissing
from marketplace.workspaces.judgements import judgement_context
from marketplace.workspaces.listing import Empty, Filters, Listing, between, choice, containing, day, words
from marketplace.workspaces.orders import order_context
from marketplace.workspaces.packs import ask_here, file_of, pack_context, progress_of
from marketplace.workspaces.pages import tell, thanks
from marketplace.workspaces.sheets import Column
from marketplace.workspaces.union import queries
from procurement.policy.models import Occasion
from procurement.priority.models import Judgement, Release
from suppliers.settlement.actions import record_payment


class OrderFilters(Filters):
    """By words, occasion and the day placed."""

    q = words()
    occasion = choice(gettext_lazy("Occasion"), Occasion.choices)
    since = day(gettext_lazy("Placed from"))
    until = day(gettext_lazy("Placed until"))

    def narrowed(self, rows: Any) -> Any:
        """The orders that fit."""
        if text := self.wishes.get("q"):
            rows = rows.filter(containing(text, "number", "programme__title"))
        if occasion := self.wishes.get("occasion"):
            rows = rows.filter(programme__occasion=occasion)
        return between(rows, "date_placed", self.wishes, moments=True)


@open_to(Role.BUYER, Role.APPROVER)
def index(request: HouseRequest) -> HttpResponseBase:
    """All orders of the union, newest first."""
    lost = Release.objects.filter(decision__order=OuterRef("pk")).order_by().values("decision__order")
    rows = (
        Order.objects.filter(union=request.organisation)
        .annotate(gone=Coalesce(Subquery(lost.annotate(fen=Sum("amount")).values("fen")), 0))
        .select_related("programme")
        .order_by("-id")
    )
    listing = Listing(
        request,
        rows,
        (
            Column("number", _("Order"), url="url"),
            Column("title", _("Plan")),
            Column("occasion", _("Occasion")),
            Column("placed", _("Placed on"), "time"),
            Column("recipients", _("Members"), "count"),
            Column("fen", _("Amount"), "money"),
            Column("gone", _("Of it cancelled, refused or returned"), "money"),
        ),
        _("Orders"),
        Empty(_("No order yet"), _("An order is placed from an approved plan."), "box"),
        filters=OrderFilters(request),
        present=_rows,
        sums={
            "recipients": Sum("recipients"),
            "fen": Cast(Sum("total_incl_tax") * 100, BigIntegerField()),
            "gone": Sum("gone"),
        },
    )
    return listing.answer("list.html")


def _rows(found: Sequence[Any]) -> list[dict[str, Any]]:
    return [
        {
            "number": order.number,
            "url": reverse("union:order", args=[order.number]),
            "title": order.programme.title,
            "occasion": order.programme.get_occasion_display(),
            "placed": order.date_placed,
            "recipients": order.recipients,
            "fen": int(order.total_incl_tax * 100),
            "gone": order.gone,
        }
        for order in found
    ]


@open_to(Role.BUYER, Role.APPROVER)
def detail(request: HouseRequest, number: str) -> HttpResponse:
    """One order with its decisions, supplier orders and trail."""
    order = _order(request, number)
    shown = order_context(order)
    context = (
        shown
        | pack_context(order, "union")
        | {
            "stage": queries.stage_of_order(order),
            "stage_urls": queries.stage_urls(order.programme),
            "is_buyer": Role.BUYER in request.roles,
            "to_accept": [part for part in shown["parts"] if part.state == "shipped"],
            "to_pay": [part for part in shown["parts"] if part.state == "accepted" and not part.row.paid_at],
            "judgements": Judgement.objects.filter(decisions__order=order).distinct(),
        }
    )
    return render(request, "union/order.html", context)


@open_to(Role.BUYER, Role.APPROVER)
def judgement(request: HouseRequest, number: str, pk: int) -> HttpResponse:
    """What the rule saw and said when the order was placed."""
    order = _order(request, number)
    found: Judgement = get_object_or_404(Judgement.objects.filter(decisions__order=order).distinct(), pk=pk)
    return render(request, "union/judgement.html", judgement_context(found) | {"order": order})


@open_to(Role.BUYER)
@require_POST
def accept(request: HouseRequest, number: str, pk: int) -> HttpResponse:
    """Confirm that one producer's goods have come."""
    part = _part(request, number, pk)
    try:
        accept_goods(request.user, part)
    except HouseError as error:
        tell(request, error)
    else:
        thanks(request, _("Accepted. The seller's money is due from today."))
    return redirect("union:order", number=number)


@open_to(Role.BUYER)
@require_POST
def pay(request: HouseRequest, number: str, pk: int) -> HttpResponse:
    """Note that the union's bank has paid the seller of record."""
    part = _part(request, number, pk)
    reference = request.POST.get("bank_reference", "").strip()[:80]
    if not reference:
        tell(request, PaymentReferenceMissing(number=part.number))
        return redirect("union:order", number=number)
    try:
        record_payment(request.user, part, reference)
    except HouseError as error:
        tell(request, error)
    else:
        thanks(request, _("The payment was noted."))
    return redirect("union:order", number=number)


@open_to(Role.BUYER, Role.APPROVER)
@require_POST
def pack(request: HouseRequest, number: str) -> HttpResponse:
    """Let the evidence pack be made: signed and countersigned, to be checked offline."""
    return ask_here(request, _order(request, number), "union")


@open_to(Role.BUYER, Role.APPROVER)
def pack_progress(request: HouseRequest, number: str) -> HttpResponse:
    """How far the pack is."""
    return progress_of(request, _order(request, number), "union")


@open_to(Role.BUYER, Role.APPROVER)
def pack_file(request: HouseRequest, number: str, pack: int) -> HttpResponse:
    """The pack that was made."""
    return file_of(_order(request, number), pack)


def _order(request: HouseRequest, number: str) -> Order:
    rows = Order.objects.select_related("union", "user", "programme")
    found: Order = get_object_or_404(rows, number=number, union=request.organisation)
    return found


def _part(request: HouseRequest, number: str, pk: int) -> SupplierOrder:
    rows = SupplierOrder.objects.select_related("order", "union", "producer", "seller")
    found: SupplierOrder = get_object_or_404(rows, pk=pk, order__number=number, union=request.organisation)
    return found
