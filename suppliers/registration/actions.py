"""Verbs on organisations, for the operator. What is wrong with a wish is said all at once."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.db import transaction

from marketplace.evidence.actions import record
from marketplace.organisations.errors import HouseError, Refusals
from marketplace.organisations.models import County, Organisation, OrganisationKind, UnionLevel, User
from marketplace.organisations.queries import require_operator
from marketplace.shop.partner.models import Partner
from suppliers.licences import NumberError, check_credit_code
from suppliers.registration.errors import (
    CodeTaken,
    CodeUnfit,
    CountyMissing,
    CreditCodeTaken,
    CreditCodeWrong,
    KindUnfit,
    NameMissing,
    PlaceInTreeWrong,
    ReasonMissing,
)

_CODE = re.compile(r"[A-Z0-9][A-Z0-9-]{1,31}")
_SELLERS = {OrganisationKind.PRODUCER, OrganisationKind.TRADER}
_OF_A_COUNTY = {OrganisationKind.PRODUCER, OrganisationKind.COUNTY_OFFICE}


@dataclass(frozen=True)
class Wish:
    """An organisation to be registered, as it was asked for."""

    kind: OrganisationKind
    code: str
    name: str
    name_en: str = ""
    credit_code: str = ""
    level: UnionLevel | None = None
    parent: Organisation | None = None
    county: County | None = None


def register(actor: User, wish: Wish) -> Organisation:
    """Register an organisation; sellers can offer goods from then on. Raises NotAllowed, Refusals of all that is wrong."""
    require_operator(actor)
    with transaction.atomic():
        faults = [
            *_name_faults(wish.name),
            *_code_faults(wish.code),
            *_credit_faults(wish.credit_code, None),
            *_place_faults(wish),
        ]
        if faults:
            raise Refusals(faults)
        organisation = Organisation.objects.create(
            kind=wish.kind,
            code=wish.code,
            name=wish.name.strip(),
            name_en=wish.name_en.strip(),
            credit_code=wish.credit_code,
            level=wish.level if wish.kind == OrganisationKind.UNION else None,
            parent=wish.parent if wish.kind == OrganisationKind.UNION else None,
            county=wish.county,
        )
        if wish.kind in _SELLERS:
            Partner.objects.create(name=organisation.name, code=organisation.code.lower(), organisation=organisation)
        record(
            "organisation.registered",
            _facts(organisation) | {"kind": organisation.kind, "path": organisation.path},
            subject=_subject(organisation),
        )
    return organisation


def rename(actor: User, organisation: Organisation, *, name: str, name_en: str, credit_code: str) -> None:
    """Change name and credit code, as the certificate changed. Raises NotAllowed, Refusals. Nothing changed leaves no trace."""
    require_operator(actor)
    with transaction.atomic():
        locked = Organisation.objects.select_for_update(of=("self",)).select_related("parent").get(pk=organisation.pk)
        before = _facts(locked)
        faults = [*_name_faults(name), *_credit_faults(credit_code, locked)]
        if faults:
            raise Refusals(faults)
        locked.name, locked.name_en, locked.credit_code = name.strip(), name_en.strip(), credit_code
        if _facts(locked) == before:
            return
        locked.save(update_fields=["name", "name_en", "credit_code"])
        record("organisation.renamed", {"before": before, "after": _facts(locked)}, subject=_subject(locked))


def set_standing(actor: User, organisation: Organisation, *, good: bool, reason: str) -> None:
    """Take an organisation out of good standing, or back into it, with the reason. While it is out, nobody may buy its goods as
    assistance products. Repeating it does nothing. Raises NotAllowed, ReasonMissing.
    """
    require_operator(actor)
    if not reason.strip():
        raise ReasonMissing
    with transaction.atomic():
        moved = Organisation.objects.filter(pk=organisation.pk, good_standing=not good).update(good_standing=good)
        if moved:
            kind = "organisation.reinstated" if good else "organisation.suspended"
            record(kind, {"code": organisation.code, "reason": reason.strip()}, subject=_subject(organisation))
    organisation.refresh_from_db(fields=["good_standing"])


def _name_faults(name: str) -> list[HouseError]:
    return [] if name.strip() else [NameMissing()]


def _code_faults(code: str) -> list[HouseError]:
    if not _CODE.fullmatch(code):
        return [CodeUnfit(given=code)]
    holder = Organisation.objects.filter(code=code).first()
    return [CodeTaken(given=code, holder=holder.display_name)] if holder else []


def _credit_faults(number: str, of: Organisation | None) -> list[HouseError]:
    """An empty credit code is none; a given one is right, and nobody else's."""
    if not number:
        return []
    try:
        check_credit_code(number)
    except NumberError:
        return [CreditCodeWrong(given=number)]
    holder = Organisation.objects.filter(credit_code=number).exclude(pk=of.pk if of else 0).first()
    return [CreditCodeTaken(given=number, holder=holder.display_name)] if holder else []


def _place_faults(wish: Wish) -> list[HouseError]:
    """What is wrong with the kind, the place in the tree of unions, or the county."""
    if wish.kind == OrganisationKind.OPERATOR:
        return [KindUnfit()]
    if wish.kind in _OF_A_COUNTY:
        return [] if wish.county else [CountyMissing()]
    if wish.kind != OrganisationKind.UNION:
        return []
    above = wish.parent.level if wish.parent else None
    alone = wish.level == UnionLevel.PROVINCE and wish.parent is None
    stands = wish.level is not None and above is not None and above < wish.level
    return [] if alone or stands else [PlaceInTreeWrong()]


def _facts(organisation: Organisation) -> dict[str, str]:
    """What the log keeps of an organisation: all of it is public."""
    return {
        "code": organisation.code,
        "name": organisation.name,
        "name_en": organisation.name_en,
        "credit_code": organisation.credit_code,
    }


def _subject(organisation: Organisation) -> str:
    return f"organisation:{organisation.code}"
