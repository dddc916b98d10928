"""The province enterprise's day: what is late, what has to leave, what is paid out."""

from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.utils import timezone
from openpyxl import load_workbook

from marketplace.demo import cast
from marketplace.evidence.models import Entry
from marketplace.fulfilment.models import SupplierOrder
from marketplace.fulfilment.queries import in_state, state_of, with_states
from marketplace.ledger.models import Account
from marketplace.organisations.errors import NotAllowed, SameKeyOtherBody
from marketplace.organisations.models import Membership, Organisation, OrganisationKind, Role, User
from marketplace.shop.order.models import Order
from suppliers.settlement.errors import NothingChosen, NotYours
from suppliers.settlement.models import Accrual
from suppliers.settlement.payouts import PaidOut, pay_out_many
from tests import world as builders
from tests.workspaces.persons import Person, statements_of, text, told

GOODS = [builders.DATES, builders.FUNGUS]


def enterprise() -> Person:
    return Person("enterprise")


def brought(stage: str = "accepted", heads: int = 3) -> Order:
    giver = builders.side()
    return builders.bring(builders.placed(giver, GOODS, heads), giver.buyer, stage)


def book(answer: Any) -> Any:
    return load_workbook(BytesIO(answer.content)).active


def test_an_order_that_is_not_confirmed_in_time_is_the_first_thing_to_do(world: None) -> None:
    order = brought("sent")
    assert list(enterprise().open("province:home").context["late"]) == []
    SupplierOrder.objects.filter(order=order).update(sent_at=timezone.now() - timedelta(days=3))
    page = enterprise().open("province:home")
    assert {row.producer.code for row in page.context["late"]} == {"P-JX", "P-ZS"}
    assert "Not confirmed in time" in text(page)


def test_what_is_confirmed_and_soon_needed_has_to_be_shipped(world: None) -> None:
    order = brought("assigned")
    assert enterprise().open("province:home").context["to_ship"] == []
    SupplierOrder.objects.filter(order=order).update(need_date=timezone.localdate() + timedelta(days=5))
    assert len(enterprise().open("province:home").context["to_ship"]) == 2


@pytest.mark.parametrize("stage", ["new", "sent", "assigned", "shipped", "accepted"])
def test_the_filter_by_state_says_what_the_state_says(world: None, stage: str) -> None:
    giver = builders.side()
    order = builders.placed(giver, GOODS)
    if stage != "new":
        builders.bring(order, giver.buyer, stage)
    rows = with_states(SupplierOrder.objects.filter(order=order))
    assert {state_of(row) for row in rows} == {stage}
    found = {
        s: in_state(rows, s).count() for s in ("new", "sent", "confirmed", "assigned", "shipped", "accepted", "closed")
    }
    assert found == dict.fromkeys(found, 0) | {stage: 2}
    assert in_state(rows, "nonsense").count() == 0


def test_the_list_of_orders_narrows_counts_and_adds_up(world: None) -> None:
    first = brought("shipped")
    brought("sent")
    person = enterprise()
    everything = person.open("province:orders").context["listing"]
    assert everything.page.paginator.count == 4
    shipped = person.open("province:orders", state="shipped", q=first.number).context["listing"]
    assert shipped.page.paginator.count == 2
    assert shipped.total["fen"] == sum(row.fen for row in shipped.page.object_list) == int(first.total_incl_tax * 100)
    late = person.open("province:orders", until=(timezone.localdate() - timedelta(days=1)).isoformat())
    assert late.context["listing"].page.paginator.count == 0
    assert "Nothing fits" in text(late)


def test_the_workbook_of_the_orders_equals_the_page(world: None) -> None:
    order = brought("shipped")
    page = book(enterprise().open("province:orders", **{"as": "xlsx", "q": order.number}))
    rows = list(page.iter_rows(values_only=True))
    assert rows[0] == ("Supplier order", "State", "Needed by", "Union", "Producer", "Parcels", "Shipped", "Amount")
    assert [row[1] for row in rows[1:3]] == ["Shipped", "Shipped"]
    assert round(rows[3][7] * 100) == int(order.total_incl_tax * 100) == round(sum(row[7] for row in rows[1:3]) * 100)


def test_a_list_costs_the_same_whatever_its_length(world: None) -> None:
    person = enterprise()
    names = ("orders", "picks", "producers", "contracts", "money", "home")
    brought("accepted"), brought("assigned")
    few = {name: statements_of(lambda name=name: person.open(f"province:{name}")) for name in names}
    for _again in range(3):
        brought("accepted"), brought("assigned")
    many = {name: statements_of(lambda name=name: person.open(f"province:{name}")) for name in names}
    assert many == few
    assert max(few.values()) <= 14


