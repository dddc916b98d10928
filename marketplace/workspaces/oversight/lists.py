"""What officers list: exceptions decided, accreditations of a county; and what a request for an exception is about."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Min, Q
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from marketplace.organisations.scopes import seen_by
from marketplace.shop.partner.models import StockRecord
from marketplace.workspaces.listing import Empty, Filters, Listing, between, choice, containing, day, words
from marketplace.workspaces.pages import today
from marketplace.workspaces.sheets import Column
from marketplace.workspaces.subtree import UnionRow, union_rows
from procurement.priority.models import OPEN_STATES, ExceptionState, FiledPaper, PriorityException
from suppliers.accreditation.models import AccreditationState
from suppliers.accreditation.queries import valid_on


@dataclass(frozen=True)
class Request:
    """A request with its figures: what it would cost (fen), what equivalents are on offer, where the union stands."""

    row: PriorityException
    papers: Sequence[FiledPaper]
    price: int | None
    equivalents: int
    union: UnionRow | None

    @property
    def amount(self) -> int | None:
        """What the units asked for cost without freight, in fen."""
        return None if self.price is None else self.price * self.row.quantity


def requests(asked: Sequence[PriorityException]) -> list[Request]:
    """Each request with its figures as of today: a constant number of statements."""
    products = [one.product_id for one in asked]
    prices = dict(StockRecord.objects.filter(product__in=products).values_list("product").annotate(low=Min("price")))
    classes = {one.product.commodity_class_id for one in asked}
    on_offer = dict(
        valid_on()
        .filter(product__commodity_class__in=classes, product__stockrecords__listed=True)
        .filter(product__stockrecords__stock__in_stock__gt=F("product__stockrecords__stock__allocated"))
        .values_list("product__commodity_class")
        .annotate(n=Count("product", distinct=True))
    )
    unions = {
        row.union.pk: row for row in union_rows(list({one.union_id: one.union for one in asked}.values()), today().year)
    }
    papers: defaultdict[int, list[FiledPaper]] = defaultdict(list)
    with seen_by(None):
        for paper in FiledPaper.objects.filter(exception__in=asked).defer("content"):
            papers[paper.exception_id].append(paper)
    return [
        Request(
            one,
            papers[one.pk],
            int(prices[one.product_id] * 100) if one.product_id in prices else None,
            on_offer.get(one.product.commodity_class_id, 0),
            unions.get(one.union_id),
        )
        for one in asked
    ]


class ExceptionFilters(Filters):
    """By words, state and the first day of the period."""

    q = words()
    state = choice(_("State"), [(s.value, s.label) for s in ExceptionState if s not in OPEN_STATES])
    since = day(_("Valid from"))
    until = day(_("Valid until"))

    def narrowed(self, rows: Any) -> Any:
        """The requests that fit."""
        if text := self.wishes.get("q"):
            rows = rows.filter(
                containing(text, "number", "union__name", "union__name_en", "product__title", "product__title_en")
            )
        if state := self.wishes.get("state"):
            rows = rows.filter(state=state)
        return between(rows, "valid_from", self.wishes)


def decided_listing(request: HttpRequest, rows: Any) -> Listing:
    """Exceptions that were decided, newest first."""

    def present(found: Sequence[Any]) -> list[Any]:
        for row in found:
            row.title, row.ground_words = row.product.get_title(), row.get_ground_display()
        return list(found)

    columns = (
        Column("number", _("Number")),
        Column("union", _("Union")),
        Column("title", _("Product")),
        Column("state_today", _("State"), "state"),
        Column("used", _("Used"), "count"),
        Column("quantity", _("Granted"), "count"),
        Column("valid_to", _("Until"), "date"),
        Column("decided_by", _("Decided by")),
        Column("decided_for", _("Decided for")),
        Column("ground_words", _("Ground")),
        Column("grounds", _("Grounds")),
        Column("answer", _("Answer")),
        Column("revoked_because", _("Revoked because")),
    )
    empty = Empty(_("Nothing was decided yet"), icon="shield")
    filters = ExceptionFilters(request)
    return Listing(request, rows, columns, gettext("Exceptions"), empty, filters=filters, present=present, size=20)


def ending_soon(rows: Any, until: Any) -> Any:
    """Valid accreditations that end before the day, soonest first."""
    return rows.filter(Q(state=AccreditationState.VALID, valid_to__lt=until)).order_by("valid_to", "id")
