"""Own objects of the pages of purchases from outside: one of Yanta's union with its invoice beside it."""

from types import SimpleNamespace
from typing import Any

from django.utils import timezone

from procurement.programmes.models import PaperKind
from procurement.programmes.outside.actions import Bought, register
from tests import world as builders


def own(made: SimpleNamespace) -> dict[str, dict[str, Any]]:
    """Parameters by address."""
    giver = builders.side()
    bought = Bought(timezone.localdate(), "mid_autumn", "某公司", "DOORS-0001", 10_000, 3)
    scan = (PaperKind.INVOICE, "a.pdf", b"%PDF-1.7")
    purchase = register(giver.buyer, giver.union, bought, "doors", papers=[scan])
    number = {"number": purchase.number}
    paper = number | {"paper": purchase.papers.get().pk}
    return {
        "union:elsewhere_one": number,
        "union:elsewhere_file": number,
        "union:elsewhere_paper": paper,
        "union:elsewhere_reverse": number,
        "audit:elsewhere_one": number,
        "audit:elsewhere_paper": paper,
        "oversight:elsewhere_one": number,
        "oversight:elsewhere_paper": paper,
        "api-outside-purchase": number,
        "api-outside-reverse": number,
    }
