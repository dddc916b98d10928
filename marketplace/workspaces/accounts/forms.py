"""Forms of signing in, and of choosing for whom one acts."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from marketplace.organisations.models import Organisation


class OrganisationForm(forms.Form):
    """One of the organisations in which the person has a role."""

    organisation = forms.ModelChoiceField(
        queryset=Organisation.objects.none(), widget=forms.RadioSelect, empty_label=None, label=_("Act for")
    )

    def __init__(self, user: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["organisation"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Organisation.objects.filter(memberships__user=user).distinct().order_by("path")


class CodeForm(forms.Form):
    """A code from a device, a message or the sheet of recovery codes."""

    code = forms.CharField(
        label=_("Code"),
        max_length=20,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True, "class": "code-input"}
        ),
    )
