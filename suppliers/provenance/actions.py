"""Verbs of provenance: households and their agreements. What is bought from them stands in purchases.py, lots are made in making.py.

Nothing about a household but its code and county goes into the evidence: those codes tell nothing without our
records.
"""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from marketplace.evidence.actions import record
from marketplace.organisations.errors import HouseError, NotAllowed, Refusals
from marketplace.organisations.models import County, Membership, Organisation, OrganisationKind, Role, User
from marketplace.organisations.paper_files import Checked, checked
from marketplace.organisations.personal import blind_index
from marketplace.organisations.queries import require
from marketplace.organisations.scopes import seen_by
from marketplace.signin.phone_codes import index_of
from suppliers.accreditation.models import Mechanism
from suppliers.licences import NumberError, check_identity
from suppliers.provenance.errors import (
    AgreementExists,
    AlreadyConfirmed,
    IdentityWrong,
    NotOnThatDay,
    OthersHousehold,
    OwnSideConfirms,
    OwnSidePhone,
    RecordedBefore,
    ShareWrong,
)
from suppliers.provenance.models import (
    EVIDENCE,
    BenefitAgreement,
    Household,
    HouseholdCode,
    PaperKind,
    Witness,
)
from suppliers.provenance.papers import put_on_file

WHOLE_BP = 10_000
_FIRST_DAY = date(2014, 1, 1)  # when households began to be listed


def lock(producer: Organisation) -> None:
    """Let a producer's writers take turns: codes are counted and collections used one after the other."""
    Organisation.objects.select_for_update(no_key=True, of=("self",)).get(pk=producer.pk)


def record_household(
    actor: User,
    producer: Organisation,
    *,
    county: County,
    village: str,
    head_name: str,
    phone: str = "",
    id_number: str = "",
    bank_account: str = "",
) -> Household:
    """Record a household for a producer; what identifies it is stored encrypted.

    Raises NotAllowed, IdentityWrong, RecordedBefore, OwnSidePhone.
    """
    require(actor, Role.PRODUCER, producer)
    number = _identity(id_number)
    index = blind_index("id_number", number)
    with transaction.atomic(), seen_by([producer.pk]):
        lock(producer)
        earlier = Household.objects.filter(producer=producer)
        if index and (known := earlier.filter(id_index=index).first()):
            raise RecordedBefore(code=known.code)
        code = f"H-{producer.code}-{earlier.count() + 1:04d}"
        refuse_own_phone(producer, code, phone)
        household = Household.objects.create(
            code=code,
            county=county,
            village=village,
            head_name=head_name,
            phone=phone,
            phone_index=index_of(phone),
            id_number=number,
            id_index=index,
            bank_account=bank_account,
            producer=producer,
        )
        body = {"household": household.code, "producer": producer.code, "county": county.code}
        record("household.recorded", body, subject=f"household:{household.pk}")
    return household


def _identity(number: str) -> str:
    if not number:
        return ""
    try:
        return check_identity(number, today=timezone.localdate()).number
    except NumberError as error:
        raise IdentityWrong(problem=_(error.message) % error.data) from None


def refuse_own_phone(producer: Organisation, household: str, phone: str) -> None:
    """Raise OwnSidePhone when somebody of the producer signs in by this number."""
    index = index_of(phone)
    if index and Membership.objects.filter(organisation=producer, user__phone_index=index).exists():
        raise OwnSidePhone(household=household, producer=producer.display_name)


def change_phone(actor: User, household: Household, phone: str) -> None:
    """Correct a household's number; questions sent to the old one are void. Raises NotAllowed, OwnSidePhone."""
    require(actor, Role.PRODUCER, household.producer)
    with transaction.atomic(), seen_by(None):
        lock(household.producer)
        refuse_own_phone(household.producer, household.code, phone)
        changed = Household.objects.exclude(phone_index=index_of(phone)).filter(pk=household.pk)
        if not changed.update(phone=phone, phone_index=index_of(phone)):
            return
        HouseholdCode.objects.filter(agreement__household=household, used_at=None).update(expires_at=timezone.now())
        body = {"household": household.code, "producer": household.producer.code}
        record("household.phone_changed", body, subject=f"household:{household.pk}")


