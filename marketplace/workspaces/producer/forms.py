"""What a producer types, on a phone."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class ShipForm(forms.Form):
    """The carrier and the number on the slip."""

    carrier = forms.CharField(
        label=_("Carrier"), max_length=60, help_text=_("As printed on the slip, e.g. China Post.")
    )
    waybill = forms.CharField(label=_("Waybill number"), max_length=60)
