"""What the API's answers look like. Amounts are integer fen, shares basis points, times ISO 8601 with their zone."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from marketplace.evidence.models import Checkpoint
from marketplace.fulfilment.models import ParcelState, SupplierOrder
from marketplace.fulfilment.queries import state_of
from marketplace.shop.order.models import Order
from procurement.priority.models import ExceptionState, Ground, Outcome

# The derived states of a supplier order, in order (marketplace/fulfilment/queries.py).
SUPPLIER_ORDER_STATES = ["new", "sent", "confirmed", "assigned", "uncalled", "shipped", "accepted", "closed"]


class FaultSerializer(serializers.Serializer):
    """One thing that is wrong."""

    code = serializers.CharField()
    message = serializers.CharField()
    field = serializers.CharField(required=False, help_text="the field of the request that it concerns")


class ErrorSerializer(serializers.Serializer):
    """A refusal: a code for programs, a sentence for people, and every fault by itself."""

    code = serializers.CharField()
    message = serializers.CharField()
    errors = FaultSerializer(many=True)


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


class ExceptionSerializer(serializers.Serializer):
    """A request for an exception and what became of it. `answer` is why it was refused, or what was said when it was granted."""

    number = serializers.CharField()
    union = serializers.CharField(source="union.code")
    product = serializers.IntegerField(source="product_id")
    ground = serializers.ChoiceField(choices=Ground.values)
    quantity = serializers.IntegerField()
    used = serializers.IntegerField()
    value = serializers.IntegerField(help_text="what the units cost without freight when asked for, in fen")
    valid_from = serializers.DateField()
    valid_to = serializers.DateField()
    state = serializers.ChoiceField(choices=[*ExceptionState.values, "expired"], source="state_today")
    waives_share = serializers.BooleanField()
    waits_for = serializers.CharField(source="waits_for.code", default=None, allow_null=True)
    answer_by = serializers.DateTimeField(allow_null=True)
    decided_for = serializers.CharField(source="decided_for.code", default=None, allow_null=True)
    answer = serializers.CharField()
    revoked_because = serializers.CharField()


class OrderSerializer(serializers.Serializer):
    """An order in short."""

    number = serializers.CharField()
    union = serializers.CharField(source="union.code")
    gift_year = serializers.IntegerField()
    recipients = serializers.IntegerField()
    total = serializers.SerializerMethodField()
    placed_at = serializers.DateTimeField(source="date_placed")

    def get_total(self, order: Order) -> int:
        """Fen for everything."""
        return int(order.total_incl_tax * 100)


class DecisionSerializer(serializers.Serializer):
    """What was decided for a line, or a component of it, in one region."""

    product = serializers.IntegerField(source="product_id")
    region = serializers.CharField()
    outcome = serializers.ChoiceField(choices=Outcome.values)
    quantity = serializers.IntegerField()
    unit_price = serializers.IntegerField()
    amount = serializers.IntegerField()
    waived = serializers.BooleanField()
    certificate = serializers.CharField(source="certificate.number", default=None, allow_null=True)
    exception = serializers.CharField(source="exception.number", default=None, allow_null=True)
    judgement = serializers.IntegerField(source="judgement_id")


class LineSerializer(serializers.Serializer):
    """An order line as it was frozen at placement."""

    sku = serializers.CharField(source="partner_sku")
    title = serializers.CharField()
    producer = serializers.CharField(source="partner.organisation.code")
    quantity = serializers.IntegerField()
    unit_price = serializers.IntegerField(source="unit_price_fen", help_text="delivered")
    amount = serializers.IntegerField(source="amount_fen")
    purse = serializers.IntegerField(source="purse_id")
    snapshot = serializers.DictField()
    decisions = DecisionSerializer(many=True)


class SupplierOrderSerializer(serializers.Serializer):
    """What one producer supplies of an order, without any recipient."""

    number = serializers.CharField()
    union = serializers.CharField(source="union.code")
    producer = serializers.CharField(source="producer.code")
    seller = serializers.CharField(source="seller.code")
    mode = serializers.CharField()
    need_date = serializers.DateField()
    state = serializers.SerializerMethodField()
    parcels = serializers.IntegerField(source="parcels_total")
    sent_at = serializers.DateTimeField(allow_null=True)
    confirmed_at = serializers.DateTimeField(allow_null=True)
    paid_at = serializers.DateTimeField(allow_null=True)

    @extend_schema_field(serializers.ChoiceField(choices=SUPPLIER_ORDER_STATES))
    def get_state(self, supplier_order: SupplierOrder) -> str:
        """Derived from the parcels."""
        return state_of(supplier_order)


class OrderDetailSerializer(OrderSerializer):
    """An order with everything about it but its recipients."""

    lines = LineSerializer(many=True)
    supplier_orders = SupplierOrderSerializer(many=True)
    parcels = serializers.DictField(
        child=serializers.IntegerField(), help_text=f"number of parcels by state: {', '.join(ParcelState.values)}"
    )


class PageSerializer(serializers.Serializer):
    """Where the pages before and after are."""

    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)


class OrderPageSerializer(PageSerializer):
    """A page of orders."""

    results = OrderSerializer(many=True)


class ExceptionPageSerializer(PageSerializer):
    """A page of requests for exceptions."""

    results = ExceptionSerializer(many=True)


class SupplierOrderPageSerializer(PageSerializer):
    """A page of supplier orders."""

    results = SupplierOrderSerializer(many=True)


class ShipSerializer(serializers.Serializer):
    """Who carries the parcels, under which number."""

    carrier = serializers.CharField(max_length=60)
    waybill = serializers.CharField(max_length=60)


class CosignatureSerializer(serializers.Serializer):
    """A witness's signature over a checkpoint."""

    witness = serializers.CharField()
    at = serializers.DateTimeField()
    line = serializers.CharField(trim_whitespace=False)


class CheckpointSerializer(serializers.Serializer):
    """The log's signed state."""

    size = serializers.IntegerField()
    root = serializers.SerializerMethodField()
    signed_at = serializers.DateTimeField()
    note = serializers.CharField(trim_whitespace=False)
    cosignatures = CosignatureSerializer(many=True)

    def get_root(self, checkpoint: Checkpoint) -> str:
        """The root of the Merkle tree, in hexadecimal."""
        return bytes(checkpoint.root).hex()
