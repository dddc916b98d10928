"""Reads of the shop window's rows."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db import connection
from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet

from suppliers.listings.models import Listing

_DIFFERENT = """
    SELECT DISTINCT stockrecord_id FROM (
        (SELECT {columns} FROM listings_source EXCEPT SELECT {columns} FROM listings_listing)
        UNION ALL
        (SELECT {columns} FROM listings_listing EXCEPT SELECT {columns} FROM listings_source)
    ) AS differing ORDER BY 1
"""


def assistance_on(day: date) -> Q:
    """The condition that a listing is an assistance offer on this day of the Shanghai calendar."""
    return Q(assistance_from__lte=day, assistance_to__gt=day)


def listed(day: date) -> QuerySet[Any]:
    """All listings with `assistance`, whether they are assistance offers on this day, and their stock."""
    holds = ExpressionWrapper(
        Q(assistance_from__isnull=False, assistance_from__lte=day, assistance_to__gt=day), output_field=BooleanField()
    )
    return Listing.objects.annotate(assistance=holds).select_related("stock")


def differences() -> list[int]:
    """Ids of stock records whose row is not what it would be if it were built anew; empty when all is well."""
    columns = [f.column for f in Listing._meta.concrete_fields if f.column != "updated_at"]
    with connection.cursor() as cursor:
        cursor.execute(_DIFFERENT.format(columns=", ".join(f'"{column}"' for column in columns)))
        return [row[0] for row in cursor.fetchall()]


def rebuild(products: Iterable[int]) -> int:
    """Build the rows of these products anew; how many rows changed. Locks the products in order of id."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT refresh_listings(%s)", [sorted(set(products))])
        return int(cursor.fetchone()[0])
