"""What the operator writes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from marketplace.ledger.models import PurseKind, PursePurpose
from marketplace.organisations.models import County, Organisation, OrganisationKind, UnionLevel
from marketplace.shop.bounds import Limits
from marketplace.shop.catalogue.models import ClassBounds, CommodityClass, Product
from marketplace.workspaces.fields import DayInput, PercentField, YuanField
from marketplace.workspaces.pages import today
from procurement.policy.drafts import Draft
from procurement.policy.models import EVERY_LEVEL, GiftForm, Occasion, Policy
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
    level = forms.TypedChoiceField(
        label=_("Level of the unions that it binds"),
        coerce=int,
        choices=[(EVERY_LEVEL, _("Every level")), *UnionLevel.choices],
        help_text=_("In one region a policy for a level comes before one for every level."),
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
    ring_fence = YuanField(label=_("On top of the cap from assistance-only purses (yuan)"), min_value=0, required=False)
    floor = YuanField(
        label=_("Assistance products each member gets a year before ordinary ones (yuan)"), min_value=0, required=False
    )
    keep_last_year = forms.BooleanField(
        label=_("No less of assistance products than the year before, and that before ordinary ones"), required=False
    )
    planning_days = forms.IntegerField(label=_("Days to plan ahead"), min_value=0, max_value=366)
    acceptance_days = forms.IntegerField(label=_("Days of silence that accept"), min_value=1, max_value=60)
    return_days = forms.IntegerField(label=_("Days to return goods after acceptance"), min_value=0, max_value=60)
    occasions = forms.MultipleChoiceField(
        label=_("Occasions allowed"), choices=Occasion.choices, widget=forms.CheckboxSelectMultiple
    )
    urgent_occasions = forms.MultipleChoiceField(
        label=_("Urgent occasions"), choices=Occasion.choices, widget=forms.CheckboxSelectMultiple, required=False
    )
    forbidden_forms = forms.MultipleChoiceField(
        label=_("Forms never given"), choices=GiftForm.choices, widget=forms.CheckboxSelectMultiple, required=False
    )
    exception_days = forms.IntegerField(label=_("Days to answer a request for an exception"), min_value=1, max_value=60)
    exception_second_from = YuanField(
        label=_("Exceptions that need a second person: from (yuan)"),
        min_value=0,
        required=False,
        help_text=_("Empty: none does."),
    )
    challenge_days = forms.IntegerField(
        label=_("Days to challenge a determination or certificate"), min_value=1, max_value=90
    )
    grant_3 = YuanField(
        label=_("A county union grants exceptions up to (yuan)"),
        min_value=0,
        required=False,
        help_text=_("Empty: whatever the goods are worth. 0: none; the union above it does."),
    )
    grant_2 = YuanField(
        label=_("A city union grants exceptions up to (yuan)"),
        min_value=0,
        required=False,
        help_text=_("The province union grants what is above."),
    )
    uncovered_purposes = forms.MultipleChoiceField(
        label=_("Purposes of purses that it does not bind"),
        choices=[choice for choice in PursePurpose.choices if choice[0] != PursePurpose.GIFTS],
        widget=forms.CheckboxSelectMultiple,
        required=False,
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
        start |= {name: getattr(policy, name) for name in _names() if name not in {"version", "begins", "source"}}
        start |= _grant_fields(policy.exception_grants)
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
        facts: dict[str, Any] = {name: 0 if data[name] is None else data[name] for name in _names()}
        return Draft(**facts, approval_steps=steps, exception_grants=_grants({n: data[f"grant_{n}"] for n in (3, 2)}))


def _names() -> list[str]:
    """The fields that a draft has too, by the same names."""
    return [name for name in PolicyForm.base_fields if not name.startswith("grant_")]


def _grants(up_to: Mapping[int, int | None]) -> list[dict[str, int]]:
    """Who grants exceptions, from what was written for the lower levels; the province union grants the rest."""
    grants: list[dict[str, int]] = []
    for level, amount in up_to.items():
        if amount is None:
            return [*grants, {"level": level, "up_to": 0}]
        if amount:
            grants.append({"level": level, "up_to": amount})
    return [*grants, {"level": int(UnionLevel.PROVINCE), "up_to": 0}]


def _grant_fields(grants: Iterable[Mapping[str, int]]) -> dict[str, int | None]:
    """The same as fields: None for any amount, 0 for none."""
    known = {grant["level"]: grant["up_to"] for grant in grants if grant["up_to"]}
    anything = max(grant["level"] for grant in grants if not grant["up_to"])
    return {f"grant_{level}": None if level <= anything else known.get(level, 0) for level in (3, 2)}


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
    purpose = forms.ChoiceField(
        label=_("Purpose"),
        choices=PursePurpose.choices,
        required=False,
        help_text=_("It stays; the policy says whether it binds purses of this purpose."),
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
        help_text=_("Such as halal, sugar-free; parted by commas."),
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


class BoundsForm(forms.Form):
    """Within what two products of a class are equivalent."""

    content_least = forms.IntegerField(
        label=_("Smallest sales unit compared (base units of the class)"),
        min_value=0,
        max_value=10_000_000,
        required=False,
    )
    content_most = forms.IntegerField(
        label=_("Largest sales unit compared (base units of the class)"),
        min_value=0,
        max_value=10_000_000,
        required=False,
        help_text=_("Empty: no limit."),
    )
    grades = forms.CharField(
        label=_("Grades, from the best down"),
        max_length=200,
        required=False,
        help_text=_(
            "Parted by commas. An equivalent is of the same grade or a better one; empty: grades are not compared."
        ),
    )
    processings = forms.CharField(
        label=_("Kinds of processing that are told apart"),
        max_length=200,
        required=False,
        help_text=_("Parted by commas; empty: none is."),
    )
    dietary = forms.CharField(
        label=_("Dietary marks that count"),
        max_length=200,
        required=False,
        help_text=_("Such as halal, sugar-free; parted by commas."),
    )
    ground = forms.CharField(
        label=_("Ground"),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=1000,
        help_text=_("It is published with the bounds; name no private person."),
    )

    @staticmethod
    def of(bounds: ClassBounds | None) -> dict[str, Any]:
        """What the form begins with: the bounds in force."""
        if bounds is None:
            return {}
        lists = {name: ", ".join(getattr(bounds, name)) for name in _LISTS}
        return lists | {"content_least": bounds.content_least or None, "content_most": bounds.content_most or None}

    def limits(self) -> Limits:
        """What was written, as the verb takes it."""
        data = self.cleaned_data
        lists = {name: data[name].replace("，", ",").replace("、", ",").split(",") for name in _LISTS}
        kept = {name: [word for word in words if word.strip()] for name, words in lists.items()}
        return Limits(data["content_least"] or 0, data["content_most"] or 0, **kept)


_LISTS = ("grades", "processings", "dietary")
