"""Registering organisations, changing names, and taking them out of good standing."""

from typing import Any

import pytest

from marketplace.demo import cast
from marketplace.evidence.models import Entry
from marketplace.organisations.errors import NotAllowed, Refusals
from marketplace.organisations.models import County, Organisation, OrganisationKind, UnionLevel, User
from marketplace.shop.partner.models import Partner
from suppliers.licences import make_credit_code
from suppliers.registration.actions import Wish, register, rename, set_standing
from suppliers.registration.errors import ReasonMissing

GOOD = make_credit_code(900_001)


def operator() -> User:
    return User.objects.get(username="operator")


def union(**changes: Any) -> Wish:
    facts: dict[str, Any] = {
        "kind": OrganisationKind.UNION,
        "code": "U-XA-NEW",
        "name": "新城区总工会",
        "level": UnionLevel.COUNTY,
        "parent": Organisation.objects.get(code="U-XA"),
    }
    return Wish(**facts | changes)


def codes(caught: Any) -> list[str]:
    return [fault.code for fault in caught.value.refusals]


def test_a_union_stands_in_the_tree(world: None) -> None:
    made = register(operator(), union(credit_code=GOOD))
    assert (made.path, made.level, made.credit_code) == ("U-SN/U-XA/U-XA-NEW/", UnionLevel.COUNTY, GOOD)
    entry = Entry.objects.get(subject="organisation:U-XA-NEW")
    assert (entry.kind, entry.body["kind"], entry.body["path"]) == ("organisation.registered", "union", made.path)


def test_a_producer_can_offer_goods_from_then_on(world: None) -> None:
    county = County.objects.get(code="610828")
    made = register(operator(), Wish(OrganisationKind.PRODUCER, "P-NEW", "新合作社", county=county))
    assert Partner.objects.get(organisation=made).code == "p-new"


def test_everything_wrong_is_said_at_once(world: None) -> None:
    taken = Organisation.objects.get(code=cast.UNION).credit_code
    with pytest.raises(Refusals) as caught:
        register(operator(), Wish(OrganisationKind.PRODUCER, "P-JX", " ", credit_code=taken))
    assert codes(caught) == ["name_missing", "code_taken", "credit_code_taken", "county_missing"]
    with pytest.raises(Refusals) as caught:
        register(operator(), union(code="u 1", credit_code=GOOD[:-1] + ("0" if GOOD[-1] != "0" else "1"), parent=None))
    assert codes(caught) == ["code_unfit", "credit_code_wrong", "place_in_tree_wrong"]
    assert not Organisation.objects.filter(code__in=["u 1", "U-XA-NEW"]).exists()


@pytest.mark.parametrize(
    ("level", "parent"),
    [(UnionLevel.COUNTY, "U-XA-YT"), (UnionLevel.CITY, "U-XA-YT"), (None, "U-XA"), (UnionLevel.PROVINCE, "U-XA")],
)
def test_a_union_stands_below_a_higher_one(world: None, level: UnionLevel | None, parent: str) -> None:
    with pytest.raises(Refusals) as caught:
        register(operator(), union(level=level, parent=Organisation.objects.get(code=parent)))
    assert codes(caught) == ["place_in_tree_wrong"]


def test_there_is_one_operator(world: None) -> None:
    with pytest.raises(Refusals) as caught:
        register(operator(), Wish(OrganisationKind.OPERATOR, "OP-2", "又一个"))
    assert codes(caught) == ["kind_unfit"]


def test_a_name_changes_with_what_stood_before_in_the_log(world: None) -> None:
    found = Organisation.objects.get(code="P-JX")
    rename(operator(), found, name="佳县新枣业合作社", name_en="New Dates", credit_code=GOOD)
    found.refresh_from_db()
    assert (found.name, found.name_en, found.credit_code, found.path) == (
        "佳县新枣业合作社",
        "New Dates",
        GOOD,
        "P-JX/",
    )
    body = Entry.objects.get(kind="organisation.renamed").body
    assert body["after"]["name"] == "佳县新枣业合作社" != body["before"]["name"]
    rename(operator(), found, name="佳县新枣业合作社", name_en="New Dates", credit_code=GOOD)
    assert Entry.objects.filter(kind="organisation.renamed").count() == 1


def test_standing_is_lost_and_regained_with_a_reason(world: None) -> None:
    found = Organisation.objects.get(code="P-JX")
    with pytest.raises(ReasonMissing):
        set_standing(operator(), found, good=False, reason=" ")
    for _twice in range(2):
        set_standing(operator(), found, good=False, reason="抽检不合格")
    assert found.good_standing is False
    set_standing(operator(), found, good=True, reason="整改完成")
    assert found.good_standing is True
    said = Entry.objects.filter(subject="organisation:P-JX", kind__startswith="organisation.").order_by("id")
    assert [(e.kind, e.body["reason"]) for e in said] == [
        ("organisation.suspended", "抽检不合格"), ("organisation.reinstated", "整改完成")
    ]  # fmt: skip


def test_only_operators_do_it(world: None) -> None:
    buyer, found = User.objects.get(username=cast.BUYER), Organisation.objects.get(code="P-JX")
    with pytest.raises(NotAllowed):
        register(buyer, union())
    with pytest.raises(NotAllowed):
        rename(buyer, found, name="x", name_en="", credit_code="")
    with pytest.raises(NotAllowed):
        set_standing(buyer, found, good=False, reason="x")
