"""Holds, which can be lifted, and recalls, which cannot: of a lot and of everything that was made of it.

Locks: the producer, so that nothing more is made of the lots meanwhile; the lots by id; their stock records, last.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from marketplace.evidence.actions import EntryDraft, record_many
from marketplace.fulfilment.models import Parcel, ParcelState
from marketplace.organisations.errors import NotAllowed
from marketplace.organisations.models import Organisation, OrganisationKind, Role, User
from marketplace.organisations.queries import require
from marketplace.organisations.scopes import seen_by
from marketplace.steps.actions import write
from marketplace.stock.actions import last_day_needed, withhold
from marketplace.stock.models import LEFT, Condition, Lot, Stock
from suppliers.provenance.actions import lock
from suppliers.provenance.errors import AlreadyRecalled, NotYourHold, RecallStays
from suppliers.provenance.graph import made_of
from suppliers.provenance.models import Incident, IncidentKind, IncidentLot, IncidentReason, IncidentState
from suppliers.settlement.models import Contract

TELL = "recall.tell"

# In which role one speaks for an organisation of each kind.
_SPEAKS = {
    OrganisationKind.PRODUCER: Role.PRODUCER,
    OrganisationKind.TRADER: Role.PRODUCER,
    OrganisationKind.COUNTY_OFFICE: Role.COUNTY_OFFICER,
    OrganisationKind.PROVINCE_ENTERPRISE: Role.PROVINCE,
    OrganisationKind.OPERATOR: Role.OPERATOR,
}


def hold(actor: User, by: Organisation, lot: Lot, reason: IncidentReason, words: str = "") -> Incident:
    """Hold a lot and all that was made of it: nothing of them is assigned, packed or shipped, and what is left is off sale.

    By its producer, the office of its county, or the province enterprise under contract with it. Repeating it gives the hold in force.
    Raises NotAllowed, AlreadyRecalled.
    """
    return _open(actor, by, lot, IncidentKind.HOLD, reason, words)


def recall(actor: User, by: Organisation, lot: Lot, reason: IncidentReason, words: str = "") -> Incident:
    """Recall a lot and all that was made of it, for good. Each union that has any of it is told by a step.

    By those who may hold it, or an operator. Repeating it gives the recall in force. Raises NotAllowed.
    """
    return _open(actor, by, lot, IncidentKind.RECALL, reason, words)


def lift(actor: User, incident: Incident, words: str = "") -> None:
    """Lift a hold, by whoever placed it; lots that nothing else stops are good again. Repeating it does nothing.

    Raises NotYourHold, RecallStays.
    """
    with transaction.atomic(), seen_by(None):
        lock(incident.producer)
        held = Incident.objects.select_related("by", "lot").get(pk=incident.pk)
        role = _SPEAKS[OrganisationKind(held.by.kind)]
        try:
            require(actor, role, held.by)
        except NotAllowed:
            raise NotYourHold(lot=held.lot.code, by=held.by.display_name) from None
        if held.kind == IncidentKind.RECALL:
            raise RecallStays(lot=held.lot.code)
        if held.state == IncidentState.LIFTED:
            return
        lots = _locked([one.lot_id for one in held.concerns.all()])
        held.state, held.lifted_by, held.lifted_at = IncidentState.LIFTED, actor, timezone.now()
        held.lifted_words = words.strip()[:200]
        held.save(update_fields=["state", "lifted_by", "lifted_at", "lifted_words"])
        free = [lot.pk for lot in lots if lot.condition == Condition.HELD]
        others = IncidentLot.objects.filter(lot__in=free, incident__state=IncidentState.OPEN).values("lot")
        Lot.objects.filter(pk__in=free).exclude(pk__in=others).update(condition=Condition.GOOD)
        _say("lot.released", held, lots)
        withhold({lot.stock_id for lot in lots}, f"incident:{held.pk}:lifted")


def may_open(actor: User, by: Organisation, lot: Lot, kind: IncidentKind) -> None:
    """Raise NotAllowed unless the person may hold or recall this lot for that organisation."""
    role = _SPEAKS.get(OrganisationKind(by.kind))
    if role is None:
        raise NotAllowed(role=Role.PRODUCER.label, organisation=lot.holder.display_name)
    require(actor, role, by)
    if role == Role.PRODUCER:
        fits = by.pk == lot.holder_id
    elif role == Role.COUNTY_OFFICER:
        fits = by.county_id is not None and by.county_id == lot.holder.county_id
    elif role == Role.PROVINCE:
        today = timezone.localdate()
        fits = Contract.objects.filter(enterprise=by, producer=lot.holder_id, period__contains=today).exists()
    else:
        fits = kind == IncidentKind.RECALL
    if not fits:
        raise NotAllowed(role=Role.PRODUCER.label, organisation=lot.holder.display_name)


def _open(actor: User, by: Organisation, lot: Lot, kind: IncidentKind, reason: IncidentReason, words: str) -> Incident:
    with transaction.atomic(), seen_by(None):
        named = Lot.objects.select_related("holder").get(pk=lot.pk)
        may_open(actor, by, named, kind)
        lock(named.holder)
        in_force = Incident.objects.filter(lot=named, kind=kind, state=IncidentState.OPEN)
        if kind == IncidentKind.HOLD:
            in_force = in_force.filter(by=by)
        if before := in_force.first():
            return before
        lots = _locked(made_of([named.pk]))
        if kind == IncidentKind.HOLD and any(
            one.pk == named.pk and one.condition == Condition.RECALLED for one in lots
        ):
            raise AlreadyRecalled(lot=named.code)
        incident = Incident.objects.create(
            kind=kind,
            lot=named,
            producer=named.holder,
            by=by,
            reason=reason,
            words=words.strip()[:200],
            opened_by=actor,
        )
        IncidentLot.objects.bulk_create([IncidentLot(incident=incident, lot=one) for one in lots])
        changed = Lot.objects.filter(pk__in=[one.pk for one in lots])
        if kind == IncidentKind.RECALL:
            changed.exclude(condition=Condition.RECALLED).update(condition=Condition.RECALLED)
            write(f"incident:{incident.pk}", TELL, [str(union) for union in _unions([one.pk for one in lots])])
        else:
            changed.filter(condition=Condition.GOOD).update(condition=Condition.HELD)
        _say("lot.recalled" if kind == IncidentKind.RECALL else "lot.held", incident, lots)
        withhold({one.stock_id for one in lots}, f"incident:{incident.pk}:opened")
    return incident


def _locked(lots: Sequence[int]) -> list[Lot]:
    return list(Lot.objects.select_for_update(of=("self",)).filter(pk__in=lots).order_by("pk"))


def _unions(lots: Sequence[int]) -> list[int]:
    """The unions whose members' parcels hold any of these lots."""
    parcels = Parcel.objects.filter(lines__allocations__lot__in=lots).exclude(state=ParcelState.CANCELLED)
    return list(parcels.order_by("union_id").values_list("union_id", flat=True).distinct())


def _say(kind: str, incident: Incident, lots: Sequence[Lot]) -> None:
    """An entry of the log for each lot, without the words, in which somebody may have written a name."""
    body = {"incident": incident.pk, "named": incident.lot.code, "by": incident.by.code, "reason": str(incident.reason)}
    record_many([EntryDraft(kind, {"lot": lot.code, **body}, f"lot:{lot.pk}") for lot in lots])


def mind_dates() -> None:
    """Take lots off sale that came to their date; put back what a shorter LOT_DAYS_LEFT lets go. Carried out by a step each day.

    Locks only the stock records concerned: orders for all others go on.
    """
    with transaction.atomic(), seen_by(None):
        old = Lot.objects.annotate(free=LEFT).filter(best_before__lt=last_day_needed(), free__gt=0)
        stocks = Stock.objects.filter(Q(withheld__gt=0) | Q(pk__in=old.values("stock"))).values_list("pk", flat=True)
        withhold(stocks, f"day:{timezone.localdate().isoformat()}")
