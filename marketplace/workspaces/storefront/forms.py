"""What a visitor may ask of the catalogue."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from marketplace.workspaces.storefront.queries import BANDS, SORTS, classes_on_offer, counties_on_offer
from suppliers.listings.models import ProducerKind


class CatalogueForm(forms.Form):
    """Words, class, county, kind and order. A value that is not on offer is left out, not refused."""

    q = forms.CharField(label=_("Words"), required=False, max_length=80)
    commodity_class = forms.TypedChoiceField(label=_("Commodity class"), required=False, coerce=int, empty_value=None)
    county = forms.ChoiceField(label=_("County of origin"), required=False)
    kind = forms.ChoiceField(
        label=_("Kind"),
        required=False,
        choices=[("", _("All")), ("assistance", _("Assistance products")), ("ordinary", _("Ordinary products"))],
    )
    sort = forms.ChoiceField(
        label=_("Sort by"),
        required=False,
        choices=[
            ("", _("Assistance products first")),
            ("newest", _("Newest first")),
            ("price", _("Cheapest first")),
            ("unit", _("Cheapest by weight first")),
            ("name", _("By name")),
        ],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, rows in (("commodity_class", classes_on_offer()), ("county", counties_on_offer())):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [("", _("All")), *((str(row.pk), str(row)) for row in rows)]

    @property
    def wishes(self) -> dict[str, Any]:
        """What was asked and makes sense."""
        self.is_valid()
        return dict(self.cleaned_data)


class WishesForm(forms.Form):
    """What the address of the catalogue asks for. A value that makes no sense is left out, not refused; nothing is drawn of it."""

    q = forms.CharField(required=False, max_length=80)
    commodity_class = forms.IntegerField(required=False, min_value=1, max_value=2**31)
    county = forms.RegexField(r"^\d{6}$", required=False)
    kind = forms.ChoiceField(required=False, choices=[("assistance", ""), ("ordinary", "")])
    seller = forms.ChoiceField(required=False, choices=ProducerKind.choices)
    price = forms.ChoiceField(required=False, choices=[(name, "") for name in BANDS])
    stock = forms.ChoiceField(required=False, choices=[("1", "")])
    sort = forms.ChoiceField(required=False, choices=[(name, "") for name in SORTS if name])

    @property
    def wishes(self) -> dict[str, Any]:
        """What was asked and makes sense."""
        self.is_valid()
        return {name: self.cleaned_data.get(name) or None for name in self.fields}
