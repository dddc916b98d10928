"""Exceptions: asked for by a union, granted or refused from above, revoked; and the release of money set aside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from secrets import token_bytes
from typing import Any

from django.db import transaction
from django.utils import timezone

from marketplace.evidence.actions import MIN_SALT, commit_to
from marketplace.ledger.actions import is_posted, release, yuan
from marketplace.ledger.errors import PurseElsewhere
from marketplace.ledger.models import Purse, PurseKind
from marketplace.organisations.errors import HouseError, Refusals
from marketplace.organisations.models import Organisation, Role, User
from marketplace.organisations.queries import require, require_above
from marketplace.organisations.scopes import seen_by
from marketplace.shop.catalogue.models import Product
from marketplace.shop.partner.models import StockRecord
from procurement.policy.queries import may_grant, needs_second, policy_of
from procurement.priority.errors import (
    ExceptionNotGranted,
    ExceptionNotOpen,
    GroundsMissing,
    NobodyAbove,
    NothingAsked,
    PeriodUnfit,
    ReasonMissing,
    RefusalUnfounded,
    ReserveBound,
    SecondPersonDue,
    YearClosed,
)
from procurement.priority.escalation import days_from_now, lowest_above, office_for, record_exception, wait_on
from procurement.priority.models import OPEN_STATES, ExceptionState, Ground, PriorityException
from procurement.priority.papers import file_ground
from procurement.priority.reserves import reserve
from procurement.priority.years import excess, kept_last_year, lock_year


@dataclass(frozen=True)
class _Terms:
    """By what a request is decided: its value in fen, the lowest union that may answer, by when, whether a second has to agree."""

    value: int
    waits_for: Organisation
    answer_by: datetime
    needs_second: bool


def ask_exception(
    actor: User,
    union: Organisation,
    product: Product,
    *,
    grounds: str,
    quantity: int,
    valid_from: date,
    valid_to: date,
    ground: Ground = Ground.OTHER,
    papers: Sequence[tuple[str, bytes]] = (),
) -> PriorityException:
    """Ask the union above for leave to buy `quantity` units of an ordinary product, with papers (name, bytes) that prove the grounds.

    Asked twice the same, it is one request. Raises NotAllowed, NoPolicyInForce, PaperTooLarge, NoPaper, and all at once (Refusals)
    GroundsMissing, NothingAsked, PeriodUnfit, NobodyAbove.
    """
    require(actor, Role.BUYER, union)
    terms = _terms(union, product, max(quantity, 0))
    faults = list(_unfit(grounds, quantity, valid_from, valid_to))
    if isinstance(terms, HouseError):
        raise Refusals([*faults, terms])
    if faults:
        raise Refusals(faults)
    asked = {
        "ground": ground,
        "grounds": grounds.strip(),
        "quantity": quantity,
        "valid_from": valid_from,
        "valid_to": valid_to,
    }
    with transaction.atomic():
        exception, is_new = _asked_once(actor, union, product, terms, asked)
        if is_new:
            for name, content in papers:
                file_ground(actor, exception, name, content)
    return exception


def _unfit(grounds: str, quantity: int, begin: date, end: date) -> Iterator[HouseError]:
    if not grounds.strip():
        yield GroundsMissing()
    if quantity < 1:
        yield NothingAsked()
    if end < max(begin, timezone.localdate()):
        yield PeriodUnfit(begin=begin, end=end)


def _asked_once(
    actor: User, union: Organisation, product: Product, terms: _Terms, asked: Mapping[str, Any]
) -> tuple[PriorityException, bool]:
    """The request with its entry and the step of its deadline; the open one that asks the same, if there is one. Whether it is new."""
    # Two forms sent at once wait here for each other.
    Organisation.objects.select_for_update(no_key=True, of=("self",)).get(pk=union.pk)
    same = PriorityException.objects.filter(union=union, product=product, state__in=OPEN_STATES, **asked)
    if (earlier := same.first()) is not None:
        return earlier, False
    before = PriorityException.objects.filter(union=union).count()
    exception: PriorityException = PriorityException.objects.create(
        number=f"EX-{union.code}-{timezone.localdate().year}-{before + 1:03d}",
        union=union,
        product=product,
        asked_by=actor,
        value=terms.value,
        waits_for=terms.waits_for,
        answer_by=terms.answer_by,
        needs_second=terms.needs_second,
        **asked,
    )
    record_exception("exception.asked", exception, ground=exception.ground, value=terms.value)
    wait_on(exception)
    return exception, True


def _terms(union: Organisation, product: Product, quantity: int) -> _Terms | HouseError:
    """What the policy of today says of a request for so many units; NobodyAbove as a value, to be told with the other faults."""
    policy = policy_of(union, timezone.localdate())
    prices = StockRecord.objects.filter(product=product).values_list("price", flat=True)
    value = int(max(prices, default=0) * 100) * quantity
    waits_for = lowest_above(union, may_grant(policy, value))
    if waits_for is None:
        return NobodyAbove(union=union.display_name, value=yuan(value))
    return _Terms(value, waits_for, days_from_now(policy.exception_days), needs_second(policy, value))


def grant_exception(actor: User, exception: PriorityException, *, waives_share: bool = False, answer: str = "") -> None:
    """Grant as an officer of a union above, or agree as the first of two where its value needs a second person.

    Raises NotAllowed, OwnUnion, DecidedHigherUp, SecondPersonDue, ExceptionNotOpen when it was decided meanwhile.
    """
    with transaction.atomic(), seen_by(None):
        locked, above = _open(actor, exception)
        first = locked.needs_second and locked.state == ExceptionState.ASKED
        if first:
            locked.state, locked.agreed_by, locked.waives_share = ExceptionState.AGREED, actor, waives_share
        elif locked.agreed_by_id == actor.pk:
            raise SecondPersonDue(number=exception.number, value=yuan(locked.value))
        else:
            locked.waives_share = locked.waives_share if locked.agreed_by_id else waives_share
            _close(locked, ExceptionState.GRANTED, actor, above, answer)
        locked.save()
        record_exception("exception.agreed" if first else "exception.granted", locked, office=above.code)
    exception.refresh_from_db()


def refuse_exception(actor: User, exception: PriorityException, *, answer: str) -> None:
    """Refuse as an officer of a union above, and say why: the union reads it, the log commits to it.

    Raises NotAllowed, OwnUnion, DecidedHigherUp, ExceptionNotOpen, RefusalUnfounded.
    """
    with transaction.atomic(), seen_by(None):
        locked, above = _open(actor, exception)
        if not answer.strip():
            raise RefusalUnfounded(number=exception.number)
        _close(locked, ExceptionState.REFUSED, actor, above, answer)
        salt = locked.answer_salt = token_bytes(MIN_SALT)
        locked.save()
        # Words may speak of people: the log knows that they were these, not what they are.
        record_exception("exception.refused", locked, office=above.code, reason=commit_to(locked.answer, salt))
    exception.refresh_from_db()


def revoke_exception(actor: User, exception: PriorityException, reason: str) -> None:
    """Take back what was granted, as an officer of the union that granted it or of one above. What was ordered under it stays;
    plans that are not placed yet are judged without it from now on.

    Raises NotAllowed, OwnUnion, DecidedHigherUp, ReasonMissing, ExceptionNotGranted.
    """
    with transaction.atomic(), seen_by(None):
        locked = _locked(exception)
        above = office_for(actor, locked, revoking=True)
        if not reason.strip():
            raise ReasonMissing
        if locked.state != ExceptionState.GRANTED:
            raise ExceptionNotGranted(number=exception.number)
        locked.state, locked.revoked_by, locked.revoked_at = ExceptionState.REVOKED, actor, timezone.now()
        locked.revoked_because = reason.strip()
        locked.save(update_fields=["state", "revoked_by", "revoked_at", "revoked_because"])
        record_exception("exception.revoked", locked, office=above.code, used=locked.used)
    exception.refresh_from_db()


def _open(actor: User, exception: PriorityException) -> tuple[PriorityException, Organisation]:
    """The request, locked, and for which union this person may answer it: as it stands now, for it may have gone on meanwhile."""
    locked = _locked(exception)
    above = office_for(actor, locked)
    if locked.state not in OPEN_STATES:
        raise ExceptionNotOpen(number=exception.number)
    return locked, above


def _locked(exception: PriorityException) -> PriorityException:
    found: PriorityException = (
        PriorityException.objects.select_for_update(of=("self",))
        .select_related("union__parent", "decided_for", "waits_for")
        .get(pk=exception.pk)
    )
    return found


def _close(exception: PriorityException, state: ExceptionState, actor: User, above: Organisation, answer: str) -> None:
    exception.state, exception.decided_by, exception.decided_for = state, actor, above
    exception.decided_at, exception.answer = timezone.now(), answer.strip()


def release_reserve(actor: User, source: Purse, target: Purse, amount: int, key: str) -> None:
    """Let money (fen) out of a union's assistance-only purse, as an officer of a union above, once per key.

    Under the lock of the union's year, so that no placement counts on money that is leaving. Raises NotAllowed, NothingToMove,
    NotEnoughMoney, YearClosed, ReserveBound when the year's ordinary gifts rest on it.
    """
    require_above(actor, Role.UNION_OFFICER, source.union)
    if (source.union_id, source.gift_year, target.kind) != (target.union_id, target.gift_year, PurseKind.GENERAL):
        raise PurseElsewhere(source=source.name, target=target.name)
    with transaction.atomic(), seen_by(None):
        year = lock_year(source.union, source.gift_year)
        if year.closed_at is not None and not is_posted(key):
            raise YearClosed(year=source.gift_year, union=source.union.display_name)
        policy = policy_of(source.union, timezone.localdate())
        left = reserve(source.union, source.gift_year) - amount
        over = excess(year.counted, year.ordinary, left, policy.minimum_share_bp) > 0
        if (over or year.assistance + left < kept_last_year(year, policy)) and not is_posted(key):
            raise ReserveBound(purse=source.name, amount=yuan(amount))
        release(source, target, amount, key)
