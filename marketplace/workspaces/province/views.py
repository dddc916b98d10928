"""What the province enterprise does today: hurry producers along, ship together, pay out."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.db.models import Case, Count, F, Q, Sum, When
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from marketplace.fulfilment.models import ParcelLine, ParcelState
from marketplace.fulfilment.queries import pick_list, state_of
from marketplace.organisations.errors import HouseError
from marketplace.organisations.models import Role
from marketplace.workspaces.doors import HouseRequest, open_to
from marketplace.workspaces.listing import Empty, Listing
from marketplace.workspaces.orders import trail
from marketplace.workspaces.pages import id_in, tell, thanks, today
from marketplace.workspaces.province import lists, queries
from marketplace.workspaces.returns import lost
from marketplace.workspaces.supplied import AMOUNT, SupplierOrderFilters, as_rows
from marketplace.workspaces.templatetags._figures import fen
from suppliers.goods.models import PriceRequest, RequestState
from suppliers.settlement.models import Contract
from suppliers.settlement.payouts import pay_out_many

_FEW = 8


@open_to(Role.PROVINCE)
def home(request: HouseRequest) -> HttpResponse:
    """What cannot wait, each kind with its first few and the way to all."""
    enterprise = request.organisation
    ending = list(queries.ending_contracts(enterprise)[:_FEW])
    context: dict[str, Any] = {
        "late": _linked(queries.late_confirmations(enterprise)[:_FEW]),
        "to_ship": _linked(queries.to_ship(enterprise)[:_FEW]),
        "came_back": queries.came_back(enterprise)[:_FEW],
        "money": queries.money_of(enterprise),
        "prices": PriceRequest.objects.filter(enterprise=enterprise, state=RequestState.WAITING).count(),
        "ending": ending,
        "ending_rows": _contract_rows(ending),
        "order_columns": [column.for_table() for column in lists.ORDERS],
        "contract_columns": [column.for_table() for column in lists.CONTRACTS[:5]],
        "today": today(),
        "soon": today() + timedelta(days=queries.SHIP_SOON_DAYS),
    }
    waiting = ("late", "to_ship", "came_back", "prices", "ending")
    context["nothing"] = not any(context[key] for key in waiting) and not context["money"].waiting
    return render(request, "province/home.html", context)


@open_to(Role.PROVINCE)
def orders(request: HouseRequest) -> HttpResponseBase:
    """All supplier orders of the enterprise's producers: those under way soonest needed first, then the finished ones."""
    under_way = Case(
        When(Q(in_uncalled__gt=0) | Q(in_placed__gt=0) | Q(in_assigned__gt=0) | Q(in_shipped__gt=0), then="need_date")
    )
    listing = Listing(
        request,
        queries.orders_of(request.organisation).order_by(under_way.asc(nulls_last=True), "-need_date", "-id"),
        lists.ORDERS,
        _("Supplier orders"),
        Empty(
            _("No supplier order yet"),
            _("They appear when a union orders from a producer under contract with you."),
            "box",
        ),
        filters=SupplierOrderFilters(request),
        present=_linked,
        sums=AMOUNT,
    )
    return listing.answer(
        "list.html",
        lead=_("Under way first, soonest needed on top. Choose a state or a period, then take the list along."),
    )


@open_to(Role.PROVINCE)
def order(request: HouseRequest, pk: int) -> HttpResponse:
    """One supplier order: what, for whom, how far, from which lots."""
    found = get_object_or_404(queries.orders_of(request.organisation).select_related("seller"), pk=pk)
    goods = (
        ParcelLine.objects.filter(parcel__supplier_order=found)
        .exclude(parcel__state=ParcelState.CANCELLED)
        .values(title=F("line__title"), title_en=F("line__product__title_en"))
        .annotate(units=Sum("quantity"), parcels=Count("parcel", distinct=True))
        .order_by("title")
    )
    states = [(state.label, getattr(found, f"in_{state}")) for state in ParcelState if getattr(found, f"in_{state}")]
    context = {
        "row": found,
        "state": state_of(found),
        "states": states,
        "goods": [{**row, "title": _in_language(row, "title")} for row in goods],
        "picks": pick_list(found),
        "losses": lost(found.losses.all()),
        "consignments": found.consignments.annotate(count=Count("parcels")).order_by("id"),
        "accrual": queries.accruals_of(request.organisation).filter(supplier_order=found).first(),
        "trail": [entry for entry in trail(found.order) if entry["text"] == found.number],
    }
    return render(request, "province/order.html", context)


@open_to(Role.PROVINCE)
def picks(request: HouseRequest) -> HttpResponseBase:
    """Everything that has to leave, of all producers together: for the truck and for print."""
    listing = Listing(
        request,
        queries.pick_rows(request.organisation),
        lists.PICKS,
        _("Pick and shipping list"),
        Empty(_("Nothing to pick"), _("Confirmed supplier orders stand here until their parcels have left."), "truck"),
        filters=lists.PickFilters(request),
        present=_pick_rows,
        size=200,
    )
    return listing.answer("province/picks.html", day=today())


