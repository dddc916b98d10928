"""What the operator writes."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from marketplace.ledger.models import PurseKind
from marketplace.organisations.models import County, Organisation, OrganisationKind, UnionLevel
from marketplace.shop.catalogue.models import CommodityClass, Product
from marketplace.workspaces.fields import DayInput, PercentField, YuanField
from marketplace.workspaces.pages import today
from procurement.policy.drafts import Draft
from procurement.policy.models import GiftForm, Occasion, Policy
from suppliers.registration.actions import Wish

_STEPS = (1, 2, 3)
_KINDS = [(kind.value, kind.label) for kind in OrganisationKind if kind != OrganisationKind.OPERATOR]


class PolicyForm(forms.Form):
    """A policy, field by field. What the rules are is checked by the verb; here only that it can be read."""

    version = forms.CharField(label=_("Name of the version"), max_length=40, help_text=_("Such as SN-2027-01."))
    region = forms.CharField(
        label=_("Region"),
        max_length=6,
        help_text=_("GB/T 2260: 2 digits for the province, 4 for a city, 6 for a county."),
    )
    begins = forms.DateField(label=_("In force from"), widget=DayInput())
    source = forms.CharField(label=_("Document that sets the rule"), max_length=200)
    first_choice = forms.BooleanField(label=_("Assistance products first, line by line"), required=False)
    minimum_share_bp = PercentField(label=_("Minimum share of the year (%)"))
    price_band_bp = PercentField(label=_("Price band (%)"), help_text=_("How much dearer an equivalent may be."))
    rotation_band_bp = PercentField(
        label=_("Rotation band (%)"), help_text=_("Substitutes so near in price take turns.")
    )
    max_producers = forms.IntegerField(label=_("Producers that may share one need"), min_value=1, max_value=20)
    hold_days = forms.IntegerField(label=_("Days that goods held back count as on offer"), min_value=0, max_value=366)
    cap = YuanField(label=_("Cap per member and year (yuan)"), min_value=0, required=False)
    floor = YuanField(label=_("Floor per member and year (yuan)"), min_value=0, required=False)
    planning_days = forms.IntegerField(label=_("Days to plan ahead"), min_value=0, max_value=366)
    acceptance_days = forms.IntegerField(label=_("Days of silence that accept"), min_value=1, max_value=60)
    occasions = forms.MultipleChoiceField(
        label=_("Occasions allowed"), choices=Occasion.choices, widget=forms.CheckboxSelectMultiple
    )
    urgent_occasions = forms.MultipleChoiceField(
        label=_("Urgent occasions"), choices=Occasion.choices, widget=forms.CheckboxSelectMultiple, required=False
    )
    forbidden_forms = forms.MultipleChoiceField(
        label=_("Forms never given"), choices=GiftForm.choices, widget=forms.CheckboxSelectMultiple, required=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for number in _STEPS:
            first = number == 1
            self.fields[f"from_{number}"] = YuanField(
                label=_("Step %(number)s of procurement: from (yuan)") % {"number": number},
                min_value=0,
                required=False,
                help_text=_("Empty: there is no such step.") if not first else "",
            )
            self.fields[f"people_{number}"] = forms.IntegerField(
                label=_("Step %(number)s: people who decide") % {"number": number},
                min_value=0,
                max_value=99,
                required=False,
            )
            self.fields[f"quotations_{number}"] = forms.IntegerField(
                label=_("Step %(number)s: quotations") % {"number": number}, min_value=0, max_value=99, required=False
            )

    @staticmethod
    def like(policy: Policy | None) -> dict[str, Any]:
        """What a new draft begins with: the rules of this policy."""
        start: dict[str, Any] = {"region": "61", "begins": None, "first_choice": True}
        if policy is None:
            return start
        names = [name for name in PolicyForm.base_fields if name not in {"version", "begins", "source"}]
        start |= {name: getattr(policy, name) for name in names}
        for number, step in zip(_STEPS, policy.approval_steps, strict=False):
            start |= {f"{name}_{number}": step[name] for name in ("from", "people", "quotations")}
        return start

    def draft(self) -> Draft:
        """What was written, as the verb takes it."""
        data = dict(self.cleaned_data)
        steps = [
            {name: data.pop(f"{name}_{number}") or 0 for name in ("from", "people", "quotations")}
            for number in _STEPS
            if data.get(f"from_{number}") is not None
        ]
        facts = {name: value for name, value in data.items() if name in PolicyForm.base_fields}
        return Draft(**facts | {"cap": facts["cap"] or 0, "floor": facts["floor"] or 0}, approval_steps=steps)


class OrganisationForm(forms.Form):
    """A new organisation."""

    kind = forms.ChoiceField(label=_("Kind"), choices=_KINDS)
    code = forms.CharField(
        label=_("Organisation code"),
        max_length=32,
        help_text=_("Capital letters, digits and hyphens; never used again."),
    )
    name = forms.CharField(label=_("Full name"), max_length=120)
    name_en = forms.CharField(label=_("English name"), max_length=160, required=False)
    credit_code = forms.CharField(label=_("Unified social credit code"), max_length=18, required=False)
    level = forms.TypedChoiceField(
        label=_("Level of the union"),
        required=False,
        coerce=int,
        empty_value=None,
        choices=[("", _("not a union")), *UnionLevel.choices],
    )
    parent = forms.ModelChoiceField(label=_("Union above"), queryset=Organisation.objects.none(), required=False)
    county = forms.ModelChoiceField(label=_("County"), queryset=County.objects.order_by("code"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        above = Organisation.objects.filter(kind=OrganisationKind.UNION, level__lt=UnionLevel.GRASSROOTS)
        self.fields["parent"].queryset = above.order_by("path")  # type: ignore[attr-defined]

    def wish(self) -> Wish:
        """What was written, as the verb takes it."""
        data = self.cleaned_data
        level = None if data["level"] is None else UnionLevel(data["level"])
        return Wish(**data | {"kind": OrganisationKind(data["kind"]), "level": level})


class NameForm(forms.Form):
    """Names and credit code, as the certificate now shows them."""

    name = forms.CharField(label=_("Full name"), max_length=120)
    name_en = forms.CharField(label=_("English name"), max_length=160, required=False)
    credit_code = forms.CharField(label=_("Unified social credit code"), max_length=18, required=False)


class GroundForm(forms.Form):
    """Why."""

    ground = forms.CharField(
        label=_("Ground"),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=1000,
        help_text=_("It goes into the log; name no private person."),
    )


class PurseForm(forms.Form):
    """A new purse of a union."""

    name = forms.CharField(label=_("Name of the purse"), max_length=60)
    name_en = forms.CharField(label=_("English name"), max_length=80, required=False)
    gift_year = forms.TypedChoiceField(label=_("Gift year"), coerce=int)
    kind = forms.ChoiceField(
        label=_("Kind"),
        choices=[
            (PurseKind.GENERAL.value, PurseKind.GENERAL.label),
            (PurseKind.RING_FENCED.value, PurseKind.RING_FENCED.label),
        ],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        year = today().year
        self.fields["gift_year"].choices = [(y, str(y)) for y in (year, year + 1, year - 1)]  # type: ignore[attr-defined]


class FundForm(forms.Form):
    """Money that the union put into a purse."""

    amount = YuanField(label=_("Amount (yuan)"))
    reference = forms.CharField(label=_("Bank slip or budget paper"), max_length=80)
    key = forms.CharField(widget=forms.HiddenInput, max_length=40)


class ClassifyForm(forms.Form):
    """What a product is compared by."""

    commodity_class = forms.ModelChoiceField(label=_("Commodity class"), queryset=CommodityClass.objects.none())
    net_content = forms.IntegerField(
        label=_("Net content (base units of the class)"), min_value=0, max_value=10_000_000
    )
    grade = forms.CharField(label=_("Grade"), max_length=20, required=False)
    processing = forms.CharField(label=_("Processing"), max_length=20, required=False)
    dietary = forms.CharField(
        label=_("Dietary marks"),
        max_length=100,
        required=False,
        help_text=_("Such as halal, sugar_free; parted by commas."),
    )
    ground = forms.CharField(
        label=_("Ground"),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=1000,
        help_text=_("The determination is published with it; sellers may challenge it."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        leaves = CommodityClass.objects.filter(children__isnull=True).select_related("parent").order_by("code")
        self.fields["commodity_class"].queryset = leaves  # type: ignore[attr-defined]

    @staticmethod
    def of(product: Product) -> dict[str, Any]:
        """What the form begins with."""
        start = {name: getattr(product, name) for name in ("commodity_class", "net_content", "grade", "processing")}
        return start | {"dietary": ", ".join(product.dietary)}

    def clean_dietary(self) -> list[str]:
        """Marks without blanks; none given twice."""
        marks = self.cleaned_data["dietary"].replace("，", ",").split(",")
        return sorted({mark.strip() for mark in marks if mark.strip()})


class PriceForm(forms.Form):
    """A class's reference price."""

    price = YuanField(label=_("Reference price (yuan)"), min_value=0)
