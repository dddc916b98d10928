"""A producer's pages: confirm, print, ship, and why what is paid is paid."""

from datetime import timedelta

from django.urls import reverse
from django.utils import timezone

from marketplace.demo import cast
from marketplace.fulfilment.models import Parcel, SupplierOrder
from marketplace.organisations.models import Reveal, User
from marketplace.shop.order.models import Order
from marketplace.stock.models import Lot
from suppliers.settlement.actions import pay_out
from suppliers.settlement.models import Accrual
from tests import world as builders
from tests.workspaces.persons import Person, text, told


def part_of(order: Order, producer: str) -> SupplierOrder:
    return SupplierOrder.objects.get(order=order, producer__code=producer)


def test_a_producer_confirms_prints_and_ships(order: Order) -> None:
    producer, part = Person("p-jx"), part_of(order, "P-JX")
    assert [card["row"] for card in producer.open("producer:home").context["to_confirm"]] == [part]
    assert producer.send("producer:labels", part.pk).status_code == 302
    assert not Reveal.objects.exists()
    producer.send("producer:confirm", part.pk)
    builders.run_all_due()
    page = producer.open("producer:supplier_order", part.pk)
    assert [(row["units"], row["fen"]) for row in page.context["goods"]] == [(3, 9_000)]
    parcels = list(Parcel.objects.filter(supplier_order=part))
    assert [p for p in parcels if p.name in text(page) or p.phone in text(page)] == []
    labels = producer.send("producer:labels", part.pk)
    assert [p.name for p in parcels if f"{p.name} {p.phone}" not in text(labels)] == []
    assert [(r.user.username, r.purpose, r.subject, r.count) for r in Reveal.objects.all()] == [
        ("p-jx", "labels", part.number, 3)
    ]
    empty = producer.send("producer:supplier_order", part.pk, carrier="中国邮政", waybill="")
    assert set(empty.context["form"].errors) == {"waybill"}
    assert 'value="中国邮政"' in empty.content.decode()
    producer.send("producer:supplier_order", part.pk, carrier="中国邮政", waybill=" EMS-0001 ")
    assert producer.open("producer:supplier_order", part.pk).context["state"] == "shipped"


def test_labels_open_by_post_only(order: Order) -> None:
    assert Person("p-jx").open("producer:labels", part_of(order, "P-JX").pk).status_code == 405
    assert not Reveal.objects.exists()


def test_an_address_of_a_button_leads_back_to_its_page(order: Order) -> None:
    part = part_of(order, "P-JX")
    page = Person("p-jx").open("producer:labels", part.pk)
    assert (page.status_code, page["Allow"]) == (405, "POST")
    assert f'href="{reverse("producer:supplier_order", args=[part.pk])}"' in page.content.decode()
    assert "Nothing was done." in text(page)


def test_a_day_that_is_past_is_called_late(order: Order) -> None:
    part, producer = part_of(order, "P-JX"), Person("p-jx")
    assert "Late" not in text(producer.open("producer:home"))
    SupplierOrder.objects.filter(pk=part.pk).update(need_date=timezone.localdate() - timedelta(days=1))
    assert "Late" in text(producer.open("producer:home"))
    assert "Can you still deliver?" in text(producer.open("producer:supplier_order", part.pk))


def test_words_are_no_waybill_number(order: Order) -> None:
    part, producer = part_of(order, "P-JX"), Person("p-jx")
    wrong = producer.send("producer:supplier_order", part.pk, carrier="中国邮政", waybill="没有单号")
    assert wrong.context["form"].errors == {
        "waybill": [
            "A waybill number has 4 to 60 letters, digits or hyphens; “没有单号” is none. Copy it from the slip."
        ]
    }


def test_a_union_accepts_pays_and_the_producer_sees_why(order: Order) -> None:
    buyer, part = Person(cast.BUYER), part_of(order, "P-JX")
    early = buyer.send("union:accept", order.number, part.pk)
    assert len(told(early)) == 1
    builders.bring(order, builders.side().buyer, "assigned")
    builders.ship_all(order)
    assert part.order.number in text(buyer.open("union:home"))
    buyer.send("union:accept", order.number, part.pk)
    builders.run_all_due()
    assert "bank's reference" in told(buyer.send("union:pay", order.number, part.pk, bank_reference=" "))[-1]
    buyer.send("union:pay", order.number, part.pk, bank_reference="B-1")
    part.refresh_from_db()
    assert part.paid_at is not None
    producer, accrual = Person("p-jx"), Accrual.objects.get(supplier_order=part)
    assert producer.open("producer:money").context["owed"] == {
        "net": accrual.net, "households": accrual.households, "fee": accrual.fee
    }  # fmt: skip
    parts = producer.open("producer:accrual", accrual.pk).context["parts"]
    assert sum(row.amount for row in parts) == accrual.households > 0
    builders.run_all_due()
    pay_out(User.objects.get(username="p-jx" if part.mode == "direct" else "enterprise"), accrual)
    confirmed = reverse("producer:confirmed", args=[accrual.pk])
    assert confirmed in producer.open("producer:accrual", accrual.pk).content.decode()
    producer.send("producer:confirmed", accrual.pk)
    assert confirmed not in producer.open("producer:accrual", accrual.pk).content.decode()


def test_stock_is_folded_by_article_what_unions_wait_for_first(world: None) -> None:
    producer = Person("p-jx")
    page = producer.open("producer:stock")
    assert [row.sku for row in page.context["page"]] == sorted(row.sku for row in page.context["page"])
    assert '<details class="disclosure stock" open>' not in page.content.decode()
    order = builders.placed(builders.side(), [builders.DATES])
    page = producer.open("producer:stock")
    first, *others = page.context["page"]
    assert (first.sku, first.allocated, first.is_promised) == (builders.DATES, 3, True)
    assert not any(row.is_promised for row in others)
    assert page.content.decode().count('<details class="disclosure stock" open>') == 1
    builders.bring(order, builders.side().buyer, "shipped")
    lot = next(lot for lot in first.lots_left)
    shipped = next(row for row in producer.open("producer:stock").context["page"] if row.sku == builders.DATES)
    now = next(one for one in shipped.lots_left if one.pk == lot.pk)
    assert (now.shipped, now.waiting, now.free) == (3, 0, now.made - 3)
    Lot.objects.filter(pk=lot.pk).update(allocated=lot.made, shipped=lot.made)
    after = next(row for row in producer.open("producer:stock").context["page"] if row.sku == builders.DATES)
    assert (lot.pk in {one.pk for one in after.lots_left}, after.lots_gone) == (False, 1)
