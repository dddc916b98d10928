"""The purchase ledger of a producer, for its own systems: notes entered, paid and reversed by the verbs that pages use."""

from __future__ import annotations

from typing import Any

from django.db.models import F, Prefetch, QuerySet, Sum
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.api.base import COMMAND_REFUSALS, CURSOR, IDEMPOTENCY_KEY, REFUSALS, CommandView
from marketplace.api.serializers import PageSerializer
from marketplace.organisations.models import Role
from suppliers.provenance.models import BenefitAgreement, Collection, CollectionPayment
from suppliers.provenance.purchases import collect, record_paid, reverse_purchase

_MOST = 2_000_000_000  # grams or fen, what a row holds


class PaymentSerializer(serializers.Serializer):
    """By which slip a purchase was paid, and when."""

    id = serializers.IntegerField()
    slip = serializers.CharField()
    paid_on = serializers.DateField()


class PurchaseNoteSerializer(serializers.Serializer):
    """A purchase note as it was entered, and what became of it. The household by its code, never by name."""

    id = serializers.IntegerField()
    note = serializers.CharField()
    household = serializers.CharField(source="agreement.household.code")
    agreement = serializers.ChoiceField(
        choices=["unconfirmed", "confirmed_by_household", "disowned"],
        source="agreement.state",
        help_text="what the household's side said of it; a note counts for lots once it is confirmed",
    )
    produce = serializers.CharField()
    grams = serializers.IntegerField()
    left = serializers.IntegerField(help_text="grams that went into no lot yet")
    price = serializers.IntegerField(help_text="fen for the whole")
    collected_on = serializers.DateField()
    replaces = serializers.IntegerField(source="replaces_id", allow_null=True, help_text="the reversed entry")
    payment = serializers.SerializerMethodField(help_text="the one that counts")
    reversed_at = serializers.DateTimeField(source="reversal.at", default=None, allow_null=True)
    because = serializers.CharField(
        source="reversal.because", default=None, allow_null=True, help_text="why it was reversed"
    )

    @extend_schema_field(PaymentSerializer(allow_null=True))
    def get_payment(self, purchase: Any) -> dict[str, Any] | None:
        """None while it is not paid."""
        return dict(PaymentSerializer(purchase.counting[0]).data) if purchase.counting else None


class PurchaseNotePageSerializer(PageSerializer):
    """A page of purchase notes."""

    results = PurchaseNoteSerializer(many=True)


class EnterPurchaseSerializer(serializers.Serializer):
    """What stands on the note."""

    household = serializers.CharField(max_length=40, help_text="its code; it has an agreement with the caller")
    produce = serializers.CharField(max_length=40)
    grams = serializers.IntegerField(min_value=1, max_value=_MOST)
    price = serializers.IntegerField(min_value=1, max_value=_MOST, help_text="fen for the whole")
    collected_on = serializers.DateField()
    note = serializers.CharField(max_length=80, help_text="again only in the place of a reversed entry")


class PaidSerializer(serializers.Serializer):
    """By which slip, when, and which payment it corrects."""

    slip = serializers.CharField(max_length=80)
    paid_on = serializers.DateField()
    instead_of = serializers.IntegerField(default=0, min_value=0, max_value=2**53 - 1, help_text="0: none")


class BecauseSerializer(serializers.Serializer):
    """Why the entry is wrong; names nobody."""

    because = serializers.CharField(max_length=200)


class PurchaseNotesView(CommandView):
    """The producer's purchase ledger."""

    roles = (Role.PRODUCER,)

    @extend_schema(
        operation_id="purchase_notes",
        parameters=[CURSOR],
        responses={200: PurchaseNotePageSerializer} | REFUSALS,
    )
    def get(self, request: Request) -> Response:
        """Purchase notes of the caller's own organisation, newest first, 50 a page, the reversed ones too."""
        return self.page_of(_rows(self), PurchaseNoteSerializer)

    @extend_schema(
        operation_id="enter_purchase_note",
        parameters=[IDEMPOTENCY_KEY],
        request=EnterPurchaseSerializer,
        responses={200: PurchaseNoteSerializer} | COMMAND_REFUSALS,
    )
    def post(self, request: Request) -> Response:
        """Enter what was bought from a household of the caller's."""
        asked = EnterPurchaseSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        told = dict(asked.validated_data)

        def act() -> dict[str, Any]:
            ours = BenefitAgreement.objects.filter(producer=self.organisation).select_related("household", "producer")
            agreement: BenefitAgreement = get_object_or_404(ours, household__code=told["household"])
            facts = {name: value for name, value in told.items() if name != "household"}
            return _answer(self, collect(request.user, agreement, **facts).pk)

        return Response(self.once("purchase.enter", told, act))


class PurchaseNoteView(CommandView):
    """One purchase note."""

    roles = (Role.PRODUCER,)

    @extend_schema(operation_id="purchase_note", responses={200: PurchaseNoteSerializer} | REFUSALS)
    def get(self, request: Request, pk: int) -> Response:
        """A purchase note as it was entered, its payment, and whether it was reversed."""
        return Response(_answer(self, pk))


class PurchasePaidView(CommandView):
    """That a purchase was paid."""

    roles = (Role.PRODUCER,)

    @extend_schema(
        operation_id="purchase_note_paid",
        parameters=[IDEMPOTENCY_KEY],
        request=PaidSerializer,
        responses={200: PurchaseNoteSerializer} | COMMAND_REFUSALS,
    )
    def post(self, request: Request, pk: int) -> Response:
        """Record by which slip the whole price was paid to the household; or correct the payment on record."""
        asked = PaidSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        told = dict(asked.validated_data)
        found = get_object_or_404(_rows(self), pk=pk)

        def act() -> dict[str, Any]:
            corrected = found.payments.filter(pk=told["instead_of"]).first()
            record_paid(request.user, found, told["slip"], told["paid_on"], corrected)
            return _answer(self, pk)

        return Response(self.once("purchase.paid", {"purchase": pk, **told}, act))


class PurchaseReverseView(CommandView):
    """Taking back what was entered wrongly."""

    roles = (Role.PRODUCER,)

    @extend_schema(
        operation_id="reverse_purchase_note",
        parameters=[IDEMPOTENCY_KEY],
        request=BecauseSerializer,
        responses={200: PurchaseNoteSerializer} | COMMAND_REFUSALS,
    )
    def post(self, request: Request, pk: int) -> Response:
        """Reverse a purchase that nothing was made of; its number can then be entered again."""
        asked = BecauseSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        told = dict(asked.validated_data)
        found = get_object_or_404(_rows(self), pk=pk)

        def act() -> dict[str, Any]:
            reverse_purchase(request.user, found, told["because"])
            return _answer(self, pk)

        return Response(self.once("purchase.reverse", {"purchase": pk, **told}, act))


def _rows(view: CommandView) -> QuerySet[Any]:
    """The ledger of the caller's organisation, each with `left` and its payment in `counting`. Two statements."""
    counting = Prefetch("payments", CollectionPayment.objects.filter(replaced_by__isnull=True), to_attr="counting")
    rows = Collection.objects.filter(producer=view.organisation).annotate(
        left=F("grams") - Sum("used_in__grams", default=0)
    )
    joined: QuerySet[Any] = rows.select_related("producer", "agreement__household", "reversal")
    return joined.prefetch_related(counting)


def _answer(view: CommandView, pk: int) -> dict[str, Any]:
    return dict(PurchaseNoteSerializer(get_object_or_404(_rows(view), pk=pk)).data)
