"""Signing in and out, the language, and for whom one acts."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.mixins import LoginRequiredMixin
from django.contrib.auth.views import LoginView
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.views.generic import FormView

from marketplace.signin import second_factor
from marketplace.workspaces import doors
from marketplace.workspaces.accounts.forms import OrganisationForm
from marketplace.workspaces.context import home_of
from marketplace.workspaces.pages import thanks


class SignIn(LoginView):
    """Sign in by name and password, and go to where the person's day begins."""

    extra_context = {"page_kind": "login"}

    def get_success_url(self) -> str:
        """The page wanted, for roles that need a second factor by way of its page."""
        there = super().get_success_url()
        if second_factor.is_missing(self.request, doors.memberships_of(self.request)):
            return f"{reverse('second_factor')}?{urlencode({REDIRECT_FIELD_NAME: there}, safe='/')}"
        return there

    def get_default_redirect_url(self) -> str:
        """The home of the workspace of the person's first role."""
        return home_of(doors.memberships_of(self.request))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """On a demonstration site, the invented people as whom one may look around."""
        logins = import_string(settings.DEMO_LOGINS)() if settings.DEMO_LOGINS else []
        return super().get_context_data(**kwargs) | {"demo_logins": logins}


class ChooseOrganisation(LoginRequiredMixin, FormView[OrganisationForm]):
    """For people with roles in several organisations: which one they act for in this session."""

    form_class = OrganisationForm
    template_name = "registration/organisations.html"

    def get_form_kwargs(self) -> dict[str, Any]:
        """Offer the person's own organisations only."""
        return super().get_form_kwargs() | {"user": self.request.user}

    def get_initial(self) -> dict[str, Any]:
        """The one chosen before."""
        return {"organisation": self.request.session.get(doors.SESSION_KEY)}

    def form_valid(self, form: OrganisationForm) -> Any:
        """Remember the choice and go to the home of the work done there."""
        organisation = form.cleaned_data["organisation"]
        self.request.session[doors.SESSION_KEY] = organisation.pk
        thanks(self.request, _("You now act for %(name)s.") % {"name": organisation.display_name})
        there = [m for m in doors.memberships_of(self.request) if m.organisation_id == organisation.pk]
        return redirect(home_of(there))
