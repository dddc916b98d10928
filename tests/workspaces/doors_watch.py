"""Own objects of challenges, determinations, bounds and the sweep."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from marketplace.organisations.models import Organisation, User
from marketplace.shop.bounds import Limits, propose_bounds
from marketplace.shop.catalogue.models import CommodityClass
from marketplace.shop.determinations import Marks, classify
from procurement.priority.models import Certificate
from procurement.watch.actions import File, open_challenge
from procurement.watch.models import Proposal
from tests import world as builders


def own(made: SimpleNamespace) -> dict[str, dict[str, Any]]:
    """Jiaxian's producer sells a kind of mooncakes, and challenges the certificate that Yanta's union got for its order."""
    operator = User.objects.get(username="operator")
    dates = builders.product(builders.DATES)
    leaf = builders.product(builders.MOONCAKES).commodity_class
    determination = classify(operator, dates, leaf, Marks(600, processing="手工"), "枣泥月饼")
    assert determination is not None
    certificate = Certificate.objects.get(decisions__order__number=made.order)
    seller = Organisation.objects.get(code="P-JX")
    paper = File("a.pdf", b"%PDF-1.7")
    challenge = open_challenge(User.objects.get(username="p-jx"), seller, certificate, "我社有货。", [paper])
    bounds = propose_bounds(operator, CommodityClass.objects.get(code="date.red"), Limits(500), "常见规格")
    proposal = Proposal.objects.create(product=dates, kind="twin", commodity_class=leaf, likeness=9_000)
    one = {"pk": challenge.pk}
    return {
        "register_certificate": {"number": certificate.number},
        "register_determination": {"number": determination.number},
        "register_class": {"code": "date.red"},
        "register_challenge": one,
        "challenge_say": one,
        "challenge_decide": one,
        "challenge_withdraw": one,
        "challenge_paper": one | {"paper": challenge.papers.get().pk},
        "producer:challenge_new": {"number": certificate.number},
        "operate:product_remove": {"pk": dates.pk},
        "operate:bounds": {"code": "date.red"},
        "operate:bounds_approve": {"pk": bounds.pk},
        "operate:bounds_discard": {"pk": bounds.pk},
        "operate:sweep_dismiss": {"pk": proposal.pk},
    }