def sign_agreement(
    actor: User,
    producer: Organisation,
    household: Household,
    mechanism: Mechanism,
    share_bp: int,
    signed_on: date,
    scan: tuple[str, bytes] | None = None,
) -> BenefitAgreement:
    """Enter a benefit agreement; it counts only once the household's side has confirmed it.

    `share_bp` is the households' part of what a lot sells for, in hundredths of a per cent. `scan`: name and bytes of what was
    signed. Raises NotAllowed, or Refusals with every fault.
    """
    require(actor, Role.PRODUCER, producer)
    faults = _terms_faults(producer, household, share_bp, signed_on)
    paper: Checked | None = None
    try:
        paper = checked(*scan) if scan else None
    except HouseError as error:
        faults.append(error)
    with transaction.atomic(), seen_by([producer.pk]):
        lock(producer)
        if BenefitAgreement.objects.filter(household=household, producer=producer).exists():
            faults.append(AgreementExists(household=household.code, producer=producer.display_name))
        if faults:
            raise Refusals(faults)
        agreement = BenefitAgreement.objects.create(
            household=household,
            producer=producer,
            mechanism=mechanism,
            share_bp=share_bp,
            signed_on=signed_on,
        )
        body = {
            "household": household.code,
            "producer": producer.code,
            "mechanism": mechanism,
            "share_bp": share_bp,
        }
        record("agreement.signed", body, subject=f"household:{household.pk}")
        if paper:
            put_on_file(actor, agreement, EVIDENCE[mechanism][0], paper)
    return agreement


def _terms_faults(producer: Organisation, household: Household, share_bp: int, signed_on: date) -> list[HouseError]:
    faults: list[HouseError] = []
    today = timezone.localdate()
    if household.producer_id != producer.pk:
        faults.append(OthersHousehold(household=household.code))
    if not 0 <= share_bp <= WHOLE_BP:
        faults.append(ShareWrong(share_bp=share_bp))
    if not _FIRST_DAY <= signed_on <= today:
        faults.append(not_then(_("The agreement"), signed_on, _FIRST_DAY, today))
    return faults


def confirm_agreement(actor: User, agreement: BenefitAgreement, scan: tuple[str, bytes] | None = None) -> None:
    """Confirm an agreement for the household's side: a town officer of its county, who has spoken with it.

    Never anybody of the producer: villagers who did not know that they had joined are the known fraud. `scan`: name and bytes of the
    form that the household signed. Raises NotAllowed, OwnSideConfirms, AlreadyConfirmed, PaperTooLarge, NoPaper.
    """
    paper = checked(*scan) if scan else None
    with seen_by(None):
        household = agreement.household
        held = Membership.objects.filter(
            user=actor,
            role=Role.TOWN_OFFICER,
            organisation__kind=OrganisationKind.COUNTY_OFFICE,
            organisation__county=household.county_id,
        )
        if not held.exists():
            raise NotAllowed(role=Role.TOWN_OFFICER.label, organisation=str(household.county))
        producer = agreement.producer
        if Membership.objects.filter(user=actor, organisation=producer).exists():
            raise OwnSideConfirms(producer=producer.display_name, household=household.code)
        with transaction.atomic():
            fresh = BenefitAgreement.objects.filter(pk=agreement.pk, confirmed_at__isnull=True)
            if fresh.update(confirmed_at=timezone.now(), confirmed_by=Witness.OFFICE) != 1:
                raise AlreadyConfirmed(household=household.code)
            body = {"household": household.code, "producer": producer.code, "by": Witness.OFFICE.value}
            record("agreement.confirmed", body, subject=f"household:{household.pk}")
            if paper:
                put_on_file(actor, agreement, PaperKind.CONFIRMED, paper)
        agreement.refresh_from_db(fields=["confirmed_at", "confirmed_by"])


def not_then(what: object, day: date, earliest: date, latest: date) -> NotOnThatDay:
    """The fault of a day that must lie between two others."""
    return NotOnThatDay(what=what, day=day, earliest=earliest, latest=latest)
