"""Orders booked to the wrong union: offered, taken over, declined, withdrawn. A command repeated does nothing twice, without a key."""

from __future__ import annotations

from typing import ClassVar

from django.db.models import Q, QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.api.base import COMMAND_REFUSALS, CURSOR, REFUSALS, UNION_SIDE, HouseView
from marketplace.api.errors import NotFound
from marketplace.api.serializers import PageSerializer
from marketplace.ledger.models import Purse
from marketplace.organisations.models import Organisation, OrganisationKind, Role
from marketplace.organisations.scopes import seen_by
from marketplace.shop.order.models import Order
from procurement.programmes.reattribution import actions as verbs
from procurement.programmes.reattribution.models import Reattribution, ReattributionState


class ReattributionSerializer(serializers.Serializer):
    """An order handed from one union to another, or offered to it. Amounts are those that move."""

    id = serializers.IntegerField()
    order = serializers.CharField(source="order.number")
    turn = serializers.IntegerField()
    union = serializers.CharField(source="union.code", help_text="that counts it, until it is taken over")
    to_union = serializers.CharField(source="to_union.code")
    gift_year = serializers.IntegerField()
    state = serializers.ChoiceField(choices=ReattributionState.values)
    because = serializers.CharField()
    recipients = serializers.IntegerField()
    assistance = serializers.IntegerField()
    ordinary = serializers.IntegerField()
    waived = serializers.IntegerField()
    purse = serializers.IntegerField(source="purse_id", allow_null=True)
    answer = serializers.CharField(allow_blank=True)
    offered_at = serializers.DateTimeField()
    answered_at = serializers.DateTimeField(allow_null=True)


class ReattributionPageSerializer(PageSerializer):
    """A page of re-attributions."""

    results = ReattributionSerializer(many=True)


class OfferSerializer(serializers.Serializer):
    """To which union an order belongs, and why it was booked here."""

    to_union = serializers.CharField(max_length=40, help_text="its code")
    because = serializers.CharField(max_length=400)


class TakeOverSerializer(serializers.Serializer):
    """From which general purse of the union the order is paid now."""

    purse = serializers.IntegerField(min_value=1, max_value=2**53 - 1)


class DeclineSerializer(serializers.Serializer):
    """Why it is not the union's."""

    answer = serializers.CharField(max_length=400, default="", allow_blank=True)


class ReattributionsView(HouseView):
    """Re-attributions that the caller's scope sees."""

    roles = UNION_SIDE

    @extend_schema(
        operation_id="reattributions",
        parameters=[CURSOR],
        responses={200: ReattributionPageSerializer} | REFUSALS,
    )
    def get(self, request: Request) -> Response:
        """Orders offered, handed on and taken over, newest first, 50 a page."""
        return self.page_of(_rows(), ReattributionSerializer)


class HandOnView(HouseView):
    """Offering an order to the union to which it belongs."""

    roles = (Role.BUYER,)

    @extend_schema(
        operation_id="hand_order_on",
        request=OfferSerializer,
        responses={200: ReattributionSerializer} | COMMAND_REFUSALS,
    )
    def post(self, request: Request, number: str) -> Response:
        """Offer an order that the caller's union counts. The same offer again is the first one."""
        asked = OfferSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        with seen_by(None):
            order: Order | None = Order.objects.select_related("union").filter(number=number).first()
            if order is None or verbs.counted_by(order) != self.organisation:
                raise NotFound()
        to = get_object_or_404(Organisation, code=asked.validated_data["to_union"], kind=OrganisationKind.UNION)
        return _answer(verbs.offer(request.user, order, to, asked.validated_data["because"]))


class OfferView(HouseView):
    """Answering an offer, or taking it back."""

    roles: ClassVar[tuple[Role, ...]] = (Role.BUYER, Role.APPROVER)

    def offered(self, pk: int) -> Reattribution:
        """An offer between the caller's union and another one. 404 for any other."""
        mine = Q(union=self.organisation) | Q(to_union=self.organisation)
        found: Reattribution = get_object_or_404(_rows().filter(mine), pk=pk)
        return found


class TakeOverView(OfferView):
    """Taking an order over."""

    @extend_schema(
        operation_id="take_order_over",
        request=TakeOverSerializer,
        responses={200: ReattributionSerializer} | COMMAND_REFUSALS,
    )
    def post(self, request: Request, pk: int) -> Response:
        """Take an order over: from now on it counts in the year of the caller's union, whose purse pays for it."""
        asked = TakeOverSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        purse = get_object_or_404(Purse, pk=asked.validated_data["purse"], union=self.organisation)
        return _answer(verbs.take_over(request.user, self.offered(pk), purse))


class DeclineView(OfferView):
    """Declining an order."""

    @extend_schema(
        operation_id="decline_order",
        request=DeclineSerializer,
        responses={200: ReattributionSerializer} | COMMAND_REFUSALS,
    )
    def post(self, request: Request, pk: int) -> Response:
        """Decline an order that is offered to the caller's union."""
        asked = DeclineSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        offered = self.offered(pk)
        verbs.decline(request.user, offered, asked.validated_data["answer"])
        return _answer(offered)


class WithdrawView(OfferView):
    """Taking an offer back."""

    roles = (Role.BUYER,)

    @extend_schema(
        operation_id="withdraw_order_offer",
        request=None,
        responses={200: ReattributionSerializer} | COMMAND_REFUSALS,
    )
    def post(self, request: Request, pk: int) -> Response:
        """Withdraw what the caller's union offered."""
        offered = self.offered(pk)
        verbs.withdraw(request.user, offered)
        return _answer(offered)


def _rows() -> QuerySet[Reattribution]:
    rows: QuerySet[Reattribution] = Reattribution.objects.select_related("order", "union", "to_union")
    return rows


def _answer(row: Reattribution) -> Response:
    return Response(ReattributionSerializer(_rows().get(pk=row.pk)).data)
