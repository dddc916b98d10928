"""What a producer's new lots can be made of: its articles, its lots and purchase notes with something left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import F, QuerySet, Sum

from marketplace.organisations.models import Organisation
from marketplace.stock.models import LEFT, Condition, Lot, Stock
from marketplace.workspaces.listing import containing
from marketplace.workspaces.pages import id_in
from suppliers.provenance.models import Collection

# So many of each fit on a phone; the others are found by words.
SHOWN = 12
LOT, NOTE = "lot_", "note_"


@dataclass(frozen=True)
class Sources:
    """The articles; the lots and notes that a page shows; how many more of each have something left; what was searched for."""

    stocks: list[Stock]
    lots: list[Lot]
    notes: list[Any]
    more_lots: int
    more_notes: int
    words: str


def sources(producer: Organisation, typed: Mapping[str, str]) -> Sources:
    """What fits the words typed (`words`), newest first, behind all for which an amount was typed: nothing typed is ever lost."""
    words = typed.get("words", "").strip()
    lots = Lot.objects.filter(holder=producer, condition=Condition.GOOD, output__isnull=False).annotate(free=LEFT)
    notes = Collection.objects.filter(
        producer=producer, agreement__confirmed_at__isnull=False, reversal__isnull=True
    ).annotate(left=F("grams") - Sum("used_in__grams", default=0))
    named = containing(words, "code", "stock__sku") if words else None
    noted = containing(words, "note", "produce", "agreement__household__code") if words else None
    shown_lots, more_lots = _shown(lots.filter(free__gt=0).select_related("stock").order_by("-pk"), named, LOT, typed)
    shown_notes, more_notes = _shown(notes.filter(left__gt=0).order_by("-collected_on", "-pk"), noted, NOTE, typed)
    stocks = list(Stock.objects.filter(holder=producer).order_by("sku"))
    return Sources(stocks, shown_lots, shown_notes, more_lots, more_notes, words)


def _shown(rows: QuerySet[Any], fits: Any, prefix: str, typed: Mapping[str, str]) -> tuple[list[Any], int]:
    chosen = {
        id_in(name.removeprefix(prefix)) for name, value in typed.items() if name.startswith(prefix) and value.strip()
    }
    others = rows.exclude(pk__in=chosen)
    found = [*rows.filter(pk__in=chosen), *(others.filter(fits) if fits else others)[:SHOWN]]
    return found, max(0, rows.count() - len(found))
