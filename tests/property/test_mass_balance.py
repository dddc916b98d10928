"""Whatever is collected, mixed, split, repacked and shipped: nothing comes of nothing, both traces agree, households' money adds up.

The oracle pours: it keeps for every lot what one unit of it holds of each purchase note, told forward act by act, and knows nothing of
the graph, of its SQL, or of how the house divides.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from fractions import Fraction

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from marketplace.fulfilment.models import Allocation
from marketplace.organisations.errors import HouseError
from marketplace.organisations.models import Organisation, User
from marketplace.stock.models import Lot, Stock
from suppliers.provenance.graph import behind, reached
from suppliers.provenance.making import NewLot, Work, transform
from suppliers.provenance.models import BenefitAgreement, Collection, Input, Output, TransformationKind
from suppliers.provenance.purchases import collect
from suppliers.provenance.queries import left_of
from suppliers.settlement.models import Accrual, HouseholdAccrual
from tests.world import DATES, bring, let_constraints_speak, placed, side, stock

SMALLER = "JX-DATE-500"
EIGHTHS = st.sampled_from(
    (1, 1, 2, 3, 3, 4, 5, 8, 8, 8, 0, 9)
)  # of what is there: nothing, a part, all, more than that


@dataclass(frozen=True)
class Act:
    """Something that the producer does: buys so many grams, or turns things of its pool into lots."""

    kind: str
    grams: int
    picks: tuple[tuple[int, int], ...]
    outs: tuple[tuple[int, int, int], ...]
    yield_bp: int
    waste: int


acts = st.builds(
    Act,
    kind=st.sampled_from(("collect", "make", "mix", "mix", "repack")),
    grams=st.integers(1, 40_000),
    picks=st.lists(st.tuples(st.integers(0, 40), EIGHTHS), min_size=1, max_size=3, unique_by=lambda p: p[0]).map(tuple),
    outs=st.lists(
        st.tuples(st.sampled_from((0, 0, 1)), st.sampled_from((1, 250, 500, 1_000)), EIGHTHS), min_size=1, max_size=3
    ).map(tuple),
    yield_bp=st.sampled_from((10_000, 10_000, 10_000, 7_300, 3_333, 10_001)),
    waste=st.sampled_from((0, 0, 1, 777)),
)


@dataclass
class Farm:
    """The producer of Jiaxian, its pool of notes and lots, and the oracle: lot → note → grams in one unit."""

    producer: Organisation
    grower: User
    agreements: list[BenefitAgreement]
    stocks: list[Stock]
    notes: list[Collection] = field(default_factory=list)
    lots: list[Lot] = field(default_factory=list)
    left: Counter[int] = field(default_factory=Counter)  # of notes, grams
    unit: dict[int, dict[int, Fraction]] = field(default_factory=dict)
    unit_grams: dict[int, int] = field(default_factory=dict)
    number: int = 0

    def collect(self, act: Act) -> None:
        agreement = self.agreements[act.grams % len(self.agreements)]
        note = collect(
            self.grower, agreement, "鲜枣", act.grams, 1 + act.grams // 90, timezone.localdate(), self.code()
        )
        self.notes.append(note)
        self.left[note.pk] = act.grams

    def code(self) -> str:
        self.number += 1
        return f"PROP-{self.number}"

    def work(self, act: Act) -> Work:
        """The act upon what is there now."""
        # Lots are few among so many notes, and only they are repacked (or hardly anything but).
        only_lots = act.kind == "repack" and act.waste != 777
        pool: list[Collection | Lot] = self.lots if only_lots else [*self.notes[-8:], *self.lots[-8:]]
        picked = {pool[place % len(pool)]: part for place, part in act.picks}
        notes = {one: self.left[one.pk] * part // 8 for one, part in picked.items() if isinstance(one, Collection)}
        lots = {one: fresh(one).left * part // 8 for one, part in picked.items() if isinstance(one, Lot)}
        grams = sum(notes.values()) + sum(units * self.unit_grams[lot.pk] for lot, units in lots.items())
        possible = grams * act.yield_bp // 10_000 // len(act.outs)
        keeps = min((lot.best_before for lot in lots), default=timezone.localdate() + timedelta(days=30))
        new = [
            NewLot(self.stocks[which], self.code(), possible * part // 8 // weight, weight, keeps)
            for which, weight, part in act.outs
        ]
        kind = TransformationKind(act.kind)
        return Work(kind, timezone.localdate(), new, notes, lots, act.yield_bp, act.waste)

    def allowed(self, work: Work) -> bool:
        """What the house ought to say."""
        amounts = [*work.collections.values(), *work.lots.values(), *(new.made for new in work.outputs)]
        if min(amounts) < 1 or work.yield_bp > 10_000:
            return False
        if work.kind == "mix" and len(work.collections) + len(work.lots) < 2:
            return False
        if work.kind == "repack" and work.collections:
            return False
        if any(grams > self.left[note.pk] for note, grams in work.collections.items()):
            return False
        if any(units > fresh(lot).left for lot, units in work.lots.items()):
            return False
        into = sum(work.collections.values()) + sum(n * self.unit_grams[lot.pk] for lot, n in work.lots.items())
        out = work.waste_grams + sum(new.made * new.unit_grams for new in work.outputs)
        if Fraction(out) > Fraction(into * work.yield_bp, 10_000):
            return False
        change: Counter[int] = Counter()
        for lot, units in work.lots.items():
            change[lot.stock_id] -= units
        for new in work.outputs:
            change[new.stock.pk] += new.made
        return all(Stock.objects.get(pk=pk).available + units >= 0 for pk, units in change.items())

    def pour(self, work: Work, made: list[Lot]) -> None:
        bowl: defaultdict[int, Fraction] = defaultdict(Fraction)
        for note, grams in work.collections.items():
            bowl[note.pk] += grams
            self.left[note.pk] -= grams
        for lot, units in work.lots.items():
            for note_id, grams in self.unit[lot.pk].items():
                bowl[note_id] += units * grams
        output = sum(new.made * new.unit_grams for new in work.outputs)
        for lot, new in zip(made, work.outputs, strict=True):
            self.unit[lot.pk] = {pk: grams * Fraction(new.unit_grams, output) for pk, grams in bowl.items()}
            self.unit_grams[lot.pk] = new.unit_grams
        self.lots += made


def fresh(lot: Lot) -> Lot:
    return Lot.objects.get(pk=lot.pk)


def perform(farm: Farm, act: Act) -> None:
    if act.kind == "collect":
        return farm.collect(act)
    work = farm.work(act)
    expected = farm.allowed(work)
    try:
        made = transform(farm.grower, farm.producer, work)
    except HouseError as error:
        assert not expected, error.sentences
        event(f"{act.kind}: {error.data['codes'][0]}")
    else:
        assert expected
        event(f"{act.kind}: done")
        farm.pour(work, made)
    return None


# What holds in the end.


def nothing_comes_of_nothing(farm: Farm) -> None:
    """Every gram collected is still there, or in lots that are whole, or in units of lots that are left or went out."""
    history = behind(lot.pk for lot in farm.lots)
    assert left_of(farm.notes) == {note.pk: farm.left[note.pk] for note in farm.notes}
    there: Counter[int] = Counter(farm.left)
    for lot in map(fresh, farm.lots):
        assert history.of(lot.pk) == {pk: grams * lot.made for pk, grams in farm.unit[lot.pk].items()}
        assert lot.made * farm.unit_grams[lot.pk] <= sum(history.of(lot.pk).values())
        for note, grams in history.of(lot.pk).items():
            there[note] += grams * Fraction(lot.made - lot.used, lot.made)
        assert lot.made == lot.used + lot.allocated + lot.left
    assert there == Counter({note.pk: note.grams for note in farm.notes})
    for one in farm.stocks:
        one.refresh_from_db()
        of_stock = Lot.objects.filter(stock=one)
        assert one.in_stock - one.allocated == sum(lot.left for lot in of_stock)


def both_ways_agree(farm: Farm) -> None:
    """A lot is reached from exactly the notes that lie behind it; parcels, from exactly what they hold."""
    from_notes = {note.pk: reached(collections=[note.pk]) for note in farm.notes}
    for lot in farm.lots:
        sources = set(behind([lot.pk]).of(lot.pk))
        assert sources == {pk for pk, found in from_notes.items() if lot.pk in {one.pk for one in found.lots}}
    for found in from_notes.values():
        lots = [one.pk for one in found.lots]
        held = Allocation.objects.filter(lot__in=lots)
        assert Counter((d.lot, d.parcel, d.units) for d in found.deliveries) == Counter(
            held.values_list("lot", "parcel_line__parcel", "quantity")
        )


def households_get_their_part(farm: Farm) -> None:
    """Of each lot's sales, by what one unit holds of each household's, to the fen; the largest remainders first."""
    for accrual in Accrual.objects.filter(supplier_order__producer=farm.producer):
        rows = HouseholdAccrual.objects.filter(accrual=accrual)
        sold: Counter[int] = Counter()
        for lot, units, price in Allocation.objects.filter(
            parcel_line__parcel__supplier_order=accrual.supplier_order
        ).values_list("lot", "quantity", "parcel_line__line__unit_price_incl_tax"):
            sold[lot] += units * int(price * 100)
        assert sum(sold.values()) == accrual.gross
        owner = {note.pk: note.agreement.household_id for note in farm.notes}
        share = {note.agreement.household_id: note.agreement.share_bp for note in farm.notes}
        earned: dict[tuple[int, int], int] = {}
        for lot, fen in sold.items():
            held: defaultdict[int, Fraction] = defaultdict(Fraction)
            for note_id, grams in farm.unit[lot].items():
                held[owner[note_id]] += grams
            exact = {household: fen * grams / sum(held.values()) for household, grams in held.items()}
            given = {household: int(part) for household, part in exact.items()}
            for household in sorted(exact, key=lambda h: (given[h] - exact[h], h))[: fen - sum(given.values())]:
                given[household] += 1
            assert sum(given.values()) == fen
            earned |= {(lot, household): part * share[household] // 10_000 for household, part in given.items()}
        assert {(row.lot_id, row.household_id): row.amount for row in rows} == earned
        assert accrual.households == sum(earned.values())


@pytest.fixture
def farm(world: None) -> Farm:
    """With the lots and notes that the demonstration's producer has of both sizes of dates."""
    producer, stocks = Organisation.objects.get(code="P-JX"), [stock(DATES), stock(SMALLER)]
    agreements = list(BenefitAgreement.objects.filter(producer=producer).order_by("pk")[:4])
    told = Farm(producer, User.objects.get(username="p-jx"), agreements, stocks)
    told.lots = list(Lot.objects.filter(stock__in=stocks).order_by("pk"))
    told.notes = list(
        Collection.objects.filter(used_in__transformation__outputs__lot__in=told.lots)
        .select_related("agreement")
        .order_by("pk")
    )
    told.left.update(left_of(told.notes))
    for output in Output.objects.filter(lot__in=told.lots).select_related("lot"):
        told.unit_grams[output.lot_id] = output.unit_grams
        inputs = Input.objects.filter(transformation=output.transformation_id)
        told.unit[output.lot_id] = {i.collection_id: Fraction(i.grams, output.lot.made) for i in inputs}
    return told


