"""Pages of the second factor: giving a code, setting a device up, recovery codes. They come between a page and its reader."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.contrib.auth.mixins import LoginRequiredMixin
from django.contrib.auth.views import RedirectURLMixin
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import urlencode
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import FormView, TemplateView

from marketplace.organisations.errors import HouseError
from marketplace.signin import lock_out, second_factor
from marketplace.signin.records import is_proved
from marketplace.workspaces import doors
from marketplace.workspaces.accounts.forms import CodeForm
from marketplace.workspaces.context import home_of
from marketplace.workspaces.pages import put_into, thanks

SECRET = "second_factor_secret"
FRESH = "recovery_codes"

_Used = TypeVar("_Used")


@method_decorator([sensitive_post_parameters(), never_cache], name="dispatch")
class _BetweenPages(LoginRequiredMixin, RedirectURLMixin):
    """A page on the way to another one, which `next` names; it leads on to no other site."""

    request: HttpRequest

    def get_default_redirect_url(self) -> str:
        """Where the person's day begins."""
        return home_of(doors.memberships_of(self.request))

    def go_to(self, name: str) -> HttpResponseBase:
        """Another page between, with the same page to come."""
        there = self.get_redirect_url()
        return redirect(reverse(name) + (f"?{urlencode({'next': there})}" if there else ""))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """What is to come, for the form to carry on. What was typed before is kept; no way but on is shown."""
        between = {"next": self.get_redirect_url(), "page_kind": "login", "navigation": None}
        return super().get_context_data(**kwargs) | between  # type: ignore[misc,no-any-return]


class SecondFactor(_BetweenPages, FormView[CodeForm]):
    """Giving the code after the password."""

    form_class = CodeForm
    template_name = "registration/code.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Who has no device yet sets one up first; who has given a code goes on."""
        if request.user.is_authenticated:
            if is_proved(request):
                return redirect(self.get_success_url())
            if not second_factor.is_set_up(request.user):
                return self.go_to("second_factor_set_up")
        return super().dispatch(request, *args, **kwargs)

    def form_valid(self, form: CodeForm) -> Any:
        """Let the session in, or count the wrong code."""
        person: Any = self.request.user
        authenticator = _tried(self.request, form, lambda: second_factor.use(person, form.cleaned_data["code"]))
        if authenticator is None:
            return self.form_invalid(form)
        lock_out.forget_failures(_key(self.request))
        second_factor.remember(self.request, authenticator)
        return redirect(self.get_success_url())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """On a demonstration, the code itself."""
        person: Any = self.request.user
        return super().get_context_data(**kwargs) | {"shown_code": second_factor.shown_code(person)}


class SetUpSecondFactor(_BetweenPages, FormView[CodeForm]):
    """Taking a device: the secret as a picture and as letters, and the first code to show that it arrived."""

    form_class = CodeForm
    template_name = "registration/code_set_up.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Who has a device gives its code instead: another one is taken only after the first was given up."""
        if request.user.is_authenticated and second_factor.is_set_up(request.user):
            return self.go_to("second_factor")
        return super().dispatch(request, *args, **kwargs)

    def form_valid(self, form: CodeForm) -> Any:
        """Take the device, show the recovery codes once, and go on."""
        person: Any = self.request.user
        secret, code = self._secret(), form.cleaned_data["code"]
        codes = _tried(self.request, form, lambda: second_factor.set_up(person, secret, code))
        if codes is None:
            return self.form_invalid(form)
        del self.request.session[SECRET]
        lock_out.forget_failures(_key(self.request))
        second_factor.remember(self.request, second_factor.device_of(person))
        self.request.session[FRESH] = codes
        return self.go_to("recovery_codes")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The secret, in both ways."""
        secret = self._secret()
        person: Any = self.request.user
        return super().get_context_data(**kwargs) | {
            "picture": mark_safe(second_factor.picture_of(second_factor.address_of(person, secret))),
            "secret": " ".join(secret[i : i + 4] for i in range(0, len(secret), 4)),
        }

    def _secret(self) -> str:
        """The secret offered in this session, the same until it is taken."""
        return str(self.request.session.setdefault(SECRET, second_factor.new_secret()))


class RecoveryCodes(_BetweenPages, TemplateView):
    """The recovery codes, shown once after they were made; making new ones."""

    template_name = "registration/recovery_codes.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Only a session with the second factor proved comes here."""
        if request.user.is_authenticated and not is_proved(request):
            return doors.lead_to("second_factor", request)
        return super().dispatch(request, *args, **kwargs)

    def post(self, request: HttpRequest) -> HttpResponseBase:
        """New codes in place of the old."""
        person: Any = request.user
        request.session[FRESH] = second_factor.new_recovery_codes(person)
        thanks(request, _("New recovery codes were made; the old ones no longer work."))
        return self.go_to("recovery_codes")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Codes just made, or how many are left."""
        person: Any = self.request.user
        codes = self.request.session.pop(FRESH, [])
        left = len(codes) or second_factor.recovery_codes_left(person)
        return super().get_context_data(**kwargs) | {"codes": codes, "left": left, "go_on": self.get_success_url()}


def _key(request: HttpRequest) -> str:
    """Under which wrong codes of the person who asks are counted."""
    return lock_out.key_of("device", request.user.pk)


def _tried(request: HttpRequest, form: CodeForm, use: Callable[[], _Used]) -> _Used | None:
    """What using a code gives; None while the door is shut, and for a wrong code, which is counted and told in the form."""
    if lock_out.is_shut(request, _key(request)):
        return None
    try:
        return use()
    except HouseError as error:
        lock_out.count_failure(request, _key(request))
        put_into(form, error)
        return None
