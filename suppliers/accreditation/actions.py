"""Verbs of accreditation: the producer applies, town and sector review, the county decides.

Every move is a conditional update: whoever comes second finds a clear refusal, never a state overwritten.
Free text (reasons) goes into the evidence as written and must not name private persons.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from marketplace.evidence.actions import record
from marketplace.organisations.errors import HouseError, NotAllowed, Refusals
from marketplace.organisations.models import County, Membership, Organisation, OrganisationKind, Role, User
from marketplace.organisations.queries import require
from marketplace.shop.catalogue.models import Product
from suppliers.accreditation.errors import (
    AlreadyUnderWay,
    CountyNotListed,
    LicenceWrong,
    NoHouseholds,
    NoReason,
    NotAProducer,
    NoticeRunning,
    NotInGoodStanding,
    OtherOrigin,
    PeriodWrong,
    StillValid,
    WrongState,
)
from suppliers.accreditation.models import Accreditation, AccreditationState, Mechanism
from suppliers.accreditation.queries import notice_ends
from suppliers.licences import NumberError, SCLicence, check_sc

# How long a county's decision is on public notice; a county's own rule may differ, so it can be set.
DEFAULT_NOTICE_DAYS = 7

_ENDED = [AccreditationState.REFUSED, AccreditationState.REVOKED]
# Who refuses is whoever is to act next.
_REFUSERS: dict[str, Role] = {
    AccreditationState.APPLIED: Role.TOWN_OFFICER,
    AccreditationState.TOWN_REVIEW: Role.SECTOR_OFFICER,
    AccreditationState.SECTOR_REVIEW: Role.COUNTY_OFFICER,
    AccreditationState.COUNTY_DECISION: Role.COUNTY_OFFICER,
    AccreditationState.PUBLIC_NOTICE: Role.COUNTY_OFFICER,
}


def apply(
    actor: User, producer: Organisation, product: Product, mechanism: Mechanism, households: int
) -> Accreditation:
    """Apply for a product's accreditation on behalf of its producer; `households` is how many benefit.

    Raises NotAllowed, or Refusals with every fault of the application at once.
    """
    require(actor, Role.PRODUCER, producer)
    with transaction.atomic():
        # Two applications for one product wait for each other here, so that only one is ever under way.
        product = Product.objects.select_for_update(no_key=True, of=("self",)).get(pk=product.pk)
        licence, faults = _licence(producer, product)
        faults = _faults(producer, product, households) + faults
        if faults or producer.county is None:
            raise Refusals(faults)
        earlier = Accreditation.objects.filter(product=product).count()
        accreditation = Accreditation.objects.create(
            number=f"RD{producer.county_id}-{product.pk:06d}-{earlier + 1}",
            product=product,
            producer=producer,
            county=producer.county,
            mechanism=mechanism,
            households=households,
            state=AccreditationState.APPLIED,
        )
        flags = list(licence.flags) if licence else []
        body = {"mechanism": mechanism, "households": households, "licence": product.licence, "flags": flags}
        _write("accreditation.applied", accreditation, body)
    return accreditation


def _faults(producer: Organisation, product: Product, households: int) -> list[HouseError]:
    if producer.kind != OrganisationKind.PRODUCER:
        return [NotAProducer(organisation=producer.display_name)]
    faults: list[HouseError] = []
    county = producer.county
    if county is None or not county.listed:
        faults.append(CountyNotListed(organisation=producer.display_name, county=str(county or "–")))
    if not producer.good_standing:
        faults.append(NotInGoodStanding(organisation=producer.display_name))
    if product.county_id != producer.county_id:
        faults.append(
            OtherOrigin(product=product.get_title(), origin=str(product.county or "–"), county=str(county or "–"))
        )
    if households < 1:
        faults.append(NoHouseholds(product=product.get_title()))
    open_one = Accreditation.objects.filter(product=product).exclude(state__in=_ENDED).order_by("-id").first()
    if open_one is not None and not _over(open_one):
        state = str(open_one.get_state_display())
        faults.append(AlreadyUnderWay(product=product.get_title(), number=open_one.number, state=state))
    return faults


def _over(accreditation: Accreditation) -> bool:
    """Whether its period has passed; renewals may be applied for 90 days before, as reviews take time."""
    renewable = timezone.localdate() + timedelta(days=90)
    return accreditation.state == AccreditationState.VALID and (accreditation.valid_to or date.max) < renewable


def _licence(producer: Organisation, product: Product) -> tuple[SCLicence | None, list[HouseError]]:
    if not product.licence:
        return None, []
    try:
        return check_sc(product.licence, producer_county=producer.county_id or ""), []
    except NumberError as error:
        return None, [LicenceWrong(product=product.get_title(), problem=gettext(error.message) % error.data)]


def review_town(actor: User, accreditation: Accreditation) -> None:
    """The town has reviewed an application (镇办初审)."""
    _step(actor, Role.TOWN_OFFICER, accreditation, AccreditationState.APPLIED, AccreditationState.TOWN_REVIEW)


def review_sector(actor: User, accreditation: Accreditation) -> None:
    """The sector's department has reviewed it (行业复审)."""
    _step(
        actor,
        Role.SECTOR_OFFICER,
        accreditation,
        AccreditationState.TOWN_REVIEW,
        AccreditationState.SECTOR_REVIEW,
    )


