"""What sellers and those who answer them write in public."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from marketplace.workspaces.papers import read_scan
from procurement.watch.actions import File

_PUBLISHED = _("It is published under your organisation's name; leave out names and numbers of persons.")


class SayForm(forms.Form):
    """A word in a challenge, with a paper if need be."""

    text = forms.CharField(
        label=_("What you say"), max_length=2000, widget=forms.Textarea(attrs={"rows": 4}), help_text=_PUBLISHED
    )
    paper = forms.FileField(
        label=_("Paper"), required=False, help_text=_("PDF, JPEG or PNG; only the sides see it, the public its hash.")
    )

    def files_sent(self) -> list[File]:
        """The paper as the verb takes it."""
        upload = self.cleaned_data["paper"]
        return [File(*read_scan(upload))] if upload else []


class ChallengeForm(SayForm):
    """Why a determination or a certificate is wrong."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["text"].label = _("Your grounds")


class OutcomeForm(forms.Form):
    """Who is right, and why."""

    outcome = forms.ChoiceField(
        label=_("Outcome"),
        choices=[("uphold", _("Upheld: the seller is right")), ("reject", _("Rejected: it stands"))],
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(
        label=_("Reason"), max_length=2000, widget=forms.Textarea(attrs={"rows": 4}), help_text=_PUBLISHED
    )


class ObjectionForm(forms.Form):
    """What somebody says against an accreditation on public notice, and how the office can ask them."""

    text = forms.CharField(
        label=_("What is wrong"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("It is published; leave out names and numbers of persons."),
    )
    name = forms.CharField(
        label=_("Your name"),
        max_length=40,
        help_text=_("Only the family name is published."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    contact = forms.CharField(
        label=_("Phone or e-mail"), max_length=100, help_text=_("Only the county's office sees it, to ask you.")
    )
