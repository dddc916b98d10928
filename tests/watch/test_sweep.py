"""The sweep: classes proposed for goods without one, twins in another class found, each once, and only what changed."""

from __future__ import annotations

import pytest

from marketplace.demo import cast
from marketplace.evidence.actions import record
from marketplace.organisations.models import User
from marketplace.shop.catalogue.models import CommodityClass, Product
from marketplace.shop.determinations import Marks, classify, remove
from marketplace.shop.errors import GroundMissing
from marketplace.steps.actions import run_all_due, write
from marketplace.steps.models import Step
from procurement.watch.actions import set_aside
from procurement.watch.errors import ProposalDecided
from procurement.watch.models import Proposal
from procurement.watch.sweep import SWEEP, open_proposals, propose
from tests import world as builders

pytestmark = pytest.mark.usefixtures("world")


def operator() -> User:
    return User.objects.get(username="operator")


def sweep(slot: str) -> None:
    write(f"day:{slot}", SWEEP)
    run_all_due()
    assert Step.objects.get(cause=f"day:{slot}", kind=SWEEP).state == "done"


def found() -> list[tuple[str, str, str]]:
    return [(one.kind, one.product.upc, one.commodity_class.code) for one in open_proposals()]


def test_the_world_holds_few_twins() -> None:
    sweep("1")
    assert len(found()) <= 3


def test_a_class_is_proposed_until_the_product_has_one() -> None:
    sweep("1")
    product, before = builders.product(cast.BLOCKED), set(found())
    remove(operator(), product, "重新核对")
    sweep("2")
    assert set(found()) - before == {("class", cast.BLOCKED, "grain.millet")}
    sweep("3")
    assert Proposal.objects.filter(product=product).count() == 1
    classify(operator(), product, CommodityClass.objects.get(code="grain.millet"), Marks(2_000), "就是小米")
    assert set(found()) == before


def test_a_product_reclassified_to_escape_is_found() -> None:
    product = builders.product(cast.BLOCKED)
    twin = Product.objects.create(
        upc="JS-GIFT", title="金穗精选小米礼 2 kg", slug="js-gift", product_class=product.product_class,
        commodity_class=CommodityClass.objects.get(code="honey.bee"), net_content=2_000,
    )  # fmt: skip
    record("offer.listed", {"product": twin.pk, "class": "honey.bee", "content": 2_000}, subject=f"product:{twin.pk}")
    sweep("1")
    assert ("twin", "JS-GIFT", "grain.millet") in found()
    proposal = Proposal.objects.get(product=twin, commodity_class__code="grain.millet")
    assert proposal.other == product
    assert proposal.likeness == 8_571
    with pytest.raises(GroundMissing):
        set_aside(operator(), proposal, " ")
    set_aside(operator(), proposal, "内为蜂蜜")
    with pytest.raises(ProposalDecided):
        set_aside(operator(), proposal, "再次")
    sweep("2")
    assert ("twin", "JS-GIFT", "grain.millet") not in found()


def test_a_sweep_looks_at_what_changed_since_the_last() -> None:
    sweep("1")
    assert Step.objects.get(cause="day:1").cursor["after"] == Product.objects.filter(components=None).latest("id").pk
    sweep("2")
    assert "after" not in Step.objects.get(cause="day:2").cursor


def test_titles_are_compared_without_sizes_and_places() -> None:
    ids = list(Product.objects.values_list("pk", flat=True))
    assert propose(ids) == propose(list(reversed(ids)))
