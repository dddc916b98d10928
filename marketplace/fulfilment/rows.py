"""What every verb on a supplier order begins and ends with: its row lock, its state, its entry in the log."""

from __future__ import annotations

from marketplace.evidence.actions import record
from marketplace.fulfilment.errors import NotYet
from marketplace.fulfilment.models import SupplierOrder
from marketplace.fulfilment.queries import state_of


def locked(supplier_order: SupplierOrder) -> SupplierOrder:
    """The supplier order with its row lock: verbs on one supplier order come one after the other."""
    related = ("order__union", "union", "producer", "seller", "enterprise")
    found: SupplierOrder = (
        SupplierOrder.objects.select_for_update(of=("self",)).select_related(*related).get(pk=supplier_order.pk)
    )
    return found


def expect(supplier_order: SupplierOrder, needed: str, verb: str) -> None:
    """Raise NotYet unless the supplier order's derived state is `needed`."""
    state = state_of(supplier_order)
    if state != needed:
        raise NotYet(number=supplier_order.number, state=state, needed=needed, verb=verb)


def note(kind: str, supplier_order: SupplierOrder, **facts: str | int) -> None:
    """Record an entry about the supplier order under its order."""
    record(
        kind, {"number": supplier_order.number, **facts},
        subject=f"order:{supplier_order.order.number}", union_id=supplier_order.union_id,
    )  # fmt: skip
