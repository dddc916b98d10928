"""Products, and the classification by which the rule compares them. Public, never scoped."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from oscar.apps.catalogue.abstract_models import AbstractProduct


class CommodityClass(models.Model):
    """A class of goods (品类); a leaf is what products are compared within. `base_unit` is what contents are measured in."""

    code = models.CharField(max_length=12, unique=True)
    name = models.CharField(max_length=40)
    name_en = models.CharField(max_length=60)
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="children")
    base_unit = models.CharField(
        max_length=4, choices=[("g", _("gram")), ("ml", _("millilitre")), ("pc", _("piece"))], default="g"
    )
    reference_price = models.PositiveIntegerField(
        default=0, help_text="fen per 1,000 base units; 0 when none is published"
    )

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.display_name

    @property
    def display_name(self) -> str:
        """The name in the reader's language."""
        return self.name_en if get_language() == "en" else self.name


class Product(AbstractProduct):
    """A product as Oscar knows it, with what the rule compares: class, net content, grade, processing, dietary marks."""

    title_en = models.CharField(max_length=255, blank=True)
    commodity_class = models.ForeignKey(
        CommodityClass, on_delete=models.PROTECT, null=True, blank=True, related_name="products"
    )
    net_content = models.PositiveIntegerField(default=0, help_text="base units of the class in one sales unit")
    grade = models.CharField(max_length=20, blank=True)
    processing = models.CharField(max_length=20, blank=True)
    dietary = ArrayField(models.CharField(max_length=20), default=list, blank=True, help_text="e.g. halal, sugar_free")
    county = models.ForeignKey(
        "organisations.County", on_delete=models.PROTECT, null=True, blank=True, help_text="origin"
    )
    licence = models.CharField(max_length=20, blank=True, help_text="food production licence (SC)")

    def get_title(self) -> str:
        """The title in the reader's language."""
        return self.title_en if get_language() == "en" and self.title_en else self.title

    @property
    def is_box(self) -> bool:
        """Whether the product is a mixed box, judged by its components."""
        return bool(self.components.exists())


class Component(models.Model):
    """A part of a mixed box: how many units of a product it holds, and the part of the box's price that they make up."""

    box = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="components")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="in_boxes")
    quantity = models.PositiveIntegerField(default=1)
    price = models.PositiveIntegerField(help_text="fen of the box's price for one unit of this component")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["box", "product"], name="a_component_is_listed_once"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="a_component_is_in_the_box"),
            models.CheckConstraint(condition=~Q(box=F("product")), name="a_box_is_not_in_itself"),
        ]
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.product} × {self.quantity}"


from oscar.apps.catalogue.models import *  # noqa: E402, F403  Oscar's remaining models, after ours