@open_to(Role.PROVINCE)
def producers(request: HouseRequest) -> HttpResponseBase:
    """The producers under contract today, and how they deliver."""
    listing = Listing(
        request,
        queries.contracts_of(request.organisation).filter(period__contains=today()).order_by("producer__name"),
        lists.PRODUCERS,
        _("Producers"),
        Empty(
            _("No producer under contract"),
            _("A contract names the mode of sale and your fee for a period."),
            "producer",
        ),
        filters=lists.ProducerFilters(request),
        present=lambda found: _service_rows(request, found),
    )
    lead = _("In time: confirmed within %(days)d days, and the last parcel handed over by the day needed.")
    return listing.answer("list.html", lead=lead % {"days": queries.CONFIRM_DAYS})


@open_to(Role.PROVINCE)
def contracts(request: HouseRequest) -> HttpResponseBase:
    """All contracts, those that end first in front."""
    listing = Listing(
        request,
        queries.contracts_of(request.organisation),
        lists.CONTRACTS,
        _("Contracts"),
        Empty(_("No contract yet"), _("A contract names the mode of sale and your fee for a period."), "document"),
        filters=lists.ProducerFilters(request),
        present=_contract_rows,
    )
    return listing.answer(
        "list.html", lead=_("Fee and mode are frozen into each supplier order on the day it is placed.")
    )


@open_to(Role.PROVINCE)
def money(request: HouseRequest) -> HttpResponseBase:
    """What every accepted delivery earned whom, and paying it out."""
    listing = Listing(
        request,
        queries.accruals_of(request.organisation),
        lists.MONEY,
        _("Money"),
        Empty(_("Nothing earned yet"), _("A delivery earns when the union has accepted it."), "coins"),
        filters=lists.MoneyFilters(request),
        present=_money_rows,
        sums={name: Sum(name) for name in ("gross", "fee", "households", "net")},
    )
    key = uuid.uuid4().hex
    return listing.answer("province/money.html", money=queries.money_of(request.organisation), key=key)


@open_to(Role.PROVINCE)
@require_POST
def pay(request: HouseRequest) -> HttpResponse:
    """Note the ticked deliveries, or the one whose button was pressed, as paid out."""
    chosen = [request.POST["only"]] if request.POST.get("only") else request.POST.getlist("accrual")
    ids = [pk for one in chosen if (pk := id_in(one))]
    key = request.POST.get("key", "")[:40] or uuid.uuid4().hex
    try:
        # One page holds one key; the single button and the ticks are different commands under it.
        done = pay_out_many(request.user, request.organisation, ids, f"{key}:{request.POST.get('only', '')}"[:64])
    except HouseError as error:
        tell(request, error)
    else:
        said = ngettext(
            "%(count)d delivery was noted as paid out: %(amount)s.",
            "%(count)d deliveries were noted as paid out: %(amount)s.",
            done.deliveries,
        )
        thanks(request, said % {"count": done.deliveries, "amount": fen(done.amount)})
    return redirect(f"{reverse('province:money')}?paid=no")


def _linked(found: Iterable[Any]) -> list[Any]:
    rows = as_rows(found)
    for row in rows:
        row.url = reverse("province:order", args=[row.pk])
    return rows


def _service_rows(request: HouseRequest, found: Sequence[Contract]) -> list[dict[str, Any]]:
    levels = queries.service_levels(request.organisation)
    address = reverse("province:orders")
    rows = []
    for contract in found:
        service = levels.get(contract.producer_id, queries.Service())
        rows.append(
            {
                "name": contract.producer.display_name,
                "county": contract.producer.county,
                "mode": contract.get_mode_display(),
                "fee_bp": contract.fee_bp,
                "url": f"{address}?q={contract.producer.name}",
                **vars(service),
            }
        )
    return rows


def _contract_rows(found: Sequence[Contract]) -> list[dict[str, Any]]:
    day = today()
    return [
        {
            "name": contract.producer.display_name,
            "mode": contract.get_mode_display(),
            "fee_bp": contract.fee_bp,
            "begins": contract.period.lower,
            "ends": contract.period.upper and contract.period.upper - timedelta(days=1),
            "state": "planned" if contract.period.lower > day else "active" if day in contract.period else "expired",
        }
        for contract in found
    ]


def _money_rows(found: Sequence[Any]) -> list[dict[str, Any]]:
    return [
        {
            "pk": row.pk,
            "number": row.supplier_order.number,
            "url": reverse("province:order", args=[row.supplier_order_id]),
            "producer": row.producer,
            "union": row.supplier_order.union,
            "gross": row.gross,
            "fee": row.fee,
            "households": row.households,
            "households_count": row.households_count,
            "net": row.net,
            "union_paid": row.supplier_order.paid_at,
            "paid_at": row.paid_at,
        }
        for row in found
    ]


def _pick_rows(found: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    names = ("producer", "union", "title")
    return [{**row, **{name: _in_language(row, name) for name in names}} for row in found]


def _in_language(row: Mapping[str, Any], name: str) -> str:
    """The English name for an English reader, where there is one."""
    english = row.get(f"{name}_en")
    return str(english if get_language() == "en" and english else row[name])
