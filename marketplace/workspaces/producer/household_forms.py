"""What a producer types about a household and the agreement with it, on a phone."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from marketplace.organisations.models import County, Organisation
from marketplace.workspaces.accounts.forms import PhoneField
from marketplace.workspaces.fields import DayInput, PercentField
from marketplace.workspaces.pages import today
from suppliers.accreditation.models import Mechanism
from suppliers.provenance.models import EVIDENCE, PaperKind


class HouseholdForm(forms.Form):
    """Who the household is. All but name and village may be left for later; without a number it confirms at the town office."""

    head_name = forms.CharField(label=_("Name of the head of household"), max_length=40)
    county: forms.ModelChoiceField[County] = forms.ModelChoiceField(
        label=_("County"), queryset=County.objects.filter(listed=True).order_by("code"), empty_label=None
    )
    village = forms.CharField(label=_("Village"), max_length=60)
    phone = PhoneField(
        label=_("Mobile number"),
        required=False,
        help_text=_("The household's own. A question goes there: is the agreement yours?"),
    )
    id_number = forms.CharField(
        label=_("Identity number"),
        max_length=18,
        required=False,
        help_text=_("Stored encrypted; on pages most of it is hidden."),
    )
    bank_account = forms.CharField(
        label=_("Bank account"), max_length=30, required=False, help_text=_("Where its part is paid to.")
    )

    def __init__(self, producer: Organisation, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["county"].initial = producer.county_id


class SignForm(forms.Form):
    """What was agreed, and the paper that was signed."""

    mechanism = forms.ChoiceField(label=_("How it benefits"), choices=Mechanism.choices)
    share_bp = PercentField(
        label=_("Share of the households, per cent"),
        help_text=_("Of what a lot sells for. Households share it by the weight that each brought."),
    )
    signed_on = forms.DateField(label=_("Signed on"), widget=DayInput(), initial=today)
    paper = forms.FileField(
        label=_("The signed paper"),
        help_text=_(
            "A photo or scan: purchase contract, wage sheet, share agreement, lease, commission note or agreement on an asset."
        ),
    )


class EvidenceForm(forms.Form):
    """One more paper for the agreement."""

    kind = forms.ChoiceField(label=_("Kind"))
    paper = forms.FileField(label=_("Scan"))

    def __init__(self, mechanism: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = [(kind.value, kind.label) for kind in EVIDENCE[mechanism]]
        self.fields["kind"].choices = kinds  # type: ignore[attr-defined]

    def clean_kind(self) -> PaperKind:
        """As the verb takes it."""
        return PaperKind(self.cleaned_data["kind"])


class ChangePhoneForm(forms.Form):
    """The household's right number."""

    phone = PhoneField(label=_("Mobile number"))
