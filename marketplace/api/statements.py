"""A union's gift year: its statement, and closing it."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.api.base import COMMAND_REFUSALS, IDEMPOTENCY_KEY, REFUSALS, UNION_SIDE, CommandView
from marketplace.api.errors import NotFound
from marketplace.organisations.models import Organisation, OrganisationKind, Role
from procurement.compliance.closing import close_year
from procurement.compliance.queries import statement


class OrderRowSerializer(serializers.Serializer):
    """One order of a statement. `counted` is what is accepted and paid."""

    number = serializers.CharField()
    placed_on = serializers.DateField()
    recipients = serializers.IntegerField()
    assistance = serializers.IntegerField()
    ordinary = serializers.IntegerField()
    waived = serializers.IntegerField()
    released = serializers.IntegerField(
        help_text="decided, then cancelled, refused or returned; not in the amounts above"
    )
    accepted = serializers.IntegerField()
    counted_assistance = serializers.IntegerField()
    counted_ordinary = serializers.IntegerField()
    policy = serializers.CharField(help_text="version of the policy under which the order was decided")
    minimum_share_bp = serializers.IntegerField(help_text="the minimum share of that policy")


class FailureSerializer(serializers.Serializer):
    """Assistance goods that did not reach members because of their producer."""

    producer = serializers.CharField()
    kind = serializers.CharField(help_text="cancelled, refused or returned")
    reason = serializers.CharField()
    amount = serializers.IntegerField()


class LateRowSerializer(serializers.Serializer):
    """What came back in this year of an order of an earlier one, which was closed."""

    number = serializers.CharField()
    gift_year = serializers.IntegerField()
    assistance = serializers.IntegerField()
    ordinary = serializers.IntegerField()


class OutsideRowSerializer(serializers.Serializer):
    """A purchase from outside in a statement."""

    number = serializers.CharField()
    bought_on = serializers.DateField()
    occasion = serializers.CharField()
    form = serializers.CharField()
    supplier = serializers.CharField()
    invoice = serializers.CharField()
    members = serializers.IntegerField()
    named = serializers.BooleanField(help_text="a list says who the members were; else it counts for every member")
    per_head = serializers.IntegerField(help_text="what counts in the cap of each")
    amount = serializers.IntegerField()
    found = serializers.ListField(
        child=serializers.CharField(), help_text="codes of what the rule of that day said against it"
    )
    reversed = serializers.BooleanField(help_text="registered wrongly, counts no longer")
    because = serializers.CharField(allow_blank=True, help_text="why it was reversed")


class HandOverSerializer(serializers.Serializer):
    """An order that left the union's year, or came into it. Amounts below zero left."""

    order = serializers.CharField()
    other = serializers.CharField(help_text="code of the other union")
    other_name = serializers.CharField()
    on = serializers.DateField()
    because = serializers.CharField()
    recipients = serializers.IntegerField()
    assistance = serializers.IntegerField()
    ordinary = serializers.IntegerField()
    waived = serializers.IntegerField()


