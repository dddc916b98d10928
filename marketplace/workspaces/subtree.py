"""The unions below one, with their shares: for auditors and upper-union officers. Constant statements."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page
from django.db.models import Sum
from django.http import HttpRequest

from marketplace.ledger.models import Purse, PurseKind
from marketplace.organisations.models import Organisation, OrganisationKind
from marketplace.workspaces.pages import page_of, today
from marketplace.workspaces.shares import Gauge, gauge
from procurement.policy.models import Policy
from procurement.priority.models import UnionYear


@dataclass(frozen=True)
class UnionRow:
    """A union with its figures of one gift year; `required` is None where no policy is in force."""

    union: Organisation
    figures: Gauge
    make_good_due: bool

    @property
    def below(self) -> bool:
        """Whether something was bought and the minimum does not hold."""
        return self.figures.share is not None and self.figures.share < self.figures.required


@dataclass(frozen=True)
class Totals:
    """The sums over all unions of a subtree."""

    figures: Gauge
    unions: int
    buying: int


def unions_below(top: Organisation) -> Any:
    """The union itself and all below it, in order of the tree."""
    return Organisation.objects.filter(kind=OrganisationKind.UNION, path__startswith=top.path).order_by("path")


def union_page(request: HttpRequest, top: Organisation, year: int) -> Page[Any]:
    """A page of the subtree's unions as UnionRows."""
    words = request.GET.get("q", "").strip()
    rows = unions_below(top)
    if words:
        rows = rows.filter(name__icontains=words) | rows.filter(name_en__icontains=words)
    page = page_of(request, rows, 50)
    page.object_list = union_rows(list(page.object_list), year)
    return page


def union_rows(unions: list[Organisation], year: int) -> list[UnionRow]:
    """The figures of these unions: three statements whatever their number."""
    ids = [union.pk for union in unions]
    years = {row.union_id: row for row in UnionYear.objects.filter(union__in=ids, gift_year=year)}
    reserves = _reserves(year, union__in=ids)
    minimum = _minima({union.region for union in unions})
    return [
        UnionRow(
            union,
            gauge(
                years[union.pk].assistance if union.pk in years else 0,
                years[union.pk].ordinary if union.pk in years else 0,
                reserves.get(union.pk, 0),
                minimum[union.region],
            ),
            union.pk in years and years[union.pk].make_good_due,
        )
        for union in unions
    ]


def totals(top: Organisation, year: int) -> Totals:
    """The subtree as one."""
    unions = unions_below(top)
    bought = UnionYear.objects.filter(union__in=unions, gift_year=year)
    sums = bought.aggregate(assistance=Sum("assistance"), ordinary=Sum("ordinary"))
    reserve = sum(_reserves(year, union__in=unions).values())
    figures = gauge(sums["assistance"] or 0, sums["ordinary"] or 0, reserve, _minima({top.region})[top.region])
    return Totals(figures, unions.count(), bought.count())


def years_of(top: Organisation) -> list[int]:
    """Gift years in which somebody of the subtree bought, this year included, newest first."""
    rows = UnionYear.objects.filter(union__path__startswith=top.path).values_list("gift_year", flat=True).distinct()
    return sorted({today().year, *rows}, reverse=True)


def chosen_year(request: HttpRequest, years: list[int]) -> int:
    """The year that `?year=` asks for, else the newest with figures."""
    asked = request.GET.get("year", "")
    return int(asked) if asked.isdigit() and int(asked) in years else years[0]


def _reserves(year: int, **which: Any) -> dict[int, int]:
    rows = Purse.objects.filter(gift_year=year, kind=PurseKind.RING_FENCED, **which)
    return dict(rows.values_list("union").annotate(total=Sum("account__balance")))


def _minima(regions: set[str]) -> dict[str, int]:
    """The minimum share in force in each region today: of the policy with the longest prefix; 0 without one."""
    prefixes = {region[:length] for region in regions for length in range(2, len(region) + 1)}
    policies = Policy.objects.filter(approved_by__isnull=False, period__contains=today(), region__in=prefixes)
    shares = {policy.region: policy.minimum_share_bp for policy in policies}
    return {
        region: next((shares[region[:n]] for n in range(len(region), 1, -1) if region[:n] in shares), 0)
        for region in regions
    }
