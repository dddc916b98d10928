"""After too many wrong attempts the door stays shut for a while (django-axes, kept in the database).

Passwords count by name and network address. Codes count by person or phone alone: whoever tries codes has many addresses and
knows the password already.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from axes.handlers.proxy import AxesProxyHandler
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth.signals import user_login_failed
from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

_CODES = "code:"


def client_address(request: HttpRequest) -> str:
    """From where the request comes; behind our proxy, what the proxy itself saw (the last of the forwarded addresses)."""
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "") if settings.BEHIND_TLS_PROXY else ""
    return forwarded.rpartition(",")[2].strip() or request.META.get("REMOTE_ADDR", "")


def parameters(attempt: Any, credentials: dict[str, Any] | None = None) -> list[Any]:
    """By what attempts are counted together, as django-axes asks it."""
    name = (credentials or {}).get("username") or getattr(attempt, "username", None) or ""
    return ["username"] if name.startswith(_CODES) else [["username", "ip_address"]]


def key_of(kind: str, whom: object) -> str:
    """The name under which wrong codes of this kind for this person or phone are counted. It holds no personal data."""
    return f"{_CODES}{kind}:{whom}"


def is_shut(request: HttpRequest, key: str) -> bool:
    """Whether no further code is looked at now. The answer to the request is then the sentence of the lock-out."""
    credentials = {"username": key}
    if AxesProxyHandler.is_allowed(request, credentials):
        return False
    request.axes_locked_out, request.axes_credentials = True, credentials  # type: ignore[attr-defined]
    return True


def count_failure(request: HttpRequest, key: str) -> None:
    """Count a wrong code; the last one allowed shuts the door."""
    user_login_failed.send(sender=__name__, credentials={"username": key}, request=request)


def forget_failures(key: str) -> None:
    """Begin to count anew after a right code."""
    AxesProxyHandler.reset_attempts(username=key)


def answer(request: HttpRequest, _original: object, credentials: dict[str, Any] | None) -> HttpResponse:
    """The page that says when to try again and what to do meanwhile (429)."""
    until = _until(request, credentials)
    response = render(
        request,
        "registration/locked.html",
        {"page_kind": "login", "until": until, "minutes": -(-int((until - timezone.now()).total_seconds()) // 60)},
        status=429,
    )
    response["Retry-After"] = str(max(1, int((until - timezone.now()).total_seconds())))
    return response


def _until(request: HttpRequest, credentials: dict[str, Any] | None) -> datetime:
    name = (credentials or {}).get("username") or ""
    asked = AccessAttempt.objects.filter(username=name)
    if not name.startswith(_CODES):
        asked = asked.filter(ip_address=client_address(request))
    last = asked.aggregate(last=Max("attempt_time"))["last"] or timezone.now()
    return max(last + settings.AXES_COOLOFF_TIME, timezone.now())
