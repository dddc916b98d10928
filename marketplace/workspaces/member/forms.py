"""What members fill in."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from marketplace.workspaces.member.queries import GiftPart
from procurement.programmes.complaints import LONGEST
from procurement.programmes.models import CalledTo, ComplaintReason


class ChoiceForm(forms.Form):
    """One product in each part with a list, and a corrected address where the gift goes home."""

    def __init__(self, parts: list[GiftPart], *args: Any, at_home: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for part in parts:
            if part.options:
                options = [(one.option.pk, one.product.get_title()) for one in part.options]
                self.fields[f"part-{part.slot}"] = forms.TypedChoiceField(choices=options, coerce=int)
        if at_home:
            self.fields["address"] = forms.CharField(
                label=_("Another address, if this one is wrong"),
                required=False,
                max_length=200,
                widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "street-address", "data-private": ""}),
                help_text=_("From city and district to the door. Leave it empty if the address is right."),
            )

    @property
    def picks(self) -> dict[int, int]:
        """Option ids by slot."""
        return {
            int(name.removeprefix("part-")): value
            for name, value in self.cleaned_data.items()
            if name.startswith("part-")
        }

    @property
    def typed(self) -> dict[int, int]:
        """What was picked, as far as it can be read, to be shown again."""
        sent = {name: self.data.get(name, "") for name in self.fields if name.startswith("part-")}
        return {int(name.removeprefix("part-")): int(value) for name, value in sent.items() if value.isdecimal()}


class VoucherForm(forms.Form):
    """Where the goods of a voucher go."""

    to = forms.ChoiceField(
        label=_("Where shall it go?"),
        choices=[(CalledTo.HOME.value, _("To my address")), (CalledTo.WORKPLACE.value, _("To my workplace"))],
        widget=forms.RadioSelect,
    )
    address = forms.CharField(
        label=_("Address"),
        required=False,
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "street-address", "data-private": ""}),
        help_text=_("From city and district to the door. Only the producer who packs it reads it."),
    )

    def clean(self) -> dict[str, Any]:
        """An address where the goods go home, none where they go to the workplace."""
        said = super().clean() or {}
        if said.get("to") == CalledTo.HOME and not said.get("address", "").strip():
            self.add_error("address", gettext("Write the address, or have it brought to your workplace."))
        return said

    @property
    def address_wanted(self) -> str:
        """The address, "" for the workplace."""
        return str(self.cleaned_data["address"]) if self.cleaned_data["to"] == CalledTo.HOME else ""


class VoucherCodeForm(forms.Form):
    """The code printed on a voucher."""

    code = forms.CharField(
        label=_("Code on the voucher"),
        max_length=60,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false", "class": "mono"}
        ),
        help_text=_("E.g. V128-7F3A-09C2-51BE. Spaces, hyphens and small letters do not matter."),
    )


class ComplaintForm(forms.Form):
    """What is wrong with a parcel."""

    reason = forms.ChoiceField(label=_("What is wrong?"), choices=ComplaintReason.choices, widget=forms.RadioSelect)
    words = forms.CharField(
        label=_("In your words"),
        required=False,
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("E.g. one of the two jars is broken. Only your union reads it."),
    )
