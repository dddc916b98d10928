"""The verbs by which collections and lots become lots: made, mixed or repacked (I4).

Locks: the producer, its lots by id, stock by id in the one guarded update that comes last (docs/decisions/0006-lock-order.md).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from marketplace.evidence.actions import EntryDraft, record_many
from marketplace.fulfilment.lots import why_stopped
from marketplace.organisations.errors import HouseError, Refusals
from marketplace.organisations.models import Organisation, Role, User
from marketplace.organisations.queries import require
from marketplace.organisations.scopes import seen_by
from marketplace.stock.actions import rework, use_lots
from marketplace.stock.models import Lot, Stock
from suppliers.provenance.actions import WHOLE_BP, lock, not_then
from suppliers.provenance.errors import (
    CollectionUsedUp,
    EmptyLot,
    LotCodeUsed,
    LotNamedTwice,
    LotPromised,
    LotUnfit,
    LotUsedUp,
    NotAfter,
    NothingToMix,
    NoWeight,
    OthersCollection,
    OthersLot,
    OutOfBalance,
    Unconfirmed,
    YieldWrong,
)
from suppliers.provenance.models import (
    BenefitAgreement,
    Collection,
    CollectionReversal,
    Input,
    Output,
    Transformation,
    TransformationKind,
)
from suppliers.provenance.purchase_errors import PurchaseReversed
from suppliers.provenance.queries import left_of


@dataclass(frozen=True)
class NewLot:
    """A lot that is to come out: `made` sales units, each of which holds `unit_grams` of the inputs."""

    stock: Stock
    code: str
    made: int
    unit_grams: int
    best_before: date


@dataclass(frozen=True)
class Work:
    """What is done to the goods: collections (→ grams) and lots (→ units) go in, lots come out.

    `yield_bp` is what the inputs yield in hundredths of a per cent, `waste_grams` what else came of it.
    """

    kind: TransformationKind
    done_on: date
    outputs: Sequence[NewLot]
    collections: Mapping[Collection, int] = field(default_factory=dict)
    lots: Mapping[Lot, int] = field(default_factory=dict)
    yield_bp: int = WHOLE_BP
    waste_grams: int = 0


def transform(actor: User, producer: Organisation, work: Work) -> list[Lot]:
    """Record a transformation; its lots' units go into stock, those of lots that went in leave it.

    Raises NotAllowed, or Refusals with every fault at once; the database checks the balance again.
    """
    require(actor, Role.PRODUCER, producer)
    with transaction.atomic(), seen_by(None):
        lock(producer)
        sources = _sources(work)
        grams = {
            lot: units * sources[lot.pk].output.unit_grams
            for lot, units in work.lots.items()
            if _weighed(sources[lot.pk])
        }
        faults = _collection_faults(producer, work.collections)
        faults += _lot_faults(producer, work, sources)
        faults += _date_faults(work, sources)
        faults += _output_faults(producer, work)
        faults += _balance_faults(work, sum(grams.values()))
        if faults:
            raise Refusals(faults)
        if use_lots({lot.pk: units for lot, units in work.lots.items()}):
            raise RuntimeError("lots changed under their lock")
        done, made = _write(producer, work, grams)
        record_many([_entry(done, work, lot, new) for lot, new in zip(made, work.outputs, strict=True)])
        _move_stock(done, work, made)
    return made


def make_lot(
    actor: User,
    stock: Stock,
    code: str,
    made: int,
    produced_on: date,
    best_before: date,
    inputs: Mapping[Collection, int],
    yield_bp: int,
    unit_grams: int,
    waste_grams: int = 0,
) -> Lot:
    """Record one lot made of collections (→ grams used) and put its `made` sales units into stock. Otherwise as `transform`."""
    new = NewLot(stock, code, made, unit_grams, best_before)
    work = Work(TransformationKind.MAKE, produced_on, [new], inputs, {}, yield_bp, waste_grams)
    return transform(actor, stock.holder, work)[0]


def _sources(work: Work) -> dict[int, Lot]:
    """The lots that go in, locked, with how they were made."""
    rows = Lot.objects.select_for_update(of=("self",)).select_related("output").order_by("pk")
    return {lot.pk: lot for lot in rows.filter(pk__in=[lot.pk for lot in work.lots])}


def _weighed(lot: Lot) -> bool:
    return hasattr(lot, "output")


def _output_faults(producer: Organisation, work: Work) -> list[HouseError]:
    faults: list[HouseError] = []
    codes = Counter(new.code for new in work.outputs)
    faults += [LotNamedTwice(lot=code) for code, times in codes.items() if times > 1]
    faults += [LotCodeUsed(lot=code) for code in Lot.objects.filter(code__in=codes).values_list("code", flat=True)]
    faults += [OthersLot(lot=new.code) for new in work.outputs if new.stock.holder_id != producer.pk]
    lots, notes = len(work.lots), len(work.collections)
    if (work.kind == TransformationKind.MIX and lots + notes < 2) or (
        work.kind == TransformationKind.REPACK and (notes or not lots)
    ):
        faults.append(NothingToMix())
    return faults


def _collection_faults(producer: Organisation, inputs: Mapping[Collection, int]) -> list[HouseError]:
    faults: list[HouseError] = []
    left = left_of(inputs)
    agreements = {c.agreement_id for c in inputs}
    households = {a.pk: a for a in BenefitAgreement.objects.filter(pk__in=agreements).select_related("household")}
    taken_back = set(CollectionReversal.objects.filter(collection__in=inputs).values_list("collection", flat=True))
    for collection, wanted in inputs.items():
        agreement = households[collection.agreement_id]
        if collection.producer_id != producer.pk:
            faults.append(OthersCollection(note=collection.note))
            continue
        if collection.pk in taken_back:
            faults.append(PurchaseReversed(note=collection.note))
            continue
        if agreement.confirmed_at is None:
            faults.append(Unconfirmed(note=collection.note, household=agreement.household.code))
        if wanted > left[collection.pk]:
            faults.append(
                CollectionUsedUp(note=collection.note, grams=collection.grams, left=left[collection.pk], wanted=wanted)
            )
    return faults


def _lot_faults(producer: Organisation, work: Work, sources: Mapping[int, Lot]) -> list[HouseError]:
    faults: list[HouseError] = []
    for lot, wanted in work.lots.items():
        source = sources[lot.pk]
        if source.holder_id != producer.pk:
            faults.append(OthersLot(lot=source.code))
            continue
        if not _weighed(source):
            faults.append(NoWeight(lot=source.code))
        # A missing certificate is no fault here: what is made of the lot needs one of its own.
        if why := why_stopped(source, timezone.localdate()):
            faults.append(LotUnfit(lot=source.code, why=why))
        if wanted > source.left:
            faults.append(LotUsedUp(lot=source.code, made=source.made, left=source.left, wanted=wanted))
    return faults


def _date_faults(work: Work, sources: Mapping[int, Lot]) -> list[HouseError]:
    faults: list[HouseError] = []
    today = timezone.localdate()
    named = ", ".join(new.code for new in work.outputs)
    days = [c.collected_on for c in work.collections] + [lot.produced_on for lot in sources.values()]
    earliest = max(days, default=work.done_on)
    if not earliest <= work.done_on <= today:
        faults.append(not_then(_("Production of lot %(lot)s") % {"lot": named}, work.done_on, earliest, today))
    # Nothing becomes fresher by being mixed or repacked.
    keeps = min((lot.best_before for lot in sources.values()), default=date.max)
    for new in work.outputs:
        what = _("The best-before date of lot %(lot)s") % {"lot": new.code}
        if new.best_before <= work.done_on:
            faults.append(NotAfter(what=what, day=new.best_before, before=work.done_on))
        elif work.kind != TransformationKind.MAKE and new.best_before > keeps:
            faults.append(not_then(what, new.best_before, work.done_on, keeps))
    return faults


def _balance_faults(work: Work, lot_grams: int) -> list[HouseError]:
    named = ", ".join(new.code for new in work.outputs)
    inputs = [*work.collections.values(), *work.lots.values()]
    if (
        not work.outputs
        or not inputs
        or min(inputs) < 1
        or work.waste_grams < 0
        or min(min(new.made, new.unit_grams) for new in work.outputs) < 1
        or not all(new.code for new in work.outputs)
    ):
        return [EmptyLot(lot=named)]
    if not 1 <= work.yield_bp <= WHOLE_BP:
        return [YieldWrong(lot=named, yield_bp=work.yield_bp)]
    output = sum(new.made * new.unit_grams for new in work.outputs) + work.waste_grams
    weight = sum(work.collections.values()) + lot_grams
    if output * WHOLE_BP > weight * work.yield_bp:
        possible = weight * work.yield_bp // WHOLE_BP
        return [OutOfBalance(lot=named, output=output, input=weight, possible=possible)]
    return []


def _write(producer: Organisation, work: Work, grams: Mapping[Lot, int]) -> tuple[Transformation, list[Lot]]:
    """Five statements. What comes out is written last: the database then knows all that went in."""
    done = Transformation.objects.create(
        producer=producer,
        kind=work.kind,
        yield_bp=work.yield_bp,
        waste_grams=work.waste_grams,
        done_on=work.done_on,
    )
    inputs = [Input(transformation=done, collection=c, grams=weight) for c, weight in work.collections.items()]
    inputs += [Input(transformation=done, lot=lot, units=units, grams=grams[lot]) for lot, units in work.lots.items()]
    Input.objects.bulk_create(inputs)
    made = Lot.objects.bulk_create(
        [
            Lot(
                stock=new.stock,
                holder=producer,
                code=new.code,
                made=new.made,
                produced_on=work.done_on,
                best_before=new.best_before,
            )
            for new in work.outputs
        ]
    )
    Output.objects.bulk_create(
        [
            Output(transformation=done, lot=lot, unit_grams=new.unit_grams)
            for lot, new in zip(made, work.outputs, strict=True)
        ]
    )
    return done, made


def _entry(done: Transformation, work: Work, lot: Lot, new: NewLot) -> EntryDraft:
    body = {
        "lot": lot.code,
        "sku": new.stock.sku,
        "producer": done.producer.code,
        "made": lot.made,
        "unit_grams": new.unit_grams,
        "transformation": done.pk,
        "kind": str(work.kind),
        "yield_bp": work.yield_bp,
        "waste_grams": work.waste_grams,
        "inputs": sorted([c.note, grams] for c, grams in work.collections.items()),
        "lots": sorted([source.code, units] for source, units in work.lots.items()),
    }
    return EntryDraft("lot.made", body, f"lot:{lot.pk}")


def _move_stock(done: Transformation, work: Work, made: Sequence[Lot]) -> None:
    short = rework(work.lots, made, f"transformation:{done.pk}")
    if not short:
        return
    wanted: Counter[int] = Counter()
    for lot, units in work.lots.items():
        wanted[lot.stock_id] += units
    raise Refusals(
        [
            LotPromised(sku=stock.sku, available=stock.available, wanted=wanted[stock.pk])
            for stock in Stock.objects.filter(pk__in=short).order_by("pk")
        ]
    )
