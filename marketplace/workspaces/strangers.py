"""Pages that are the same for every stranger are kept ready for a moment, and answered before anything else is asked.

A page is kept under its address and language for settings.STRANGERS_PAGES_SECONDS, less than one, so that a change of
price or accreditation shows within a second; in each process's own memory, so that a broker that is gone slows nobody. Whoever
has a session or a message waiting is never answered from here, and what sets a cookie is never kept.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeGuard

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage
from django.core.cache import caches
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.utils.translation import get_language_from_request

View = Callable[..., HttpResponseBase]
_MARK = "same_for_strangers"


def same_for_strangers(view: View) -> View:
    """Say that a page is the same for everybody who is not signed in: it holds no token, no name, no message."""

    @wraps(view)
    def marked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        setattr(response, _MARK, True)
        return response

    return marked


class StrangersPages:
    """Middleware: answers strangers from the ready pages, and keeps those that a view marked."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """A ready page, or the answer of the view."""
        if not _is_stranger(request):
            return self.get_response(request)
        pages = caches["pages"]
        key = f"{request.scheme}:{get_language_from_request(request)}:{request.get_host()}{request.get_full_path()}"
        if (ready := pages.get(key)) is not None:
            content, headers = ready
            return HttpResponse(content, headers=headers)
        response = self.get_response(request)
        if _may_be_kept(response):
            patch_vary_headers(response, ["Cookie", "Accept-Language"])
            pages.set(key, (response.content, dict(response.items())), settings.STRANGERS_PAGES_SECONDS)
        return response


def _is_stranger(request: HttpRequest) -> bool:
    known = {settings.SESSION_COOKIE_NAME, CookieStorage.cookie_name}
    return request.method == "GET" and known.isdisjoint(request.COOKIES)


def _may_be_kept(response: HttpResponseBase) -> TypeGuard[HttpResponse]:
    marked = getattr(response, _MARK, False) and isinstance(response, HttpResponse)
    return marked and response.status_code == 200 and not response.cookies
