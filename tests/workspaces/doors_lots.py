"""Own objects of the pages of lots, holds and recalls."""

from types import SimpleNamespace
from typing import Any

from marketplace.stock.models import Lot
from suppliers.provenance.incidents import recall
from suppliers.provenance.models import IncidentReason
from tests import world as builders


def own(made: SimpleNamespace) -> dict[str, dict[str, Any]]:
    """A lot of Jiaxian's producer of which the union has parcels, and its recall."""
    lot = Lot.objects.filter(
        allocations__parcel_line__parcel__supplier_order=made.part, stock__sku=builders.DATES
    ).select_related("holder")[0]
    grower = lot.holder.memberships.get(role="producer").user
    incident = {"pk": recall(grower, lot.holder, lot, IncidentReason.HARMFUL).pk}
    found: dict[str, dict[str, Any]] = {}
    found |= {f"api-lot-{name}": {"code": lot.code} for name in ("certificate", "hold", "recall")}
    found |= {f"producer:{name}": {"pk": lot.pk} for name in ("lot", "lot_certificate", "lot_stop")}
    found |= {f"{workspace}:incident": incident for workspace in ("producer", "province", "oversight", "operate")}
    return found | {"union:recall": incident, "api-incident-lift": incident}
