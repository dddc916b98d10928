"""Ways round the rule that go through our own doors: each verb does what it should, and together they are to gain nothing.

The small world of these tests: ordinary honey (40.00 yuan) is wanted, and three producers offer assistance honey within the price
band, of which only so many jars are left. Mooncakes are ordinary, with no equivalent.
"""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.utils import timezone

from marketplace.demo.clock import simulated
from marketplace.fulfilment.losses import Report, cancel
from marketplace.fulfilment.models import Parcel, SupplierOrder
from marketplace.ledger.actions import fund, open_purse
from marketplace.organisations.errors import HouseError, Refusals
from marketplace.organisations.models import Organisation, User
from marketplace.shop.catalogue.models import CommodityClass, Product
from marketplace.shop.determinations import Marks, classify
from marketplace.shop.order.models import Order
from marketplace.shop.partner.models import Delivery, Partner, StockRecord
from marketplace.stock.models import Stock
from procurement.compliance.red_flags import red_flags
from procurement.priority.errors import PartWouldBreak
from procurement.priority.models import Decision
from procurement.programmes.actions import revise_programme, substitute
from procurement.programmes.errors import YearUnfit
from procurement.programmes.gift_years import gift_years
from procurement.programmes.models import Programme
from procurement.programmes.plans import plan_of
from procurement.programmes.queries import preview
from tests.honey import HONEYS, PLAIN, jars, partly
from tests.world import (
    DATES,
    YUYANG,
    Goods,
    Side,
    approved,
    bring,
    draft,
    placed,
    planned,
    product,
    side,
    supplier_orders,
)

pytestmark = pytest.mark.usefixtures("world")

FRAME = ("title", "occasion", "gift_year", "per_head", "need_date", "delivery", "purse", "quotations", "approvers")


def refusals(giver: Side, goods: Goods, heads: int, **changes) -> list[tuple[str, str]]:
    """What is said against the gift; nothing when it is bought."""
    try:
        buy(giver, goods, heads, **changes)
    except Refusals as refused:
        return [(r.code, str(r)) for r in refused.refusals]
    return []


def codes(giver: Side, goods: Goods, heads: int, **changes) -> list[str]:
    return [code for code, _sentence in refusals(giver, goods, heads, **changes)]


def buy(giver: Side, goods: Goods, heads: int, **changes) -> Order:
    """For members of their own each time: nobody comes near the cap."""
    prefix = f"P{Order.objects.count()}-{Decision.objects.count()}-{heads}-"
    return placed(giver, goods, heads, prefix=prefix, title=prefix, **changes)


def give_up(giver: Side, order: Order, sku: str, parcels: int | None = None, reason: str = "not_needed") -> None:
    found = SupplierOrder.objects.filter(order=order, parcels__lines__line__partner_sku=sku).distinct()
    so = next(s for s in supplier_orders(order) if s.pk == found.get().pk)
    ids = Parcel.objects.filter(supplier_order=so).order_by("pk").values_list("pk", flat=True)
    cancel(giver.buyer, so, Report(tuple(ids[:parcels]), reason))


