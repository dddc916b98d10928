"""What the API says and hears of lots, holds and recalls. Weights in grams, yields in hundredths of a per cent."""

from __future__ import annotations

from rest_framework import serializers

from marketplace.stock.models import Condition
from suppliers.provenance.models import IncidentKind, IncidentReason, IncidentState, TransformationKind


class LotSerializer(serializers.Serializer):
    """A lot: units made, in parcels, shipped, used for other lots, left."""

    code = serializers.CharField()
    sku = serializers.CharField(source="stock.sku")
    condition = serializers.ChoiceField(Condition.choices)
    certificate_due = serializers.BooleanField(help_text="needs a pass certificate that it does not have yet")
    produced_on = serializers.DateField()
    best_before = serializers.DateField()
    made = serializers.IntegerField()
    allocated = serializers.IntegerField(help_text="units in parcels, those shipped included")
    shipped = serializers.IntegerField()
    used = serializers.IntegerField(help_text="units that went into other lots")
    left = serializers.IntegerField()


class LotPageSerializer(serializers.Serializer):
    """A page of lots."""

    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = LotSerializer(many=True)


class LotsMadeSerializer(serializers.Serializer):
    """The lots that came out."""

    lots = LotSerializer(many=True)


class NoteUsedSerializer(serializers.Serializer):
    """Grams of a purchase note."""

    note = serializers.CharField(max_length=80)
    grams = serializers.IntegerField(min_value=1, max_value=2_000_000_000)


class LotUsedSerializer(serializers.Serializer):
    """Units of a lot."""

    code = serializers.CharField(max_length=40)
    units = serializers.IntegerField(min_value=1, max_value=2_000_000_000)


class NewLotSerializer(serializers.Serializer):
    """A lot that comes out."""

    sku = serializers.CharField(max_length=40)
    code = serializers.CharField(max_length=40)
    units = serializers.IntegerField(min_value=1, max_value=2_000_000_000)
    unit_grams = serializers.IntegerField(min_value=1, max_value=2_000_000_000)
    best_before = serializers.DateField()


class WorkSerializer(serializers.Serializer):
    """What was done: purchase notes and lots went in, lots came out."""

    kind = serializers.ChoiceField(TransformationKind.choices)
    done_on = serializers.DateField()
    yield_bp = serializers.IntegerField(min_value=1, max_value=10_000, default=10_000)
    waste_grams = serializers.IntegerField(min_value=0, max_value=2_000_000_000, default=0)
    collections = NoteUsedSerializer(many=True, required=False, max_length=500)
    lots = LotUsedSerializer(many=True, required=False, max_length=500)
    outputs = NewLotSerializer(many=True, min_length=1, max_length=100)


class StopSerializer(serializers.Serializer):
    """Why a lot is held or recalled; the words name nobody."""

    reason = serializers.ChoiceField(IncidentReason.choices)
    words = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")


class LiftSerializer(serializers.Serializer):
    """What was found; names nobody."""

    words = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")


class IncidentSerializer(serializers.Serializer):
    """A hold or a recall, with the codes of all lots that it concerns."""

    id = serializers.IntegerField()
    kind = serializers.ChoiceField(IncidentKind.choices)
    state = serializers.ChoiceField(IncidentState.choices)
    lot = serializers.CharField(source="lot.code")
    by = serializers.CharField(source="by.code")
    reason = serializers.ChoiceField(IncidentReason.choices)
    words = serializers.CharField()
    opened_at = serializers.DateTimeField()
    lifted_at = serializers.DateTimeField(allow_null=True)
    lots = serializers.SerializerMethodField()

    def get_lots(self, incident: object) -> list[str]:
        """Codes of all lots concerned, the named one included."""
        return list(incident.concerns.order_by("lot").values_list("lot__code", flat=True))  # type: ignore[attr-defined]


class CertificateSerializer(serializers.Serializer):
    """A pass certificate; persons are not named."""

    number = serializers.CharField()
    kind = serializers.CharField()
    product = serializers.CharField()
    quantity = serializers.CharField()
    origin = serializers.CharField()
    issued_on = serializers.DateField()
    keep_until = serializers.DateField()
