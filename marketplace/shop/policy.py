"""What the shop asks before it sells: the interface, and a documented default.

`settings.PURCHASE_POLICY` names the implementation. The shop knows nothing of assistance products; `procurement.priority` does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any, Protocol, cast

from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from marketplace.ledger.models import Purse
from marketplace.organisations.errors import HouseError
from marketplace.organisations.models import Organisation
from marketplace.shop.order.models import Line, Order


@dataclass(frozen=True)
class Part:
    """A component of a box as it is composed now: units in one box, fen for one unit."""

    product_id: int
    quantity: int
    unit_price: int


@dataclass(frozen=True)
class WantedLine:
    """Units of one offer for one region and need date, paid from one purse; `unit_price` is delivered, in fen."""

    ref: str
    stockrecord_id: int
    product_id: int
    quantity: int
    unit_price: int
    region: str
    need_date: date
    purse_id: int
    parts: tuple[Part, ...] = ()

    @property
    def order_line_key(self) -> tuple[int, int, int]:
        """Wanted lines that agree in this become one order line: offer, purse, delivered price."""
        return (self.stockrecord_id, self.purse_id, self.unit_price)

    @property
    def amount(self) -> int:
        """Fen for the whole line."""
        return self.quantity * self.unit_price


@dataclass(frozen=True)
class PurchaseRequest:
    """A whole gift as somebody wants to buy it. Amounts in fen; per-head figures are bounds over all recipients."""

    union: Organisation
    subject: str
    gift_year: int
    decided_on: date
    occasion: str
    form: str
    recipients: int
    per_head_most: int
    per_head_assistance_least: int
    year_per_head_most: int
    year_per_head_assistance_least: int
    quotations: int
    approvers: int
    lines: tuple[WantedLine, ...]
    purses: Mapping[int, Purse] = field(repr=False)
    per_head_fenced_least: int = 0
    # Of the recipients, those nearest to the cap: (gifts this calendar year, of them from assistance-only purses).
    year_heads: tuple[tuple[int, int], ...] = ()
    year_elsewhere: tuple[int, ...] = ()  # of each of these, what the union bought for them outside this marketplace

    @property
    def total(self) -> int:
        """Fen for everything."""
        return sum(line.amount for line in self.lines)


@dataclass(frozen=True)
class Verdict:
    """What a policy says of a request: may it be bought, every sentence against it, and for the policy's own use how it got there."""

    request: PurchaseRequest
    allowed: bool
    refusals: Sequence[HouseError]
    detail: Any = None


class PurchasePolicy(Protocol):
    """What the shop needs to know from the floor above."""

    def lock(self, union: Organisation, gift_year: int) -> None:
        """Take what must be locked before judging for a placement, inside the caller's transaction."""

    def judge(self, request: PurchaseRequest) -> Verdict:
        """Judge without writing anything."""

    def record_refusal(self, verdict: Verdict) -> None:
        """Store a refused attempt to place, in a transaction of its own."""

    def record(self, verdict: Verdict, order: Order, lines: Mapping[tuple[int, int, int], Line]) -> None:
        """Store what allowed the order's lines, inside the placement's transaction."""


class NoPolicy(HouseError):
    """Nobody decides about covered purses here."""

    code = "no_policy"
    sentence = _(
        "The purse “%(purse)s” is covered by the priority rule and no policy is installed that could decide: nothing is sold to it."
    )


class RefuseCovered:
    """The default: personal money may buy anything, a covered purse nothing."""

    def lock(self, union: Organisation, gift_year: int) -> None:
        """Nothing to lock."""

    def judge(self, request: PurchaseRequest) -> Verdict:
        """Refuse every covered purse."""
        refusals = [NoPolicy(purse=purse.name) for purse in request.purses.values() if purse.covered]
        return Verdict(request, not refusals, refusals)

    def record_refusal(self, verdict: Verdict) -> None:
        """Keep no record."""

    def record(self, verdict: Verdict, order: Order, lines: Mapping[tuple[int, int, int], Line]) -> None:
        """Nothing to record: only uncovered purses get this far."""


@cache
def purchase_policy() -> PurchasePolicy:
    """The policy that settings name."""
    return cast("PurchasePolicy", import_string(settings.PURCHASE_POLICY)())
