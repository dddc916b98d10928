"""The unions below one, with their shares: for auditors and upper-union officers. Constant statements."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import F, OuterRef, Q, Subquery, Sum, Value
from django.db.models.functions import NullIf
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from marketplace.ledger.models import Purse, PurseKind
from marketplace.organisations.models import Organisation, OrganisationKind, UnionLevel
from marketplace.workspaces.listing import Empty, Filters, Listing, choice, containing, words
from marketplace.workspaces.pages import id_in, today
from marketplace.workspaces.shares import Gauge, gauge
from marketplace.workspaces.sheets import Column
from procurement.policy.queries import policies_of
from procurement.priority.models import UnionYear
from procurement.priority.years import as_ordinary, decided_under, last_day
from procurement.programmes.outside import queries as outside


@dataclass(frozen=True)
class UnionRow:
    """A union with its figures of one gift year; `required` is None where no policy is in force."""

    union: Organisation
    figures: Gauge
    make_good_due: bool
    url: str = ""

    @property
    def name(self) -> str:
        """The union's name in the reader's language."""
        return self.union.display_name

    @property
    def level(self) -> str:
        """The words for its level."""
        return str(self.union.get_level_display())

    @property
    def assistance(self) -> int:
        """Fen of assistance goods."""
        return self.figures.assistance

    @property
    def ordinary(self) -> int:
        """Fen of ordinary goods."""
        return self.figures.ordinary

    @property
    def reserve(self) -> int:
        """Fen set aside."""
        return self.figures.reserve

    @property
    def outside(self) -> int:
        """Fen bought elsewhere, no part of the share."""
        return self.figures.outside

    @property
    def share(self) -> int | None:
        """The share in basis points; None when nothing was bought."""
        return self.figures.share

    @property
    def required(self) -> int:
        """The minimum in basis points."""
        return self.figures.required

    @property
    def verdict(self) -> str:
        """Where the union stands, in words."""
        if self.share is None:
            return gettext("Nothing bought yet")
        return gettext("Below the minimum") if self.below else gettext("Minimum reached")

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


class UnionFilters(Filters):
    """By name, gift year, level and order. The year is asked for even when nothing else is."""

    q = words()
    year = choice(_("Gift year"), [])
    level = choice(_("Level"), UnionLevel.choices)
    sort = choice(_("Sort by"), [("share", _("Lowest share first")), ("amount", _("Largest amount first"))])

    def __init__(self, request: HttpRequest, years: list[int], year: int) -> None:
        super().__init__(request)
        self.gift_year = year
        self.fields["sort"].choices[0] = ("", gettext("In order of the tree"))  # type: ignore[attr-defined]
        self.fields["year"].choices = year_choices(years, year)  # type: ignore[attr-defined]

    def narrowed(self, rows: Any) -> Any:
        """The unions that fit, in the order asked for."""
        if text := self.wishes.get("q"):
            rows = rows.filter(containing(text, "name", "name_en", "code"))
        if level := self.wishes.get("level"):
            rows = rows.filter(level=level)
        amounts = rows.annotate(
            bought_assistance=_of_year(self.gift_year, "assistance"),
            bought_ordinary=_of_year(self.gift_year, "ordinary"),
        )
        whole = F("bought_assistance") + F("bought_ordinary")
        orders = {
            "share": (F("bought_assistance") * 10_000 / NullIf(whole, Value(0))).asc(nulls_last=True),
            "amount": whole.desc(nulls_last=True),
        }
        sort = self.wishes.get("sort")
        return amounts.order_by(orders[sort], "path") if sort else rows


COLUMNS = (
    Column("name", _("Union"), url="url"),
    Column("level", _("Level")),
    Column("assistance", _("Assistance"), "money"),
    Column("ordinary", _("Ordinary"), "money"),
    Column("reserve", _("Set aside"), "money"),
    Column("outside", _("Bought elsewhere"), "money"),
    Column("share", _("Share"), "bp"),
    Column("required", _("Minimum"), "bp"),
    Column("verdict", _("Verdict")),
)


def union_listing(request: HttpRequest, top: Organisation, year: int, years: list[int], link: str = "") -> Listing:
    """The subtree's unions as a list of UnionRows; `link` names the page of one union and year."""

    def present(found: Sequence[Organisation]) -> list[Any]:
        rows = union_rows(list(found), year)
        return [replace(row, url=reverse(link, args=[row.union.code, year])) for row in rows] if link else rows

    return Listing(
        request,
        unions_below(top),
        COLUMNS,
        gettext("Unions"),
        Empty(_("No union fits")),
        filters=UnionFilters(request, years, year),
        present=present,
        size=50,
    )


