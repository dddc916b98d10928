"""Signing in by a code sent to the phone: asking for it, entering it."""

from __future__ import annotations

import base64
from typing import Any

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.views import RedirectURLMixin
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import urlencode
from django.utils.module_loading import import_string
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import FormView

from marketplace.organisations import personal
from marketplace.organisations.errors import HouseError
from marketplace.signin import lock_out, phone_codes
from marketplace.workspaces import doors
from marketplace.workspaces.accounts.forms import CodeForm, PhoneForm
from marketplace.workspaces.context import home_of
from marketplace.workspaces.pages import put_into

_PHONE, _ASKED = "sign_in_phone", "sign_in_code"


_PRIVATE = method_decorator([sensitive_post_parameters(), never_cache], name="dispatch")


class _ByPhone(RedirectURLMixin):
    request: HttpRequest

    def get_default_redirect_url(self) -> str:
        """Where the person's day begins."""
        return home_of(doors.memberships_of(self.request))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """What is to come, for the form to carry on."""
        between = {"next": self.get_redirect_url(), "page_kind": "login"}
        return super().get_context_data(**kwargs) | between  # type: ignore[misc,no-any-return]


@_PRIVATE
class AskForCode(_ByPhone, FormView[PhoneForm]):
    """Entering the phone number. What comes next is the same whether the number is known or not."""

    form_class = PhoneForm
    template_name = "registration/phone.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """On a demonstration site, numbers that may be tried: nobody could guess one."""
        phones = import_string(settings.DEMO_PHONES)() if settings.DEMO_PHONES else []
        return super().get_context_data(**kwargs) | {"demo_phones": phones}

    def form_valid(self, form: PhoneForm) -> HttpResponse:
        """Ask for a code and go on to the page where it is entered."""
        phone = form.cleaned_data["phone"]
        try:
            asked = phone_codes.ask(phone, lock_out.client_address(self.request))
        except HouseError as error:
            put_into(form, error)
            return self.form_invalid(form)
        self.request.session[_PHONE] = base64.b64encode(personal.encrypt(phone)).decode()
        self.request.session[_ASKED] = asked.pk
        there = self.get_redirect_url()
        return redirect(reverse("phone_code") + (f"?{urlencode({'next': there})}" if there else ""))


@_PRIVATE
class EnterCode(_ByPhone, FormView[CodeForm]):
    """Entering the code that came."""

    form_class = CodeForm
    template_name = "registration/phone_code.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Nobody enters a code for which they did not ask."""
        if _PHONE not in request.session:
            return redirect("phone_sign_in")
        return super().dispatch(request, *args, **kwargs)

    def form_valid(self, form: CodeForm) -> HttpResponse:
        """Sign the person in under a new session, or count the wrong code."""
        key = lock_out.key_of("phone", phone_codes.index_of(self._phone()))
        if lock_out.is_shut(self.request, key):
            return self.form_invalid(form)
        try:
            person = phone_codes.redeem(self._phone(), form.cleaned_data["code"])
        except HouseError as error:
            lock_out.count_failure(self.request, key)
            put_into(form, error)
            return self.form_invalid(form)
        lock_out.forget_failures(key)
        for name in (_PHONE, _ASKED):
            self.request.session.pop(name, None)
        login(self.request, person, backend="django.contrib.auth.backends.ModelBackend")
        return redirect(self.get_success_url())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """To which number it went, masked; on a demonstration, the code itself."""
        demonstration = settings.EMBEDDED and settings.MESSAGE_PROVIDER.endswith(".ConsoleProvider")
        shown = phone_codes.latest_code_of(self.request.session.get(_ASKED)) if demonstration else ""
        masked = personal.mask_phone(self._phone())
        return super().get_context_data(**kwargs) | {"phone": masked, "shown_code": shown}

    def _phone(self) -> str:
        return personal.decrypt(base64.b64decode(self.request.session[_PHONE]))
