"""The door of the personal link: whoever holds it sees that one member's gift, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils.cache import patch_cache_control

from marketplace.organisations.models import Role
from marketplace.organisations.scopes import seen_by
from marketplace.workspaces.doors import View, memberships_of, open_to_all
from marketplace.workspaces.pages import today
from procurement.programmes.links import link_ends, recipient_of_token
from procurement.programmes.models import Recipient


class GiftRequest(HttpRequest):
    """A request that came by a personal link."""

    recipient: Recipient
    token: str


def by_link(view: Callable[..., HttpResponseBase]) -> View:
    """Open a view to whoever holds the link. What was guessed, renewed or has ended answers 404.

    The member themselves, signed in, may come by an ended link. The answer is kept by no cache and found
    by no search engine.
    """

    @open_to_all
    @wraps(view)
    def entered(request: HttpRequest, token: str, *args: Any, **kwargs: Any) -> HttpResponseBase:
        recipient = recipient_of_token(token)
        if recipient is None or (today() > link_ends(recipient) and not is_theirs(request, recipient)):
            raise Http404
        gift_request = cast("GiftRequest", request)
        gift_request.recipient, gift_request.token = recipient, token
        with seen_by([recipient.union_id]):
            response = view(gift_request, *args, **kwargs)
        patch_cache_control(response, private=True, no_store=True)
        response["X-Robots-Tag"] = "noindex"
        return response

    return entered


def is_theirs(request: HttpRequest, recipient: Recipient) -> bool:
    """Whether the person signed in is this member."""
    return any(
        m.role == Role.MEMBER and m.organisation_id == recipient.union_id and m.person and m.person == recipient.person
        for m in memberships_of(request)
    )
