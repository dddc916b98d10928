"""What an auditor writes."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class CaseForm(forms.Form):
    """A new matter."""

    subject = forms.CharField(
        label=_("About"), max_length=80, help_text=_("A few words. From an order or a statement, this fills itself in.")
    )
    question = forms.CharField(label=_("Question"), widget=forms.Textarea, max_length=4000)


class NoteForm(forms.Form):
    """Something more to say, or the conclusion."""

    text = forms.CharField(label=_("Your words"), widget=forms.Textarea, max_length=4000)
    then = forms.ChoiceField(
        label=_("What now?"),
        widget=forms.RadioSelect,
        choices=[
            ("ask_again", _("The answer does not do: ask again")),
            ("close", _("This is the conclusion: close the case")),
        ],
        initial="ask_again",
    )
