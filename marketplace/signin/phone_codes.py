"""Signing in by a code sent to the phone: for producers and members, who have no desk.

Asking costs the same and is answered the same whether the number is known or not: the row is written either way, and who has the
number is looked up by the step that sends. Limits are counted in the database.
"""

from __future__ import annotations

import hmac
import secrets
from datetime import timedelta
from hashlib import sha256

from django.conf import settings
from django.db import transaction
from django.db.models import Count, F, Q
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from marketplace.organisations.models import Membership, Role, User
from marketplace.organisations.personal import blind_index
from marketplace.signin.errors import TooManyCodes, WrongPhoneCode
from marketplace.signin.models import PhoneCode
from marketplace.steps.actions import write

STEP, FORGET = "signin.phone_code", "signin.forget_codes"
GOOD_FOR = timedelta(minutes=5)
TRIES = 5
ROLES = frozenset({Role.PRODUCER, Role.MEMBER})

_BETWEEN = timedelta(minutes=1)
_WHILE = timedelta(hours=1)
_PER_PHONE, _PER_ADDRESS = 5, 30  # in _WHILE


def index_of(phone: str) -> str:
    """The blind index under which a sign-in number is found."""
    return blind_index("sign-in phone", phone)


def code_of(asked: PhoneCode) -> str:
    """Its six digits, derived anew each time."""
    return digits_of("phone code", asked.salt)


def digits_of(kind: str, salt: str) -> str:
    """Six digits that only this installation derives from a salt, others for each kind of code."""
    made = hmac.new(settings.SECRET_KEY.encode(), f"{kind}\0{salt}".encode(), sha256).digest()
    return f"{int.from_bytes(made[:8], 'big') % 1_000_000:06d}"


def forget() -> int:
    """Remove the codes that were asked for longer than PHONE_CODES_KEPT_DAYS ago; how many. Carried out by a step each day."""
    old = timezone.now() - timedelta(days=settings.PHONE_CODES_KEPT_DAYS)
    gone, _kinds = PhoneCode.objects.filter(asked_at__lt=old).delete()
    return gone


def latest_code_of(asked: int | None) -> str:
    """The code of a row, for the page of a demonstration; "" when there is none."""
    found = PhoneCode.objects.filter(pk=asked or 0).first()
    return code_of(found) if found else ""


def owner_of(phone_index: str) -> User | None:
    """Who signs in by this number: an active person all of whose roles may. Any other role needs a password."""
    return (
        User.objects.filter(phone_index=phone_index, is_active=True, memberships__isnull=False)
        .exclude(memberships__in=Membership.objects.exclude(role__in=ROLES))
        .distinct()
        .first()
    )


def ask(phone: str, address: str) -> PhoneCode:
    """Note that a code is wanted for this number from this network address; a step sends it if the number is somebody's.

    Raises TooManyCodes. Its limits hold for unknown numbers too, so that they tell nothing.
    """
    now = timezone.now()
    phone_index, address_index = index_of(phone), blind_index("network address", address)
    recent = PhoneCode.objects.filter(asked_at__gt=now - _WHILE).aggregate(
        phone=Count("id", filter=Q(phone_index=phone_index)),
        address=Count("id", filter=Q(address_index=address_index)),
        just_now=Count("id", filter=Q(phone_index=phone_index, asked_at__gt=now - _BETWEEN)),
    )
    if recent["phone"] >= _PER_PHONE or recent["address"] >= _PER_ADDRESS:
        raise TooManyCodes(minutes=int(_WHILE.total_seconds() // 60))
    if recent["just_now"]:
        raise TooManyCodes(minutes=1)
    with transaction.atomic():
        asked = PhoneCode.objects.create(
            phone_index=phone_index,
            address_index=address_index,
            salt=secrets.token_hex(16),
            asked_at=now,
            expires_at=now + GOOD_FOR,
        )
        write(f"phone_code:{asked.pk}", STEP)
    return asked


def redeem(phone: str, code: str) -> User:
    """The person whose code this is; it is used up. Raises WrongPhoneCode, with nothing said about which part was wrong.

    Only the latest code of a number is good, for GOOD_FOR and TRIES. Every try is counted before the code is looked at, in a
    transaction of its own, so that tries made at the same moment are all counted.
    """
    phone_index, now = index_of(phone), timezone.now()
    latest = PhoneCode.objects.filter(phone_index=phone_index).order_by("-asked_at").first()
    open_ones = PhoneCode.objects.filter(used_at__isnull=True, expires_at__gt=now, tries__lt=TRIES)
    counted = bool(latest and open_ones.filter(pk=latest.pk).update(tries=F("tries") + 1))
    right = constant_time_compare("".join(code.split()), code_of(latest or PhoneCode(salt="")))
    person = owner_of(phone_index)
    if not (latest and counted and right and person):
        raise WrongPhoneCode
    if not PhoneCode.objects.filter(pk=latest.pk, used_at__isnull=True).update(used_at=now):
        raise WrongPhoneCode
    return person
