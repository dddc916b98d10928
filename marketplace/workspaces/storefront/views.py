"""The start page and the catalogue: open to all, in a few statements a page."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from marketplace.workspaces.doors import open_to_all
from marketplace.workspaces.pages import today
from marketplace.workspaces.storefront import queries
from marketplace.workspaces.storefront.facets import facets
from marketplace.workspaces.storefront.figures import live_figures
from marketplace.workspaces.storefront.forms import WishesForm
from marketplace.workspaces.storefront.readers import cards_for, union_of
from marketplace.workspaces.storefront.season import in_season, season_of
from marketplace.workspaces.strangers import same_for_strangers
from procurement.policy.festivals import upcoming
from suppliers.listings.queries import assistance_on, listed

_ON_HOME = 10
_CARDS = 24
_SORT_WORDS = {
    "": _("Assistance products first"),
    "price": _("Cheapest first"),
    "unit": _("Cheapest by weight first"),
    "newest": _("Newest first"),
    "name": _("By name"),
}


class _Counted(Paginator[Any]):
    """A paginator that was told how many rows there are."""

    def __init__(self, rows: Any, size: int, number: int) -> None:
        super().__init__(rows, size)
        self.number = number

    @property
    def count(self) -> int:
        """What it was told."""
        return self.number


@open_to_all
@same_for_strangers
def home(request: HttpRequest) -> HttpResponse:
    """The season and the next festival, assistance products in season first, how the rule works, what has been done."""
    day = today()
    offered = listed(day).filter(assistance_on(day), stock__in_stock__gt=0)
    fresh = list(offered.filter(class_code__in=in_season(day)).order_by("-product_id")[: _ON_HOME * 3])
    chosen = _of_many_classes(fresh)
    if len(chosen) < _ON_HOME:
        shown = [row.pk for row in chosen]
        chosen += list(offered.exclude(pk__in=shown).order_by("-product_id")[: _ON_HOME - len(chosen)])
    festival = next(iter(upcoming(day)), None)
    context = {
        "season": season_of(day),
        "festival": festival,
        "days": festival.days_from(day) if festival else 0,
        "products": cards_for(request, chosen),
        "groups": queries.groups_on_offer(),
        "figures": live_figures(day),
    }
    return render(request, "storefront/home.html", context)


def _of_many_classes(rows: list[Any]) -> list[Any]:
    """Some of the rows, one of every class before a second of any."""
    seen: dict[str, int] = {}
    ranked = []
    for row in rows:
        seen[row.class_code] = seen.get(row.class_code, 0) + 1
        ranked.append((seen[row.class_code], row))
    return [row for _rank, row in sorted(ranked, key=lambda pair: pair[0])][:_ON_HOME]


@open_to_all
@same_for_strangers
def catalogue(request: HttpRequest) -> HttpResponse:
    """The list of products, narrowed by words, class, county, kind, price, seller; a union's people see what the rule puts first."""
    day, wishes = today(), WishesForm(request.GET).wishes
    found = facets(request.GET, wishes, day)
    rows = queries.narrowed(listed(day), wishes)
    in_one = wishes["sort"] or wishes["q"]
    sorted_rows = rows if in_one else queries.AssistanceFirst(rows, found.assistance)
    page = _Counted(sorted_rows, _CARDS, found.found).get_page(request.GET.get("page"))
    union = union_of(request)
    offers = list(page.object_list)
    page.object_list = queries.with_rule(offers, union, day) if union else queries.cards(offers)
    itself = sum(not getattr(offer, "by_seller", False) for offer in offers)
    context = {
        "found": page.object_list[:itself],
        "by_seller": page.object_list[itself:],
        "facets": found,
        "for_union": union is not None,
        "page": page,
        "words": wishes["q"] or "",
        "sorts": list(_SORT_WORDS.items()),
        "sort": wishes["sort"] or "",
        "kept": [(name, value) for name, value in request.GET.items() if name not in {"sort", "page"}],
    }
    return render(request, "storefront/catalogue.html", context)
