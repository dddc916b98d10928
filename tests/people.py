"""Signing people in without the form."""

from __future__ import annotations

from typing import Any

from django.test import Client


def signed_in(client: Client, user: Any, *, second_factor: bool = True) -> Client:
    """Sign the person in at this client, and return it. The session counts as proved by a second factor unless told otherwise.

    `client.force_login(user)` is a password alone: roles that need a second factor are then sent to give it.
    """
    client.force_login(user)
    if second_factor:
        session = client.session
        session["account_authentication_methods_user"] = str(user.pk)
        session["account_authentication_methods"] = [{"method": "mfa", "type": "totp"}]
        session.save()
    return client
