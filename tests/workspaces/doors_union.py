"""Own objects of the union's pages about people on a list and papers on file."""

from types import SimpleNamespace
from typing import Any

from marketplace.demo import cast
from marketplace.organisations.models import User
from procurement.programmes.models import PaperKind, Programme, Recipient
from procurement.programmes.papers import file_paper


def own(made: SimpleNamespace) -> dict[str, dict[str, Any]]:
    """Parameters by address, for what the giver's union has."""
    plan, ordered = Programme.objects.get(pk=made.programme), Programme.objects.get(order__number=made.order)
    buyer = User.objects.get(username=cast.BUYER)
    paper, other = (file_paper(buyer, p, PaperKind.MINUTES, "纪要.pdf", b"%PDF-1.7") for p in (plan, ordered))
    return {
        "union:person_off": {"pk": plan.pk, "person": Recipient.objects.filter(programme=plan)[0].pk},
        "union:paper": {"pk": plan.pk, "paper": paper.pk},
        "audit:paper": {"number": made.order, "paper": other.pk},
    }
