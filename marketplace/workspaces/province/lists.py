"""The columns and filters of the province enterprise's lists."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from marketplace.fulfilment.models import ContractMode
from marketplace.workspaces.listing import Filters, between, choice, containing, day, words
from marketplace.workspaces.sheets import Column

ORDERS = (
    Column("number", _("Supplier order"), url="url"),
    Column("state", _("State"), "state"),
    Column("need_date", _("Needed by"), "date"),
    Column("union", _("Union")),
    Column("producer", _("Producer")),
    Column("parcels_total", _("Parcels"), "count"),
    Column("left", _("Shipped"), "count"),
    Column("fen", _("Amount"), "money"),
)
PRODUCERS = (
    Column("name", _("Producer")),
    Column("county", _("County")),
    Column("mode", _("Contract")),
    Column("fee_bp", _("Fee"), "bp"),
    Column("orders", _("Supplier orders"), "count", url="url"),
    Column("confirmed_in_time", _("Confirmed in time"), "bp"),
    Column("shipped_in_time", _("Shipped in time"), "bp"),
    Column("accepted_whole", _("Accepted whole"), "bp"),
    Column("came_back", _("Parcels back"), "count"),
)
CONTRACTS = (
    Column("name", _("Producer")),
    Column("mode", _("Contract")),
    Column("fee_bp", _("Fee"), "bp"),
    Column("begins", _("From"), "date"),
    Column("ends", _("Until"), "date"),
    Column("state", _("State"), "state"),
)
MONEY = (
    Column("number", _("Supplier order"), url="url"),
    Column("producer", _("Producer")),
    Column("union", _("Union")),
    Column("gross", _("Value of goods"), "money"),
    Column("fee", _("Your fee"), "money"),
    Column("households", _("Households"), "money"),
    Column("net", _("Producer’s part"), "money"),
    Column("union_paid", _("Union paid"), "date"),
    Column("paid_at", _("Paid out"), "date"),
)
PICKS = (
    Column("need_date", _("Needed by"), "date"),
    Column("producer", _("Producer")),
    Column("title", _("Product")),
    Column("lot", _("Lot")),
    Column("best_before", _("Best before"), "date"),
    Column("units", _("Units"), "count"),
    Column("parcels", _("Parcels"), "count"),
    Column("union", _("Union")),
    Column("number", _("Supplier order")),
)


class ProducerFilters(Filters):
    """By words and mode of contract; of a sequence of rows."""

    q = words()
    mode = choice(_("Contract"), ContractMode.choices)

    def narrowed(self, rows: Any) -> Any:
        """The contracts that fit."""
        if text := self.wishes.get("q"):
            rows = rows.filter(containing(text, "producer__name", "producer__name_en", "producer__county__name"))
        if mode := self.wishes.get("mode"):
            rows = rows.filter(mode=mode)
        return rows


class MoneyFilters(Filters):
    """By words, whether paid out, and the day it was paid."""

    q = words()
    paid = choice(_("State"), [("no", _("To be paid out")), ("yes", _("Paid out"))])
    since = day(_("Paid out from"))
    until = day(_("Paid out until"))

    def narrowed(self, rows: Any) -> Any:
        """The accruals that fit."""
        if text := self.wishes.get("q"):
            names = ("supplier_order__number", "producer__name", "producer__name_en", "supplier_order__union__name")
            rows = rows.filter(containing(text, *names))
        if paid := self.wishes.get("paid"):
            rows = rows.filter(paid_at__isnull=paid == "no")
        return between(rows, "paid_at", self.wishes, moments=True)


class PickFilters(Filters):
    """By words and the day needed."""

    q = words()
    until = day(_("Needed until"))

    def narrowed(self, rows: Any) -> Any:
        """The rows that fit."""
        if text := self.wishes.get("q"):
            rows = rows.filter(containing(text, "producer", "title", "number", "union"))
        return rows.filter(need_date__lte=self.wishes["until"]) if "until" in self.wishes else rows
