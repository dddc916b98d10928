"""Changing one's password, for those who have one."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import FormView

from marketplace.organisations.errors import HouseError
from marketplace.signin import lock_out, second_factor
from marketplace.signin.actions import change_password
from marketplace.workspaces import doors
from marketplace.workspaces.accounts.forms import PasswordForm
from marketplace.workspaces.context import home_of
from marketplace.workspaces.pages import put_into, thanks


@method_decorator([sensitive_post_parameters(), never_cache], name="dispatch")
class ChangePassword(LoginRequiredMixin, FormView[PasswordForm]):
    """The present password and another one. Whoever's role needs a second factor has given it before; wrong passwords are counted."""

    form_class = PasswordForm
    template_name = "registration/password.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Only who has a password, and only after the second factor."""
        if request.user.is_authenticated:
            if second_factor.is_missing(request, doors.memberships_of(request)):
                return doors.lead_to("second_factor", request)
            if not request.user.has_usable_password():
                raise Http404
        return super().dispatch(request, *args, **kwargs)

    def get_form_kwargs(self) -> dict[str, Any]:
        """The new password must not be like the person's name."""
        return super().get_form_kwargs() | {"person": self.request.user}

    def form_valid(self, form: PasswordForm) -> Any:
        """Change it, and keep this session; or count the wrong one."""
        person: Any = self.request.user
        key = lock_out.key_of("password", person.pk)
        if lock_out.is_shut(self.request, key):
            return self.form_invalid(form)
        try:
            changed = change_password(person, form.cleaned_data["present"], form.cleaned_data["password"])
        except HouseError as error:
            lock_out.count_failure(self.request, key)
            put_into(form, error)
            return self.form_invalid(form)
        lock_out.forget_failures(key)
        update_session_auth_hash(self.request, changed)
        thanks(self.request, _("Your password was changed. Everywhere else you are signed out."))
        return redirect(home_of(doors.memberships_of(self.request)))
