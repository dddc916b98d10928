"""What products are compared with, for all to read: determinations with their grounds, and the bounds of each class."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from marketplace.shop.catalogue.models import BoundsState, ClassBounds, CommodityClass, Determination
from marketplace.workspaces.classes import bounds_in_words, facts_of
from marketplace.workspaces.doors import open_to_all
from marketplace.workspaces.listing import Empty, Filters, Listing, between, containing, day, words
from marketplace.workspaces.pages import today
from marketplace.workspaces.register.sides import seller_of
from marketplace.workspaces.sheets import Column
from marketplace.workspaces.strangers import same_for_strangers
from procurement.watch.actions import open_until
from procurement.watch.models import Challenge
from procurement.watch.parties import may_challenge
from procurement.watch.queries import challenges

_RELATED = ("product", "from_class", "to_class")


class DeterminationFilters(Filters):
    """By words and period."""

    q = words()
    since = day(gettext_lazy("From"))
    until = day(gettext_lazy("Until"))

    def narrowed(self, rows: Any) -> Any:
        """The determinations that fit."""
        if text := self.wishes.get("q"):
            classes = (f"{end}_class__{name}" for end in ("from", "to") for name in ("name", "name_en"))
            rows = rows.filter(containing(text, "number", "ground", "product__title", "product__title_en", *classes))
        return between(rows, "at", self.wishes, moments=True)


@open_to_all
@same_for_strangers
def determinations(request: HttpRequest) -> HttpResponseBase:
    """Every determination, newest first."""
    challenged = Exists(Challenge.objects.filter(determination=OuterRef("pk")))
    listing = Listing(
        request,
        Determination.objects.select_related(*_RELATED).annotate(challenged=challenged),
        (
            Column("number", _("Number"), url="url"),
            Column("day", _("Date"), "date"),
            Column("product", _("Product")),
            Column("from_class", _("From class")),
            Column("to_class", _("To class")),
            Column("ground", _("Ground")),
            Column("challenged", _("Challenged")),
        ),
        _("Determinations"),
        Empty(
            _("No determination yet"),
            _("One is published when a product joins a class, leaves it, or is measured anew."),
            "scales",
        ),
        DeterminationFilters(request),
        present=_rows,
    )
    return listing.answer("register/register.html", here="register_determinations")


def _rows(found: Iterable[Any]) -> list[dict[str, Any]]:
    return [
        {
            "number": one.number,
            "url": reverse("register_determination", args=[one.number]),
            "day": one.at,
            "product": one.product.get_title(),
            "from_class": str(one.from_class or "–"),
            "to_class": str(one.to_class or "–"),
            "ground": one.ground,
            "challenged": _("Yes") if one.challenged else "",
        }
        for one in found
    ]


@open_to_all
@same_for_strangers
def determination(request: HttpRequest, number: str) -> HttpResponse:
    """One determination: what a product was and is compared by, why, and who objected."""
    rows = Determination.objects.select_related(*_RELATED, "undoes", "undone_by")
    found = get_object_or_404(rows, number=number)
    seller = seller_of(request)
    context = {
        "one": found,
        "facts": facts_of(found),
        "until": open_until(found),
        "challenges": challenges().filter(determination=found),
        "may_challenge": seller is not None and open_until(found) >= today() and may_challenge(seller, found),
        "undone_by": getattr(found, "undone_by", None),
    }
    return render(request, "register/determination.html", context)


@open_to_all
@same_for_strangers
def commodity_class(request: HttpRequest, code: str) -> HttpResponse:
    """One class: within what two of its products are equivalent, in words, since when and why."""
    leaves = CommodityClass.objects.filter(children__isnull=True).select_related("parent")
    found = get_object_or_404(leaves, code=code)
    versions = list(
        ClassBounds.objects.filter(
            commodity_class=found, state__in=[BoundsState.IN_FORCE, BoundsState.REPLACED]
        ).select_related("commodity_class")
    )
    context = {
        "class": found,
        "sentences": bounds_in_words(found, next((one for one in versions if one.state == BoundsState.IN_FORCE), None)),
        "versions": [{"row": one, "sentences": bounds_in_words(found, one)} for one in versions],
        "determinations": _rows(
            Determination.objects.select_related(*_RELATED)
            .annotate(challenged=Exists(Challenge.objects.filter(determination=OuterRef("pk"))))
            .filter(to_class=found)[:20]
        ),
    }
    return render(request, "register/class.html", context)
