"""Verbs of provenance: households and their agreements, what is collected from them, the lots made of it.

Nothing about a household but its code and county goes into the evidence: those codes tell nothing without our
records.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from marketplace.evidence.actions import record
from marketplace.organisations.errors import HouseError, NotAllowed, Refusals
from marketplace.organisations.models import County, Membership, Organisation, OrganisationKind, Role, User
from marketplace.organisations.personal import blind_index
from marketplace.organisations.queries import require
from marketplace.organisations.scopes import seen_by
from marketplace.stock.actions import receive
from marketplace.stock.models import Lot, Stock
from suppliers.accreditation.models import Mechanism
from suppliers.licences import NumberError, check_identity
from suppliers.provenance.errors import (
    AgreementExists,
    AlreadyConfirmed,
    CollectionUsedUp,
    EmptyLot,
    IdentityWrong,
    LotCodeUsed,
    NoteUsed,
    NothingCollected,
    NotOnThatDay,
    OthersCollection,
    OthersHousehold,
    OutOfBalance,
    OwnSideConfirms,
    RecordedBefore,
    ShareWrong,
    Unconfirmed,
    YieldWrong,
)
from suppliers.provenance.models import BenefitAgreement, Collection, Household, LotInput, LotRecipe
from suppliers.provenance.queries import left_of

WHOLE_BP = 10_000


def _lock(producer: Organisation) -> None:
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

    Raises NotAllowed, IdentityWrong, RecordedBefore.
    """
    require(actor, Role.PRODUCER, producer)
    number = _identity(id_number)
    index = blind_index("id_number", number)
    with transaction.atomic(), seen_by([producer.pk]):
        _lock(producer)
        earlier = Household.objects.filter(producer=producer)
        if index and (known := earlier.filter(id_index=index).first()):
            raise RecordedBefore(code=known.code)
        household = Household.objects.create(
            code=f"H-{producer.code}-{earlier.count() + 1:04d}",
            county=county,
            village=village,
            head_name=head_name,
            phone=phone,
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


def sign_agreement(
    actor: User,
    producer: Organisation,
    household: Household,
    mechanism: Mechanism,
    share_bp: int,
    signed_on: date,
) -> BenefitAgreement:
    """Enter a benefit agreement; it counts only once confirm_agreement was called for the household's side.

    `share_bp` is the households' part of what a lot sells for, in hundredths of a per cent.
    """
    require(actor, Role.PRODUCER, producer)
    faults: list[HouseError] = []
    if household.producer_id != producer.pk:
        faults.append(OthersHousehold(household=household.code))
    if not 0 <= share_bp <= WHOLE_BP:
        faults.append(ShareWrong(share_bp=share_bp))
    if signed_on > timezone.localdate():
        faults.append(_not_then(_("The agreement"), signed_on, date(2014, 1, 1), timezone.localdate()))
    with transaction.atomic(), seen_by([producer.pk]):
        _lock(producer)
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
    return agreement


def confirm_agreement(actor: User, agreement: BenefitAgreement) -> None:
    """Confirm an agreement for the household's side: a town officer of its county, who has spoken with it.

    Never anybody of the producer: villagers who did not know that they had joined are the known fraud.
    """
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
            if fresh.update(confirmed_at=timezone.now()) != 1:
                raise AlreadyConfirmed(household=household.code)
            body = {"household": household.code, "producer": producer.code}
            record("agreement.confirmed", body, subject=f"household:{household.pk}")
        agreement.refresh_from_db(fields=["confirmed_at"])


def collect(
    actor: User,
    agreement: BenefitAgreement,
    produce: str,
    grams: int,
    price: int,
    collected_on: date,
    note: str,
) -> Collection:
    """Enter what was bought from a household: grams, fen for the whole, the number of the purchase note.

    May be entered before the household's side confirms the agreement, but counts for no lot until then.
    """
    producer = agreement.producer
    require(actor, Role.PRODUCER, producer)
    faults: list[HouseError] = []
    if grams <= 0 or price <= 0:
        faults.append(NothingCollected(note=note, grams=grams, price=price))
    today = timezone.localdate()
    if not agreement.signed_on <= collected_on <= today:
        faults.append(_not_then(_("Collection %(note)s") % {"note": note}, collected_on, agreement.signed_on, today))
    with transaction.atomic(), seen_by(None):
        _lock(producer)
        if Collection.objects.filter(note=note).exists():
            faults.append(NoteUsed(note=note))
        if faults:
            raise Refusals(faults)
        collection = Collection.objects.create(
            agreement=agreement,
            producer=producer,
            produce=produce,
            grams=grams,
            price=price,
            collected_on=collected_on,
            note=note,
        )
        body = {
            "note": note,
            "producer": producer.code,
            "household": agreement.household.code,
            "produce": produce,
            "grams": grams,
            "price": price,
            "on": collected_on.isoformat(),
        }
        record("collection.entered", body, subject=f"collection:{collection.pk}")
    return collection


def make_lot(
    actor: User,
    stock: Stock,
    code: str,
    made: int,
    produced_on: date,
    best_before: date,
    inputs: Mapping[Collection, int],
    yield_bp: int,
    unit_grams: int,
    waste_grams: int = 0,
) -> Lot:
    """Record a lot made of collections (→ grams used) and put its `made` sales units into stock.

    `unit_grams` is what a sales unit holds of the inputs, `yield_bp` what they yield in hundredths of a per
    cent. Raises NotAllowed, or Refusals with every fault at once; the database checks the balance again at
    commit.
    """
    producer = stock.holder
    require(actor, Role.PRODUCER, producer)
    with transaction.atomic(), seen_by(None):
        _lock(producer)
        faults = _input_faults(producer, inputs)
        faults += _date_faults(code, produced_on, best_before, inputs)
        if Lot.objects.filter(code=code).exists():
            faults.append(LotCodeUsed(lot=code))
        faults += _balance_faults(code, made, inputs, yield_bp, unit_grams, waste_grams)
        if faults:
            raise Refusals(faults)
        lot = Lot.objects.create(
            stock=stock,
            holder=producer,
            code=code,
            made=made,
            produced_on=produced_on,
            best_before=best_before,
        )
        LotRecipe.objects.create(lot=lot, yield_bp=yield_bp, unit_grams=unit_grams, waste_grams=waste_grams)
        LotInput.objects.bulk_create([LotInput(lot=lot, collection=c, grams=g) for c, g in inputs.items()])
        body = {
            "lot": code,
            "sku": stock.sku,
            "producer": producer.code,
            "made": made,
            "yield_bp": yield_bp,
            "unit_grams": unit_grams,
            "waste_grams": waste_grams,
            "inputs": sorted([c.note, grams] for c, grams in inputs.items()),
        }
        record("lot.made", body, subject=f"lot:{lot.pk}")
        receive(lot, f"lot:{code}")
    return lot


def _input_faults(producer: Organisation, inputs: Mapping[Collection, int]) -> list[HouseError]:
    faults: list[HouseError] = []
    left = left_of(inputs)
    agreements = {c.agreement_id for c in inputs}
    households = {a.pk: a for a in BenefitAgreement.objects.filter(pk__in=agreements).select_related("household")}
    for collection, wanted in inputs.items():
        agreement = households[collection.agreement_id]
        if collection.producer_id != producer.pk:
            faults.append(OthersCollection(note=collection.note))
            continue
        if agreement.confirmed_at is None:
            faults.append(Unconfirmed(note=collection.note, household=agreement.household.code))
        if wanted > left[collection.pk]:
            faults.append(
                CollectionUsedUp(note=collection.note, grams=collection.grams, left=left[collection.pk], wanted=wanted)
            )
    return faults


def _date_faults(code: str, produced_on: date, best_before: date, inputs: Mapping[Collection, int]) -> list[HouseError]:
    faults: list[HouseError] = []
    today = timezone.localdate()
    earliest = max((c.collected_on for c in inputs), default=produced_on)
    if not earliest <= produced_on <= today:
        faults.append(_not_then(_("Production of lot %(lot)s") % {"lot": code}, produced_on, earliest, today))
    if best_before <= produced_on:
        faults.append(
            _not_then(_("The best-before date of lot %(lot)s") % {"lot": code}, best_before, produced_on, date.max)
        )
    return faults


def _balance_faults(
    code: str, made: int, inputs: Mapping[Collection, int], yield_bp: int, unit_grams: int, waste_grams: int
) -> list[HouseError]:
    if made < 1 or unit_grams < 1 or waste_grams < 0 or not inputs or min(inputs.values()) < 1:
        return [EmptyLot(lot=code)]
    if not 1 <= yield_bp <= WHOLE_BP:
        return [YieldWrong(lot=code, yield_bp=yield_bp)]
    output, weight = made * unit_grams + waste_grams, sum(inputs.values())
    if output * WHOLE_BP > weight * yield_bp:
        possible = weight * yield_bp // WHOLE_BP
        return [OutOfBalance(lot=code, output=output, input=weight, possible=possible)]
    return []


def _not_then(what: str, day: date, earliest: date, latest: date) -> NotOnThatDay:
    return NotOnThatDay(what=what, day=day.isoformat(), earliest=earliest.isoformat(), latest=latest.isoformat())
