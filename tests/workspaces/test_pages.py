"""What holds for the pages of several people: no script of their own, and a constant number of statements."""

import re

from django.utils import timezone

from marketplace.demo import cast
from marketplace.fulfilment.models import SupplierOrder
from marketplace.shop.order.models import Order
from tests import world as builders
from tests.workspaces.persons import Person, statements_of


def test_pages_carry_no_script_or_style_of_their_own(order: Order) -> None:
    """The content security policy allows files of this site only; a page must not need more."""
    buyer = Person(cast.BUYER)
    answers = [
        Person().open("home"),
        Person().open("catalogue"),
        buyer.open("union:home"),
        buyer.open("union:programme_new"),
        buyer.open("union:goods", order.programme.pk),
        buyer.open("union:order", order.number),
        buyer.open("union:statement"),
    ]
    for answer in answers:
        assert "'unsafe" not in answer["Content-Security-Policy"]
        assert re.findall(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=", answer.content.decode()) == []


def test_a_unions_pages_cost_the_same_with_more_rows(world: None) -> None:
    giver, buyer, auditor = builders.side(), Person(cast.BUYER), Person(cast.AUDITOR)

    def costs() -> dict[str, int]:
        order = Order.objects.latest("id")
        year = timezone.localdate().year
        asked = {
            "home": lambda: buyer.open("union:home"),
            "programmes": lambda: buyer.open("union:programmes"),
            "orders": lambda: buyer.open("union:orders"),
            "order": lambda: buyer.open("union:order", order.number),
            "roster": lambda: buyer.open("union:roster", order.programme.pk),
            "goods": lambda: buyer.open("union:goods", order.programme.pk),
            "statement": lambda: buyer.open("union:statement"),
            "audit": lambda: auditor.open("audit:home"),
            "audited": lambda: auditor.open("audit:statement", cast.UNION, year),
        }
        return {name: statements_of(ask) for name, ask in asked.items()}

    def one(goods: list[str], heads: int) -> None:
        order = builders.placed(giver, goods, heads, per_head=90_000)
        builders.bring(order, giver.buyer, "shipped")
        builders.planned(giver, [builders.DATES])

    one([builders.DATES, builders.MOONCAKES], 2)
    before = costs()
    one([builders.DATES, builders.FUNGUS, builders.TEA, builders.HONEY, builders.MOONCAKES], 9)
    one([builders.DATES, builders.TEA], 5)
    assert costs() == before
    assert max(before.values()) <= 40


def test_a_producers_pages_cost_the_same_with_more_rows(world: None) -> None:
    giver, producer = builders.side(), Person("p-jx")

    def costs() -> dict[str, int]:
        part = SupplierOrder.objects.filter(producer__code="P-JX").latest("id")
        return {
            "home": statements_of(lambda: producer.open("producer:home")),
            "order": statements_of(lambda: producer.open("producer:supplier_order", part.pk)),
            "labels": statements_of(lambda: producer.send("producer:labels", part.pk)),
            "stock": statements_of(lambda: producer.open("producer:stock")),
            "money": statements_of(lambda: producer.open("producer:money")),
        }

    def one(heads: int) -> None:
        builders.bring(builders.placed(giver, [builders.DATES], heads), giver.buyer, "accepted")
        builders.bring(builders.placed(giver, [builders.DATES], heads), giver.buyer, "assigned")

    one(2)
    before = costs()
    one(9)
    assert costs() == before
