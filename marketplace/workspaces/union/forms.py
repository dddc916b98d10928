"""What buyers and approvers fill in."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from marketplace.ledger.models import Purse, PurseKind
from marketplace.organisations.models import Organisation
from marketplace.workspaces.fields import DayInput, YuanField
from marketplace.workspaces.pages import today
from marketplace.workspaces.templatetags._figures import fen
from procurement.policy.models import Occasion
from procurement.priority.models import Ground
from procurement.programmes.models import Delivery, PaperKind

ROSTER_BYTES = 20 * 1024 * 1024


def purse_name(purse: Purse) -> str:
    """A purse's name in the reader's language."""
    return purse.name_en if get_language() == "en" and purse.name_en else purse.name


class PurseField(forms.ModelChoiceField[Purse]):
    """Purses with their year and balance."""

    def label_from_instance(self, obj: Any) -> str:
        """Name, kind, year and what is left."""
        return f"{purse_name(obj)} · {obj.gift_year} · {fen(obj.account.balance)}"


class ProgrammeForm(forms.Form):
    """A new plan. The gift year is the purse's."""

    title = forms.CharField(
        label=_("Title"), max_length=120, help_text=_("Approver, auditor and members will read it.")
    )
    occasion = forms.ChoiceField(label=_("Occasion"), choices=Occasion.choices)
    per_head = YuanField(
        label=_("Standard per head (yuan)"), min_value=1, help_text=_("The most that one member's gift may cost.")
    )
    need_date = forms.DateField(
        label=_("Needed by"), widget=DayInput(), help_text=_("The day on which the last member should have the gift.")
    )
    delivery = forms.ChoiceField(
        label=_("Delivery"), widget=forms.RadioSelect, choices=Delivery.choices, initial=Delivery.HOME,
        help_text=_(
            "A voucher names seller and item and is good for 30 days after the day of need; "
            "what is not called for by then goes to the workplace."
        ),
    )  # fmt: skip
    purse = PurseField(label=_("Paid from"), queryset=Purse.objects.none(), empty_label=None)
    quotations = forms.IntegerField(
        label=_("Quotations on file"),
        min_value=0,
        max_value=99,
        initial=0,
        help_text=_("Larger purchases need several; the policy says how many."),
    )
    approvers = forms.IntegerField(
        label=_("People who decided"),
        min_value=1,
        max_value=99,
        initial=1,
        help_text=_("As the minutes of the meeting name them."),
    )

    def __init__(self, union: Organisation, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["purse"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = (
            Purse.objects.filter(union=union, gift_year__gte=today().year, kind=PurseKind.GENERAL)
            .select_related("account")
            .order_by("gift_year", "id")
        )

    def clean_need_date(self) -> date:
        """A day that has passed is a slip of the pen."""
        day: date = self.cleaned_data["need_date"]
        if day <= today():
            raise forms.ValidationError(gettext("The day must lie after today."))
        return day


class RosterForm(forms.Form):
    """The list of members, as the union keeps it."""

    roster = forms.FileField(
        label=_("List of members"),
        help_text=_(
            "The workbook as you keep it: XLSX, XLS or CSV, with columns for name and mobile number. "
            "Columns are found by their headings."
        ),
    )

    def clean_roster(self) -> Any:
        """Refuse what is too large to read."""
        roster = self.cleaned_data["roster"]
        if roster.size > ROSTER_BYTES:
            raise forms.ValidationError(gettext("The file is larger than 20 MB. Keep the list only, without pictures."))
        return roster


class PersonForm(forms.Form):
    """One person typed in. What is wrong with it, the verb says, as it does of a roster's row."""

    name = forms.CharField(label=_("Name"), max_length=60)
    phone = forms.CharField(label=_("Mobile number"), max_length=40, widget=forms.TextInput({"inputmode": "tel"}))
    member_no = forms.CharField(label=_("Member number"), max_length=40, required=False)
    department = forms.CharField(label=_("Department"), max_length=60, required=False)
    address = forms.CharField(
        label=_("Address"), max_length=200, required=False, help_text=_("Needed for delivery to the home.")
    )
    id_number = forms.CharField(
        label=_("Identity number"), max_length=40, required=False, help_text=_("Only where your union collects it.")
    )


class PeopleFilter(forms.Form):
    """Whom the list shows. Names and numbers of telephones are stored encrypted, so they cannot be searched."""

    member = forms.CharField(label=_("Member number"), max_length=40, required=False)
    department = forms.ChoiceField(label=_("Department"), required=False)

    def __init__(self, departments: list[str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["department"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("All")), *((name, name) for name in departments)]

    @property
    def wishes(self) -> dict[str, str]:
        """What was asked and makes sense, as conditions on recipients."""
        self.is_valid()
        asked = {"member_no__icontains": "member", "department": "department"}
        return {lookup: self.cleaned_data[name] for lookup, name in asked.items() if self.cleaned_data.get(name)}


class PaperForm(forms.Form):
    """A scanned paper."""

    kind = forms.ChoiceField(label=_("Kind of paper"), choices=PaperKind.choices)
    paper = forms.FileField(label=_("Scan"))


class SendBackForm(forms.Form):
    """Why a plan goes back."""

    because = forms.CharField(
        label=_("What should be changed?"), max_length=400, widget=forms.Textarea(attrs={"rows": 3})
    )


class GiftLineForm(forms.Form):
    """A product for a part of the gift, and from which purse it is paid; the plan's own when none is named."""

    product = forms.IntegerField(widget=forms.HiddenInput)
    slot = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=50)
    per_head = forms.IntegerField(label=_("Units for each member"), min_value=1, max_value=100, initial=1)
    purse = forms.IntegerField(label=_("Paid from"), required=False)
    choice = forms.IntegerField(
        label=_("For whom"), required=False, help_text="the part in which members choose between it and what is there"
    )


class ExceptionForm(forms.Form):
    """A request to the union above."""

    ground = forms.ChoiceField(
        label=_("Ground"),
        choices=[("", _("Choose…")), *Ground.choices],
        help_text=_("A need date that was planned too late is no ground."),
    )
    grounds = forms.CharField(
        label=_("In your words"),
        widget=forms.Textarea,
        max_length=2000,
        help_text=_(
            "Why none of the products on offer can serve. The union above decides on it, the auditor reads it."
        ),
    )
    quantity = forms.IntegerField(label=_("Units"), min_value=1)
    valid_from = forms.DateField(label=_("Valid from"), widget=DayInput())
    valid_to = forms.DateField(label=_("Valid until"), widget=DayInput())
    paper = forms.FileField(
        label=_("Paper that proves it"),
        required=False,
        help_text=_(
            "PDF, JPEG or PNG, up to 10 MB, for instance a list without names of members with a doctor's advice."
        ),
    )

    def clean(self) -> dict[str, Any]:
        """The period must not end before it begins."""
        data = super().clean() or {}
        if data.get("valid_from") and data.get("valid_to") and data["valid_to"] < data["valid_from"]:
            self.add_error("valid_to", gettext("The period ends before it begins."))
        return data


class ProofForm(forms.Form):
    """A paper that is put beside a request later."""

    paper = forms.FileField(
        label=_("Paper that proves it"),
        widget=forms.FileInput(attrs={"accept": "application/pdf,image/jpeg,image/png"}),
    )


class AnswerForm(forms.Form):
    """Something said in an audit case."""

    text = forms.CharField(label=_("Answer"), widget=forms.Textarea, max_length=4000)


class SetAsideForm(forms.Form):
    """Money moved into the assistance-only purse. The key comes with the page, so that sending it twice moves it once."""

    amount = YuanField(label=_("Amount (yuan)"), min_value=1)
    key = forms.CharField(widget=forms.HiddenInput, max_length=40)
