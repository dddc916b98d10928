"""The second factor: a code from the person's own device, or a recovery code, after the password.

Tables, arithmetic and the record in the session are django-allauth's; that a code is good once is kept here, under the row's
lock, and holds whatever becomes of the cache.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

import segno
from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from marketplace.evidence.actions import record
from marketplace.organisations.models import Membership, Role, User
from marketplace.signin.errors import WrongCode
from marketplace.signin.records import is_proved

PERIOD = 30  # seconds for which a code is shown
TOLERANCE = 1  # periods by which a device's clock may be off

# Whoever approves, decides, examines or runs the platform.
STRONG_ROLES = frozenset(
    {
        Role.APPROVER,
        Role.UNION_OFFICER,
        Role.AUDITOR,
        Role.TOWN_OFFICER,
        Role.SECTOR_OFFICER,
        Role.COUNTY_OFFICER,
        Role.OPERATOR,
    }
)


def is_needed(memberships: Iterable[Membership]) -> bool:
    """Whether a person with these roles comes in only with a second factor, whatever they come for."""
    return any(membership.role in STRONG_ROLES for membership in memberships)


def is_missing(request: HttpRequest, memberships: Iterable[Membership]) -> bool:
    """Whether this session still has to prove the second factor that these roles ask for. No statement."""
    return is_needed(memberships) and not is_proved(request)


def is_set_up(user: Any) -> bool:
    """Whether the person has a device that gives codes."""
    return bool(Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists())


def device_of(user: User) -> Authenticator:
    """The device that gives the person's codes; it has to be set up."""
    return Authenticator.objects.get(user=user, type=Authenticator.Type.TOTP)


def new_secret() -> str:
    """A secret that nobody has yet, as devices take it (base32)."""
    return str(generate_totp_secret())


def address_of(user: User, secret: str) -> str:
    """The otpauth address that a device reads from the QR code."""
    return str(get_adapter().build_totp_url(user, secret))


def picture_of(address: str) -> str:
    """The QR code as SVG without style or script, black on white in every theme."""
    return str(segno.make(address, error="m").svg_inline(scale=5, border=3, dark="#000", light="#fff"))


def code_at(secret: str, counter: int) -> str:
    """The six digits of a secret in the period of that number."""
    return str(format_hotp_value(hotp_value(secret, counter)))


def this_period() -> int:
    """The number of the current period."""
    return int(time.time()) // PERIOD


def set_up(user: User, secret: str, code: str) -> list[str]:
    """Take a device whose code shows that it has the secret; the recovery codes, to be shown once.

    Raises WrongCode when the code is not the device's, or when the person has a device already.
    """
    counter = _counter_of(secret, code, used=0)
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        if counter is None or is_set_up(user):
            raise WrongCode
        device = TOTP.activate(user, secret).instance
        device.data["last_counter"] = counter
        device.save(update_fields=["data"])
        record("person.second_factor_set_up", {"person": user.pk}, subject=f"person:{user.pk}")
        return new_recovery_codes(user)


def new_recovery_codes(user: User) -> list[str]:
    """Fresh recovery codes in place of all earlier ones."""
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        Authenticator.objects.filter(user=user, type=Authenticator.Type.RECOVERY_CODES).delete()
        return list(RecoveryCodes.activate(user).generate_codes())


def recovery_codes_left(user: User) -> int:
    """How many recovery codes are unused."""
    held = Authenticator.objects.filter(user=user, type=Authenticator.Type.RECOVERY_CODES).first()
    return len(RecoveryCodes(held).get_unused_codes()) if held else 0


def use(user: User, code: str) -> Authenticator:
    """The authenticator to which the code belongs, which is good for this one time. Raises WrongCode.

    Locks the person's authenticators: of two that bring the same code, one gets in.
    """
    digits = "".join(code.split())
    with transaction.atomic():
        found = Authenticator.objects.select_for_update().filter(user=user).order_by("pk")
        held = {authenticator.type: authenticator for authenticator in found}
        used = _use_device(held.get(Authenticator.Type.TOTP), digits) or _use_recovery(
            held.get(Authenticator.Type.RECOVERY_CODES), digits
        )
        if used is None:
            raise WrongCode
        if used.type == Authenticator.Type.RECOVERY_CODES:
            record("person.recovery_code_used", {"person": user.pk}, subject=f"person:{user.pk}")
        return used


def remember(request: HttpRequest, authenticator: Authenticator) -> None:
    """Write into the session that the second factor was proved, under a new session key: an old one is worth no more than before."""
    record_authentication(request, request.user, "mfa", id=authenticator.pk, type=authenticator.type)
    request.session.cycle_key()


def shown_code(user: User) -> str:
    """On a demonstration, the code that an invented person's device would show next; "" everywhere else."""
    if not settings.EMBEDDED:
        return ""
    device = Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP, data__demonstration=True).first()
    if device is None:
        return ""
    counter = max(this_period(), device.data.get("last_counter", 0) + 1)
    return code_at(_secret_of(device), counter) if counter <= this_period() + TOLERANCE else ""


def _secret_of(device: Authenticator) -> str:
    return str(get_adapter().decrypt(device.data["secret"]))


def _counter_of(secret: str, code: str, used: int) -> int | None:
    """The period, later than the last used one, whose code this is."""
    now = this_period()
    found = None
    for counter in range(now - TOLERANCE, now + TOLERANCE + 1):
        if constant_time_compare(code, code_at(secret, counter)) and counter > used:
            found = counter
    return found


def _use_device(device: Authenticator | None, code: str) -> Authenticator | None:
    if device is None:
        return None
    counter = _counter_of(_secret_of(device), code, device.data.get("last_counter", 0))
    if counter is None:
        return None
    data: dict[str, Any] = device.data
    data["last_counter"] = counter
    device.last_used_at = timezone.now()
    device.save(update_fields=["data", "last_used_at"])
    return device


def _use_recovery(held: Authenticator | None, code: str) -> Authenticator | None:
    if held is None or not RecoveryCodes(held).validate_code(code):
        return None
    held.refresh_from_db()
    held.record_usage()
    return held
