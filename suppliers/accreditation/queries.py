"""Reads about accreditations."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from marketplace.evidence.models import Entry
from marketplace.organisations.models import Organisation
from marketplace.shop.catalogue.models import Product
from suppliers.accreditation.models import UNDER_WAY, Accreditation, AccreditationState

# A renewal may be applied for so many days before the period ends, as reviews take time.
RENEWABLE_DAYS = 90


def valid_on(day: date | None = None) -> QuerySet[Accreditation]:
    """Accreditations valid on a day of the Shanghai calendar (None = today), of producers in good standing.

    The last day of the period does not belong to it. The county list is the policy's matter and not asked here.
    """
    day = day or timezone.localdate()
    return Accreditation.objects.filter(
        state=AccreditationState.VALID,
        valid_from__lte=day,
        valid_to__gt=day,
        producer__good_standing=True,
    )


def valid_for(products: Iterable[int], day: date | None = None) -> dict[int, Accreditation]:
    """Product id → its accreditation valid on the day; products without one are left out. One statement."""
    found = valid_on(day).filter(product__in=list(products)).select_related("producer", "county")
    return {accreditation.product_id: accreditation for accreditation in found}


def expiring(before: date) -> QuerySet[Accreditation]:
    """Valid accreditations that end before the day, soonest first."""
    return valid_on().filter(valid_to__lt=before).order_by("valid_to", "id")


def notice_ends(accreditations: Iterable[Accreditation]) -> dict[str, date]:
    """Number → the day on which its public notice is over, as the log has it: that is what the public was told. One statement."""
    told = _said("public_notice", accreditations)
    return {number: date.fromisoformat(body["notice_until"]) for number, body in told.items()}


def reasons_of_refusal(accreditations: Iterable[Accreditation]) -> dict[str, str]:
    """Number → why it was refused, for those that were. One statement."""
    return {number: body["reason"] for number, body in _said("refused", accreditations).items()}


def _said(what: str, accreditations: Iterable[Accreditation]) -> dict[str, dict[str, Any]]:
    """Number → what the log's latest entry of this kind says of it."""
    subjects = {f"product:{one.product_id}" for one in accreditations}
    entries = Entry.objects.filter(kind=f"accreditation.{what}", subject__in=subjects).order_by("id")
    return {entry.body["number"]: entry.body for entry in entries}


def under_way(producer: Organisation, since: date) -> QuerySet[Accreditation]:
    """A producer's applications that offices have before them, and those refused that were recorded since; newest first."""
    refused = Q(state=AccreditationState.REFUSED, recorded_at__date__gte=since)
    rows = Accreditation.objects.filter(Q(state__in=UNDER_WAY) | refused, producer=producer)
    return rows.select_related("product").order_by("-id")


def standing_in_the_way(day: date | None = None) -> QuerySet[Accreditation]:
    """Accreditations that let nobody apply for their product: under way, suspended, or valid and not yet to be renewed."""
    renewable = (day or timezone.localdate()) + timedelta(days=RENEWABLE_DAYS)
    holding = Q(state=AccreditationState.VALID, valid_to__gte=renewable)
    return Accreditation.objects.filter(Q(state__in=[*UNDER_WAY, AccreditationState.SUSPENDED]) | holding)


def may_apply_for(producer: Organisation) -> QuerySet[Product]:
    """What a producer may apply for now: its own products, no boxes, which are judged by what is in them."""
    own = Product.objects.filter(stockrecords__stock__holder=producer, components__isnull=True)
    rows: QuerySet[Product] = own.exclude(accreditations__in=standing_in_the_way()).distinct().order_by("title", "id")
    return rows
