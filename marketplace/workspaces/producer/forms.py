"""What a producer types, on a phone."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core import validators
from django.utils.translation import gettext_lazy as _

from marketplace.fulfilment.codes import waybill_number
from marketplace.fulfilment.errors import WaybillUnfit
from marketplace.fulfilment.models import REASONS, LossKind, Party


class ShipForm(forms.Form):
    """The carrier and the number on the slip."""

    carrier = forms.CharField(
        label=_("Carrier"), max_length=60, help_text=_("As printed on the slip, e.g. China Post.")
    )
    waybill = forms.CharField(label=_("Waybill number"), max_length=60)

    def clean_waybill(self) -> str:
        """The number, as the verb takes it."""
        try:
            return waybill_number(self.cleaned_data["waybill"])
        except WaybillUnfit as error:
            raise forms.ValidationError(str(error)) from error


class GiveUpForm(forms.Form):
    """How many parcels a producer cannot supply, and why."""

    parcels = forms.IntegerField(label=_("How many parcels can you not supply?"), min_value=1)
    reason = forms.ChoiceField(
        label=_("Reason"),
        choices=[(one.value, one.label) for one in REASONS[LossKind.CANCELLED, Party.PRODUCER]],
    )
    words = forms.CharField(label=_("In your words"), required=False, max_length=200)

    def __init__(self, *args: Any, most: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["parcels"]
        field.max_value = most  # type: ignore[attr-defined]
        field.widget.attrs |= {"max": most}
        field.initial = most
        field.validators.append(validators.MaxValueValidator(most))
