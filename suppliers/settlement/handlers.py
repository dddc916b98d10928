"""What settlement's steps do."""

from marketplace.fulfilment.models import SupplierOrder
from marketplace.steps.models import Step
from marketplace.steps.registry import handles
from suppliers.settlement.actions import settle


@handles("supplier_order.settle")
def on_settle(step: Step) -> None:
    """Accrue what an accepted supplier order earns."""
    related = ("order", "union", "producer", "seller", "enterprise")
    settle(SupplierOrder.objects.select_related(*related).get(pk=int(step.cause.removeprefix("supplier_order:"))))
