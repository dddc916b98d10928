"""What producers list: all supplier orders, and what deliveries earned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Count, Q, Sum
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from marketplace.workspaces.listing import Empty, Filters, Listing, between, choice, containing, day, words
from marketplace.workspaces.sheets import Column
from marketplace.workspaces.supplied import AMOUNT, SupplierOrderFilters, as_rows, supplied


def order_listing(request: HttpRequest, rows: Any) -> Listing:
    """Supplier orders that were sent to the producer, soonest needed first."""

    def present(found: Sequence[Any]) -> list[Any]:
        shown = as_rows(found)
        for row in shown:
            row.url = reverse("producer:supplier_order", args=[row.pk])
        return shown

    columns = (
        Column("number", _("Supplier order"), url="url"),
        Column("state", _("State"), "state"),
        Column("need_date", _("Needed by"), "date"),
        Column("union", _("Union")),
        Column("parcels_total", _("Parcels"), "count"),
        Column("left", _("Shipped"), "count"),
        Column("fen", _("Amount"), "money"),
    )
    empty = Empty(_("No supplier order yet"), _("New supplier orders appear here, the most urgent first."), "box")
    filters = SupplierOrderFilters(request)
    title = gettext("All supplier orders")
    return Listing(request, supplied(rows), columns, title, empty, filters=filters, present=present, sums=AMOUNT)


class MoneyFilters(Filters):
    """By words, whether paid, and the day of payment."""

    q = words()
    paid = choice(_("State"), [("no", _("Owed")), ("yes", _("Paid"))])
    since = day(_("Paid on or after"))
    until = day(_("Paid until"))

    def narrowed(self, rows: Any) -> Any:
        """The accruals that fit."""
        if text := self.wishes.get("q"):
            names = ("supplier_order__number", "supplier_order__union__name", "supplier_order__union__name_en")
            rows = rows.filter(containing(text, *names))
        if paid := self.wishes.get("paid"):
            rows = rows.filter(paid_at__isnull=paid == "no")
        return between(rows, "paid_at", self.wishes, moments=True)


def money_listing(request: HttpRequest, rows: Any) -> Listing:
    """What each delivery earned, newest first."""

    def present(found: Sequence[Any]) -> list[Any]:
        for row in found:
            row.number, row.union = row.supplier_order.number, row.supplier_order.union
        return list(found)

    columns = (
        Column("number", _("Supplier order")),
        Column("union", _("Union")),
        Column("gross", _("Value of goods"), "money"),
        Column("fee", _("Fee"), "money"),
        Column("households", _("Households"), "money"),
        Column("net", _("Yours"), "money"),
        Column("paid_at", _("Paid"), "date"),
    )
    counted = rows.select_related("supplier_order__union").annotate(
        households_count=Count("by_household__household", distinct=True),
        confirmed=Count("by_household", filter=Q(by_household__confirmed_at__isnull=False)),
        parts=Count("by_household"),
    )
    empty = Empty(_("Nothing earned yet"), _("Money is owed to you as soon as a union accepts a delivery."), "coins")
    sums = {name: Sum(name) for name in ("gross", "fee", "households", "net")}
    filters = MoneyFilters(request)
    return Listing(
        request, counted.order_by("-id"), columns, gettext("Money"), empty, filters=filters, present=present, sums=sums
    )
