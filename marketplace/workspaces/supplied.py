"""Supplier orders as lists show them: with their derived state and what was ordered for. Constant statements."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import BigIntegerField, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Cast, Coalesce
from django.utils.translation import gettext_lazy as _

from marketplace.fulfilment.models import SupplierOrder
from marketplace.fulfilment.queries import in_state, state_of, with_states
from marketplace.shop.partner.models import Partner
from marketplace.workspaces.listing import Filters, between, choice, containing, day, words
from marketplace.workspaces.templatetags.house import state_label

STATES = ("new", "sent", "confirmed", "assigned", "uncalled", "shipped", "accepted", "closed")


def supplied(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Supplier orders with the counts that `state_of` needs and the amount ordered (`fen`), soonest needed first."""
    lines = Partner.objects.filter(organisation=OuterRef("producer"), order_lines__order=OuterRef("order"))
    ordered = lines.values("organisation").annotate(sum=Sum("order_lines__line_price_incl_tax")).values("sum")
    with_amounts = with_states(rows).annotate(
        fen=Coalesce(Cast(Subquery(ordered) * 100, BigIntegerField()), 0, output_field=BigIntegerField())
    )
    return with_amounts.select_related("union", "producer", "order").order_by("need_date", "id")


def as_rows(found: Iterable[SupplierOrder]) -> list[Any]:
    """Each with its state and how many parcels have left."""
    rows: list[Any] = list(found)
    for row in rows:
        row.state = state_of(row)
        row.left = row.parcels_total - row.in_uncalled - row.in_placed - row.in_assigned - row.in_cancelled
    return rows


class SupplierOrderFilters(Filters):
    """By words, state and the day needed."""

    q = words()
    state = choice(_("State"), [])
    since = day(_("Needed from"))
    until = day(_("Needed until"))

    def __init__(self, request: Any, **kwargs: Any) -> None:
        super().__init__(request, **kwargs)
        self.fields["state"].choices = [("", _("All")), *((code, state_label(code)) for code in STATES)]  # type: ignore[attr-defined]

    def narrowed(self, rows: Any) -> Any:
        """The supplier orders that fit."""
        if text := self.wishes.get("q"):
            names = ("number", "union__name", "union__name_en", "producer__name", "producer__name_en")
            rows = rows.filter(containing(text, *names))
        if state := self.wishes.get("state"):
            rows = in_state(rows, state)
        return between(rows, "need_date", self.wishes)


AMOUNT = {"fen": Sum("fen")}
