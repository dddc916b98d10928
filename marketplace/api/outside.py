"""Purchases from outside: read by whoever sees the union, registered and reversed by its buyers."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.api.base import COMMAND_REFUSALS, CURSOR, IDEMPOTENCY_KEY, REFUSALS, UNION_SIDE, HouseView, key_of
from marketplace.api.serializers import PageSerializer
from marketplace.organisations.models import Role
from procurement.policy.models import GiftForm, Occasion
from procurement.programmes.models import Programme
from procurement.programmes.outside.actions import Bought, persons_of, register, reverse
from procurement.programmes.outside.models import OutsidePurchase


class OutsidePurchaseSerializer(serializers.Serializer):
    """A purchase from outside as it was registered."""

    number = serializers.CharField()
    union = serializers.CharField(source="union.code")
    gift_year = serializers.IntegerField()
    bought_on = serializers.DateField()
    occasion = serializers.ChoiceField(choices=Occasion.values)
    form = serializers.ChoiceField(choices=GiftForm.values)
    supplier = serializers.CharField()
    invoice = serializers.CharField()
    amount = serializers.IntegerField()
    members = serializers.IntegerField()
    named = serializers.BooleanField(help_text="a list says who the members were; else it counts for every member")
    per_head = serializers.IntegerField(help_text="what counts in the cap of each")
    quotations = serializers.IntegerField()
    approvers = serializers.IntegerField()
    note = serializers.CharField(allow_blank=True)
    policy = serializers.CharField(source="policy.version", default=None, allow_null=True)
    found = serializers.SerializerMethodField(help_text="codes of what the rule of that day said against it")
    replaces = serializers.CharField(source="replaces.number", default=None, allow_null=True)
    registered_at = serializers.DateTimeField(source="at")
    reversed_at = serializers.SerializerMethodField()
    because = serializers.SerializerMethodField(help_text="why it was reversed")

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_found(self, purchase: OutsidePurchase) -> list[str]:
        """Cap, occasion, form, quotations, approvers; or that no policy was in force."""
        return [code for code, _data in purchase.found]

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_reversed_at(self, purchase: OutsidePurchase) -> str | None:
        """When it was taken back."""
        return purchase.reversal.at.isoformat() if purchase.is_reversed else None

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_because(self, purchase: OutsidePurchase) -> str | None:
        """Why."""
        return purchase.reversal.because if purchase.is_reversed else None


class OutsidePageSerializer(PageSerializer):
    """A page of purchases from outside."""

    results = OutsidePurchaseSerializer(many=True)


class RegisterSerializer(serializers.Serializer):
    """What the invoice says, and for whom it was: the list of one of the union's plans (`programme`), or a number of members."""

    bought_on = serializers.DateField()
    occasion = serializers.ChoiceField(choices=Occasion.values)
    supplier = serializers.CharField(max_length=120)
    invoice = serializers.CharField(max_length=60)
    amount = serializers.IntegerField(help_text="fen")
    members = serializers.IntegerField(default=0)
    programme = serializers.IntegerField(default=0, min_value=0, max_value=2**53 - 1)
    form = serializers.ChoiceField(choices=GiftForm.values, default=GiftForm.GOODS)
    gift_year = serializers.IntegerField(default=0, min_value=0, max_value=2100, help_text="0: the year of the day")
    quotations = serializers.IntegerField(default=0, min_value=0, max_value=99)
    approvers = serializers.IntegerField(default=1, min_value=1, max_value=99)
    note = serializers.CharField(default="", allow_blank=True, max_length=400)


class ReversalSerializer(serializers.Serializer):
    """Why the entry is wrong."""

    because = serializers.CharField(max_length=400)


class OutsidePurchasesView(HouseView):
    """Purchases from outside that the caller's scope sees."""

    roles = UNION_SIDE

    @extend_schema(
        operation_id="outside_purchases",
        parameters=[CURSOR],
        responses={200: OutsidePageSerializer} | REFUSALS,
    )
    def get(self, request: Request) -> Response:
        """Purchases from outside, newest first, 50 a page, the reversed ones too. Papers are on the pages."""
        return self.page_of(_rows(), OutsidePurchaseSerializer)

    @extend_schema(
        operation_id="register_outside_purchase",
        parameters=[IDEMPOTENCY_KEY],
        request=RegisterSerializer,
        responses={200: OutsidePurchaseSerializer} | COMMAND_REFUSALS,
    )
    def post(self, request: Request) -> Response:
        """Register what the caller's union bought elsewhere. What the rule says against it is in `found`, and stops nothing."""
        key = key_of(request)
        asked = RegisterSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        told: dict[str, Any] = dict(asked.validated_data)
        persons: frozenset[str] = frozenset()
        if programme := told.pop("programme"):
            persons = persons_of(get_object_or_404(Programme, pk=programme, union=self.organisation))
        purchase = register(request.user, self.organisation, Bought(**told), key, persons=persons)
        return Response(OutsidePurchaseSerializer(_rows().get(pk=purchase.pk)).data)


class OutsidePurchaseView(HouseView):
    """One purchase from outside."""

    roles = UNION_SIDE

    @extend_schema(operation_id="outside_purchase", responses={200: OutsidePurchaseSerializer} | REFUSALS)
    def get(self, request: Request, number: str) -> Response:
        """A purchase from outside as it was registered, and whether it was reversed."""
        return Response(OutsidePurchaseSerializer(get_object_or_404(_rows(), number=number)).data)


class ReverseView(HouseView):
    """Taking back what was registered wrongly."""

    roles = (Role.BUYER,)

    @extend_schema(
        operation_id="reverse_outside_purchase",
        request=ReversalSerializer,
        responses={200: OutsidePurchaseSerializer} | COMMAND_REFUSALS,
    )
    def post(self, request: Request, number: str) -> Response:
        """Reverse a purchase of the caller's union. Repeated with the same reason, it is one; its invoice can be registered again."""
        asked = ReversalSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        reverse(request.user, get_object_or_404(_rows(), number=number), asked.validated_data["because"])
        return Response(OutsidePurchaseSerializer(_rows().get(number=number)).data)


def _rows() -> QuerySet[OutsidePurchase]:
    rows: QuerySet[OutsidePurchase] = OutsidePurchase.objects.select_related("union", "policy", "replaces", "reversal")
    return rows
