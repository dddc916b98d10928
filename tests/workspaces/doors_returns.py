"""Own objects of the pages about goods that did not arrive as ordered."""

from types import SimpleNamespace
from typing import Any

from marketplace.demo import cast
from marketplace.fulfilment.losses import Report, cancel
from marketplace.organisations.models import User
from tests import world as builders


def own(made: SimpleNamespace) -> dict[str, dict[str, Any]]:
    """Parameters by address, for a cancellation of the giver's union."""
    order = builders.placed(builders.side(), [builders.DATES], heads=1, prefix="R")
    (part,) = builders.supplier_orders(order)
    parcel = part.parcels.get().pk
    (loss,) = cancel(User.objects.get(username=cast.BUYER), part, Report((parcel,), "member_left"))
    return {"union:refund": {"pk": loss.pk}}
