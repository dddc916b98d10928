"""Own objects of the API."""

from types import SimpleNamespace
from typing import Any

from django.utils import timezone

from marketplace.demo import cast
from marketplace.fulfilment.models import SupplierOrder


def own(made: SimpleNamespace) -> dict[str, dict[str, Any]]:
    """Parameters by address, for what Yanta's union and Jiaxian's producer have."""
    part = {"number": SupplierOrder.objects.get(pk=made.part).number}
    return {
        "api-statement": {"union": cast.UNION, "year": timezone.localdate().year},
        "api-close-year": {"union": cast.UNION, "year": timezone.localdate().year},
        "api-order": {"number": made.order},
        "api-confirm": part,
        "api-ship": part,
    }
