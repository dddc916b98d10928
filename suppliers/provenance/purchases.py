"""What happens to a purchase after it was entered (actions.collect): nothing of it is edited."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.db import transaction
from django.db.models import Exists, OuterRef, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from marketplace.evidence.actions import record
from marketplace.organisations.errors import HouseError, Refusals
from marketplace.organisations.models import Role, User
from marketplace.organisations.queries import require
from marketplace.organisations.scopes import seen_by
from suppliers.provenance.actions import lock, not_then
from suppliers.provenance.errors import (
    PurchasePaidBefore,
    PurchaseReversalUnexplained,
    PurchaseReversed,
    PurchaseReversedBefore,
    PurchaseUsed,
    SlipMissing,
)
from suppliers.provenance.models import Collection, CollectionPayment, CollectionReversal


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
        what = _("The payment of purchase note %(note)s") % {"note": note}
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
