"""The addresses for lots: how they are made, their certificates, holds and recalls; by the verbs that pages use."""

from __future__ import annotations

from typing import Any, ClassVar

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.api import lot_serializers as shapes
from marketplace.api.base import COMMAND_REFUSALS, CURSOR, IDEMPOTENCY_KEY, REFUSALS, CommandView
from marketplace.api.errors import NotFound
from marketplace.organisations.errors import NotAllowed
from marketplace.organisations.models import Role
from marketplace.organisations.scopes import seen_by
from marketplace.stock.models import Lot, Stock
from marketplace.workspaces.incidents import visible
from suppliers.provenance.certificates import issue_certificate
from suppliers.provenance.incidents import hold, lift, may_open, recall
from suppliers.provenance.making import NewLot, Work, transform
from suppliers.provenance.models import Collection, Incident, IncidentKind, IncidentReason, TransformationKind


class LotsView(CommandView):
    """The producer's lots."""

    roles = (Role.PRODUCER,)

    @extend_schema(operation_id="lots", parameters=[CURSOR], responses={200: shapes.LotPageSerializer} | REFUSALS)
    def get(self, request: Request) -> Response:
        """Lots of the caller's own organisation, newest first, 50 a page."""
        return self.page_of(Lot.objects.filter(holder=self.organisation).select_related("stock"), shapes.LotSerializer)

    @extend_schema(
        operation_id="make_lots",
        parameters=[IDEMPOTENCY_KEY],
        request=shapes.WorkSerializer,
        responses={200: shapes.LotsMadeSerializer} | COMMAND_REFUSALS,
    )
    def post(self, request: Request) -> Response:
        """Record that lots were made of purchase notes and lots: made, mixed or repacked."""
        asked = shapes.WorkSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        body = dict(asked.validated_data)

        def act() -> dict[str, Any]:
            made = transform(request.user, self.organisation, self._work(body))
            fresh = Lot.objects.filter(pk__in=[lot.pk for lot in made]).select_related("stock").order_by("pk")
            return {"lots": [dict(row) for row in shapes.LotSerializer(fresh, many=True).data]}

        return Response(self.once("lots.make", shapes.WorkSerializer(body).data, act))

    def _work(self, body: dict[str, Any]) -> Work:
        """What was asked, of the caller's own notes, lots and articles. NotFound for what it does not have."""
        notes = {row["note"]: row["grams"] for row in body.get("collections", [])}
        units = {row["code"]: row["units"] for row in body.get("lots", [])}
        skus = {row["sku"] for row in body["outputs"]}
        # Of a note that was reversed and entered again, the one that was entered last.
        found = list(Collection.objects.filter(producer=self.organisation, note__in=notes, replaced_by__isnull=True))
        lots = list(Lot.objects.filter(holder=self.organisation, code__in=units))
        stocks = {stock.sku: stock for stock in Stock.objects.filter(holder=self.organisation, sku__in=skus)}
        if (len(found), len(lots), len(stocks)) != (len(notes), len(units), len(skus)):
            raise NotFound()
        outputs = [
            NewLot(stocks[row["sku"]], row["code"], row["units"], row["unit_grams"], row["best_before"])
            for row in body["outputs"]
        ]
        return Work(
            TransformationKind(body["kind"]), body["done_on"], outputs,
            {note: notes[note.note] for note in found}, {lot: units[lot.code] for lot in lots},
            body["yield_bp"], body["waste_grams"],
        )  # fmt: skip


class LotCertificateView(CommandView):
    """The pass certificate of a lot."""

    roles = (Role.PRODUCER,)

    @extend_schema(
        operation_id="issue_pass_certificate",
        parameters=[IDEMPOTENCY_KEY],
        request=None,
        responses={200: shapes.CertificateSerializer} | COMMAND_REFUSALS,
    )
    def post(self, request: Request, code: str) -> Response:
        """Issue the producer's pass certificate for one of its lots."""
        lot: Lot = get_object_or_404(Lot.objects.filter(holder=self.organisation), code=code)

        def act() -> dict[str, Any]:
            return dict(shapes.CertificateSerializer(issue_certificate(request.user, lot)).data)

        return Response(self.once("lot.certify", {"code": code}, act))


class StopView(CommandView):
    """Holding or recalling a lot; `kind` says which."""

    roles: ClassVar[tuple[Role, ...]] = (Role.PRODUCER, Role.PROVINCE, Role.COUNTY_OFFICER)
    kind = IncidentKind.HOLD

    def stop(self, request: Request, code: str) -> Response:
        """The verb by the view's kind. A lot that the caller may not stop is not found."""
        asked = shapes.StopSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        said = dict(asked.validated_data)
        with seen_by(None):
            lot: Lot = get_object_or_404(Lot.objects.select_related("holder"), code=code)
        try:
            may_open(request.user, self.organisation, lot, self.kind)
        except NotAllowed:
            raise NotFound() from None
        verb = recall if self.kind == IncidentKind.RECALL else hold

        def act() -> dict[str, Any]:
            made = verb(request.user, self.organisation, lot, IncidentReason(said["reason"]), said["words"])
            return _answer(made)

        return Response(self.once(f"lot.{self.kind}", {"code": code, **said}, act))


class HoldView(StopView):
    """Holding a lot."""

    @extend_schema(
        operation_id="hold_lot",
        parameters=[IDEMPOTENCY_KEY],
        request=shapes.StopSerializer,
        responses={200: shapes.IncidentSerializer} | COMMAND_REFUSALS,
    )
    def post(self, request: Request, code: str) -> Response:
        """Hold a lot and all that was made of it, until the hold is lifted. By its producer, county office, province enterprise."""
        return self.stop(request, code)


class RecallView(StopView):
    """Recalling a lot."""

    roles = (*StopView.roles, Role.OPERATOR)
    kind = IncidentKind.RECALL

    @extend_schema(
        operation_id="recall_lot",
        parameters=[IDEMPOTENCY_KEY],
        request=shapes.StopSerializer,
        responses={200: shapes.IncidentSerializer} | COMMAND_REFUSALS,
    )
    def post(self, request: Request, code: str) -> Response:
        """Recall a lot and all that was made of it, for good. By those who may hold it, or an operator."""
        return self.stop(request, code)


class LiftView(CommandView):
    """Lifting a hold."""

    roles = StopView.roles

    @extend_schema(
        operation_id="lift_hold",
        parameters=[IDEMPOTENCY_KEY],
        request=shapes.LiftSerializer,
        responses={200: shapes.IncidentSerializer} | COMMAND_REFUSALS,
    )
    def post(self, request: Request, pk: int) -> Response:
        """Lift a hold that the caller's own organisation placed."""
        asked = shapes.LiftSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        said = dict(asked.validated_data)
        incident = get_object_or_404(visible(self), pk=pk)

        def act() -> dict[str, Any]:
            lift(request.user, incident, said["words"])
            return _answer(incident)

        return Response(self.once("incident.lift", {"incident": pk, **said}, act))


def _answer(incident: Incident) -> dict[str, Any]:
    with seen_by(None):
        fresh = Incident.objects.select_related("lot", "by").get(pk=incident.pk)
        return dict(shapes.IncidentSerializer(fresh).data)