def decide_county(actor: User, accreditation: Accreditation) -> None:
    """The county decides in favour (县级审定)."""
    _step(
        actor,
        Role.COUNTY_OFFICER,
        accreditation,
        AccreditationState.SECTOR_REVIEW,
        AccreditationState.COUNTY_DECISION,
    )


def publish(actor: User, accreditation: Accreditation, *, notice_days: int | None = None) -> None:
    """Put the county's decision on public notice (公示).

    `notice_days` is how long; None = settings.ACCREDITATION_NOTICE_DAYS.
    """
    if notice_days is None:
        notice_days = getattr(settings, "ACCREDITATION_NOTICE_DAYS", DEFAULT_NOTICE_DAYS)
    until = timezone.localdate() + timedelta(days=notice_days)
    _step(
        actor,
        Role.COUNTY_OFFICER,
        accreditation,
        AccreditationState.COUNTY_DECISION,
        AccreditationState.PUBLIC_NOTICE,
        body={"notice_days": notice_days, "notice_until": until.isoformat()},
    )


def make_valid(actor: User, accreditation: Accreditation, valid_from: date, valid_to: date) -> None:
    """Let the accreditation hold from a day up to, not including, another, once its public notice is over.

    A renewal takes the place of the older accreditation, so it cannot be made valid before its first day.
    """
    _require_officer(actor, Role.COUNTY_OFFICER, accreditation.county)
    if valid_to <= valid_from:
        raise PeriodWrong(number=accreditation.number, valid_from=valid_from, valid_to=valid_to)
    until = notice_ends([accreditation]).get(accreditation.number)
    if until is not None and timezone.localdate() < until:
        raise NoticeRunning(number=accreditation.number, until=until)
    with transaction.atomic():
        _succeed(accreditation, valid_from)
        _move(
            accreditation,
            [AccreditationState.PUBLIC_NOTICE],
            AccreditationState.VALID,
            {"valid_from": valid_from.isoformat(), "valid_to": valid_to.isoformat()},
            valid_from=valid_from,
            valid_to=valid_to,
        )


def _succeed(accreditation: Accreditation, valid_from: date) -> None:
    """Revoke the product's older accreditation, which the new one replaces: only one is valid at a time."""
    older = Accreditation.objects.filter(product_id=accreditation.product_id, state=AccreditationState.VALID).exclude(
        pk=accreditation.pk
    )
    for one in older:
        if valid_from > timezone.localdate():
            raise StillValid(number=accreditation.number, older=one.number, valid_from=valid_from)
        _move(one, [AccreditationState.VALID], AccreditationState.REVOKED, {"replaced_by": accreditation.number})


