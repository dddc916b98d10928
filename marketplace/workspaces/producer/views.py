"""Supplier orders from the first look to the shipped consignment, stock by lot, money and why."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Prefetch, Q, QuerySet, Sum
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from marketplace.fulfilment import actions
from marketplace.fulfilment.codes import parcel_code
from marketplace.fulfilment.errors import NotYet
from marketplace.fulfilment.losses import UNSHIPPED, Report, give_up
from marketplace.fulfilment.models import Allocation, Loss, Parcel, ParcelLine, ParcelState, SupplierOrder
from marketplace.fulfilment.queries import pick_list, state_of, with_states
from marketplace.organisations.errors import HouseError
from marketplace.organisations.models import Role
from marketplace.shop.partner.models import StockRecord
from marketplace.stock.models import LEFT, Condition, Lot, Stock
from marketplace.workspaces.doors import HouseRequest, open_to
from marketplace.workspaces.pages import page_of, put_into, tell, tell_faults, thanks, today
from marketplace.workspaces.producer import lists
from marketplace.workspaces.producer.forms import GiveUpForm, ShipForm
from marketplace.workspaces.returns import lost
from procurement.watch.queries import shown_to
from suppliers.accreditation.queries import expiring, reasons_of_refusal, under_way
from suppliers.settlement.actions import confirm_payout, pay_out
from suppliers.settlement.models import Accrual

_ENDS_SOON_DAYS = 60
_REFUSED_SHOWN_DAYS = 90
# What the producer has to do something about now: confirm, or pack and ship.
_AT_HAND = Q(in_placed__gt=0) | Q(in_assigned__gt=0) | Q(in_uncalled__gt=0, confirmed_at__isnull=True)


@open_to(Role.PRODUCER)
def home(request: HouseRequest) -> HttpResponse:
    """What came in and waits for a hand, most urgent first; below it what is on its way or done."""
    rows: QuerySet[Any] = with_states(_own(request)).select_related("union").order_by("need_date", "id")
    cards = [
        {"row": row, "state": state_of(row), "is_late": row.need_date < today()} for row in rows.filter(_AT_HAND)[:100]
    ]
    waiting = Q(in_uncalled__gt=0) | Q(in_shipped__gt=0)
    moving = [{"row": row, "state": state_of(row)} for row in rows.filter(waiting).exclude(_AT_HAND)[:50]]
    done = rows.filter(in_uncalled=0, in_placed=0, in_assigned=0, in_shipped=0).order_by("-id")
    page = page_of(request, done, 20)
    page.object_list = [{"row": row, "state": state_of(row)} for row in page.object_list]
    context = {
        "to_confirm": [card for card in cards if card["state"] == "sent"],
        "to_ship": [card for card in cards if card["state"] in {"confirmed", "assigned"}],
        "uncalled": [card for card in moving if card["state"] == "uncalled"],
        "moving": [card for card in moving if card["state"] != "uncalled"],
        "owed": _sum(Accrual.objects.filter(producer=request.organisation, paid_at__isnull=True)),
        "ending": expiring(today() + timedelta(days=_ENDS_SOON_DAYS))
        .filter(producer=request.organisation)
        .select_related("product")[:20],
        "applications": _applications(request),
        "came_back": lost(Loss.objects.filter(producer=request.organisation))[:10],
        "page": page,
        "notices": shown_to(request.organisation)[:3],
    }
    return render(request, "producer/home.html", context)


def _applications(request: HouseRequest) -> list[dict[str, Any]]:
    """Where the producer's applications stand, and why one was refused. Two statements."""
    found = under_way(request.organisation, today() - timedelta(days=_REFUSED_SHOWN_DAYS))[:20]
    reasons = reasons_of_refusal(found)
    return [{"row": one, "reason": reasons.get(one.number, "")} for one in found]


