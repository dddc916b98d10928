"""People who are signed in already. Import it only once Django is set up."""

from __future__ import annotations

from importlib import import_module

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

from marketplace.organisations.models import User

# What a form brings along beside the cookie of that value: 32 letters and digits, as Django draws them.
FORM_TOKEN = "benchmarks" + "0" * 22


def cookies(user: User) -> dict[str, str]:
    """The header of a browser in which the person is signed in and has a form open."""
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[-1]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    held = {settings.SESSION_COOKIE_NAME: session.session_key, settings.CSRF_COOKIE_NAME: FORM_TOKEN}
    return {"Cookie": "; ".join(f"{name}={value}" for name, value in held.items())}
