"""Products, and the classification by which the rule compares them. Public, never scoped."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from oscar.apps.catalogue.abstract_models import AbstractProduct

from marketplace.evidence.models import Entry
from marketplace.organisations.models import User

MARK_LENGTH = 20  # characters of a grade, a processing, a dietary mark


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
    grade = models.CharField(max_length=MARK_LENGTH, blank=True)
    processing = models.CharField(max_length=MARK_LENGTH, blank=True)
    dietary = ArrayField(
        models.CharField(max_length=MARK_LENGTH), default=list, blank=True, help_text="e.g. halal, sugar_free"
    )
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


class BoundsState(models.TextChoices):
    """Bounds are proposed by one operator and come into force by another's word."""

    PROPOSED = "proposed", _("Proposed")
    IN_FORCE = "in_force", pgettext_lazy("state of a rule", "In force")
    REPLACED = "replaced", _("Replaced")
    DISCARDED = "discarded", _("Discarded")


BOUNDS_MOVES: dict[str, list[str]] = {"proposed": ["in_force", "discarded"], "in_force": ["replaced"]}


class ClassBounds(models.Model):
    """Within which measured attributes two products of a class are equivalent. What they say never changes.

    Contents in base units of one sales unit; 0 = no bound. `grades` from the best down: an equivalent is of the same grade or a better
    one. Of `processings` each is another kind of goods; of `dietary` each mark that the wanted product bears has to be borne. A grade
    or processing that is not named here, or not stated, fits any.
    """

    commodity_class = models.ForeignKey(CommodityClass, on_delete=models.PROTECT, related_name="bounds")
    content_least = models.PositiveIntegerField(default=0)
    content_most = models.PositiveIntegerField(default=0)
    grades = ArrayField(models.CharField(max_length=MARK_LENGTH), default=list, blank=True)
    processings = ArrayField(models.CharField(max_length=MARK_LENGTH), default=list, blank=True)
    dietary = ArrayField(models.CharField(max_length=MARK_LENGTH), default=list, blank=True)
    ground = models.TextField()
    state = models.CharField(max_length=10, choices=BoundsState, default=BoundsState.PROPOSED)
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(auto_now_add=True)
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["commodity_class"], condition=Q(state="in_force"), name="one_set_of_bounds_in_force"
            ),
            models.UniqueConstraint(
                fields=["commodity_class"], condition=Q(state="proposed"), name="one_set_of_bounds_proposed"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["proposed", "discarded"])
                | (Q(decided_by__isnull=False) & ~Q(decided_by=F("proposed_by"))),
                name="a_second_person_sets_bounds",
            ),
            models.CheckConstraint(
                condition=Q(content_most=0) | Q(content_least__lte=F("content_most")), name="bounds_have_an_inside"
            ),
        ]
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.commodity_class} {self.state}"


class Determination(models.Model):
    """A published word on what a product is compared with, and why: it joins a class, leaves it, or is measured anew. Append-only.

    `before` and `after` hold class code, net content, grade, processing and dietary marks.
    """

    number = models.CharField(max_length=40, unique=True)
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="determinations")
    from_class = models.ForeignKey(CommodityClass, on_delete=models.PROTECT, null=True, related_name="+")
    to_class = models.ForeignKey(CommodityClass, on_delete=models.PROTECT, null=True, related_name="+")
    before = models.JSONField()
    after = models.JSONField()
    ground = models.TextField()
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, related_name="+")
    undoes = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="undone_by")

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["product", "-id"], name="determinations_of_a_product")]

    def __str__(self) -> str:
        return self.number


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
