"""What the API says and hears of lots, holds and recalls. Weights in grams, yields in hundredths of a per cent."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from marketplace.api.serializers import PageSerializer
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


class LotPageSerializer(PageSerializer):
    """A page of lots."""

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


def _each_once(rows: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    if len({row[name] for row in rows}) < len(rows):
        raise serializers.ValidationError(_("Something is named twice. Name each once, with all that was used of it."))
    return rows


class WorkSerializer(serializers.Serializer):
    """What was done: purchase notes and lots went in, lots came out."""

    kind = serializers.ChoiceField(TransformationKind.choices)
    done_on = serializers.DateField()
    yield_bp = serializers.IntegerField(min_value=1, max_value=10_000, default=10_000)
    waste_grams = serializers.IntegerField(min_value=0, max_value=2_000_000_000, default=0)
    collections = NoteUsedSerializer(many=True, required=False, max_length=500)
    lots = LotUsedSerializer(many=True, required=False, max_length=500)
    outputs = NewLotSerializer(many=True, min_length=1, max_length=100)

    def validate_collections(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """A note named twice would be used up by its last mention alone."""
        return _each_once(rows, "note")

    def validate_lots(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The same of a lot."""
        return _each_once(rows, "code")


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
