"""The household's own word on an agreement: a question to its phone, answered with a code on a page that asks for nothing else.

The code is derived from a salt under the installation's secret key, as for signing in (docs/decisions/0016-signing-in.md), and of
the link only a hash is kept: neither the producer nor whoever reads the tables can answer for the household.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _
from django.utils.translation import override

from marketplace.evidence.actions import record
from marketplace.messaging.actions import send
from marketplace.organisations.models import Organisation, Role, User
from marketplace.organisations.queries import require
from marketplace.organisations.scopes import seen_by
from marketplace.signin.phone_codes import digits_of
from suppliers.provenance.actions import lock, refuse_own_phone
from suppliers.provenance.errors import (
    AlreadyConfirmed,
    AskedTooOften,
    Disowned,
    PhoneMissing,
    QuestionOver,
    WrongHouseholdCode,
)
from suppliers.provenance.models import BenefitAgreement, HouseholdCode, Witness

GOOD_FOR = timedelta(days=3)
TRIES = 5
_WHILE, _MOST = timedelta(hours=24), 3


def ask_household(actor: User, agreement: BenefitAgreement, link: Callable[[str], str]) -> str:
    """Send the household the question whether this agreement is its own; the link that `link` makes of a token, kept nowhere.

    A new question makes those before it void. Raises NotAllowed, AlreadyConfirmed, Disowned, PhoneMissing, OwnSidePhone,
    AskedTooOften.
    """
    producer, household = agreement.producer, agreement.household
    require(actor, Role.PRODUCER, producer)
    token, now = secrets.token_urlsafe(18), timezone.now()
    address = link(token)
    with transaction.atomic(), seen_by(None):
        lock(producer)
        _may_be_asked(BenefitAgreement.objects.select_related("household", "producer").get(pk=agreement.pk), now)
        asked = HouseholdCode.objects.create(
            agreement=agreement,
            token_hash=_hash(token),
            salt=secrets.token_hex(16),
            asked_at=now,
            expires_at=now + GOOD_FOR,
        )
        with override("zh-hans"):
            words = _words(producer, agreement, code_of(asked), address)
        send("household_code", f"household-code:{asked.pk}", household.phone, words, asked.expires_at)
        body = {"household": household.code, "producer": producer.code}
        record("agreement.asked", body, subject=f"household:{household.pk}")
    return address


def _may_be_asked(agreement: BenefitAgreement, now: datetime) -> None:
    household = agreement.household
    if agreement.confirmed_at:
        raise AlreadyConfirmed(household=household.code)
    if agreement.disowned_at:
        raise Disowned(household=household.code)
    if not household.phone:
        raise PhoneMissing(household=household.code)
    refuse_own_phone(agreement.producer, household.code, household.phone)
    if agreement.codes.filter(asked_at__gt=now - _WHILE).count() >= _MOST:
        raise AskedTooOften(household=household.code, times=_MOST)


def code_of(asked: HouseholdCode) -> str:
    """Its six digits, derived anew each time."""
    return digits_of("household code", asked.salt)


def find_question(token: str) -> HouseholdCode:
    """The question of a link while it can be answered, with agreement and producer. Raises QuestionOver. Two statements."""
    with seen_by(None):
        asked = (
            HouseholdCode.objects.select_related("agreement__producer", "agreement__household")
            .filter(token_hash=_hash(token), used_at__isnull=True, expires_at__gt=timezone.now(), tries__lt=TRIES)
            .filter(agreement__confirmed_at__isnull=True, agreement__disowned_at__isnull=True)
            .first()
        )
        if asked is None or HouseholdCode.objects.filter(agreement=asked.agreement, pk__gt=asked.pk).exists():
            raise QuestionOver
    return asked


def answer(token: str, code: str, *, is_ours: bool) -> BenefitAgreement:
    """Take the household's answer: the agreement is its own, or it knows nothing of it. Nobody signs in for it.

    Every try is counted before the code is looked at, in a transaction of its own, so that tries made at the same moment are all
    counted. Raises QuestionOver, WrongHouseholdCode.
    """
    asked = find_question(token)
    if not HouseholdCode.objects.filter(pk=asked.pk, tries__lt=TRIES).update(tries=F("tries") + 1):
        raise QuestionOver
    if not constant_time_compare("".join(code.split()), code_of(asked)):
        raise WrongHouseholdCode(left=TRIES - asked.tries - 1)
    agreement, now = asked.agreement, timezone.now()
    household = agreement.household
    said = {"confirmed_at": now, "confirmed_by": Witness.CODE} if is_ours else {"disowned_at": now}
    with transaction.atomic(), seen_by(None):
        if not HouseholdCode.objects.filter(pk=asked.pk, used_at__isnull=True).update(used_at=now):
            raise QuestionOver
        open_one = BenefitAgreement.objects.filter(pk=agreement.pk, confirmed_at__isnull=True, disowned_at__isnull=True)
        if not open_one.update(**said):
            raise QuestionOver
        body = {"household": household.code, "producer": agreement.producer.code, "by": Witness.CODE.value}
        kind = "agreement.confirmed" if is_ours else "agreement.disowned"
        record(kind, body, subject=f"household:{household.pk}")
        agreement.refresh_from_db(fields=list(said))
    return agreement


def _words(producer: Organisation, agreement: BenefitAgreement, code: str, address: str) -> str:
    return _(
        "%(producer)s says that you have an agreement with it (%(mechanism)s). Look at it and answer at %(address)s with the code "
        "%(code)s. If you know nothing of it, say so there."
    ) % {
        "producer": producer.name,
        "mechanism": agreement.get_mechanism_display(),
        "address": address,
        "code": code,
    }


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
