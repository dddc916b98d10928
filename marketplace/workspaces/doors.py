"""Who may come in where. Every view says it, and what the visitor then sees is limited to their organisation (I9)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, cast
from urllib.parse import urlencode, urlsplit, urlunsplit

from django.contrib.auth import REDIRECT_FIELD_NAME
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseNotAllowed, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext_lazy as _
from django_htmx.http import HttpResponseClientRedirect

from marketplace.organisations.models import Membership, Organisation, Role, User
from marketplace.organisations.queries import subtree
from marketplace.organisations.scopes import seen_by
from marketplace.signin import second_factor

View = Callable[..., HttpResponseBase]

SESSION_KEY = "organisation"
# What a page can be asked with; a view narrows it further (require_POST, require_safe).
METHODS = ("GET", "HEAD", "POST")
_SUBTREE_ROLES = {Role.UNION_OFFICER, Role.AUDITOR}


@dataclass(frozen=True)
class Audience:
    """Who may come: everybody, or people with one of these roles."""

    roles: frozenset[Role] = frozenset()

    @property
    def everybody(self) -> bool:
        """Whether no sign-in is needed."""
        return not self.roles


class HouseRequest(HttpRequest):
    """A request of somebody who came through a door: for which organisation they act, and as what."""

    user: User
    membership: Membership
    organisation: Organisation
    roles: frozenset[Role]


def open_to(*roles: Role) -> Callable[[View], View]:
    """Open a view to people with one of these roles, and ask every query in it on behalf of their organisation.

    A stranger is sent to sign in; somebody without the role gets 403; whose roles need a second factor and whose session has
    none is sent to give it, and both come back to where they were. The view finds `request.membership`,
    `request.organisation` and `request.roles` (all that the person holds there), and the answer is not kept by any cache.
    """
    if not roles:
        raise ValueError("a door open to nobody: name the roles, or use open_to_all")

    def wrap(view: View) -> View:
        @wraps(view)
        def entered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return lead_to("login", request)
            house_request = _enter(request, roles)
            if second_factor.is_missing(request, memberships_of(request)):
                return lead_to("second_factor", request)
            if request.method not in METHODS:
                return HttpResponseNotAllowed(METHODS)
            with seen_by(viewers(house_request.membership)):
                response = view(house_request, *args, **kwargs)
            patch_cache_control(response, private=True, no_store=True)
            return response

        entered.audience = Audience(frozenset(roles))  # type: ignore[attr-defined]
        return entered

    return wrap


def open_to_all(view: View) -> View:
    """Open a view to everybody, signed in or not. It asks no scoped query, or says itself for whom it asks."""

    @wraps(view)
    def entered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method not in METHODS:
            return HttpResponseNotAllowed(METHODS)
        return view(request, *args, **kwargs)

    entered.audience = Audience()  # type: ignore[attr-defined]
    return entered


def lead_to(name: str, request: HttpRequest) -> HttpResponseBase:
    """Send the person to the page of that name (signing in, the second factor), and then back to where they are now.

    What was sent by a form is not sent again: they come back to the page with the form, which keeps what was typed.
    """
    there = f"{reverse(name)}?{urlencode({REDIRECT_FIELD_NAME: _place_of(request)}, safe='/')}"
    if getattr(request, "htmx", False):
        return HttpResponseClientRedirect(there)
    return HttpResponseRedirect(there)


def _place_of(request: HttpRequest) -> str:
    """The page on which the person is: the asked one, or for a form's address the page that held the form."""
    if getattr(request, "htmx", False):
        return request.htmx.current_url_abs_path or "/"  # type: ignore[attr-defined]
    if request.method in {"GET", "HEAD"}:
        return request.get_full_path()
    return page_before(request) or request.get_full_path()


def page_before(request: HttpRequest) -> str:
    """The path of the page of ours from which the person came, "" when they came from elsewhere."""
    before = urlsplit(request.META.get("HTTP_REFERER", ""))
    if before.netloc != request.get_host():
        return ""
    return str(urlunsplit(("", "", before.path, before.query, "")))


def memberships_of(request: HttpRequest) -> list[Membership]:
    """All roles of the person who asks, read once a request; empty for a stranger."""
    if not hasattr(request, "_memberships"):
        found: list[Membership] = []
        if request.user.is_authenticated:
            found = list(Membership.objects.filter(user=request.user).select_related("organisation"))
        request._memberships = found  # type: ignore[attr-defined]
    return cast("list[Membership]", request._memberships)  # type: ignore[attr-defined]


def choose(request: HttpRequest, roles: tuple[Role, ...]) -> Membership | None:
    """The membership under which the person acts: of the organisation chosen in this session, else the first that fits."""
    fitting = [m for m in memberships_of(request) if m.role in roles]
    chosen = request.session.get(SESSION_KEY)
    return next((m for m in fitting if m.organisation_id == chosen), fitting[0] if fitting else None)


def viewers(membership: Membership) -> list[int] | None:
    """For whom a person with this membership asks: their organisation, its subtree, or (operators) the house itself."""
    if membership.role == Role.OPERATOR:
        return None
    if membership.role in _SUBTREE_ROLES:
        return subtree(membership.organisation)
    return [membership.organisation_id]


def _enter(request: HttpRequest, roles: tuple[Role, ...]) -> HouseRequest:
    membership = choose(request, roles)
    if membership is None:
        raise PermissionDenied(_("This page belongs to another role."))
    entered = cast("HouseRequest", request)
    entered.membership, entered.organisation = membership, membership.organisation
    entered.roles = frozenset(
        Role(m.role) for m in memberships_of(request) if m.organisation_id == membership.organisation_id
    )
    return entered
