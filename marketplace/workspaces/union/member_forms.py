"""What buyers fill in about members: until when they choose, whom to show, an answer to a problem."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from procurement.programmes.models import ComplaintReason, ComplaintState


class ChoosingForm(forms.Form):
    """Until when members choose."""

    closes_at = forms.SplitDateTimeField(
        label=_("Members choose until"),
        widget=forms.SplitDateTimeWidget(
            date_attrs={"type": "date"}, date_format="%Y-%m-%d", time_attrs={"type": "time"}, time_format="%H:%M"
        ),
        help_text=_("Then it closes by itself, and who has not chosen gets the default."),
    )


class ChoosersFilter(forms.Form):
    """Which members to show."""

    CHOSEN = (("", _("All")), ("no", _("Not chosen yet")), ("yes", _("Chosen")))

    department = forms.ChoiceField(label=_("Department"), required=False)
    chosen = forms.ChoiceField(label=_("Choice"), required=False, choices=CHOSEN)

    def __init__(self, departments: list[str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = self.fields["department"]
        assert isinstance(choice, forms.ChoiceField)
        choice.choices = [("", _("All")), *((name, name) for name in departments)]


class ComplaintsFilter(forms.Form):
    """Which problems to show."""

    state = forms.ChoiceField(label=_("State"), required=False, choices=[("", _("All")), *ComplaintState.choices])
    reason = forms.ChoiceField(label=_("Problem"), required=False, choices=[("", _("All")), *ComplaintReason.choices])


class ReplyForm(forms.Form):
    """What the union tells a member about a problem."""

    words = forms.CharField(
        label=_("Answer to the member"),
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=1_000,
        help_text=_("What will be done, and by when. The member reads it on the page of the gift."),
    )
