"""An order as unions and auditors read it: lines with their decisions, what each producer supplies, the trail. Constant statements."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.db.models import OuterRef, Prefetch, Subquery, Sum
from django.db.models.functions import Coalesce

from marketplace.evidence.models import Entry
from marketplace.fulfilment.models import ParcelState, SupplierOrder
from marketplace.fulfilment.queries import progress, state_of, to_pay, with_states
from marketplace.organisations.regions import region_name
from marketplace.shop.order.models import Line, Order
from marketplace.workspaces.log_words import kind_in_words
from procurement.priority.models import Decision, Release


@dataclass(frozen=True)
class SuppliedPart:
    """A supplier order with its derived state, how many parcels it has, and fen to pay for what was not lost."""

    row: SupplierOrder
    state: str
    parcels: int
    shipped: int
    accepted: int
    back: int
    to_pay: int


@dataclass
class DecidedPart:
    """Units of one product (a component's, in a box) of an order line that were decided alike; amount in fen."""

    title: str
    outcome: str
    quantity: int = 0
    amount: int = 0
    papers: list[str] = field(default_factory=list)


def order_context(order: Order) -> dict[str, Any]:
    """Everything that the order page shows."""
    rows = with_states(SupplierOrder.objects.filter(order=order)).select_related("producer", "seller").order_by("id")
    counts, owed = progress(order), to_pay(order)
    gone = Release.objects.filter(decision=OuterRef("pk")).order_by().values("decision").annotate(fen=Sum("amount"))
    decided = (
        Decision.objects.select_related("product", "certificate", "exception")
        .annotate(released=Coalesce(Subquery(gone.values("fen")), 0))
        .order_by("region", "id")
    )
    lines = (
        Line.objects.filter(order=order)
        .select_related("product__commodity_class", "product__county", "partner__organisation", "purse")
        .prefetch_related(Prefetch("decisions", queryset=decided))
        .order_by("id")
    )
    total = int(order.total_incl_tax * 100)
    released = sum(decision.released for line in lines for decision in line.decisions.all())
    return {
        "order": order,
        "lines": [_with_decisions(line) for line in lines],
        "parts": [_supplied(row, owed.get(row.pk, 0)) for row in rows.prefetch_related("consignments")],
        "progress": [(ParcelState(state).label, counts[state]) for state in ParcelState.values if state in counts],
        "parcels": sum(counts.values()),
        "total_fen": total,
        "released": released,
        "left_fen": total - released,
        "trail": trail(order),
    }


def _supplied(row: Any, to_pay: int) -> SuppliedPart:
    back = row.in_cancelled + row.in_refused + row.in_returned
    return SuppliedPart(row, state_of(row), row.parcels_total, row.in_shipped, row.in_accepted, back, to_pay)


def trail(order: Order) -> list[dict[str, Any]]:
    """What the evidence log has about an order, oldest first."""
    entries = Entry.objects.filter(subject=f"order:{order.number}").order_by("id")[:200]
    return [
        {
            "when": entry.written_at,
            "title": kind_in_words(entry.kind),
            "text": entry.body.get("number", ""),
            "mark": bytes(entry.leaf_hash).hex(),
            "tone": "success",
        }
        for entry in entries
    ]


def _with_decisions(line: Line) -> Line:
    """Sum a line's decisions up by ground, since a line may be decided once for each region; name the regions."""
    grouped: dict[tuple[Any, ...], DecidedPart] = {}
    for decision in line.decisions.all():
        decision.region_name = region_name(decision.region)
        key = (decision.product_id, decision.outcome, decision.exception_id)
        part = grouped.setdefault(key, DecidedPart(decision.product.get_title(), decision.outcome))
        part.quantity += decision.quantity
        part.amount += decision.amount
        paper = decision.certificate or decision.exception
        if paper is not None and paper.number not in part.papers:
            part.papers.append(paper.number)
    line.decided = list(grouped.values())
    return line
