"""Losses (cancelled, refused, returned parcels) as unions' and producers' lists show them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from marketplace.workspaces.sheets import Column

LOSSES = (
    Column("number", _("Supplier order"), url="url"),
    Column("what", _("What happened")),
    Column("at", _("Day"), "date"),
    Column("producer", _("Producer")),
    Column("why", _("Reason")),
    Column("words", _("In words")),
    Column("parcels", _("Parcels"), "count"),
    Column("amount", _("Amount"), "money"),
    Column("refund_due", _("Refund"), "money"),
    Column("refunded_at", _("Refund came"), "date"),
)


def lost(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Losses with what a list needs, newest first. One statement."""
    return rows.select_related("supplier_order__order", "producer", "union", "refund").order_by("-id")


def as_rows(found: Sequence[Any]) -> list[Any]:
    """Each with its words, its address on the union's side, and when its refund came."""
    rows = list(found)
    for row in rows:
        order = row.supplier_order
        row.number = order.number
        row.what, row.why = row.get_kind_display(), row.get_reason_display()
        row.url = reverse("union:part", args=[order.order.number, order.pk])
        row.refunded_at = row.refund.at if hasattr(row, "refund") else None
    return rows
