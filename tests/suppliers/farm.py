"""A producer whose lots are mixed, split and repacked."""

from __future__ import annotations

from datetime import date, timedelta

from marketplace.stock.models import Lot, Stock
from suppliers.provenance.making import NewLot, Work, transform
from suppliers.provenance.models import Collection, TransformationKind
from suppliers.provenance.purchases import collect
from tests.suppliers.small_world import TODAY, Place, agreement, place, stock_of

MAKE, MIX, REPACK = TransformationKind.MAKE, TransformationKind.MIX, TransformationKind.REPACK
KEEPS = TODAY + timedelta(days=90)


class Farm:
    """A producer with two households, two articles, and a first lot of 100 bags of 500 g made of 60 kg and 40 kg."""

    def __init__(self) -> None:
        self.place: Place = place()
        self.loose, self.gift = stock_of(self.place, "LOOSE"), stock_of(self.place, "GIFT")
        self.notes = [self.collected(f"N{n}", grams) for n, grams in enumerate((60_000, 40_000))]
        self.lot = self.work(MAKE, {note: note.grams for note in self.notes}, {}, [self.new("L1", 100, 500)], 5_000)[0]

    def collected(self, note: str, grams: int) -> Collection:
        signed = agreement(self.place)
        return collect(self.place.grower, signed, "鲜枣", grams, grams // 100, TODAY - timedelta(days=9), note)

    def new(self, code: str, made: int, grams: int, stock: Stock | None = None, keeps: date = KEEPS) -> NewLot:
        return NewLot(stock or self.loose, code, made, grams, keeps)

    def work(
        self, kind: TransformationKind, notes: dict[Collection, int], lots: dict[Lot, int], new: list[NewLot],
        yield_bp: int = 10_000, waste: int = 0, day: date = TODAY,
    ) -> list[Lot]:  # fmt: skip
        work = Work(kind, day, new, notes, lots, yield_bp, waste)
        return transform(self.place.grower, self.place.producer, work)
