"""What is bought from households: entered note by note or many at once, paid, reversed; nothing of it is edited."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.db.models import Exists, OuterRef, Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from marketplace.evidence.actions import EntryDraft, record, record_many
from marketplace.organisations.errors import HouseError, Refusals, Sentence
from marketplace.organisations.models import Organisation, Role, User
from marketplace.organisations.queries import require
from marketplace.organisations.scopes import seen_by
from suppliers.provenance.actions import lock, not_then
from suppliers.provenance.errors import Disowned
from suppliers.provenance.models import BenefitAgreement, Collection, CollectionPayment, CollectionReversal
from suppliers.provenance.purchase_errors import (
    NoteUsed,
    NothingCollected,
    PurchasePaidBefore,
    PurchaseReversalUnexplained,
    PurchaseReversed,
    PurchaseReversedBefore,
    PurchaseUsed,
    SlipMissing,
)


@dataclass(frozen=True)
class Bought:
    """What stands on a purchase note: from whom, grams, fen for the whole, the day, the producer's number."""

    agreement: BenefitAgreement
    produce: str
    grams: int
    price: int
    collected_on: date
    note: str


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

    May be entered before the household's side confirms the agreement, but counts for no lot until then. A number whose purchase
    was reversed may be entered again, in its place. Raises NotAllowed, or Refusals with every fault.
    """
    producer = agreement.producer
    require(actor, Role.PRODUCER, producer)
    with transaction.atomic(), seen_by(None):
        lock(producer)
        fresh = BenefitAgreement.objects.select_related("household").get(pk=agreement.pk)
        bought = Bought(fresh, produce, grams, price, collected_on, note)
        earlier = last_entries(producer, [note])
        if faults := faults_of(bought, earlier.get(note)):
            raise Refusals(faults)
        return enter(producer, [bought], earlier)[0]


def last_entries(producer: Organisation, notes: Iterable[str]) -> dict[str, Collection]:
    """Number → the last entry of it, reversed or not; only of numbers that were entered. One statement."""
    rows = Collection.objects.filter(producer=producer, note__in=list(notes)).select_related("reversal")
    return {one.note: one for one in rows.order_by("pk")}


def faults_of(bought: Bought, earlier: Collection | None) -> list[HouseError]:
    """All that is wrong with a purchase; `earlier` is the last entry of its number."""
    faults: list[HouseError] = []
    agreement, note, day = bought.agreement, bought.note, bought.collected_on
    if bought.grams <= 0 or bought.price <= 0:
        faults.append(NothingCollected(note=note, grams=bought.grams, price=bought.price))
    today = timezone.localdate()
    if not agreement.signed_on <= day <= today:
        what = Sentence(_("Collection %(note)s"), {"note": note})
        faults.append(not_then(what, day, agreement.signed_on, today))
    if agreement.state == "disowned":
        faults.append(Disowned(household=agreement.household.code))
    if earlier is not None and not earlier.is_reversed:
        faults.append(NoteUsed(note=note))
    return faults


def enter(producer: Organisation, bought: Sequence[Bought], earlier: Mapping[str, Collection]) -> list[Collection]:
    """Write purchases that have no fault, with their log entries; the caller holds the producer's lock. Two statements."""
    made = Collection.objects.bulk_create(
        [Collection(producer=producer, replaces=earlier.get(one.note), **vars(one)) for one in bought]
    )
    record_many([_entered(producer, one) for one in made])
    return made


def _entered(producer: Organisation, one: Collection) -> EntryDraft:
    body = {
        "note": one.note,
        "producer": producer.code,
        "household": one.agreement.household.code,
        "produce": one.produce,
        "grams": one.grams,
        "price": one.price,
        "on": one.collected_on.isoformat(),
        "replaces": one.replaces_id or 0,
    }
    return EntryDraft("collection.entered", body, f"collection:{one.pk}")


def reverse_purchase(actor: User, collection: Collection, because: str) -> CollectionReversal:
    """Take back a purchase that was entered wrongly, and that nothing was made of; the right one can then be entered in its place.

    Asked again for the same reason, it is the first one. The reason stays out of the log: people write names into it. Raises
    NotAllowed, PurchaseReversalUnexplained, PurchaseReversedBefore, PurchaseUsed.
    """
    producer = collection.producer
    require(actor, Role.PRODUCER, producer)
    because = because.strip()[:200]
    if not because:
        raise PurchaseReversalUnexplained
    with transaction.atomic(), seen_by(None):
        lock(producer)
        earlier = CollectionReversal.objects.filter(collection=collection).first()
        if earlier is not None:
            if (earlier.reversed_by_id, earlier.because) == (actor.pk, because):
                return earlier
            raise PurchaseReversedBefore(note=collection.note, day=timezone.localdate(earlier.at))
        if used := collection.used_in.aggregate(total=Sum("grams", default=0))["total"]:
            raise PurchaseUsed(note=collection.note, grams=used)
        body = {
            "note": collection.note,
            "producer": producer.code,
            "grams": collection.grams,
            "price": collection.price,
        }
        entry = record("collection.reversed", body, subject=f"collection:{collection.pk}")
        return CollectionReversal.objects.create(
            collection=collection, producer=producer, because=because, reversed_by=actor, entry=entry
        )


def record_paid(
    actor: User, collection: Collection, slip: str, paid_on: date, instead_of: CollectionPayment | None = None
) -> CollectionPayment:
    """Record that a purchase was paid to its household, all of its price: the number of the slip, the day.

    `instead_of`: the payment that this one corrects. Asked again with the same slip and day, it is the first one. A slip may pay
    several notes. Raises NotAllowed, or Refusals with every fault.
    """
    producer = collection.producer
    require(actor, Role.PRODUCER, producer)
    slip, note = slip.strip()[:80], collection.note
    faults: list[HouseError] = [] if slip else [SlipMissing(note=note)]
    today = timezone.localdate()
    if not collection.collected_on <= paid_on <= today:
        what = Sentence(_("The payment of purchase note %(note)s"), {"note": note})
        faults.append(not_then(what, paid_on, collection.collected_on, today))
    with transaction.atomic(), seen_by(None):
        lock(producer)
        if CollectionReversal.objects.filter(collection=collection).exists():
            faults.append(PurchaseReversed(note=note))
        earlier: CollectionPayment | None = collection.payments.filter(replaced_by__isnull=True).first()
        if earlier is not None:
            if (earlier.slip, earlier.paid_on) == (slip, paid_on):
                return earlier
            if instead_of is None or instead_of.pk != earlier.pk:
                faults.append(PurchasePaidBefore(note=note, day=earlier.paid_on, slip=earlier.slip))
        if faults:
            raise Refusals(faults)
        body = {
            "note": note,
            "producer": producer.code,
            "price": collection.price,
            "slip": slip,
            "on": paid_on.isoformat(),
            "replaces": earlier.pk if earlier else 0,
        }
        entry = record("collection.paid", body, subject=f"collection:{collection.pk}")
        return CollectionPayment.objects.create(
            collection=collection, producer=producer, slip=slip, paid_on=paid_on, replaces=earlier, recorded_by=actor, entry=entry
        )  # fmt: skip


def payments_of(collections: Iterable[Collection]) -> dict[int, CollectionPayment]:
    """Collection (id) → the payment that counts; only of those that are paid. One statement."""
    rows = CollectionPayment.objects.filter(collection__in=list(collections), replaced_by__isnull=True)
    return {one.collection_id: one for one in rows}


def is_paid() -> Exists:
    """Whether a purchase is paid, as a condition on collections."""
    return Exists(CollectionPayment.objects.filter(collection=OuterRef("pk")))
