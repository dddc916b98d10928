"""The addresses of the API. Each view names its audience; reads go through scopes, writes through the verbs that pages use."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, ClassVar

from django.db.models import Prefetch, QuerySet
from django.shortcuts import get_object_or_404
from django.utils.cache import patch_cache_control
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework.exceptions import PermissionDenied
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.api import serializers
from marketplace.api.errors import KeyMissing, NotFound, answer_to
from marketplace.evidence.models import Checkpoint
from marketplace.fulfilment.actions import confirm, ship
from marketplace.fulfilment.models import SupplierOrder
from marketplace.fulfilment.queries import progress, with_states
from marketplace.organisations.models import Membership, Organisation, OrganisationKind, Role
from marketplace.organisations.scopes import seen_by
from marketplace.shop.order.models import Line, Order
from marketplace.signin.errors import SecondFactorMissing
from marketplace.signin.second_factor import is_missing
from marketplace.steps.commands import once
from marketplace.workspaces.doors import Audience, choose, memberships_of, viewers
from procurement.compliance.closing import close_year
from procurement.compliance.queries import statement
from procurement.priority.models import Decision, PriorityException

UNION_SIDE = (Role.BUYER, Role.APPROVER, Role.UNION_OFFICER, Role.AUDITOR)
_KEY = re.compile(r"[\x21-\x7e]{1,64}", re.ASCII)
_ID = re.compile(r"[0-9]{1,18}", re.ASCII)
REFUSALS = {
    401: serializers.ErrorSerializer,
    403: serializers.ErrorSerializer,
    404: serializers.ErrorSerializer,
}
COMMAND_REFUSALS = REFUSALS | {400: serializers.ErrorSerializer, 409: serializers.ErrorSerializer}
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    required=True,
    description="1 to 64 visible ASCII characters. The same key with the same request gives the first answer again.",
)


def key_of(request: Request) -> str:
    """The idempotency key of a command. Raises KeyMissing."""
    key = str(request.headers.get("Idempotency-Key", ""))
    if not _KEY.fullmatch(key):
        raise KeyMissing()
    return key


class HouseView(APIView):
    """A view for people with one of `roles`, on behalf of whose organisation everything in it is asked; for all when empty."""

    roles: ClassVar[tuple[Role, ...]] = ()
    membership: Membership
    viewers: list[int] | None

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Callable[..., Any]:
        """The view as the URL map takes it, with its audience."""
        view = super().as_view(**initkwargs)
        view.audience = Audience(frozenset(cls.roles))
        return view  # type: ignore[no-any-return]

    @property
    def organisation(self) -> Organisation:
        """For which organisation the caller acts."""
        return self.membership.organisation

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Answer within the caller's scope, which ends with the answer whatever happens."""
        with ExitStack() as self._scope:
            return super().dispatch(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Let the caller in: 401 for a stranger, 403 without the role or without the second factor that it needs."""
        super().initial(request, *args, **kwargs)
        if any("\0" in value for value in kwargs.values() if isinstance(value, str)):
            raise NotFound()  # PostgreSQL knows no such text
        if not self.roles:
            return
        membership = choose(request, self.roles)
        if membership is None:
            raise PermissionDenied
        if is_missing(request, memberships_of(request)):
            raise SecondFactorMissing
        self.membership, self.viewers = membership, viewers(membership)
        self._scope.enter_context(seen_by(self.viewers))

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        """No cache keeps what was not for everybody."""
        answer: Response = super().finalize_response(request, response, *args, **kwargs)
        if self.roles:
            patch_cache_control(answer, private=True, no_store=True)
        return answer

    def get_exception_handler(self) -> Callable[..., Any]:
        """Every refusal has the house's form."""
        return answer_to

    def get_authenticate_header(self, request: Request) -> str:
        """A stranger gets 401, not 403."""
        return "Session"


class PublicView(HouseView):
    """A view for everybody."""

    authentication_classes: ClassVar[list[Any]] = []
    permission_classes: ClassVar[list[Any]] = []


class NewestFirst(CursorPagination):
    """Pages of 50 whose cost does not grow with their number."""

    page_size = 50
    ordering = "-id"

    def decode_cursor(self, request: Request) -> Cursor | None:
        """Where the page begins. A cursor that no page of ours gave names nothing."""
        cursor = super().decode_cursor(request)
        if cursor is not None and cursor.position is not None and not _ID.fullmatch(cursor.position):
            raise NotFound()
        return cursor


class StatementView(HouseView):
    """A union's compliance statement."""

    roles = UNION_SIDE

    @extend_schema(operation_id="statement", responses={200: serializers.StatementSerializer} | REFUSALS)
    def get(self, request: Request, union: str, year: int) -> Response:
        """The statement of a union's gift year, computed from decisions and the ledger. Amounts in fen, shares in basis points.

        For the union itself, for unions above it and their auditors.
        """
        if not 2000 <= year <= 2100:
            raise NotFound()
        found = get_object_or_404(Organisation, code=union, kind=OrganisationKind.UNION, pk__in=self.viewers or [])
        return Response(serializers.StatementSerializer(statement(found, year).as_dict()).data)


class CloseYearView(HouseView):
    """Closing a gift year."""

    roles = (Role.APPROVER, Role.UNION_OFFICER)

    @extend_schema(
        operation_id="close_year",
        parameters=[IDEMPOTENCY_KEY],
        request=None,
        responses={200: serializers.StatementSerializer} | COMMAND_REFUSALS,
    )
    def post(self, request: Request, union: str, year: int) -> Response:
        """Close a union's gift year: its statement is sealed, and what is unspent or uncovered goes on into the next year.

        For the union's approver and officers of unions above. Refused with everything that is still open.
        """
        if not 2000 <= year <= 2100:
            raise NotFound()
        found = get_object_or_404(Organisation, code=union, kind=OrganisationKind.UNION, pk__in=self.viewers or [])
        key = request.headers.get("Idempotency-Key", "")
        if not _KEY.fullmatch(key):
            raise KeyMissing()
        with once(self.organisation, key, "year.close", {"union": union, "year": year}) as remembered:
            if not remembered.is_repeat:
                close_year(request.user, found, year)
                remembered.answer = {"union": union, "year": year}
        return Response(serializers.StatementSerializer(statement(found, year).as_dict()).data)


class OrdersView(HouseView):
    """Orders that the caller's scope sees."""

    roles = UNION_SIDE

    @extend_schema(
        operation_id="orders",
        parameters=[
            OpenApiParameter("cursor", OpenApiTypes.STR, description="From `next` or `previous` of another page.")
        ],
        responses={200: serializers.OrderPageSerializer} | REFUSALS,
    )
    def get(self, request: Request) -> Response:
        """Orders, newest first, 50 a page: the union's own, or for officers and auditors those of all unions in their care."""
        pages = NewestFirst()
        rows = pages.paginate_queryset(Order.objects.select_related("union"), request, self)
        return pages.get_paginated_response(serializers.OrderSerializer(rows, many=True).data)


class ExceptionsView(HouseView):
    """Requests for exceptions that the caller's scope sees."""

    roles = UNION_SIDE

    @extend_schema(
        operation_id="exceptions",
        parameters=[
            OpenApiParameter("cursor", OpenApiTypes.STR, description="From `next` or `previous` of another page.")
        ],
        responses={200: serializers.ExceptionPageSerializer} | REFUSALS,
    )
    def get(self, request: Request) -> Response:
        """Requests, newest first, 50 a page, with who answers by when, and why one was refused or revoked."""
        pages = NewestFirst()
        asked = PriorityException.objects.select_related("union", "waits_for", "decided_for")
        rows = pages.paginate_queryset(asked, request, self)
        return pages.get_paginated_response(serializers.ExceptionSerializer(rows, many=True).data)


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


class ProducerView(HouseView):
    """What concerns the supplier orders of the caller's own organisation, once they were sent to it."""

    roles = (Role.PRODUCER,)

    def own(self) -> QuerySet[SupplierOrder]:
        """The producer's supplier orders, with what their answer needs."""
        sent = SupplierOrder.objects.filter(producer=self.organisation, sent_at__isnull=False)
        return with_states(sent.select_related("producer", "seller", "union"))

    def command(
        self, request: Request, number: str, verb: str, body: dict[str, Any], act: Callable[[Any], object]
    ) -> Response:
        """Carry out a verb on one supplier order once per idempotency key, and answer with how it then stands."""
        key = key_of(request)
        get_object_or_404(self.own(), number=number)
        with once(self.organisation, key, verb, {"number": number, **body}) as remembered:
            if not remembered.is_repeat:
                act(self.own().get(number=number))
                remembered.answer = dict(serializers.SupplierOrderSerializer(self.own().get(number=number)).data)
        return Response(remembered.answer)


class SupplierOrdersView(ProducerView):
    """The producer's supplier orders."""

    @extend_schema(
        operation_id="supplier_orders",
        parameters=[
            OpenApiParameter("cursor", OpenApiTypes.STR, description="From `next` or `previous` of another page.")
        ],
        responses={200: serializers.SupplierOrderPageSerializer} | REFUSALS,
    )
    def get(self, request: Request) -> Response:
        """Supplier orders of the caller's own organisation, newest first, 50 a page."""
        pages = NewestFirst()
        rows = pages.paginate_queryset(self.own(), request, self)
        return pages.get_paginated_response(serializers.SupplierOrderSerializer(rows, many=True).data)


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
        return self.command(request, number, "supplier_order.confirm", {}, lambda so: confirm(request.user, so))


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
        return self.command(
            request,
            number,
            "supplier_order.ship",
            body,
            lambda so: ship(request.user, so, body["carrier"], body["waybill"]),
        )


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


class SchemaView(PublicView, SpectacularAPIView):
    """This interface as OpenAPI."""
