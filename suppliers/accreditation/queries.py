"""Reads about accreditations."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from marketplace.evidence.models import Entry
from marketplace.organisations.models import Organisation
from suppliers.accreditation.models import Accreditation, AccreditationState

_BEFORE_OFFICES = [
    AccreditationState.APPLIED,
    AccreditationState.TOWN_REVIEW,
    AccreditationState.SECTOR_REVIEW,
    AccreditationState.COUNTY_DECISION,
    AccreditationState.PUBLIC_NOTICE,
]


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
    rows = Accreditation.objects.filter(Q(state__in=_BEFORE_OFFICES) | refused, producer=producer)
    return rows.select_related("product").order_by("-id")