class TestHoldingStock:
    """Whoever empties the shelf has not made Q = 0."""

    def test_what_the_union_itself_has_ordered_counts_as_on_offer_until_it_is_shipped(self) -> None:
        giver = side()
        jars(6, 0, 0)
        order = buy(giver, [HONEYS[0]], heads=6)
        ((code, sentence),) = refusals(giver, [PLAIN], heads=6)
        assert code == "assistance_first"
        assert (
            "Of the substitutes your unions themselves hold 6 in orders that are not shipped yet, or gave them up lately"
            in sentence
        )
        bring(order, giver.buyer, "shipped")
        assert codes(giver, [PLAIN], heads=6) == []

    def test_nor_does_it_help_to_order_first_and_cancel_afterwards(self) -> None:
        giver = side()
        jars(6, 0, 0)
        order = buy(giver, [HONEYS[0]], heads=6)
        give_up(giver, order, HONEYS[0])
        ((_code, sentence),) = refusals(giver, [PLAIN], heads=6)
        assert "hold" not in sentence  # it is on the shelf again, to be had with one click

    def test_nor_that_a_friend_takes_what_was_given_up(self) -> None:
        """For the thirty days that the policy says; after them the shelf is empty indeed."""
        giver, friend = side(), side(YUYANG)
        jars(6, 0, 0)
        give_up(giver, buy(giver, [HONEYS[0]], heads=6), HONEYS[0])
        buy(friend, [HONEYS[0]], heads=6)
        assert codes(giver, [PLAIN], heads=6) == ["assistance_first"]
        with simulated(timezone.now() + timedelta(days=29)):
            assert codes(giver, [PLAIN], heads=6) == ["assistance_first"]
        with simulated(timezone.now() + timedelta(days=31)):
            assert codes(giver, [PLAIN], heads=6) == []

    def test_what_other_unions_hold_is_sold(self) -> None:
        jars(6, 0, 0)
        buy(side(YUYANG), [HONEYS[0]], heads=6)
        assert codes(side(), [PLAIN], heads=6) == []

    def test_what_a_union_below_holds_is_held_for_the_one_above(self) -> None:
        jars(6, 0, 0)
        below = side("U-XA-YT-01")
        assert below.union.path.startswith(side().union.path)
        buy(below, [HONEYS[0]], heads=6)
        assert codes(side(), [PLAIN], heads=6) == ["assistance_first"]

    def test_one_click_takes_what_can_be_had_and_leaves_the_rest_blocked(self) -> None:
        giver = side()
        jars(6, 4, 0)
        buy(giver, [HONEYS[0]], heads=6)
        programme = planned(giver, [PLAIN], heads=20, prefix="S")
        substitute(giver.buyer, programme, 1)
        left = {line.product.upc: line.heads for line in programme.gift_lines.all()}
        assert left == {HONEYS[1]: 4, PLAIN: 16}
        assert not preview(programme).allowed


class TestSplitting:
    """A purchase cut into small ones is judged no kinder."""

    def test_gifts_of_one_head_each_buy_no_more_ordinary_goods_than_one_gift(self) -> None:
        giver = side()
        jars(5, 0, 0)
        assert [codes(giver, [PLAIN], heads=1) for _gift in range(3)] == [["assistance_first"]] * 3
        assert not Decision.objects.filter(product__upc=PLAIN).exists()

    def test_two_lines_of_one_product(self) -> None:
        giver = side()
        jars(5, 0, 0)
        assert codes(giver, [PLAIN, PLAIN], heads=2) == ["assistance_first"]

    def test_many_producers_with_a_little_each_are_as_good_as_three(self) -> None:
        giver = side()
        jars(2, 2, 2)
        ((_code, sentence),) = refusals(giver, [PLAIN], heads=6)
        assert "Equivalents are on offer for 6 of the units" in sentence


class TestDates:
    """A date is no ground by itself."""

    def test_a_need_date_before_anybody_can_deliver(self) -> None:
        """Inside the planning days the goods count as if they were needed at their end."""
        tomorrow = timezone.localdate() + timedelta(days=1)
        assert codes(side(), [PLAIN], heads=2, need_date=tomorrow) == ["assistance_first"]

    def test_another_date_does_not_make_another_shelf(self) -> None:
        giver = side()
        jars(6, 0, 0)
        buy(giver, [HONEYS[0]], heads=6)
        later = timezone.localdate() + timedelta(days=50)
        assert codes(giver, [PLAIN], heads=6, need_date=later) == ["assistance_first"]

    @pytest.mark.parametrize(
        ("needed", "years"),
        [
            (date(2026, 9, 20), (2026,)),
            (date(2026, 3, 1), (2026,)),
            (date(2026, 10, 31), (2026,)),
            (date(2026, 12, 30), (2026, 2027)),
            (date(2027, 2, 28), (2026, 2027)),
        ],
    )
    def test_a_gift_counts_in_the_year_in_which_it_is_needed(self, needed: date, years: tuple[int, ...]) -> None:
        assert gift_years(needed) == years

    def test_no_other_years_room_is_to_be_had(self) -> None:
        """A purse of a year to come, in which nothing has been bought and nobody has had anything."""
        giver, year = side(), timezone.localdate().year + 2
        purse = open_purse(giver.union, "远期", year)
        fund(purse, 1_000_000, "far")
        with pytest.raises(YearUnfit, match=f"not in {year}"):
            draft(giver, gift_year=year, purse=purse)
        programme = draft(giver)
        frame = {name: getattr(programme, name) for name in FRAME} | {"gift_year": year, "purse": purse}
        with pytest.raises(YearUnfit):
            revise_programme(giver.buyer, programme, **frame)
        Programme.objects.filter(pk=programme.pk).update(gift_year=year)
        programme.refresh_from_db()
        assert "year_unfit" in [fault.code for fault in plan_of(programme).faults]