def tell(farm: Farm, script: list[Act], heads: int) -> None:
    """Perform the acts, send what came of it to `heads` members, look at everything, and take all of it back."""
    notes, lots, left = list(farm.notes), list(farm.lots), Counter(farm.left)
    try:
        with transaction.atomic():
            for act in script:
                perform(farm, act)
            if heads and stock(DATES).available >= 3 * heads:  # where not all of it was made into something else
                giver = side()
                bring(placed(giver, [(DATES, {"per_head": 3})], heads), giver.buyer, "accepted")
            let_constraints_speak()
            nothing_comes_of_nothing(farm)
            both_ways_agree(farm)
            households_get_their_part(farm)
            transaction.set_rollback(True)
    finally:  # a story that failed leaves nothing to the next one
        farm.notes, farm.lots, farm.left = notes, lots, left


quietly = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@settings(quietly, max_examples=12)
@given(script=st.lists(acts, min_size=2, max_size=10), heads=st.sampled_from((0, 0, 3)))
def test_nothing_is_lost_and_nothing_is_made_up(farm: Farm, script: list[Act], heads: int) -> None:
    tell(farm, script, heads)


@pytest.mark.long
@settings(quietly, max_examples=300)
@given(script=st.lists(acts, min_size=6, max_size=40), heads=st.integers(0, 6))
def test_through_long_seasons(farm: Farm, script: list[Act], heads: int) -> None:
    tell(farm, script, heads)