def test_everything_that_has_to_leave_is_on_one_list_by_lot(world: None) -> None:
    order = brought("assigned", heads=4)
    listing = enterprise().open("province:picks", q=order.number).context["listing"]
    assert [(row["producer"], row["units"], row["parcels"]) for row in listing.page.object_list] == [
        (Organisation.objects.get(code="P-JX").name_en, 4, 4),
        (Organisation.objects.get(code="P-ZS").name_en, 4, 4),
    ]
    assert all(row["lot"] for row in listing.page.object_list)
    assert len(list(book(enterprise().open("province:picks", **{"as": "xlsx"})).iter_rows())) == 3


def test_service_levels_say_how_a_producer_delivers(world: None) -> None:
    brought("accepted")
    late = brought("sent")
    SupplierOrder.objects.filter(order=late).update(sent_at=timezone.now() - timedelta(days=3))
    rows = enterprise().open("province:producers", q="佳县").context["listing"].page.object_list
    [jiaxian] = [row for row in rows if row["orders"]]
    assert (jiaxian["orders"], jiaxian["confirmed_in_time"], jiaxian["shipped_in_time"], jiaxian["accepted_whole"]) == (
        2, 5_000, 10_000, 10_000,
    )  # fmt: skip


def test_contracts_that_end_soon_are_named(world: None) -> None:
    person = enterprise()
    assert person.open("province:home").context["ending"] == []
    rows = person.open("province:contracts").context["listing"]
    assert rows.page.paginator.count == 35
    assert {row["state"] for row in rows.page.object_list} == {"active"}


def test_ticked_deliveries_are_paid_out_together_once(world: None) -> None:
    brought("accepted")
    person = enterprise()
    page = person.open("province:money", paid="no")
    money, ids = page.context["money"], [row["pk"] for row in page.context["listing"].page.object_list]
    assert (money.waiting, len(ids)) == (2, 2)
    assert money.fees == Account.objects.get(code="owed:E-QL:fees").balance
    for _twice in range(2):
        answer = person.send("province:pay", key=page.context["key"], accrual=ids)
        assert answer.url == "/province/money/?paid=no"
    assert told(answer)[-1].startswith("2 deliveries were noted as paid out: ¥")
    after = person.open("province:money").context["money"]
    assert (after.waiting, after.owed_producers, after.owed_households) == (0, 0, 0)
    assert after.paid_out == money.owed_producers + money.owed_households
    assert Entry.objects.filter(kind="supplier_order.paid_out").count() == 2


def test_one_delivery_is_paid_out_by_its_button(world: None) -> None:
    brought("accepted")
    person = enterprise()
    page = person.open("province:money")
    first, second = [row["pk"] for row in page.context["listing"].page.object_list]
    person.send("province:pay", key=page.context["key"], only=first, accrual=[first, second])
    assert list(Accrual.objects.filter(paid_at__isnull=True).values_list("pk", flat=True)) == [second]


def test_the_verb_refuses_what_is_not_the_enterprises(world: None) -> None:
    brought("accepted")
    payer = User.objects.get(username="enterprise")
    house = Organisation.objects.get(code=cast.ENTERPRISE)
    ids = list(Accrual.objects.values_list("pk", flat=True))
    other = Organisation.objects.create(
        kind=OrganisationKind.PROVINCE_ENTERPRISE, code="E-XX", name="别家", name_en="Another"
    )
    stranger = User.objects.create(username="stranger")
    Membership.objects.create(user=stranger, organisation=other, role=Role.PROVINCE)
    with pytest.raises(NotAllowed):
        pay_out_many(stranger, house, ids, "k")
    with pytest.raises(NotYours):
        pay_out_many(stranger, other, ids, "k")
    with pytest.raises(NothingChosen):
        pay_out_many(payer, house, [], "k")
    assert Accrual.objects.filter(paid_at__isnull=False).count() == 0
    assert pay_out_many(payer, house, ids[:1], "k").deliveries == 1
    with pytest.raises(SameKeyOtherBody):
        pay_out_many(payer, house, ids, "k")
    assert pay_out_many(payer, house, ids, "k2").deliveries == 1
    assert pay_out_many(payer, house, ids, "k3") == PaidOut(0, 0)


def test_another_enterprise_sees_none_of_it(world: None) -> None:
    order = brought("accepted")
    other = Organisation.objects.create(
        kind=OrganisationKind.PROVINCE_ENTERPRISE, code="E-XX", name="别家", name_en="Another"
    )
    User.objects.create(username="stranger")
    Membership.objects.create(user=User.objects.get(username="stranger"), organisation=other, role=Role.PROVINCE)
    person = Person("stranger")
    for name in ("orders", "picks", "producers", "contracts", "money"):
        assert person.open(f"province:{name}").context["listing"].page.paginator.count == 0
    part = SupplierOrder.objects.filter(order=order)[0]
    assert person.open("province:order", part.pk).status_code == 404
    assert enterprise().open("province:order", part.pk).status_code == 200
