"""How orders, exceptions, the log and every refusal look: amounts in integer fen, shares in basis points, times ISO 8601 with zone."""

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


class EntryPointSerializer(serializers.Serializer):
    """One address; a name in braces stands for what the caller puts there."""

    address = serializers.CharField()
    methods = serializers.ListField(child=serializers.CharField())
    roles = serializers.ListField(child=serializers.CharField(), help_text="who may come; empty for everybody")


class EntryPointsSerializer(serializers.Serializer):
    """Where to begin."""

    schema = serializers.URLField(help_text="all of this as OpenAPI")
    addresses = EntryPointSerializer(many=True)


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
