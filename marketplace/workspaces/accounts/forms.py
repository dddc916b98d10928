"""Forms of signing in, and of choosing for whom one acts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib.auth.password_validation import password_validators_help_texts, validate_password
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from marketplace.organisations.models import Organisation, Role, User
from marketplace.signin.actions import NewPerson


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


class PhoneField(forms.CharField):
    """A mobile number; spaces, dashes and the country's prefix are forgiven. Its value is the eleven digits."""

    def __init__(self, **kwargs: Any) -> None:
        attributes = {"inputmode": "tel", "autocomplete": "tel-national"}
        super().__init__(max_length=20, widget=forms.TextInput(attrs=attributes), **kwargs)

    def clean(self, value: Any) -> str:
        """The eleven digits, or "" when left empty."""
        digits = re.sub(r"^(\+|00)86", "", re.sub(r"[\s\-]", "", str(super().clean(value))))
        if digits and not re.fullmatch(r"1[0-9]{10}", digits, re.ASCII):
            raise ValidationError(_("A mobile number has eleven digits and begins with 1."), code="phone")
        return digits


class PhoneForm(forms.Form):
    """The phone to which a code goes."""

    phone = PhoneField(label=_("Mobile number"))


class InviteForm(forms.Form):
    """Whom to invite, as what."""

    role = forms.ChoiceField(label=_("Role"))
    note = forms.CharField(
        label=_("Whom it is for"),
        max_length=80,
        required=False,
        help_text=_("Name or office, so that you recognise the invitation on the list."),
    )
    phone = PhoneField(
        label=_("Mobile number"),
        required=False,
        help_text=_("A message goes there. Without a number, give the link yourself."),
    )

    def __init__(self, roles: Sequence[Role], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["role"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(role.value, role.label) for role in roles]


class NewPersonForm(forms.Form):
    """Name and password of somebody who takes an invitation."""

    display_name = forms.CharField(
        label=_("Your name"), max_length=80, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    username = forms.CharField(
        label=_("User name"),
        min_length=3,
        max_length=60,
        validators=[
            RegexValidator(r"\A[a-z0-9._-]+\Z", _("Small letters, digits, full stop, dash and underscore only."))
        ],
        help_text=_("You sign in with it: at least 3 small letters or digits."),
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none"}),
    )
    password = forms.CharField(label=_("Password"), widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}))
    again = forms.CharField(
        label=_("Password again"), widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].help_text = " ".join(password_validators_help_texts())

    def clean(self) -> dict[str, Any]:
        """Both passwords are the same, and good enough."""
        found = super().clean() or {}
        password = found.get("password")
        if password and "again" in found and password != found["again"]:
            self.add_error("again", _("The two passwords differ. Type the same one twice."))
        if password:
            try:
                validate_password(password, User(username=found.get("username", "")))
            except ValidationError as error:
                self.add_error("password", error)
        return found

    def person(self) -> NewPerson:
        """What was typed, once it is valid."""
        typed = self.cleaned_data
        return NewPerson(typed["username"], typed["display_name"], typed["password"])


class PasswordForm(forms.Form):
    """The present password and, twice, another one."""

    present = forms.CharField(
        label=_("Present password"), widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )
    password = forms.CharField(
        label=_("New password"), widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )
    again = forms.CharField(
        label=_("New password again"), widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )

    def __init__(self, person: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = person
        self.fields["password"].help_text = " ".join(password_validators_help_texts())

    def clean(self) -> dict[str, Any]:
        """The new ones are the same, good enough, and another than the present one."""
        found = super().clean() or {}
        password = found.get("password")
        if password and "again" in found and password != found["again"]:
            self.add_error("again", _("The two passwords differ. Type the same one twice."))
        if password and password == found.get("present"):
            self.add_error("password", _("That is the password you have. Choose another one."))
        elif password:
            try:
                validate_password(password, self.person)
            except ValidationError as error:
                self.add_error("password", error)
        return found