@open_to(Role.PRODUCER)
def supplier_order(request: HouseRequest, pk: int) -> HttpResponse:
    """One supplier order: what, for when, from which lot; confirm, print, ship."""
    found = _one(request, pk)
    form = ShipForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.ship(request.user, found, form.cleaned_data["carrier"], form.cleaned_data["waybill"])
        except HouseError as error:
            put_into(form, error)
        else:
            thanks(request, _("Shipped. The union can follow the waybill from now on."))
            return redirect("producer:supplier_order", pk=pk)
    goods = (
        ParcelLine.objects.filter(parcel__supplier_order=found)
        .exclude(parcel__state=ParcelState.CANCELLED)
        .values(title=F("line__title"), title_en=F("line__product__title_en"))
        .annotate(
            units=Sum("quantity"),
            parcels=Count("parcel", distinct=True),
            fen=Sum(F("quantity") * F("line__unit_price_incl_tax") * 100),
        )
        .order_by("title")
    )
    context = {
        "supplier_order": found,
        "state": state_of(found),
        "is_late": found.need_date < today(),
        "goods": [row | {"fen": int(row["fen"])} for row in goods],
        "picks": pick_list(found),
        "consignments": found.consignments.annotate(count=Count("parcels")).order_by("id"),
        "form": form,
        "give_up": _give_up_form(found),
        "losses": lost(Loss.objects.filter(supplier_order=found)),
    }
    return render(request, "producer/supplier_order.html", context)


@open_to(Role.PRODUCER)
@require_POST
def cannot_supply(request: HouseRequest, pk: int) -> HttpResponse:
    """Give up so many parcels, those with held or recalled lots first, then the last of the list; the union is told at once."""
    found = _one(request, pk)
    form = _give_up_form(found, request.POST)
    if form is None:
        return redirect("producer:supplier_order", pk=pk)
    if not form.is_valid():
        tell_faults(request, form)
        return redirect("producer:supplier_order", pk=pk)
    said = form.cleaned_data
    inside = Allocation.objects.filter(parcel_line__parcel=OuterRef("pk")).exclude(lot__condition=Condition.GOOD)
    worst = _unshipped(found).annotate(stopped=Exists(inside)).order_by("-stopped", "-department", "-pk")
    last = worst.values_list("pk", flat=True)[: said["parcels"]]
    try:
        give_up(request.user, found, Report(tuple(last), said["reason"], said["words"]))
    except HouseError as error:
        tell(request, error)
    else:
        thanks(request, _("The union has been told, and its money is free again."))
    return redirect("producer:supplier_order", pk=pk)


def _unshipped(found: SupplierOrder) -> Any:
    return Parcel.objects.filter(supplier_order=found, state__in=UNSHIPPED)


def _give_up_form(found: SupplierOrder, data: Any = None) -> GiveUpForm | None:
    """None when nothing is left that could be given up."""
    most = _unshipped(found).count()
    return GiveUpForm(data, most=most, auto_id="give-up-%s") if most else None


@open_to(Role.PRODUCER)
@require_POST
def confirm(request: HouseRequest, pk: int) -> HttpResponse:
    """Take the supplier order on."""
    found = _one(request, pk)
    try:
        actions.confirm(request.user, found)
    except HouseError as error:
        tell(request, error)
    else:
        thanks(request, _("Confirmed. The lots are being assigned; then you can print the labels."))
    return redirect("producer:supplier_order", pk=pk)


@open_to(Role.PRODUCER)
@require_POST
def labels(request: HouseRequest, pk: int) -> HttpResponse:
    """Names, phones and addresses for printing. Only by POST: every time is recorded as one reveal."""
    found = _one(request, pk)
    if state_of(found) not in {"confirmed", "assigned", "shipped"}:
        tell(
            request,
            NotYet(number=found.number, state=state_of(found), needed="confirmed", verb=_("print the labels of")),
        )
        return redirect("producer:supplier_order", pk=pk)
    try:
        rows = actions.labels(request.user, found)
    except HouseError as error:
        tell(request, error)
        return redirect("producer:supplier_order", pk=pk)
    for row in rows:
        row["code"] = parcel_code(row["parcel"])
        row["trace"] = request.build_absolute_uri(reverse("trace", args=[row["code"]]))
    return render(request, "producer/labels.html", {"supplier_order": found, "labels": rows})


