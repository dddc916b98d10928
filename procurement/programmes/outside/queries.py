"""Reads about purchases from outside: a year's sum and list, and what the rule said of each, in words."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from django.db.models import QuerySet, Sum
from django.utils.translation import gettext_lazy as _

from marketplace.organisations.models import Organisation
from procurement.priority.words import in_words
from procurement.programmes.outside.models import OutsidePurchase

# What the rule found, said of something that has happened already.
_SAID: dict[str, Any] = {
    "cap": _("With it members had gifts for up to %(per_head)s in the year; the cap is %(cap)s."),
    "occasion": _("“%(occasion)s” was no occasion on which the policy allowed gifts."),
    "form": _("The form “%(form)s” is forbidden: gifts are goods, or vouchers that name the shop and the item."),
    "quotations": _("A purchase of %(total)s needed %(needed)s quotations; it had %(given)s."),
    "approvers": _("A purchase of %(total)s is decided by %(needed)s people; it was by %(given)s."),
    "no_policy": _("No policy was in force on that day."),
}


@dataclass(frozen=True)
class OutsideRow:
    """A purchase from outside in a statement; amounts in fen. What the rule said against it: `found` in codes, `said` in words."""

    number: str
    bought_on: str
    occasion: str
    form: str
    supplier: str
    invoice: str
    members: int
    named: bool
    per_head: int
    amount: int
    found: tuple[str, ...]
    reversed: bool
    because: str
    said: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The published form: codes for programs, no sentences, whose language is the reader's."""
        fields = asdict(self) | {"found": list(self.found)}
        del fields["said"]
        return fields


def of_year(union: Organisation, year: int) -> QuerySet[OutsidePurchase]:
    """A union's purchases from outside in a gift year, oldest first, the reversed ones too."""
    found: QuerySet[OutsidePurchase] = OutsidePurchase.objects.filter(union=union, gift_year=year)
    return found.select_related("reversal").order_by("bought_on", "id")


def sums(unions: Any, year: int) -> dict[int, int]:
    """Fen bought outside in the year, by union, without what was reversed; `unions` are ids or a query of them. One statement."""
    rows = OutsidePurchase.objects.filter(union__in=unions, gift_year=year, reversal__isnull=True)
    return dict(rows.order_by().values_list("union").annotate(fen=Sum("amount")))


def rows_of(union: Organisation, year: int) -> tuple[OutsideRow, ...]:
    """The year's purchases from outside as a statement has them. One statement."""
    return tuple(
        OutsideRow(
            number=one.number,
            bought_on=one.bought_on.isoformat(),
            occasion=one.occasion,
            form=one.form,
            supplier=one.supplier,
            invoice=one.invoice,
            members=one.members,
            named=one.named,
            per_head=one.per_head,
            amount=one.amount,
            found=tuple(code for code, _data in one.found),
            said=tuple(said(one)),
            reversed=one.is_reversed,
            because=one.reversal.because if one.is_reversed else "",
        )
        for one in of_year(union, year)
    )


def said(purchase: OutsidePurchase) -> list[str]:
    """What the rule of its day said against a purchase, in sentences."""
    return [str(_SAID[code]) % in_words(data) for code, data in purchase.found if code in _SAID]