def refuse(actor: User, accreditation: Accreditation, reason: str) -> None:
    """Refuse an application, by whoever is to act on it next; the reason is published."""
    accreditation.refresh_from_db(fields=["state"])
    role = _REFUSERS.get(accreditation.state)
    if role is None:
        raise _wrong_state(accreditation, [AccreditationState(state) for state in _REFUSERS])
    _end(
        actor,
        role,
        accreditation,
        [AccreditationState(accreditation.state)],
        AccreditationState.REFUSED,
        reason,
    )


def suspend(actor: User, accreditation: Accreditation, reason: str) -> None:
    """Suspend a valid accreditation at once: the product is ordinary until it is reinstated."""
    _end(
        actor,
        Role.COUNTY_OFFICER,
        accreditation,
        [AccreditationState.VALID],
        AccreditationState.SUSPENDED,
        reason,
    )


def reinstate(actor: User, accreditation: Accreditation, reason: str) -> None:
    """Let a suspended accreditation hold again, for the rest of its period."""
    _end(
        actor,
        Role.COUNTY_OFFICER,
        accreditation,
        [AccreditationState.SUSPENDED],
        AccreditationState.VALID,
        reason,
    )


def revoke(actor: User, accreditation: Accreditation, reason: str) -> None:
    """Revoke a valid or suspended accreditation for good."""
    states = [AccreditationState.VALID, AccreditationState.SUSPENDED]
    _end(actor, Role.COUNTY_OFFICER, accreditation, states, AccreditationState.REVOKED, reason)


def _step(
    actor: User,
    role: Role,
    accreditation: Accreditation,
    needed: AccreditationState,
    to: AccreditationState,
    body: dict[str, Any] | None = None,
) -> None:
    _require_officer(actor, role, accreditation.county)
    with transaction.atomic():
        _move(accreditation, [needed], to, body or {})


def _end(
    actor: User,
    role: Role,
    accreditation: Accreditation,
    needed: Sequence[AccreditationState],
    to: AccreditationState,
    reason: str,
) -> None:
    _require_officer(actor, role, accreditation.county)
    if not reason.strip():
        raise NoReason(number=accreditation.number)
    with transaction.atomic():
        _move(accreditation, needed, to, {"reason": reason.strip()})


def _require_officer(actor: User, role: Role, county: County) -> None:
    """The role must be held in an office of the accreditation's own county."""
    held = Membership.objects.filter(
        user=actor,
        role=role,
        organisation__kind=OrganisationKind.COUNTY_OFFICE,
        organisation__county=county,
    )
    if not held.exists():
        raise NotAllowed(role=role.label, organisation=str(county))


def _move(
    accreditation: Accreditation,
    needed: Sequence[AccreditationState],
    to: AccreditationState,
    body: dict[str, Any],
    **changes: Any,
) -> None:
    """Change the state where it is still a needed one, and write it down."""
    moved = Accreditation.objects.filter(pk=accreditation.pk, state__in=needed).update(state=to, **changes)
    accreditation.refresh_from_db(fields=["state", "valid_from", "valid_to"])
    if moved != 1:
        raise _wrong_state(accreditation, needed)
    _write(f"accreditation.{to}", accreditation, body)


def _wrong_state(accreditation: Accreditation, needed: Sequence[AccreditationState]) -> WrongState:
    return WrongState(
        number=accreditation.number,
        state=str(accreditation.get_state_display()),
        needed=", ".join(str(state.label) for state in needed),
    )


def _write(kind: str, accreditation: Accreditation, body: dict[str, Any]) -> None:
    whose = {
        "number": accreditation.number,
        "product": accreditation.product_id,
        "producer": accreditation.producer_id,
        "county": accreditation.county_id,
    }
    record(kind, whose | body, subject=f"product:{accreditation.product_id}")
