"""What members fill in."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from marketplace.workspaces.member.queries import GiftPart
from procurement.programmes.complaints import LONGEST
from procurement.programmes.models import ComplaintReason


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
