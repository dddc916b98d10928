"""Goods listed by their producers: all faults at once, prices in a band or by a second person's word, what the database refuses."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from marketplace.evidence.models import Entry
from marketplace.organisations.errors import NotAllowed, Refusals
from marketplace.organisations.models import Membership, Organisation, Role, User
from marketplace.organisations.scopes import seen_by
from marketplace.shop.catalogue.models import CommodityClass, Component
from marketplace.shop.determinations import Marks
from marketplace.shop.partner.models import PriceRecord, StockRecord
from suppliers.goods.actions import Destination, Goods, list_goods
from suppliers.goods.errors import BoxPrice, OwnPrice, PriceDecided, PriceNotAgreed, PriceUnchanged
from suppliers.goods.models import PriceRequest, Storage, Terms
from suppliers.goods.pricing import Band, agree_to_price, change_price, refuse_price, refuse_unagreed
from suppliers.licences import make_sc
from suppliers.listings.models import Listing
from tests.invariants.raw_sql import copy_refused, refused, run
from tests.world import let_constraints_speak

pytestmark = pytest.mark.usefixtures("world")

REFERENCE = 2_600  # fen for a kilogram of red dates
FITTING, DEAR = 1_500, 2_000  # fen for 500 g: in the band of 910 to 1,690, and outside it


def grower() -> User:
    return User.objects.get(username="p-jx")


def producer() -> Organisation:
    return Organisation.objects.get(code="P-JX")


def said(**changes: Any) -> Goods:
    goods = Goods(
        title="黄河滩枣 500 g 新装",
        commodity_class=CommodityClass.objects.get(code="date.red"),
        marks=Marks(500, "一级", "干制", ["清真"]),
        storage=Storage.COOL,
        deliveries=[Destination("61", 100, 4), Destination("6108", 0, 2)],
        price=FITTING,
        minimum_order=10,
    )
    return replace(goods, **changes)


def listed(**changes: Any) -> StockRecord:
    offer = list_goods(grower(), producer(), said(**changes))
    let_constraints_speak()
    return offer


def waiting(**changes: Any) -> PriceRequest:
    listed(**({"price": DEAR, "reason": "头茬特级"} | changes))
    with seen_by(None):
        return PriceRequest.objects.select_related("stockrecord__product", "producer", "enterprise").latest("pk")


def codes(**changes: Any) -> list[str]:
    with pytest.raises(Refusals) as refusals:
        listed(**changes)
    return [one.code for one in refusals.value.refusals]


def of(request: PriceRequest) -> StockRecord:
    return StockRecord.objects.get(pk=request.stockrecord_id)


class TestListing:
    """One verb, all faults, one transaction."""

    def test_goods_come_on_offer_in_the_class_and_size_that_the_log_names(self) -> None:
        offer = listed()
        row = Listing.objects.get(sku=offer.partner_sku)
        assert (row.class_code, row.price, row.unit_price, row.county_id) == ("date.red", 1_500, 3_000, "610828")
        body = Entry.objects.get(kind="offer.listed", subject=f"product:{offer.product_id}").body
        assert (body["class"], body["content"], body["price"], body["on_offer"]) == ("date.red", 500, 1_500, 1)
        assert body["deliveries"] == [["61", 100, 4], ["6108", 0, 2]]
        assert (offer.terms.storage, offer.terms.minimum_order, offer.stock.in_stock) == ("cool", 10, 0)
        assert [one.price for one in offer.prices.all()] == [1_500]

    def test_everything_that_is_wrong_is_told_at_once_and_nothing_is_kept(self) -> None:
        before = (StockRecord.objects.count(), Entry.objects.count())
        group = CommodityClass.objects.get(code="dried")
        wrong = said(
            title=" ",
            commodity_class=group,
            marks=Marks(0, "很" * 21),
            deliveries=[Destination("11", 0, 3), Destination("61", 0, 0), Destination("61", 0, 3)],
            price=0,
            minimum_order=0,
            licence="SC123",
            photos=[("a.jpg", b"no picture")],
        )
        with pytest.raises(Refusals) as refusals:
            list_goods(grower(), producer(), wrong)
        assert [one.code for one in refusals.value.refusals] == [
            "goods_nameless", "not_a_leaf", "content_missing", "mark_too_long", "licence_wrong", "region_unknown",
            "days_wrong", "region_twice", "price_missing", "minimum_wrong", "no_photo",
        ]  # fmt: skip
        assert (StockRecord.objects.count(), Entry.objects.count()) == before

    def test_the_same_goods_twice_are_refused(self) -> None:
        listed()
        assert codes() == ["listed_before"]
        assert listed(marks=Marks(1_000), price=2_600).partner_sku == "P-JX-G002"

    def test_a_licence_is_checked_and_is_nobody_elses(self) -> None:
        own, others = make_sc("117", "610828", 4_711), make_sc("117", "610827", 4_712)
        assert listed(licence=own).product.licence == own
        elsewhere = StockRecord.objects.exclude(partner__organisation=producer()).select_related("product")[0]
        type(elsewhere.product).objects.filter(pk=elsewhere.product_id).update(licence=others)
        other = {"title": "又一种"}
        assert codes(licence=others, **other) == ["others_licence"]
        assert codes(licence=own[:-1] + str((int(own[-1]) + 1) % 10), **other) == ["licence_wrong"]
        assert codes(deliveries=[], **other) == ["nowhere_delivered"]

    def test_whoever_is_out_of_standing_or_of_another_producer_lists_nothing(self) -> None:
        with pytest.raises(NotAllowed):
            list_goods(User.objects.get(username="p-zs"), producer(), said())
        Organisation.objects.filter(code="P-JX").update(good_standing=False)
        assert codes() == ["not_in_standing"]


class TestBand:
    """Integer arithmetic, both ends within."""

    @pytest.mark.parametrize(
        ("price", "holds"), [(909, False), (910, True), (1_300, True), (1_690, True), (1_691, False)]
    )
    def test_both_ends_are_within(self, price: int, holds: bool) -> None:
        band = Band(REFERENCE, 3_000)
        assert band.holds(price, 500) is holds
        assert (band.least(500), band.most(500)) == (910, 1_690)

    def test_without_reference_or_content_nothing_is_compared(self) -> None:
        assert Band(0, 3_000).holds(999_999, 500)
        assert Band(REFERENCE, 3_000).holds(999_999, 0)

    def test_an_odd_size_is_never_outside_at_the_ends_that_are_told(self) -> None:
        band = Band(1_777, 1_234)
        for content in (1, 7, 333, 12_345):
            least, most = band.least(content), band.most(content)
            assert band.holds(least, content) or least > most
            assert not band.holds(least - 1, content)
            assert not band.holds(most + 1, content)


class TestSecondPerson:
    """Outside the band a price needs a reason, and somebody else's word."""

    def test_without_a_reason_it_is_refused_with_the_band(self) -> None:
        with pytest.raises(Refusals) as refusals:
            listed(price=DEAR)
        assert "¥9.10" in str(refusals.value)
        assert "¥16.90" in str(refusals.value)

    def test_with_a_reason_the_goods_wait_and_the_enterprise_lets_them_on_offer(self) -> None:
        request = waiting()
        assert (of(request).listed, request.enterprise.code, request.is_first) == (False, "E-QL", True)
        agree_to_price(User.objects.get(username="enterprise"), request)
        let_constraints_speak()
        assert (of(request).listed, of(request).price) == (True, Decimal("20.00"))
        kinds = Entry.objects.filter(subject=f"product:{of(request).product_id}").order_by("id")
        told = [one.kind for one in kinds if one.kind != "offer.stands"]
        assert told == ["offer.listed", "price.asked", "price.agreed", "offer.priced"]
        with pytest.raises(PriceDecided):
            agree_to_price(User.objects.get(username="operator"), request)

    @pytest.mark.parametrize("name", ["p-zs", "buyer", "p-jx"])
    def test_nobody_else_agrees(self, name: str) -> None:
        request = waiting()
        with pytest.raises(NotAllowed):
            agree_to_price(User.objects.get(username=name), request)

    def test_another_enterprise_does_not_agree(self) -> None:
        request = waiting()
        other = Organisation.objects.create(kind="province_enterprise", code="E-2", name="别处", name_en="Elsewhere")
        user = User.objects.create(username="elsewhere")
        Membership.objects.create(user=user, organisation=other, role=Role.PROVINCE)
        with pytest.raises(NotAllowed):
            agree_to_price(user, request)

    def test_who_asked_does_not_agree_as_operator_nor_does_a_colleague(self) -> None:
        """Somebody who holds both roles."""
        request = waiting()
        operator = User.objects.get(username="operator")
        house = Membership.objects.get(user=operator).organisation
        Membership.objects.create(user=grower(), organisation=house, role="operator")
        Membership.objects.create(user=operator, organisation=producer(), role="producer")
        for user in (grower(), operator):
            with pytest.raises(OwnPrice):
                agree_to_price(user, request)

    def test_a_new_price_outside_leaves_the_old_one_standing_until_then(self) -> None:
        offer = listed()
        assert change_price(grower(), offer, 1_600) is None
        request = change_price(grower(), offer, DEAR, "减产")
        assert request
        assert of(request).price_fen == 1_600
        with pytest.raises(PriceUnchanged):
            change_price(grower(), offer, DEAR, "减产")
        refuse_price(User.objects.get(username="operator"), request, "没有凭据")
        let_constraints_speak()
        assert (of(request).price_fen, of(request).listed) == (1_600, True)
        assert [one.price for one in PriceRecord.objects.filter(stockrecord=offer).order_by("id")] == [1_500, 1_600]

    def test_a_later_price_takes_the_place_of_one_that_waits(self) -> None:
        request = waiting()
        assert change_price(grower(), of(request), FITTING) is None
        let_constraints_speak()
        assert (of(request).listed, of(request).price_fen) == (True, FITTING)
        with pytest.raises(PriceDecided):
            agree_to_price(User.objects.get(username="operator"), request)

    def test_what_the_operator_entered_is_bound_once_its_producer_changes_the_price(self) -> None:
        offer = StockRecord.objects.get(product__upc="JX-DATE-1000")
        assert not Terms.objects.filter(stockrecord=offer).exists()
        change_price(grower(), offer, 2_950)
        let_constraints_speak()
        refused("outside the band", "UPDATE partner_stockrecord SET price = 99 WHERE id = %s", offer.pk)

    def test_a_box_has_no_price_of_its_own(self) -> None:
        offer, part = listed(), listed(title="另一种")
        Component.objects.create(box=offer.product, product=part.product, price=1)
        with pytest.raises(BoxPrice):
            change_price(grower(), offer, 1_600)

    def test_the_operator_does_not_put_on_offer_what_nobody_agreed_to(self) -> None:
        request = waiting()
        with pytest.raises(PriceNotAgreed):
            refuse_unagreed(of(request))
        agree_to_price(User.objects.get(username="operator"), request)
        refuse_unagreed(of(request))


