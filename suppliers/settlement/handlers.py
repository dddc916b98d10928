"""What settlement's steps do."""

from marketplace.fulfilment.models import Loss, SupplierOrder
from marketplace.steps.models import Step
from marketplace.steps.registry import handles
from suppliers.settlement.actions import settle
from suppliers.settlement.corrections import correct


@handles("supplier_order.settle")
def on_settle(step: Step) -> None:
    """Accrue what an accepted supplier order earns."""
    related = ("order", "union", "producer", "seller", "enterprise")
    settle(SupplierOrder.objects.select_related(*related).get(pk=int(step.cause.removeprefix("supplier_order:"))))


@handles("loss.correct_accrual")
def on_correct(step: Step) -> None:
    """Take back what producer and households had earned with goods that were returned."""
    correct(Loss.objects.select_related("supplier_order").get(pk=int(step.cause.removeprefix("loss:"))))
