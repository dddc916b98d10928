"""Reads about accreditations."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.db.models import QuerySet
from django.utils import timezone

from suppliers.accreditation.models import Accreditation, AccreditationState


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
