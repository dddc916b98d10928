"""Goods that did not arrive as ordered, on the pages of the union and of the producer."""

from __future__ import annotations

import pytest

from marketplace.demo import cast
from marketplace.fulfilment.losses import Report, give_back
from marketplace.fulfilment.models import Loss, SupplierOrder
from marketplace.fulfilment.queries import progress, state_of
from marketplace.shop.order.models import Order
from tests import world as builders
from tests.workspaces.persons import Person, statements_of, text, told

pytestmark = pytest.mark.usefixtures("world")


def at(stage: str, heads: int = 5) -> tuple[Order, SupplierOrder]:
    giver = builders.side()
    order = builders.placed(giver, [builders.DATES], heads=heads)
    builders.bring(order, giver.buyer, stage)
    return order, builders.supplier_orders(order)[0]


def test_ticked_parcels_are_refused_and_the_rest_accepted() -> None:
    order, part = at("shipped")
    first, second, *_ = part.parcels.order_by("pk").values_list("pk", flat=True)
    said = {"which": "ticked", "parcel": [first, second], "reason": "damaged", "words": "Torn"}
    assert "goods for ¥150.00" in text(Person(cast.BUYER).open("union:order", order.number))
    answer = Person(cast.BUYER).send("union:part", order.number, part.pk, **said)
    assert (answer.status_code, told(answer)) == (302, ["2 parcels were refused, the rest accepted."])
    assert progress(order) == {"accepted": 3, "refused": 2}
    # Three of five at ¥30.00 are to be paid.
    assert "goods for ¥90.00" in text(Person(cast.BUYER).open("union:order", order.number))
    page = text(Person("p-jx").open("producer:home"))
    assert "What came back, and why" in page
    assert "Torn" in page


@pytest.mark.parametrize(
    ("which", "cancelled"), [("numbers", {"M00001", "M00004"}), ("all_but", {"M00002", "M00003", "M00005"})]
)
def test_members_are_named_by_pasted_numbers(which: str, cancelled: set[str]) -> None:
    order, part = at("sent")
    said = {"which": which, "numbers": "M00001\r\nM00004，", "reason": "member_left"}
    Person(cast.BUYER).send("union:part", order.number, part.pk, **said)
    gone = part.parcels.filter(state="cancelled").values_list("recipient", flat=True)
    assert set(order.programme.recipients.filter(pk__in=gone).values_list("member_no", flat=True)) == cancelled


def test_a_number_that_nobody_has_is_told_and_what_was_typed_is_kept() -> None:
    order, part = at("sent")
    said = {"which": "numbers", "numbers": "M00001 X9", "reason": "member_left", "words": "Left in May"}
    answer = Person(cast.BUYER).send("union:part", order.number, part.pk, **said)
    assert "1 of the member numbers are not on this gift's list: X9" in text(answer)
    assert "Left in May" in answer.content.decode()
    assert not Loss.objects.exists()


def test_a_refund_is_noted_on_the_list_of_returns() -> None:
    _order, part = at("paid")
    (loss,) = give_back(builders.side().buyer, part, [Report((part.parcels.order_by("pk")[0].pk,), "spoiled")])
    buyer = Person(cast.BUYER)
    assert loss.supplier_order.number in text(buyer.open("union:returns", refund="due"))
    assert "bank's reference" in told(buyer.send("union:refund", loss.pk, bank_reference=""))[-1]
    buyer.send("union:refund", loss.pk, bank_reference="R-1")
    buyer.open("union:returns")  # shows the messages
    assert loss.supplier_order.number not in text(buyer.open("union:returns", refund="due"))
    assert "refund came on" in text(buyer.open("union:returns"))
    assert state_of(part) == "accepted"


def test_a_producer_says_how_many_it_cannot_supply() -> None:
    order, part = at("assigned")
    producer = Person("p-jx")
    assert "5 parcels are not shipped yet." in text(producer.open("producer:supplier_order", part.pk))
    too_many = producer.send("producer:cannot_supply", part.pk, parcels=6, reason="crop_failed")
    assert len(told(too_many)) == 1
    producer.send("producer:cannot_supply", part.pk, parcels=2, reason="crop_failed", words="Hail")
    assert progress(order) == {"assigned": 3, "cancelled": 2}
    assert "Hail" in text(Person(cast.BUYER).open("union:part", order.number, part.pk))


def test_pages_cost_the_same_for_many_parcels() -> None:
    buyer = Person(cast.BUYER)
    counts = []
    for heads in (2, 20):
        order, part = at("shipped", heads)
        counts.append(statements_of(lambda o=order, p=part: buyer.open("union:part", o.number, p.pk)))
        Person(cast.BUYER).send("union:part", order.number, part.pk, which="all", reason="wrong")
        counts.append(statements_of(lambda: buyer.open("union:returns")))
    assert counts[:2] == counts[2:] == STATEMENTS


STATEMENTS = [10, 5]
