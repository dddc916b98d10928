"""Own objects of the pages of goods: one of Jiaxian's producer with a photo, and one whose price waits for the enterprise."""

from io import BytesIO
from types import SimpleNamespace
from typing import Any

from PIL import Image

from marketplace.organisations.models import Organisation
from marketplace.organisations.scopes import seen_by
from marketplace.shop.catalogue.models import CommodityClass
from marketplace.shop.determinations import Marks
from suppliers.goods.actions import Destination, Goods, list_goods
from suppliers.goods.models import Photo, PriceRequest, Storage


def own(made: SimpleNamespace) -> dict[str, dict[str, Any]]:
    """Parameters by address."""
    producer = Organisation.objects.select_related("county").get(code="P-JX")
    grower = producer.memberships.get(role="producer").user
    out = BytesIO()
    Image.new("RGB", (400, 300)).save(out, "JPEG")
    goods = Goods(
        title="佳县滩枣",
        title_en="Jiaxian dates",
        commodity_class=CommodityClass.objects.get(code="date.red"),
        marks=Marks(500, "一级", "干制"),
        storage=Storage.ROOM,
        deliveries=[Destination("61", 100, 4)],
        price=9_900,
        reason="头茬特级",
        photos=[("a.jpg", out.getvalue())],
    )
    offer = list_goods(grower, producer, goods)
    with seen_by(None):
        asked = {"pk": PriceRequest.objects.get(stockrecord=offer).pk}
    one = {"pk": offer.pk}
    found = {f"producer:{name}": one for name in ("goods_one", "goods_price", "goods_photos")}
    found |= {"province:price": asked, "operate:price": asked}
    return found | {"photo": {"pk": Photo.objects.get(product=offer.product).pk}}