def share_chart(rows: Any) -> list[tuple[str, int, str]]:
    """The shares of those among these unions that bought most, for a chart; danger where the minimum does not hold."""
    bought = sorted((row for row in rows if row.figures.share is not None), key=lambda row: -row.figures.total)
    return [(row.name, row.share or 0, "danger" if row.below else "success") for row in bought[:12]]


def _of_year(year: int, name: str) -> Subquery:
    return Subquery(UnionYear.objects.filter(union=OuterRef("pk"), gift_year=year).values(name)[:1])


def union_rows(unions: list[Organisation], year: int) -> list[UnionRow]:
    """The figures of these unions: six statements whatever their number. The minimum is that of each union's statement."""
    ids = [union.pk for union in unions]
    years = {row.union_id: row for row in UnionYear.objects.filter(union__in=ids, gift_year=year)}
    reserves = _reserves(year, union__in=ids)
    minimum, bound = _minima(unions, year), decided_under(unions, year)
    elsewhere = outside.sums(ids, year)
    rows = []
    for union in unions:
        found = years.get(union.pk) or UnionYear(union=union, gift_year=year)
        share_bp = bound[union.pk].minimum_share_bp if union.pk in bound else minimum[union.pk]
        if found.closed_share_bp is not None:
            share_bp = found.closed_share_bp
        held = reserves.get(union.pk, 0) + found.shortfall
        bought = elsewhere.get(union.pk, 0)
        ordinary = found.ordinary + as_ordinary(found.brought_forward, share_bp)
        figures = gauge(found.assistance, ordinary, held, share_bp, outside=bought)
        rows.append(UnionRow(union, figures, found.make_good_due))
    return rows


def totals(top: Organisation, year: int) -> Totals:
    """The subtree as one."""
    unions = unions_below(top)
    bought = UnionYear.objects.filter(union__in=unions, gift_year=year).filter(Q(assistance__gt=0) | Q(ordinary__gt=0))
    sums = bought.aggregate(
        assistance=Sum("assistance"),
        ordinary=Sum("ordinary"),
        brought=Sum("brought_forward"),
        shortfall=Sum("shortfall"),
    )
    share_bp = _minima([top], year)[top.pk]
    ordinary = (sums["ordinary"] or 0) + as_ordinary(sums["brought"] or 0, share_bp)
    reserve = sum(_reserves(year, union__in=unions).values()) + (sums["shortfall"] or 0)
    elsewhere = sum(outside.sums(unions.values("pk"), year).values())
    figures = gauge(sums["assistance"] or 0, ordinary, reserve, share_bp, outside=elsewhere)
    return Totals(figures, unions.count(), bought.count())


def years_of(top: Organisation) -> list[int]:
    """Gift years in which somebody of the subtree bought, this year included, newest first."""
    rows = UnionYear.objects.filter(union__path__startswith=top.path).values_list("gift_year", flat=True).distinct()
    return sorted({today().year, *rows}, reverse=True)


def year_choices(years: Iterable[int], year: int) -> list[tuple[int, str]]:
    """The years to choose from; what is shown stands first, because a field that nobody asked for shows its first choice."""
    return [(one, str(one)) for one in sorted(years, key=lambda one: (one != year, -one))]


def chosen_year(request: HttpRequest, years: list[int]) -> int:
    """The year that `?year=` asks for, else the present one: plans for the next may have begun."""
    asked = id_in(request.GET.get("year", ""))
    return asked if asked in years else today().year


def _reserves(year: int, **which: Any) -> dict[int, int]:
    rows = Purse.objects.filter(gift_year=year, kind=PurseKind.RING_FENCED, **which)
    return dict(rows.values_list("union").annotate(total=Sum("account__balance")))


def _minima(unions: Iterable[Organisation], year: int) -> dict[int, int]:
    """The minimum share that binds each union on the last day of the year so far, by its id; 0 without a policy. One statement."""
    asked = list(unions)
    found = policies_of(asked, last_day(year))
    return {union.pk: found[union.pk].minimum_share_bp if union.pk in found else 0 for union in asked}
