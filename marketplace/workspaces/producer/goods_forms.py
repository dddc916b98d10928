"""What a producer types about goods, on a phone."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from marketplace.organisations.regions import REGIONS
from marketplace.shop.catalogue.models import MARK_LENGTH, CommodityClass
from marketplace.shop.determinations import Marks
from marketplace.workspaces.fields import YuanField
from suppliers.goods.actions import MAX_DAYS, Destination, Goods
from suppliers.goods.models import Storage
from suppliers.goods.photos import MAX_BYTES

PLACES = 3
_PLACE = ("region", "days", "freight")
_REASON = gettext_lazy("Only for a price outside the band: why it is right. A second person reads it.")


class FileInput(forms.FileInput):
    """The field for files of templates, taking several pictures, or one straight from the camera."""

    allow_multiple_selected = True


class PhotosField(forms.FileField):
    """Several files as names and bytes; of one that is too large no more than shows it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=FileInput(attrs={"accept": "image/jpeg,image/png,image/webp"}), **kwargs)

    def clean(self, data: Any, initial: Any = None) -> list[tuple[str, bytes]]:
        """Whether each is a picture is the verb's matter."""
        files = data if isinstance(data, list | tuple) else [data] if data else []
        if not files and self.required:
            super().clean(None, initial)
        return [_read(one) for one in files]


def _read(upload: UploadedFile[Any]) -> tuple[str, bytes]:
    return upload.name or "", upload.read(MAX_BYTES + 1)


class GoodsForm(forms.Form):
    """Simple goods: what they are, how they are kept, where they are delivered, what they cost."""

    title = forms.CharField(label=gettext_lazy("Name on the package"), max_length=120)
    title_en = forms.CharField(label=gettext_lazy("Name in English"), max_length=120, required=False)
    commodity_class = forms.ChoiceField(
        label=gettext_lazy("Commodity class"),
        help_text=gettext_lazy("Goods are compared within their class. Afterwards only the operator may change it."),
    )
    net_content = forms.IntegerField(
        label=gettext_lazy("Net content of one unit"),
        min_value=1,
        max_value=10_000_000,
        help_text=gettext_lazy("In what the class is measured by: grams, millilitres or pieces."),
    )
    grade = forms.CharField(label=gettext_lazy("Grade"), max_length=MARK_LENGTH, required=False)
    processing = forms.CharField(label=gettext_lazy("Processing"), max_length=MARK_LENGTH, required=False)
    dietary = forms.CharField(
        label=gettext_lazy("Dietary marks"),
        max_length=100,
        required=False,
        help_text=gettext_lazy("Such as halal, sugar-free; parted by commas."),
    )
    licence = forms.CharField(
        label=gettext_lazy("Food production licence"),
        max_length=20,
        required=False,
        help_text=gettext_lazy("SC and 14 digits. Fresh produce has none."),
    )
    storage = forms.ChoiceField(label=gettext_lazy("How it is kept"), choices=Storage.choices)
    price = YuanField(label=gettext_lazy("Price of one unit, yuan"), min_value=0)
    minimum_order = forms.IntegerField(label=gettext_lazy("Smallest order, units"), min_value=1, initial=1)
    reason = forms.CharField(
        label=gettext_lazy("Reason for the price"),
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=500,
        required=False,
        help_text=_REASON,
    )
    photos = PhotosField(
        label=gettext_lazy("Photos"),
        required=False,
        help_text=gettext_lazy("Up to six; where and when they were taken is removed."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        leaves = CommodityClass.objects.filter(children__isnull=True).select_related("parent").order_by("code")
        self.classes = {one.code: one for one in leaves}
        self.fields["commodity_class"].choices = _grouped(list(self.classes.values()))  # type: ignore[attr-defined]
        for number in range(1, PLACES + 1):
            self._add_place(number)

    def _add_place(self, number: int) -> None:
        first = number == 1
        regions = [] if first else [("", "–")]
        self.fields |= {
            f"region{number}": forms.ChoiceField(
                label=gettext_lazy("Delivered to"), choices=[*regions, *REGIONS.items()], required=first
            ),
            f"days{number}": forms.IntegerField(
                label=gettext_lazy("Days from order to arrival"), min_value=1, max_value=MAX_DAYS, required=first
            ),
            f"freight{number}": YuanField(
                label=gettext_lazy("Freight of one unit, yuan"), min_value=0, max_value=10_000, required=first
            ),
        }

    @property
    def what(self) -> list[Any]:
        """The fields that say what the goods are."""
        names = ("title", "title_en", "commodity_class", "net_content", "grade", "processing", "dietary", "licence")
        return [self[name] for name in (*names, "storage")]

    @property
    def asked(self) -> list[Any]:
        """The fields of the price."""
        return [self[name] for name in ("price", "minimum_order", "reason")]

    @property
    def places(self) -> list[tuple[list[Any], bool]]:
        """The fields of each region, and whether anything stands in them."""
        rows = [[self[f"{name}{number}"] for name in _PLACE] for number in range(1, PLACES + 1)]
        return [(row, any(one.value() not in (None, "") for one in row)) for row in rows]

    def clean(self) -> dict[str, Any]:
        """A second or third region is filled in whole or not at all."""
        said = super().clean() or {}
        for number in range(2, PLACES + 1):
            names = [f"{name}{number}" for name in _PLACE]
            given = [name for name in names if said.get(name) not in (None, "")]
            if given and len(given) < len(names):
                for name in set(names) - set(given) - set(self.errors):
                    self.add_error(name, _("Fill in the whole region, or leave it empty."))
        return said

    def goods(self) -> Goods:
        """What was typed, as the verb takes it."""
        said = self.cleaned_data
        marks = [mark.strip() for mark in said["dietary"].replace("，", ",").replace("、", ",").split(",")]
        return Goods(
            title=said["title"],
            title_en=said["title_en"],
            commodity_class=self.classes[said["commodity_class"]],
            marks=Marks(said["net_content"], said["grade"], said["processing"], [mark for mark in marks if mark]),
            storage=Storage(said["storage"]),
            deliveries=[
                Destination(said[f"region{n}"], said[f"freight{n}"], said[f"days{n}"])
                for n in range(1, PLACES + 1)
                if said.get(f"region{n}")
            ],
            price=said["price"],
            minimum_order=said["minimum_order"],
            licence=said["licence"],
            reason=said["reason"],
            photos=said["photos"],
        )


def _grouped(leaves: list[CommodityClass]) -> list[Any]:
    """The classes under their groups, each with what it is measured by."""
    found: list[Any] = [("", _("Choose…"))]
    for group, members in groupby(leaves, key=lambda one: one.parent):
        told = [(one.code, f"{one.display_name} ({one.get_base_unit_display()})") for one in members]
        found += [(group.display_name, told)] if group else told
    return found


class NewPriceForm(forms.Form):
    """Another price for goods on offer."""

    price = YuanField(label=gettext_lazy("New price of one unit, yuan"), min_value=0)
    reason = forms.CharField(
        label=gettext_lazy("Reason for the price"),
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=500,
        required=False,
        help_text=_REASON,
    )


class MorePhotosForm(forms.Form):
    """More photographs of goods."""

    photos = PhotosField(label=gettext_lazy("Photos"))
