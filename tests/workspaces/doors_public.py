"""What there is behind the parameters of the public pages."""

from types import SimpleNamespace
from typing import Any

from marketplace.evidence.models import Checkpoint, Entry
from marketplace.evidence.sequencer import sequence_all
from marketplace.stock.models import Lot
from procurement.policy.models import Policy
from tests import world as builders


def own(made: SimpleNamespace) -> dict[str, dict[str, Any]]:
    """Parameters by address."""
    if not Checkpoint.objects.exists():
        sequence_all()
    lot_entry = Entry.objects.filter(kind="lot.made")[0]
    return {
        "product": {"pk": builders.product(builders.DATES).pk},
        "county": {"code": "610828"},
        "maker": {"code": "P-JX"},
        "trace": {"code": Lot.objects.filter(holder__code="P-JX")[0].code},
        "entry": {"pk": lot_entry.pk},
        "entry_leaf": {"pk": lot_entry.pk},
        "entry_proof": {"pk": lot_entry.pk},
        "register_policy": {"pk": Policy.objects.get(version="SN-2020-05").pk},
        "older_engine": {"version": "1"},
        "checkpoint": {"size": Checkpoint.objects.latest("size").size},
    }
