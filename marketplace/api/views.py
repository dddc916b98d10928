"""Orders, exceptions, supplier orders, the log's state and the schema; reads go through scopes, writes through the verbs of pages."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from django.db.models import Prefetch, QuerySet
from django.shortcuts import get_object_or_404
from django.urls import URLPattern
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.api import serializers
from marketplace.api.base import (
    COMMAND_REFUSALS,
    CURSOR,
    IDEMPOTENCY_KEY,
    REFUSALS,
    UNION_SIDE,
    CommandView,
    HouseView,
    PublicView,
)
from marketplace.api.errors import NotFound
from marketplace.evidence.models import Checkpoint
from marketplace.fulfilment.actions import confirm, ship
from marketplace.fulfilment.models import SupplierOrder
from marketplace.fulfilment.queries import progress, with_states
from marketplace.organisations.models import Role
from marketplace.shop.order.models import Line, Order
from procurement.priority.models import Decision, PriorityException

# A place in an address, as the URL map writes it.
_PLACE = re.compile(r"<\w+:(\w+)>")


class OrdersView(HouseView):
    """Orders that the caller's scope sees."""

    roles = UNION_SIDE

    @extend_schema(
        operation_id="orders",
        parameters=[CURSOR],
        responses={200: serializers.OrderPageSerializer} | REFUSALS,
    )
    def get(self, request: Request) -> Response:
        """Orders, newest first, 50 a page: the union's own, or for officers and auditors those of all unions in their care."""
        return self.page_of(Order.objects.select_related("union"), serializers.OrderSerializer)


class ExceptionsView(HouseView):
    """Requests for exceptions that the caller's scope sees."""

    roles = UNION_SIDE

    @extend_schema(
        operation_id="exceptions",
        parameters=[CURSOR],
        responses={200: serializers.ExceptionPageSerializer} | REFUSALS,
    )
    def get(self, request: Request) -> Response:
        """Requests, newest first, 50 a page, with who answers by when, and why one was refused or revoked."""
        asked = PriorityException.objects.select_related("union", "waits_for", "decided_for")
        return self.page_of(asked, serializers.ExceptionSerializer)


class OrderView(HouseView):
    """One order."""

    roles = UNION_SIDE

    @extend_schema(operation_id="order", responses={200: serializers.OrderDetailSerializer} | REFUSALS)
    def get(self, request: Request, number: str) -> Response:
        """An order with its frozen lines, what was decided for each, what each producer supplies, and where the parcels are."""
        decided = Decision.objects.select_related("certificate", "exception").order_by("region", "id")
        lines = (
            Line.objects.select_related("partner__organisation")
            .prefetch_related(Prefetch("decisions", queryset=decided))
            .order_by("id")
        )
        supplied = with_states(SupplierOrder.objects.select_related("producer", "seller", "union")).order_by("id")
        order = get_object_or_404(
            Order.objects.select_related("union").prefetch_related(
                Prefetch("lines", queryset=lines), Prefetch("supplier_orders", queryset=supplied)
            ),
            number=number,
        )
        order.parcels = progress(order)
        return Response(serializers.OrderDetailSerializer(order).data)


class ProducerView(CommandView):
    """What concerns the supplier orders of the caller's own organisation, once they were sent to it."""

    roles = (Role.PRODUCER,)

    def own(self) -> QuerySet[SupplierOrder]:
        """The producer's supplier orders, with what their answer needs."""
        sent = SupplierOrder.objects.filter(producer=self.organisation, sent_at__isnull=False)
        return with_states(sent.select_related("producer", "seller", "union"))

    def carry_out(
        self, number: str, verb: str, body: dict[str, Any], act: Callable[[SupplierOrder], object]
    ) -> Response:
        """Carry out a verb on one supplier order once per idempotency key, and answer with how it then stands."""
        get_object_or_404(self.own(), number=number)

        def act_and_look() -> dict[str, Any]:
            act(self.own().get(number=number))
            return dict(serializers.SupplierOrderSerializer(self.own().get(number=number)).data)

        return Response(self.once(verb, {"number": number, **body}, act_and_look))


class SupplierOrdersView(ProducerView):
    """The producer's supplier orders."""

    @extend_schema(
        operation_id="supplier_orders",
        parameters=[CURSOR],
        responses={200: serializers.SupplierOrderPageSerializer} | REFUSALS,
    )
    def get(self, request: Request) -> Response:
        """Supplier orders of the caller's own organisation, newest first, 50 a page."""
        return self.page_of(self.own(), serializers.SupplierOrderSerializer)


class ConfirmView(ProducerView):
    """Taking a supplier order on."""

    @extend_schema(
        operation_id="confirm_supplier_order",
        parameters=[IDEMPOTENCY_KEY],
        request=None,
        responses={200: serializers.SupplierOrderSerializer} | COMMAND_REFUSALS,
    )
    def post(self, request: Request, number: str) -> Response:
        """Confirm a supplier order; lots are assigned next."""
        return self.carry_out(number, "supplier_order.confirm", {}, lambda so: confirm(request.user, so))


class ShipView(ProducerView):
    """Handing a supplier order to a carrier."""

    @extend_schema(
        operation_id="ship_supplier_order",
        parameters=[IDEMPOTENCY_KEY],
        request=serializers.ShipSerializer,
        responses={200: serializers.SupplierOrderSerializer} | COMMAND_REFUSALS,
    )
    def post(self, request: Request, number: str) -> Response:
        """Ship all assigned parcels of a supplier order with one waybill."""
        asked = serializers.ShipSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        body = dict(asked.validated_data)
        carrier, waybill = body["carrier"], body["waybill"]
        return self.carry_out(number, "supplier_order.ship", body, lambda so: ship(request.user, so, carrier, waybill))


class LatestCheckpointView(PublicView):
    """The evidence log's signed state."""

    @extend_schema(
        operation_id="latest_checkpoint",
        responses={200: serializers.CheckpointSerializer, 404: serializers.ErrorSerializer},
    )
    def get(self, request: Request) -> Response:
        """The latest signed checkpoint with its witnesses' lines. `note` followed by the lines is a C2SP tlog-checkpoint."""
        latest = Checkpoint.objects.prefetch_related("cosignatures").order_by("-size").first()
        if latest is None:
            raise NotFound()
        return Response(serializers.CheckpointSerializer(latest).data)


class EntryPointsView(PublicView):
    """Where to begin."""

    patterns: ClassVar[Sequence[URLPattern]] = ()

    @extend_schema(operation_id="entry_points", responses={200: serializers.EntryPointsSerializer})
    def get(self, request: Request) -> Response:
        """The addresses of this interface, each with its methods and who may come, and the address of its schema."""
        root = request.build_absolute_uri(request.path)
        addresses = [_entry_point(root, pattern) for pattern in self.patterns]
        return Response({"schema": f"{root}schema", "addresses": addresses})


class SchemaView(PublicView, SpectacularAPIView):
    """This interface as OpenAPI."""


def _entry_point(root: str, pattern: URLPattern) -> dict[str, Any]:
    view: Any = pattern.callback
    methods = [name.upper() for name in ("get", "post") if hasattr(view.cls, name)]
    place = _PLACE.sub(r"{\1}", str(pattern.pattern))
    return {"address": root + place, "methods": methods, "roles": sorted(view.audience.roles)}
