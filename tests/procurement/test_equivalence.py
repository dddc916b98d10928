"""When one product can stand for another of its class, and who says so: bounds set by two operators, published determinations."""

from dataclasses import dataclass

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction

from marketplace.demo import cast
from marketplace.evidence.models import Entry
from marketplace.organisations.errors import NotAllowed, Refusals
from marketplace.organisations.models import User
from marketplace.shop.bounds import Limits, approve_bounds, discard_bounds, propose_bounds
from marketplace.shop.catalogue.models import BoundsState, ClassBounds, CommodityClass, Determination, Product
from marketplace.shop.determinations import Marks, classify, remove, undo
from marketplace.shop.errors import BoundsDecided, BoundsOwn, BoundsWait
from procurement.priority.equivalence import Bounds, missed
from procurement.priority.gifts import question
from procurement.programmes.plans import plan_of
from tests import world as builders


@dataclass(frozen=True)
class Goods:
    """What is compared."""

    content: int = 2_000
    grade: str = ""
    processing: str = ""
    dietary: tuple[str, ...] = ()


MILLET = Bounds(500, 5_000, ("特级", "一级", "二级"), ("脱壳", "带壳"), ("halal",))


@pytest.mark.parametrize(
    ("wanted", "offered", "expected"),
    [
        (Goods(), Goods(), []),
        (Goods(content=500), Goods(content=5_000), []),
        (Goods(), Goods(content=499), ["content"]),
        (Goods(), Goods(content=5_001), ["content"]),
        (Goods(content=25_000), Goods(content=400), []),  # an odd package escapes nothing
        (Goods(grade="一级"), Goods(grade="特级"), []),  # better serves
        (Goods(grade="一级"), Goods(grade="二级"), ["grade"]),
        (Goods(grade="皇家"), Goods(grade="二级"), []),  # a grade of one's own invention bounds nothing
        (Goods(grade="一级"), Goods(), []),
        (Goods(processing="脱壳"), Goods(processing="带壳"), ["processing"]),
        (Goods(processing="脱壳"), Goods(processing="精选"), []),
        (Goods(dietary=("halal",)), Goods(), ["dietary"]),
        (Goods(dietary=("halal",)), Goods(dietary=("halal", "organic")), []),
        (Goods(dietary=("imperial",)), Goods(), []),  # a mark that does not count
        (
            Goods(grade="特级", processing="脱壳", dietary=("halal",)),
            Goods(100, "二级", "带壳"),
            ["content", "grade", "processing", "dietary"],
        ),
    ],
)
def test_within_bounds(wanted: Goods, offered: Goods, expected: list[str]) -> None:
    assert missed(wanted, offered, MILLET) == expected


@pytest.mark.parametrize(
    ("wanted", "offered", "expected"),
    [
        (Goods(content=100), Goods(content=9_000), []),
        (Goods(grade="一级"), Goods(grade="特级"), ["grade"]),
        (Goods(processing="脱壳"), Goods(processing="精选"), ["processing"]),
        (Goods(dietary=("imperial",)), Goods(), ["dietary"]),
        (Goods(grade="一级", processing="脱壳"), Goods(), []),
    ],
)
def test_a_class_without_bounds(wanted: Goods, offered: Goods, expected: list[str]) -> None:
    assert missed(wanted, offered, None) == expected


def operator(name: str = "operator") -> User:
    return User.objects.get(username=name)


def millet() -> CommodityClass:
    return CommodityClass.objects.get(code="grain.millet")


def in_force(limits: Limits) -> ClassBounds:
    bounds = propose_bounds(operator(), millet(), limits, "规格相差过大的不作比较")
    approve_bounds(operator("operator.second"), bounds)
    bounds.refresh_from_db()
    return bounds


def test_bounds_hold_once_a_second_operator_agrees(world: None) -> None:
    proposed = propose_bounds(operator(), millet(), Limits(500, 5_000, ["特级", " 一级 ", "特级"]), "常见包装")
    assert (proposed.state, proposed.grades) == (BoundsState.PROPOSED, ["特级", "一级"])
    with pytest.raises(BoundsOwn):
        approve_bounds(operator(), proposed)
    with pytest.raises(BoundsWait):
        propose_bounds(operator("operator.second"), millet(), Limits(1), "另一种")
    approve_bounds(operator("operator.second"), proposed)
    with pytest.raises(BoundsDecided):
        approve_bounds(operator("operator.second"), proposed)
    with pytest.raises(BoundsDecided):
        discard_bounds(operator(), proposed)
    newer = in_force(Limits(1_000))
    assert list(millet().bounds.values_list("pk", "state")) == [(newer.pk, "in_force"), (proposed.pk, "replaced")]
    entries = Entry.objects.filter(subject="class:grain.millet").order_by("id")
    assert [entry.kind for entry in entries] == ["class.bounds_proposed", "class.bounds_in_force"] * 2
    assert entries[1].body == {
        "class": "grain.millet",
        "bounds": proposed.pk,
        "content_least": 500,
        "content_most": 5_000,
        "grades": ["特级", "一级"],
        "processings": [],
        "dietary": [],
        "ground": "常见包装",
    }


