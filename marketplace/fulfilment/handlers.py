"""What fulfilment's steps do."""

from marketplace.fulfilment.actions import accept_silently, send
from marketplace.fulfilment.lots import assign_lots
from marketplace.fulfilment.models import SupplierOrder
from marketplace.fulfilment.queries import state_of
from marketplace.steps.models import Step
from marketplace.steps.registry import handles


def _of_cause(step: Step) -> SupplierOrder:
    return SupplierOrder.objects.select_related("order").get(pk=int(step.cause.removeprefix("supplier_order:")))


@handles("supplier_order.send")
def on_send(step: Step) -> None:
    """Let the producer see the supplier order."""
    send(SupplierOrder.objects.select_related("order").get(pk=int(step.part)))


@handles("supplier_order.assign_lots")
def on_assign_lots(step: Step) -> None:
    """Give lots to the parcels of a confirmed supplier order."""
    assign_lots(_of_cause(step))


@handles("supplier_order.accept_silently")
def on_accept_silently(step: Step) -> None:
    """Accept for a union that stayed silent; nothing to do when it spoke, or when more was shipped since (`part`: a consignment)."""
    supplier_order = _of_cause(step)
    is_latest = not supplier_order.consignments.filter(pk__gt=int(step.part or 0)).exists() or not step.part
    if is_latest and state_of(supplier_order) == "shipped":
        accept_silently(supplier_order)
