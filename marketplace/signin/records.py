"""What the session knows about how its person was authenticated."""

from __future__ import annotations

from allauth.account.authentication import get_authentication_records
from django.http import HttpRequest


def is_proved(request: HttpRequest) -> bool:
    """Whether the person who is signed in gave a second factor in this very session. No statement."""
    return any(step.get("method") == "mfa" for step in get_authentication_records(request, request.user))