class StatementSerializer(serializers.Serializer):
    """A union's gift year."""

    union = serializers.CharField()
    union_name = serializers.CharField()
    year = serializers.IntegerField()
    policy = serializers.CharField(
        help_text="version of the policy that binds the year: that of its latest order with ordinary goods"
    )
    minimum_share_bp = serializers.IntegerField()
    assistance = serializers.IntegerField()
    ordinary = serializers.IntegerField()
    waived = serializers.IntegerField(help_text="ordinary gifts that an exception takes out of the share")
    reserve = serializers.IntegerField(help_text="unspent balance of the assistance-only purses")
    ordinary_limit = serializers.IntegerField(help_text="most ordinary gifts that the share allows; -1 without a share")
    share_bp = serializers.IntegerField()
    counted_assistance = serializers.IntegerField()
    counted_ordinary = serializers.IntegerField()
    counted_share_bp = serializers.IntegerField()
    released = serializers.IntegerField(
        help_text="decided, then cancelled, refused or returned; not in the amounts above"
    )
    spent = serializers.IntegerField(
        help_text="what the ledger says left the purses for orders, less what came back or is owed back"
    )
    refund_due = serializers.IntegerField(help_text="what sellers still owe back for goods returned")
    share_kept = serializers.BooleanField(
        help_text="ordinary gifts are within the limit, or only a producer's failure took them above it"
    )
    last_year_kept = serializers.BooleanField(
        help_text="assistance goods, with what is set aside, are not below `last_assistance`"
    )
    last_year_missing = serializers.IntegerField(help_text="what is missing to that")
    compliant = serializers.BooleanField(
        help_text="both are kept; a year without ordinary gifts, or below the last one because producers failed, is no breach"
    )
    make_good_due = serializers.BooleanField(help_text="a producer's failure has to be made good before ordinary goods")
    to_make_good = serializers.IntegerField(help_text="assistance goods to buy, or money to set aside, until it is")
    failures = FailureSerializer(
        many=True, help_text="why something has to be made good, or the year is below the last one"
    )
    leakage = serializers.IntegerField(
        help_text="covered order lines without an allowing decision; zero by construction"
    )
    last_assistance = serializers.IntegerField(
        help_text="assistance goods of the year before, where the policy says not to fall below them; else 0"
    )
    brought_forward = serializers.IntegerField(
        help_text="assistance goods that closed years left to be bought; they come off this year's in the share"
    )
    carried_in = serializers.IntegerField(help_text="money set aside that came over from closed years")
    carried_forward = serializers.IntegerField(
        help_text="assistance goods that this year's ordinary gifts still call for: what the next year starts with once this is closed"
    )
    late = LateRowSerializer(many=True, help_text="what came back of closed years' gifts")
    closed_on = serializers.CharField(
        allow_blank=True, help_text="day of the closing; the statement stays as it was then"
    )
    shortfall = serializers.IntegerField(help_text="of a closed year: set aside, not spent, and carried over")
    attempts = serializers.IntegerField()
    refused_attempts = serializers.IntegerField()
    decisions = serializers.DictField(child=serializers.IntegerField(), help_text="number of decisions by outcome")
    certificates = serializers.ListField(child=serializers.CharField())
    exceptions = serializers.ListField(child=serializers.CharField())
    orders = OrderRowSerializer(many=True)
    outside = serializers.IntegerField(
        help_text="bought elsewhere; counts in the cap of each member, never in the share"
    )
    share_with_outside_bp = serializers.IntegerField(
        help_text="the share if all that was bought elsewhere were ordinary; binds nobody"
    )
    outside_purchases = OutsideRowSerializer(many=True)
    hand_overs = HandOverSerializer(many=True, help_text="orders booked to the wrong union; in all amounts above")


class YearView(CommandView):
    """What concerns a union's gift year."""

    def union_of(self, code: str, year: int) -> Organisation:
        """The union, if the caller's scope sees it and the year is one of ours. 404 otherwise."""
        if not 2000 <= year <= 2100:
            raise NotFound()
        return get_object_or_404(Organisation, code=code, kind=OrganisationKind.UNION, pk__in=self.viewers or [])


class StatementView(YearView):
    """A union's compliance statement."""

    roles = UNION_SIDE

    @extend_schema(operation_id="statement", responses={200: StatementSerializer} | REFUSALS)
    def get(self, request: Request, union: str, year: int) -> Response:
        """The statement of a union's gift year, computed from decisions and the ledger. Amounts in fen, shares in basis points.

        For the union itself, for unions above it and their auditors.
        """
        return Response(StatementSerializer(statement(self.union_of(union, year), year).as_dict()).data)


class CloseYearView(YearView):
    """Closing a gift year."""

    roles = (Role.APPROVER, Role.UNION_OFFICER)

    @extend_schema(
        operation_id="close_year",
        parameters=[IDEMPOTENCY_KEY],
        request=None,
        responses={200: StatementSerializer} | COMMAND_REFUSALS,
    )
    def post(self, request: Request, union: str, year: int) -> Response:
        """Close a union's gift year: its statement is sealed, and what is unspent or uncovered goes on into the next year.

        For the union's approver and officers of unions above. Refused with everything that is still open.
        """
        found, body = self.union_of(union, year), {"union": union, "year": year}

        def act() -> dict[str, Any]:
            close_year(request.user, found, year)
            return body

        self.once("year.close", body, act)
        return Response(StatementSerializer(statement(found, year).as_dict()).data)
