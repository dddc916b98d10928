"""What a trace page tells: places, days, counts and money, never a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from marketplace.evidence.models import Checkpoint, Entry
from marketplace.fulfilment.models import Parcel, ParcelState
from marketplace.organisations.models import Organisation
from marketplace.organisations.scopes import seen_by
from marketplace.stock.models import Lot
from marketplace.workspaces.templatetags._charts import percent
from suppliers.accreditation.models import Accreditation, AccreditationState
from suppliers.provenance.queries import Harvest, Origin, trace_back
from suppliers.settlement.queries import Earned, earned_by

_TOLD = [AccreditationState.VALID, AccreditationState.SUSPENDED, AccreditationState.REVOKED]


@dataclass(frozen=True)
class Proof:
    """The log entry of a lot, and the signed state that holds it (None while the sequencer has not placed it)."""

    entry: Entry
    checkpoint: Checkpoint | None


@dataclass(frozen=True)
class LotTrace:
    """A lot from the field to the box."""

    lot: Lot
    product: Any
    producer: Organisation
    origin: Origin
    earned: Earned
    accreditation: Accreditation | None
    proof: Proof | None

    @property
    def harvest(self) -> Harvest | None:
        """The purchases behind it, all households together."""
        return self.origin.harvest

    @property
    def to_households(self) -> int:
        """Of 100 yuan paid for it, the fen that the agreements give to the households."""
        return self.harvest.share_bp if self.harvest else 0

    @property
    def part_width(self) -> str:
        """The same as the width of a bar."""
        return percent(self.to_households, 10_000)

    @property
    def kilograms(self) -> str:
        """The weight of the produce that went into it."""
        return f"{self.origin.grams / 1000:,.0f}"


@dataclass(frozen=True)
class Content:
    """What a parcel holds of one lot; no lot while none has been assigned."""

    title: str
    title_en: str
    product: int | None
    quantity: int
    lot: Lot | None


@dataclass(frozen=True)
class ParcelTrace:
    """A parcel's goods and its way; nothing of who sent for it or who gets it."""

    code: str
    producer: Organisation
    state: str
    shipped_at: datetime | None
    contents: tuple[Content, ...]


def lot_trace(code: str) -> LotTrace | None:
    """The trace of the lot with this code. A constant number of statements."""
    with seen_by(None):
        lot = (
            Lot.objects.filter(code=code)
            .select_related("holder__county", "stock__offer__product__commodity_class", "certificate")
            .first()
        )
    if lot is None or not hasattr(lot.stock, "offer"):
        return None
    product = lot.stock.offer.product
    accreditation = (
        Accreditation.objects.filter(product=product, producer=lot.holder, state__in=_TOLD)
        .select_related("county")
        .order_by("-id")
        .first()
    )
    return LotTrace(
        lot=lot,
        product=product,
        producer=lot.holder,
        origin=trace_back(lot),
        earned=earned_by(lot),
        accreditation=accreditation,
        proof=proof_of(f"lot:{lot.pk}"),
    )


def proof_of(subject: str) -> Proof | None:
    """The first log entry about a subject, and the latest signed state if it holds the entry."""
    entry = Entry.objects.filter(subject=subject).select_related("position").order_by("id").first()
    if entry is None:
        return None
    latest = Checkpoint.objects.order_by("-size").first()
    position = getattr(entry, "position", None)
    inside = latest is not None and position is not None and position.index < latest.size
    return Proof(entry, latest if inside else None)


def parcel_trace(parcel: int, code: str) -> ParcelTrace | None:
    """The trace of a parcel by its id; cancelled ones have none."""
    with seen_by(None):
        found = (
            Parcel.objects.filter(pk=parcel)
            .exclude(state=ParcelState.CANCELLED)
            .select_related("producer__county", "consignment")
            .defer("name", "phone", "address", "department")
            .prefetch_related("lines__line__product", "lines__allocations__lot")
            .first()
        )
        if found is None:
            return None
        contents: list[Content] = []
        for item in found.lines.all():
            named = (item.line.title, item.line.product.title_en if item.line.product else "", item.line.product_id)
            given = [Content(*named, one.quantity, one.lot) for one in item.allocations.all()]
            contents += given or [Content(*named, item.quantity, None)]
    return ParcelTrace(
        code=code,
        producer=found.producer,
        state=found.state,
        shipped_at=found.consignment.shipped_at if found.consignment else None,
        contents=tuple(contents),
    )