def test_all_faults_of_bounds_are_said_at_once(world: None) -> None:
    group = CommodityClass.objects.get(code="grain")
    with pytest.raises(Refusals) as refused:
        propose_bounds(operator(), group, Limits(5, 4), " ")
    assert [fault.code for fault in refused.value.refusals] == ["not_a_leaf", "bounds_inside_out", "ground_missing"]
    with pytest.raises(Refusals, match="“一级至特级之间，以国家标准所列各项指标为准” is longer than the 20 characters"):
        propose_bounds(operator(), millet(), Limits(grades=["一级", "一级至特级之间，以国家标准所列各项指标为准"]), "…")
    with pytest.raises(Refusals, match="say nothing"):
        propose_bounds(operator(), millet(), Limits(), "…")
    with pytest.raises(NotAllowed):
        propose_bounds(operator("p-jx"), millet(), Limits(5), "…")


def test_the_database_keeps_bounds_as_they_were(world: None) -> None:
    bounds = in_force(Limits(500))
    for attempt in (
        "UPDATE catalogue_classbounds SET content_most = 1000",
        "UPDATE catalogue_classbounds SET decided_by_id = proposed_by_id",
        "UPDATE catalogue_classbounds SET state = 'proposed'",
        "DELETE FROM catalogue_classbounds",
    ):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(attempt)
    assert ClassBounds.objects.get(commodity_class=millet()) == bounds


def reasons(sku: str) -> dict[str, tuple[str, ...]]:
    """What the rule is told of each assistance offer of the wanted article's class."""
    giver = builders.side()
    request = plan_of(builders.planned(giver, [sku], heads=2)).request
    assert request is not None
    asked = question(request)
    return {offer.product: offer.reasons for line in asked.gift.lines for offer in line.candidates}


def test_the_rule_is_told_what_lies_outside_the_bounds(world: None) -> None:
    before = reasons(cast.BLOCKED)
    assert "content" not in {reason for failed in before.values() for reason in failed}
    in_force(Limits(content_least=2_000, content_most=2_000))
    small = {
        str(pk)
        for pk in Product.objects.filter(commodity_class=millet())
        .exclude(net_content=2_000)
        .values_list("pk", flat=True)
    }
    told = reasons(cast.BLOCKED)
    assert {pk for pk, failed in told.items() if "content" in failed} == small & told.keys()
    assert small & told.keys()


def test_determinations_are_published_with_their_ground(world: None) -> None:
    honey, product = CommodityClass.objects.get(code="honey.bee"), builders.product(cast.BLOCKED)
    assert classify(operator(), product, product.commodity_class, Marks(2_000, "一级", "脱壳"), "…") is None
    moved = classify(operator(), product, honey, Marks(500, "一级"), "检验为蜂蜜")
    assert moved is not None
    assert (moved.number, moved.from_class, moved.to_class) == (f"PD-{product.pk:06d}-1", millet(), honey)
    assert moved.entry.body["ground"] == "检验为蜂蜜"
    out = remove(operator(), product, "成分不明")
    assert out is not None
    assert (out.number, out.to_class, out.after["net_content"]) == (f"PD-{product.pk:06d}-2", None, 500)
    assert remove(operator(), product, "成分不明") is None
    assert undo(operator("operator.second"), moved, "异议成立") is None  # a later word stands
    back = undo(operator("operator.second"), out, "异议成立")
    assert back is not None
    assert (back.undoes, back.to_class, back.after) == (out, honey, moved.after)
    builders.let_constraints_speak()


@pytest.mark.parametrize(
    "change",
    [
        "commodity_class_id = NULL",
        "net_content = 1",
        "grade = '特级'",
        "processing = '别的'",
        "dietary = ARRAY['halal']",
    ],
)
def test_no_path_changes_what_a_product_is_compared_by_unpublished(world: None, change: str) -> None:
    product = builders.product(cast.BLOCKED)
    with pytest.raises(IntegrityError, match="without a published determination"), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(f"UPDATE catalogue_product SET {change} WHERE id = %s", [product.pk])
        builders.let_constraints_speak()
    for attempt in ("UPDATE catalogue_determination SET ground = ''", "DELETE FROM catalogue_determination"):
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic(), connection.cursor() as c:
            c.execute(attempt)
    assert not Determination.objects.filter(product=product).exists()
