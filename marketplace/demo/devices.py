"""Devices and phone numbers of the invented people; their codes are shown on the page."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Iterable

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from django.conf import settings

from marketplace.organisations.models import Membership, User
from marketplace.signin import phone_codes
from marketplace.signin.second_factor import STRONG_ROLES


def make_devices(people: Iterable[User]) -> None:
    """A device for everybody who needs one, its secret derived from this installation's own secret and the user name."""
    adapter = get_adapter()
    needing = set(Membership.objects.filter(role__in=STRONG_ROLES).values_list("user_id", flat=True))
    Authenticator.objects.bulk_create(
        [
            Authenticator(
                user=user,
                type=Authenticator.Type.TOTP,
                data={"secret": adapter.encrypt(_secret(user.username)), "demonstration": True},
            )
            for user in people
            if user.pk in needing
        ]
    )


def give_phones(people: Iterable[User]) -> None:
    """A number that no network has for everybody who may sign in by phone, so that one can be tried."""
    may = set(Membership.objects.filter(role__in=phone_codes.ROLES).values_list("user_id", flat=True))
    owners = [user for user in people if user.pk in may]
    for place, user in enumerate(owners, 1):
        user.phone = f"100{place:08d}"
        user.phone_index = phone_codes.index_of(user.phone)
    User.objects.bulk_update(owners, ["phone", "phone_index"])


def _secret(username: str) -> str:
    made = hmac.new(settings.INDEX_KEY.encode(), f"demonstration device\0{username}".encode(), "sha256").digest()
    return base64.b32encode(made[:20]).decode()
