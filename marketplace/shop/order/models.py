"""Orders. One order serves all recipients of a gift; a line is one product of one seller, paid from one purse."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from oscar.apps.order.abstract_models import AbstractLine, AbstractOrder

from marketplace.ledger.models import Purse
from marketplace.organisations.models import Organisation
from marketplace.organisations.scopes import scoped


class Order(AbstractOrder):
    """A union's order. Its state is derived from its parcels; Oscar's status stays empty."""

    union = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="orders")
    gift_year = models.PositiveSmallIntegerField()
    recipients = models.PositiveIntegerField(default=0)

    objects = scoped("union")


class Line(AbstractLine):
    """An order line with its frozen snapshot (I12): price, accreditation, county, policy, fee and contract as they stood.

    A line is one product at one delivered price; regions with different freight make different lines. What it refers to stays,
    because an auditor asks for it years later. `components` is null for a plain product; for a mixed box it
    is [{"product", "quantity", "price"}] as the box was composed.
    """

    partner = models.ForeignKey("partner.Partner", on_delete=models.PROTECT, related_name="order_lines")
    stockrecord = models.ForeignKey("partner.StockRecord", on_delete=models.PROTECT)
    product = models.ForeignKey("catalogue.Product", on_delete=models.PROTECT)
    purse = models.ForeignKey(Purse, on_delete=models.PROTECT, related_name="lines")
    snapshot = models.JSONField(default=dict)
    components = models.JSONField(null=True)

    objects = scoped("order__union")

    class Meta(AbstractLine.Meta):
        constraints = [
            models.CheckConstraint(
                condition=Q(line_price_incl_tax=F("unit_price_incl_tax") * F("quantity")),
                name="a_line_costs_units_times_price",
            ),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="a_line_orders_something"),
        ]

    @property
    def amount_fen(self) -> int:
        """What the line costs, in fen."""
        return int(self.line_price_incl_tax * 100)

    @property
    def unit_price_fen(self) -> int:
        """What one sales unit costs delivered, in fen."""
        return int(self.unit_price_incl_tax * 100)


from oscar.apps.order.models import *  # noqa: E402, F403  Oscar's remaining models, after ours