class TestClasses:
    """What a product is called today changes nothing of what was decided, and a product of no class is not bought."""

    def test_the_assistance_part_is_bound_to_the_rest(self) -> None:
        giver = side()
        order = partly(giver)
        with pytest.raises(PartWouldBreak):
            give_up(giver, order, HONEYS[0])
        give_up(giver, order, PLAIN)
        give_up(giver, order, HONEYS[0])

    def test_a_late_change_of_class_does_not_untie_it(self) -> None:
        giver = side()
        order = partly(giver)
        operator = User.objects.get(username="operator")
        elsewhere = CommodityClass.objects.get(code=product(DATES).commodity_class.code)
        classify(operator, product(PLAIN), elsewhere, Marks(net_content=500), "as it happens")
        with pytest.raises(PartWouldBreak):
            give_up(giver, order, HONEYS[0])

    def test_a_product_without_a_class(self) -> None:
        Product.objects.filter(upc=PLAIN).update(commodity_class=None)
        assert codes(side(), [PLAIN], heads=2) == ["unclassified"]


class TestSellers:
    """An accreditation speaks for its producer."""

    def test_another_sellers_offer_of_an_accredited_product_is_an_ordinary_one(self) -> None:
        """A trader lists the cooperative's dates as its own."""
        giver = side()
        trader = Partner.objects.get(organisation=Organisation.objects.get(code="T-JS"))
        stock = Stock.objects.create(sku="T-JS-DATES", holder=trader.organisation, in_stock=100)
        offer = StockRecord.objects.create(
            product=product(DATES),
            partner=trader,
            partner_sku="T-JS-DATES",
            price_currency="CNY",
            price="29.00",
            stock=stock,
        )
        Delivery.objects.create(stockrecord=offer, region="61", freight=0, days=2)
        programme = planned(giver, [DATES], heads=2)
        assert self.outcome(programme) == ("assistance", True)  # the cooperative's own offer was there first
        StockRecord.objects.filter(partner_sku=DATES).update(listed=False)
        assert self.outcome(programme) == ("blocked", False)

    def outcome(self, programme: Programme) -> tuple[str, bool]:
        (line,) = [line for slot in preview(programme).slots for line in slot.lines]
        return line.outcome, preview(programme).allowed


class TestSteppingAside:
    """What is off the shelf at the moment of the decision is not on offer; auditors are shown where that was for the moment only."""

    def flagged(self, giver: Side) -> list[str]:
        (flag,) = [f for f in red_flags([giver.union], giver.general.gift_year) if f.code == "stepped_aside"]
        return [found.subject for found in flag.found]

    def test_a_producer_in_league_is_dearer_for_a_moment(self) -> None:
        giver = side()
        jars(6, 0, 0)
        StockRecord.objects.filter(partner_sku=HONEYS[0]).update(price="60.00")
        order = buy(giver, [PLAIN], heads=2)
        assert self.flagged(giver) == []  # its price is its own affair
        StockRecord.objects.filter(partner_sku=HONEYS[0]).update(price="39.50")
        assert self.flagged(giver) == [f"order:{order.number}"]

    def test_a_friend_orders_all_there_is_and_gives_it_up_afterwards(self) -> None:
        giver, friend = side(), side(YUYANG)
        jars(6, 0, 0)
        held = buy(friend, [HONEYS[0]], heads=6)
        order = buy(giver, [PLAIN], heads=2)
        assert self.flagged(giver) == []  # what other unions hold is sold
        give_up(friend, held, HONEYS[0])
        assert (self.flagged(giver), self.flagged(friend)) == ([f"order:{order.number}"], [])


def test_the_control_what_the_rule_allows_is_bought() -> None:
    giver = side()
    jars(0, 0, 0)
    assert codes(giver, [PLAIN], heads=2) == []
    assert approved(giver, [DATES], heads=2, prefix="Q", title="Q").pk
    with pytest.raises(HouseError):
        buy(giver, [PLAIN], heads=10_000 // 40)
