"""Opening and funding a union's purses, as the operator does on the union's word."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from marketplace.evidence.actions import record
from marketplace.ledger.actions import fund, is_posted, open_purse
from marketplace.ledger.errors import GiftYearUnfit, NotAUnion, PurseUnnamed, ReferenceMissing
from marketplace.ledger.models import Purse, PurseKind, PursePurpose
from marketplace.organisations.errors import HouseError, Refusals
from marketplace.organisations.models import Organisation, OrganisationKind, User
from marketplace.organisations.queries import require_operator


def open_for(
    actor: User,
    union: Organisation,
    *,
    name: str,
    name_en: str,
    gift_year: int,
    ring_fenced: bool,
    purpose: PursePurpose = PursePurpose.GIFTS,
) -> Purse:
    """Open an empty purse of a union for a gift year; the one of that name if there is one.

    Every purse of a union is covered, except where the policy in force lists its purpose as uncovered; the purpose stays.

    Raises NotAllowed, Refusals of NotAUnion, PurseUnnamed, GiftYearUnfit.
    """
    require_operator(actor)
    this_year = timezone.localdate().year
    carried = Purse.objects.filter(union=union, carried_to__isnull=False).aggregate(last=Max("gift_year"))["last"]
    faults: list[HouseError] = []
    if union.kind != OrganisationKind.UNION:
        faults.append(NotAUnion(organisation=union.display_name))
    if not name.strip():
        faults.append(PurseUnnamed())
    # Nothing is opened in a closed year, or before it.
    first = max(this_year - 1, (carried or 0) + 1)
    if not first <= gift_year <= this_year + 1:
        faults.append(GiftYearUnfit(year=gift_year, first=first, last=this_year + 1))
    if faults:
        raise Refusals(faults)
    kind = PurseKind.RING_FENCED if ring_fenced else PurseKind.GENERAL
    with transaction.atomic():
        Organisation.objects.select_for_update().get(pk=union.pk)
        known = set(Purse.objects.filter(union=union, gift_year=gift_year).values_list("pk", flat=True))
        purse = open_purse(union, name.strip(), gift_year, name_en=name_en.strip(), kind=kind, purpose=purpose)
        if purse.pk not in known:
            body = {"purse": purse.pk, "name": purse.name, "year": gift_year, "kind": kind.value, "purpose": purpose}
            record("purse.opened", body, subject=f"purse:{purse.pk}", union_id=union.pk)
    return purse


def fund_from_bank(actor: User, purse: Purse, amount: int, reference: str, key: str) -> None:
    """Note that the union's money (fen) is there to be spent from this purse, with the bank's reference; once per key.

    Raises NotAllowed, ReferenceMissing, NothingToMove, SameKeyOtherBody.
    """
    require_operator(actor)
    if not reference.strip():
        raise ReferenceMissing
    with transaction.atomic():
        Purse.objects.select_for_update().get(pk=purse.pk)
        posting = f"fund:{purse.pk}:{key}"
        is_new = not is_posted(posting)
        fund(purse, amount, posting)
        if is_new:
            body = {"purse": purse.pk, "amount": amount, "bank_reference": reference.strip()}
            record("purse.funded", body, subject=f"purse:{purse.pk}", union_id=purse.union_id)