@open_to(Role.PRODUCER)
def stock(request: HouseRequest) -> HttpResponse:
    """What is promised and what is left, by article and lot: what unions wait for first. Lots that have left are counted only."""
    lots = Lot.objects.filter(shipped__lt=F("made") - F("used")).annotate(
        free=LEFT, waiting=F("allocated") - F("shipped")
    )
    offer = StockRecord.objects.select_related("product__commodity_class")
    left = Count("lots", filter=Q(lots__made=F("lots__shipped") + F("lots__used")))
    rows = (
        Stock.objects.filter(holder=request.organisation)
        .annotate(is_promised=Q(allocated__gt=0), lots_gone=left)
        .prefetch_related(
            Prefetch("lots", queryset=lots.order_by("best_before", "id"), to_attr="lots_left"),
            Prefetch("offer", queryset=offer),
        )
        .order_by("-is_promised", "sku")
    )
    return render(request, "producer/stock.html", {"page": page_of(request, rows, 30)})


@open_to(Role.PRODUCER)
def money(request: HouseRequest) -> HttpResponseBase:
    """What is owed and paid, order by order, and how it is made up."""
    rows = Accrual.objects.filter(producer=request.organisation)
    context = {"owed": _sum(rows.filter(paid_at__isnull=True)), "paid": _sum(rows.filter(paid_at__isnull=False))}
    return lists.money_listing(request, rows).answer("producer/money.html", **context)


@open_to(Role.PRODUCER)
def orders(request: HouseRequest) -> HttpResponseBase:
    """All supplier orders, to be narrowed and taken along."""
    return lists.order_listing(request, _own(request)).answer("list.html")


@open_to(Role.PRODUCER)
def accrual(request: HouseRequest, pk: int) -> HttpResponse:
    """One delivery's money: gross, fee, each household's part by the lots shipped, what remains."""
    found = _accrual(request, pk)
    parts: list[Any] = list(found.by_household.select_related("household", "lot").order_by("lot_id", "household_id"))
    for part in parts:
        part.kilograms = f"{Decimal(part.grams) / 1000:,.1f}"
    unconfirmed = any(part.confirmed_at is None for part in parts)
    return render(request, "producer/accrual.html", {"accrual": found, "parts": parts, "unconfirmed": unconfirmed})


@open_to(Role.PRODUCER)
@require_POST
def paid(request: HouseRequest, pk: int) -> HttpResponse:
    """A producer that sells directly notes that it and its households have been paid."""
    found = _accrual(request, pk)
    try:
        pay_out(request.user, found)
    except HouseError as error:
        tell(request, error)
    else:
        thanks(request, _("Noted as paid."))
    return redirect("producer:accrual", pk=pk)


@open_to(Role.PRODUCER)
@require_POST
def confirmed(request: HouseRequest, pk: int) -> HttpResponse:
    """Note that the households have confirmed what they got."""
    found = _accrual(request, pk)
    try:
        rows = confirm_payout(request.user, found)
    except HouseError as error:
        tell(request, error)
    else:
        thanks(
            request, ngettext("%(count)d payment confirmed.", "%(count)d payments confirmed.", rows) % {"count": rows}
        )
    return redirect("producer:accrual", pk=pk)


def _own(request: HouseRequest) -> Any:
    """What was sent to this producer; before that it is none of its business."""
    return SupplierOrder.objects.filter(producer=request.organisation, sent_at__isnull=False)


def _one(request: HouseRequest, pk: int) -> SupplierOrder:
    found: SupplierOrder = get_object_or_404(
        _own(request).select_related("union", "producer", "seller", "order"), pk=pk
    )
    return found


def _accrual(request: HouseRequest, pk: int) -> Accrual:
    rows = Accrual.objects.filter(producer=request.organisation).select_related(
        "supplier_order__union", "supplier_order__producer", "supplier_order__order", "producer"
    )
    found: Accrual = get_object_or_404(rows, pk=pk)
    return found


def _sum(rows: Any) -> dict[str, int]:
    totals = rows.aggregate(net=Sum("net"), households=Sum("households"), fee=Sum("fee"))
    return {name: total or 0 for name, total in totals.items()}
