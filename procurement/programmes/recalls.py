"""Telling of a recall: a union's buyers, and its members who have any of the goods."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from marketplace.fulfilment.models import ParcelState
from marketplace.messaging.actions import MessageDraft, send_many
from marketplace.organisations.models import Role
from marketplace.organisations.queries import people_of
from marketplace.organisations.scopes import seen_by
from procurement.programmes.models import Recipient
from suppliers.provenance.graph import Reached, reached
from suppliers.provenance.models import Incident

USEFUL = timedelta(days=30)
_GONE = {ParcelState.SHIPPED, ParcelState.ACCEPTED, ParcelState.REFUSED, ParcelState.RETURNED}


def tell_union(incident: int, union: int) -> int:
    """Write a message to each buyer of the union, and to each of its members whose parcel has left; how many are new.

    Carried out by a step. Names nobody; a constant number of statements.
    """
    with translation.override(settings.LANGUAGE_CODE), seen_by(None):
        recall = Incident.objects.select_related("lot__stock__offer__product", "producer").get(pk=incident)
        found = reached(lots=[recall.lot_id], viewers=[union])
        drafts = [*_buyers(recall, union, found), *_members(recall, found)]
    return send_many(draft for draft in drafts if draft.phone)


def _facts(recall: Incident) -> dict[str, str]:
    offer = getattr(recall.lot.stock, "offer", None)
    title = offer.product.title if offer else recall.lot.stock.sku
    return {"product": title, "lot": recall.lot.code, "producer": recall.producer.name}


def _buyers(recall: Incident, union: int, found: Reached) -> Iterator[MessageDraft]:
    words = _(
        "“%(product)s” of %(producer)s, lot %(lot)s, is recalled. %(parcels)s parcels of your members hold it; the list is on "
        "your first page."
    )
    for user in people_of(Role.BUYER, [union]).get(union, []):
        key = f"recall:{recall.pk}:{user.pk}"
        facts = _facts(recall) | {"parcels": found.parcels}
        yield MessageDraft("recall", key, user.phone, words % facts, timezone.now() + USEFUL)


def _members(recall: Incident, found: Reached) -> Iterator[MessageDraft]:
    words = _(
        "Please do not use “%(product)s” of %(producer)s, lot %(lot)s: it is recalled. Your union tells you what you get instead."
    )
    gone = {one.recipient for one in found.deliveries if one.state in _GONE}
    for pk, recipient in Recipient.objects.in_bulk(gone).items():
        key = f"recall:{recall.pk}:member:{pk}"
        yield MessageDraft("recall", key, recipient.phone, words % _facts(recall), timezone.now() + USEFUL)
