"""What officers decide."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from marketplace.workspaces.fields import DayInput


class ReasonForm(forms.Form):
    """Why something is refused, suspended or revoked."""

    reason = forms.CharField(
        label=_("Reason"),
        widget=forms.Textarea,
        max_length=1000,
        help_text=_("It is published; name no private person."),
    )


class ObjectionForm(forms.Form):
    """What the county says to an objection."""

    outcome = forms.ChoiceField(
        label=_("Outcome"),
        choices=[
            ("dismiss", _("Dismissed: the accreditation can come into force")),
            ("uphold", _("Upheld: the accreditation is refused")),
        ],
        widget=forms.RadioSelect,
    )
    answer = forms.CharField(
        label=_("Answer"),
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=1000,
        help_text=_("It is published; name no private person."),
    )


class AnswerForm(forms.Form):
    """What an officer says to a request, and whether the goods stay outside the year's share."""

    answer = forms.CharField(label=_("Answer"), required=False, max_length=1000)
    waives_share = forms.BooleanField(required=False)


class DelegateForm(forms.Form):
    """Who answers what is left unanswered."""

    person = forms.TypedChoiceField(label=_("Delegate"), coerce=int)

    def __init__(self, *args: Any, people: Sequence[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"].choices = [("", gettext("Choose…")), *people]  # type: ignore[attr-defined]


class ValidityForm(forms.Form):
    """How long an accreditation holds."""

    valid_from = forms.DateField(label=_("From"), widget=DayInput())
    valid_to = forms.DateField(label=_("Until"), widget=DayInput())

    def clean(self) -> dict[str, Any]:
        """The period must not end before it begins."""
        data = super().clean() or {}
        if data.get("valid_from") and data.get("valid_to") and data["valid_to"] <= data["valid_from"]:
            self.add_error("valid_to", gettext("The period ends before it begins."))
        return data
