"""Goods: what producers put on offer themselves."""

from django.apps import AppConfig


class GoodsConfig(AppConfig):
    """Terms of offers, the band around a class's reference price, prices that wait for a second person, photographs."""

    name = "suppliers.goods"
    label = "goods"