class TestByHand:
    """What somebody with a shell and the app's password tries."""

    def test_no_price_outside_the_band_and_no_offer_with_one(self) -> None:
        offer, request = listed(), waiting(title="另一种")
        refused("outside the band", "UPDATE partner_stockrecord SET price = 20 WHERE id = %s", offer.pk)
        refused(
            "outside the band", "UPDATE partner_stockrecord SET listed = true WHERE id = %s", request.stockrecord_id
        )
        assert run("UPDATE partner_stockrecord SET price = 16.9 WHERE id = %s", offer.pk) == 1

    def test_no_agreement_by_the_same_person_or_without_the_log(self) -> None:
        request, operator = waiting(), User.objects.get(username="operator")
        update = "UPDATE goods_pricerequest SET state = 'agreed', decided_at = now(), decided_by_id = %s WHERE id = %s"
        refused("a_second_person_decides_on_a_price", update, grower().pk, request.pk)
        refused("not decided as the log says", update, operator.pk, request.pk)
        refused("by nobody of the producer", update, User.objects.get(username="p-zs").pk, request.pk)

    def test_no_request_is_changed_taken_away_or_made_as_agreed(self) -> None:
        request = waiting()
        refused("stays as it was asked", "UPDATE goods_pricerequest SET price = 1 WHERE id = %s", request.pk)
        refused("permission denied|append-only", "DELETE FROM goods_pricerequest WHERE id = %s", request.pk)
        copy_refused("waits then", ("goods_pricerequest", request.pk, {"state": "agreed"}))
        copy_refused("one_price_of_an_offer_waits", ("goods_pricerequest", request.pk, {}))

    def test_no_band_is_made_wider_and_no_terms_go(self) -> None:
        offer = listed()
        refused(
            "permission denied", "INSERT INTO goods_priceband (since, band_bp) VALUES (%s, 9999)", timezone.localdate()
        )
        refused("permission denied|append-only", "DELETE FROM goods_terms WHERE stockrecord_id = %s", offer.pk)
