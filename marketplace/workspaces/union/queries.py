"""What union pages show, in a constant number of statements."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, QuerySet
from django.urls import reverse

from marketplace.fulfilment.losses import UNSHIPPED
from marketplace.fulfilment.queries import progress
from marketplace.ledger.models import Purse
from marketplace.organisations.models import Organisation
from marketplace.shop.order.models import Order
from marketplace.workspaces.pages import today
from marketplace.workspaces.shares import Gauge, gauge
from procurement.compliance.queries import failures
from procurement.policy.errors import NoPolicyInForce
from procurement.priority.models import UnionYear
from procurement.priority.reserves import reserve
from procurement.priority.years import as_ordinary, policy_of_year, to_make_good
from procurement.programmes.models import GiftLine, Programme, ProgrammeState
from procurement.programmes.outside import queries as outside

OPEN_STATES = [ProgrammeState.DRAFT, ProgrammeState.CHOOSING, ProgrammeState.SUBMITTED, ProgrammeState.APPROVED]


def open_programmes(union: Organisation) -> QuerySet[Programme]:
    """Plans that still need somebody's hand, with the number of their recipients."""
    return (
        Programme.objects.filter(union=union, state__in=OPEN_STATES)
        .select_related("created_by", "submitted_by")
        .annotate(people=Count("recipients"))
    )


def year_gauge(union: Organisation, year: int) -> Gauge | None:
    """The union's share in a gift year; None where no policy is in force."""
    try:
        policy = policy_of_year(union, year)
    except NoPolicyInForce:
        return None
    minimum = policy.minimum_share_bp
    years = {row.gift_year: row for row in UnionYear.objects.filter(union=union, gift_year__in=[year - 1, year])}
    row, before = years.get(year), years.get(year - 1)
    row = row or UnionYear(union=union, gift_year=year)
    held = reserve(union, year)
    due = to_make_good(row.counted, row.ordinary, held, minimum) if row.make_good_due else 0
    last = before.assistance if before and policy.keep_last_year else 0
    ordinary = row.ordinary + as_ordinary(row.brought_forward, minimum)
    elsewhere = outside.sums([union.pk], year).get(union.pk, 0)
    why = failures(union, year) if due else ()
    return gauge(row.assistance, ordinary, held, minimum, due, why, last, outside=elsewhere)


@dataclass(frozen=True)
class Due:
    """Assistance products (fen) that a producer's failure left to make good in a gift year, and in words what failed."""

    year: int
    amount: int
    because: tuple[str, ...]


def due(union: Organisation, year: int) -> Due | None:
    """What the union has to make good in a gift year; None where nothing is."""
    found = year_gauge(union, year)
    return Due(year, found.make_good, found.because) if found and found.make_good else None


def year_to_close(union: Organisation, year: int) -> int | None:
    """The first gift year of the union before this one that is not closed yet; None when all are."""
    before = UnionYear.objects.filter(union=union, gift_year__lt=year, closed_at=None).order_by("gift_year")
    return before.values_list("gift_year", flat=True).first()


def purses(union: Organisation, year: int) -> QuerySet[Purse]:
    """The union's purses of a gift year with their balances."""
    return Purse.objects.filter(union=union, gift_year=year).select_related("account").order_by("id")


def gift_contents(programme: Programme) -> list[GiftLine]:
    """What the gift holds, each article of a part once: a part shared out by region has a line for each region."""
    lines = programme.gift_lines.select_related("product").order_by("slot", "id")
    return list({(line.slot, line.product_id): line for line in lines}.values())


def stage_urls(programme: Programme) -> dict[str, str]:
    """Addresses of a programme's stages, as far as they exist."""
    urls = {
        "plan": reverse("union:programme", args=[programme.pk]),
        "roster": reverse("union:roster", args=[programme.pk]),
        "goods": reverse("union:goods", args=[programme.pk]),
        "approval": reverse("union:approval", args=[programme.pk]),
    }
    if programme.order is not None:
        order = reverse("union:order", args=[programme.order.number])
        urls |= {"placed": order, "delivery": order, "acceptance": order}
        urls["statement"] = reverse("union:statement_year", args=[programme.gift_year])
    return urls


def stage(programme: Programme, people: int, lines: int) -> str:
    """Which of the eight stages of a plan comes next; for what was placed, see `stage_of_order`."""
    if programme.state == ProgrammeState.DRAFT:
        return "roster" if not people else "goods" if not lines else "approval"
    if programme.state == ProgrammeState.CHOOSING:
        return "goods"
    if programme.state == ProgrammeState.SUBMITTED:
        return "approval"
    if programme.state == ProgrammeState.APPROVED:
        return "placed"
    return stage_of_order(programme.order) if programme.order else "plan"


def stage_of_order(order: Order) -> str:
    """Where an order's parcels, the slowest of them, have got."""
    counts = progress(order)
    if any(counts.get(state) for state in UNSHIPPED):
        return "delivery"
    return "acceptance" if counts.get("shipped") else "statement"


def years(rows: Iterable[int]) -> list[int]:
    """Gift years to choose from, newest first, this one included."""
    return sorted({today().year, *rows}, reverse=True)
