"""Pages of goods: listed on a phone with what was typed kept, priced with the band in sight, decided by a second person."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from marketplace.organisations.scopes import seen_by
from marketplace.shop.partner.models import StockRecord
from suppliers.goods.models import PriceRequest
from tests.workspaces.persons import Person, statements_of, text

pytestmark = pytest.mark.usefixtures("world")


def jpeg(name: str = "枣.jpg", width: int = 400) -> SimpleUploadedFile:
    out = BytesIO()
    Image.new("RGB", (width, 300)).save(out, "JPEG")
    return SimpleUploadedFile(name, out.getvalue())


def typed(**changes: Any) -> dict[str, Any]:
    return {
        "title": "黄河滩枣", "commodity_class": "date.red", "net_content": "500", "grade": "一级", "dietary": "清真，无糖",
        "storage": "cool", "region1": "61", "days1": "4", "freight1": "1.50", "price": "15", "minimum_order": "10",
    } | changes  # fmt: skip


def newest() -> StockRecord:
    return StockRecord.objects.select_related("product", "terms").latest("pk")


def test_goods_are_listed_with_a_photo_and_stand_in_the_shop() -> None:
    grower, visitor = Person("p-jx"), Person()
    answer = grower.send("producer:goods_new", **typed(photos=[jpeg(), jpeg(width=500)]))
    offer = newest()
    assert answer.url == f"/producer/goods/{offer.pk}/"
    assert (offer.price_fen, offer.product.dietary, offer.terms.minimum_order) == (1_500, ["无糖", "清真"], 10)
    assert [(d.region, d.freight, d.days) for d in offer.deliveries.all()] == [("61", 150, 4)]
    page = text(grower.open("producer:goods_one", offer.pk))
    assert "¥30.00 / kg" in page
    assert "¥9.10 to ¥16.90" in page
    shop = visitor.open("product", offer.product_id)
    assert "Smallest order, units 10" in text(shop)
    photo = visitor.open("photo", offer.product.photos.all()[0].pk)
    assert (photo.status_code, photo["Content-Type"], photo["X-Content-Type-Options"]) == (200, "image/jpeg", "nosniff")
    assert "immutable" in photo["Cache-Control"]
    assert f"/photos/{offer.product.photos.all()[0].pk}.jpg" in shop.content.decode()


def test_all_faults_are_told_at_once_and_what_was_typed_stays() -> None:
    grower, before = Person("p-jx"), StockRecord.objects.count()
    wrong = typed(price="99", licence="SC1", region2="61", days2="3", freight2="0", photos=[jpeg("x.jpg", 50)])
    answer = grower.send("producer:goods_new", **wrong)
    page = text(answer)
    for sentence in (
        "outside the band of its class",
        "is not a food production licence number",
        "is named twice",
        "smaller than 240",
    ):
        assert sentence in page
    assert 'value="黄河滩枣"' in answer.content.decode()
    assert "Fill in the whole region" in text(grower.send("producer:goods_new", **typed(region2="6101")))
    assert StockRecord.objects.count() == before


def test_the_unit_price_and_the_band_are_shown_before_anything_is_listed() -> None:
    grower, before = Person("p-jx"), StockRecord.objects.count()
    page = text(grower.send("producer:goods_new", commodity_class="date.red", net_content="500", price="20", look="1"))
    assert "¥40.00 / kg" in page
    assert "Your price is outside it" in page
    assert "Please put these right" not in page
    assert StockRecord.objects.count() == before


def test_a_price_outside_the_band_goes_to_the_enterprise_and_comes_back() -> None:
    grower, enterprise = Person("p-jx"), Person("enterprise")
    grower.send("producer:goods_new", **typed())
    offer = newest()
    grower.send("producer:goods_price", offer.pk, price="20", reason="头茬特级")
    with seen_by(None):
        request = PriceRequest.objects.get(stockrecord=offer)
    assert "On offer; a new price waits" in text(grower.open("producer:goods_one", offer.pk))
    assert "A price outside the band waits for you" in text(enterprise.open("province:home"))
    assert "黄河滩枣" in text(enterprise.open("province:prices", state="waiting"))
    page = text(enterprise.open("province:price", request.pk))
    assert ("头茬特级" in page, "¥20.00" in page, "¥15.00" in page) == (True, True, True)
    assert "Write to the producer why" in text(enterprise.send("province:price", request.pk, decision="refuse"))
    enterprise.send("province:price", request.pk, decision="agree")
    assert newest().price_fen == 2_000
    again = text(enterprise.send("province:price", request.pk, decision="agree"))
    assert "waits no more" in again
    assert "Agreed" in text(grower.open("producer:goods_one", offer.pk))


def test_the_operator_decides_too_and_does_not_put_on_offer_what_waits() -> None:
    grower, operator = Person("p-jx"), Person("operator")
    grower.send("producer:goods_new", **typed(price="20", reason="头茬特级"))
    offer = newest()
    form = {"offer": offer.pk, "listed": "yes", "offer-ground": "可以"}
    assert "no second person has agreed" in text(operator.send("operate:offer", offer.product_id, **form))
    with seen_by(None):
        request = PriceRequest.objects.get(stockrecord=offer)
    operator.send("operate:price", request.pk, decision="refuse", words="没有凭据")
    assert "没有凭据" in text(grower.open("producer:goods_one", offer.pk))
    assert newest().listed is False
    grower.send("producer:goods_price", offer.pk, price="16")
    assert (newest().listed, newest().price_fen) == (True, 1_600)


def test_photos_are_added_and_a_wrong_one_is_told() -> None:
    grower = Person("p-jx")
    grower.send("producer:goods_new", **typed())
    offer = newest()
    wrong = SimpleUploadedFile("x.jpg", b"no picture")
    assert "is no JPEG, PNG or WebP picture" in text(grower.send("producer:goods_photos", offer.pk, photos=[wrong]))
    grower.send("producer:goods_photos", offer.pk, photos=[jpeg()])
    assert offer.product.photos.count() == 1


def test_pages_cost_the_same_with_more_on_them() -> None:
    grower, enterprise = Person("p-jx"), Person("enterprise")
    grower.send("producer:goods_new", **typed(price="20", reason="一"))
    first = newest()
    pages = [
        lambda: grower.open("producer:goods"),
        lambda: grower.open("producer:goods_one", first.pk),
        lambda: enterprise.open("province:prices"),
        lambda: Person().open("product", first.product_id),
    ]
    before = [statements_of(page) for page in pages]
    grower.send("producer:goods_new", **typed(title="又一种", price="21", reason="二", photos=[jpeg()]))
    for number in (1, 2, 3):
        grower.send("producer:goods_price", first.pk, price=f"2{number}", reason="三")
        grower.send("producer:goods_photos", first.pk, photos=[jpeg(width=400 + number)])
    assert [statements_of(page) for page in pages] == before
