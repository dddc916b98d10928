"""What a statement (合规报表) says of a union's gift year: its figures, what follows from them, its published form and back."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from procurement.programmes.outside.queries import OutsideRow
from procurement.programmes.reattribution.queries import HandOver


@dataclass(frozen=True)
class OrderRow:
    """One order of the year, in fen, less what was `released` by cancellations, refusals and returns.

    `counted` is what is accepted and paid: only that counts towards the year. `policy` is that under which it was decided.
    """

    number: str
    placed_on: str
    recipients: int
    assistance: int
    ordinary: int
    waived: int
    released: int
    accepted: int
    counted_assistance: int
    counted_ordinary: int
    policy: str
    minimum_share_bp: int


@dataclass(frozen=True)
class Failure:
    """Assistance goods (fen) of the year that did not reach members because of their producer, by kind and reason of the loss."""

    producer: str
    kind: str
    reason: str
    amount: int


@dataclass(frozen=True)
class LateRow:
    """What came back in this year of an order of an earlier one, which was closed: fen of assistance and of ordinary goods."""

    number: str
    gift_year: int
    assistance: int
    ordinary: int


@dataclass(frozen=True)
class Statement:
    """A union's gift year. Amounts in fen, shares in basis points.

    Gifts are what was placed less what was cancelled, refused or returned (`released`); `spent` is what they cost the purses, when
    sellers have also given back what they still owe (`refund_due`). `policy` is that which binds the year: see `decided_under`.
    While something has to be made good, or the year is below the last one, `failures` say why. `last_assistance` are the assistance
    goods of the year before where the policy says that a year does not fall below them, else 0.

    What one year leaves to the next: `brought_forward` are assistance goods still to be bought for closed years' ordinary ones,
    `carried_in` is the money set aside for assistance products that came over from them, `late` came back of their gifts.
    `carried_forward` is what this year leaves to be bought now. Once closed (`closed_on`) a statement stays, and `shortfall` is
    what was set aside and not spent.

    `outside` was bought elsewhere: neither A nor O. `hand_overs` are orders booked to the wrong union, in all sums above: out of that
    year, into this one.
    """

    union: str
    union_name: str
    year: int
    policy: str
    minimum_share_bp: int
    assistance: int
    ordinary: int
    waived: int
    reserve: int
    ordinary_limit: int
    counted_assistance: int
    counted_ordinary: int
    released: int
    spent: int
    refund_due: int
    orders: tuple[OrderRow, ...]
    decisions: tuple[tuple[str, int], ...]
    attempts: int
    refused_attempts: int
    certificates: tuple[str, ...]
    exceptions: tuple[str, ...]
    make_good_due: bool
    to_make_good: int
    failures: tuple[Failure, ...]
    leakage: int
    last_assistance: int
    brought_forward: int = 0
    carried_in: int = 0
    carried_forward: int = 0
    late: tuple[LateRow, ...] = ()
    closed_on: str = ""
    shortfall: int = 0
    outside: int = 0
    outside_purchases: tuple[OutsideRow, ...] = ()
    hand_overs: tuple[HandOver, ...] = ()

    @property
    def share_bp(self) -> int:
        """The assistance part of the gifts placed, in basis points, rounded down; of nothing, all."""
        whole = self.assistance + self.ordinary
        return self.assistance * 10_000 // whole if whole else 10_000

    @property
    def counted_share_bp(self) -> int:
        """The assistance part of what is accepted and paid."""
        whole = self.counted_assistance + self.counted_ordinary
        return self.counted_assistance * 10_000 // whole if whole else 10_000

    @property
    def share_with_outside_bp(self) -> int:
        """What the share would be if everything bought elsewhere were ordinary goods of it: for whoever compares; it binds nobody."""
        whole = self.assistance + self.ordinary + self.outside
        return self.assistance * 10_000 // whole if whole else 10_000

    @property
    def share_kept(self) -> bool:
        """Whether the ordinary gifts keep within the limit, or only a producer's failure (to be made good) took them above it."""
        return self.make_good_due or self.ordinary_limit < 0 or self.ordinary <= self.ordinary_limit

    @property
    def last_year_missing(self) -> int:
        """Assistance goods (fen) to buy, or to set money aside for, before the year is not below the last one; else 0."""
        return max(0, self.last_assistance - self.assistance - self.reserve)

    @property
    def last_year_kept(self) -> bool:
        """Whether the year is not below the last one, where the policy asks for that; money set aside counts."""
        return self.last_year_missing == 0

    @property
    def compliant(self) -> bool:
        """Whether both hold. A year below the last one is no breach before there are ordinary gifts, nor by producers' failures."""
        failed = sum(one.amount for one in self.failures)
        return self.share_kept and (self.last_year_kept or not self.ordinary or failed >= self.last_year_missing)

    def as_dict(self) -> dict[str, Any]:
        """The published form: integers and strings only."""
        fields = {
            name: getattr(self, name)
            for name in self.__dataclass_fields__
            if name not in ("orders", "decisions", "failures", "late", "outside_purchases", "hand_overs")
        }
        fields |= {"certificates": list(self.certificates), "exceptions": list(self.exceptions)}
        told = ("share_bp", "counted_share_bp", "share_kept", "last_year_kept", "last_year_missing", "compliant")
        fields |= {name: getattr(self, name) for name in told}
        fields["orders"] = [asdict(row) for row in self.orders]
        fields["failures"] = [asdict(one) for one in self.failures]
        fields["late"] = [asdict(one) for one in self.late]
        fields["decisions"] = dict(self.decisions)
        fields["outside_purchases"] = [one.as_dict() for one in self.outside_purchases]
        fields["hand_overs"] = [one.as_dict() for one in self.hand_overs]
        fields["share_with_outside_bp"] = self.share_with_outside_bp
        return fields


def sealed(content: str) -> Statement:
    """The statement as a closing keeps it. What statements did not tell yet when it was sealed is empty in it."""
    told = json.loads(content)
    empty: dict[str, Any] = dict.fromkeys(Statement.__dataclass_fields__, 0)
    fields = empty | {name: value for name, value in told.items() if name in empty}
    rows: dict[str, type] = {
        "orders": OrderRow, "failures": Failure, "late": LateRow, "outside_purchases": OutsideRow, "hand_overs": HandOver,
    }  # fmt: skip
    fields |= {name: tuple(row(**one) for one in told.get(name, ())) for name, row in rows.items()}
    fields |= {name: tuple(told[name]) for name in ("certificates", "exceptions")}
    return Statement(**fields | {"decisions": tuple(sorted(told["decisions"].items()))})
