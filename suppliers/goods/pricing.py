"""Prices of goods: the band around a class's reference, and the second person without whom nothing outside it stands.

Sums are integer: fen a sales unit, fen for 1,000 base units, hundredths of a per cent.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from marketplace.evidence.actions import record
from marketplace.evidence.models import Entry
from marketplace.organisations.errors import NotAllowed, Refusals
from marketplace.organisations.models import Membership, Organisation, Role, User
from marketplace.organisations.queries import require
from marketplace.organisations.scopes import seen_by
from marketplace.shop.catalogue.models import CommodityClass
from marketplace.shop.partner.models import StockRecord
from suppliers.goods.errors import (
    BoxPrice,
    GroundOfRefusalMissing,
    NotInStanding,
    OwnPrice,
    PriceDecided,
    PriceMissing,
    PriceNotAgreed,
    PriceUnchanged,
    ReasonMissing,
)
from suppliers.goods.models import PriceBand, PriceRequest, RequestState, Terms
from suppliers.settlement.models import Contract

MAX_PRICE = 10_000_000  # fen
_WHOLE_BP = 10_000


@dataclass(frozen=True)
class Band:
    """What a price of a class is measured by: its reference (0: none is published), and how far from it a price stands by itself."""

    reference: int
    band_bp: int

    def holds(self, price: int, content: int) -> bool:
        """Whether a price for so much content needs no second person. Without reference or content nothing can be compared."""
        if not self.reference or not content:
            return True
        return abs(price * 1_000 - self.reference * content) * _WHOLE_BP <= self.reference * content * self.band_bp

    def least(self, content: int) -> int:
        """The lowest price in the band, rounded up."""
        return -(-self.reference * content * (_WHOLE_BP - self.band_bp) // (1_000 * _WHOLE_BP))

    def most(self, content: int) -> int:
        """The highest price in the band, rounded down."""
        return self.reference * content * (_WHOLE_BP + self.band_bp) // (1_000 * _WHOLE_BP)


def band_of(commodity_class: CommodityClass | None) -> Band:
    """The band in force today: the class's own, else the one for every class. One statement; a product without class has none."""
    if commodity_class is None:
        return Band(0, 0)
    fitting = Q(commodity_class=commodity_class) | Q(commodity_class=None)
    rows = PriceBand.objects.filter(fitting, since__lte=timezone.localdate())
    found = rows.order_by(F("commodity_class").asc(nulls_last=True), "-since").first()
    return Band(commodity_class.reference_price, found.band_bp) if found else Band(0, 0)


def in_yuan(fen: int) -> str:
    """An amount as the sentences of refusals name it."""
    return f"¥{Decimal(fen) / 100:,.2f}"


def price_faults(price: int, content: int, band: Band, reason: str) -> list[PriceMissing | ReasonMissing]:
    """What is wrong with a price that a producer asks."""
    if not 0 < price <= MAX_PRICE:
        return [PriceMissing(most=in_yuan(MAX_PRICE))]
    if not band.holds(price, content) and not reason.strip():
        return [ReasonMissing(least=in_yuan(band.least(content)), most=in_yuan(band.most(content)))]
    return []


def change_price(actor: User, offer: StockRecord, price: int, reason: str = "") -> PriceRequest | None:
    """Ask another price (fen) for one's goods. In the band it stands at once; outside it waits, and the request is returned.

    A price that waited is replaced. Raises NotAllowed, BoxPrice, PriceUnchanged, NotInStanding, or Refusals of PriceMissing,
    ReasonMissing.
    """
    producer = offer.partner.organisation
    require(actor, Role.PRODUCER, producer)
    with transaction.atomic(), seen_by([producer.pk]):
        locked = _locked(offer.pk)
        product = locked.product
        if product.is_box:
            raise BoxPrice(name=product.get_title())
        band = band_of(product.commodity_class)
        if faults := price_faults(price, product.net_content, band, reason):
            raise Refusals(list(faults))
        last: PriceRequest | None = PriceRequest.objects.filter(stockrecord=locked).first()
        waiting = last if last is not None and last.state == RequestState.WAITING else None
        first = last is not None and last.is_first and _never_on_offer(locked)
        if price == (waiting.price if waiting else locked.price_fen) and (waiting or not first):
            raise PriceUnchanged(price=in_yuan(price))
        if waiting:
            PriceRequest.objects.filter(pk=waiting.pk).update(state=RequestState.REPLACED, decided_at=timezone.now())
        if not band.holds(price, product.net_content):
            return ask_for(actor, locked, price, band, reason, is_first=first)
        _refuse_out_of_standing(producer, first)
        _set_price(actor, locked, price, put_on=first)
    return None


def _never_on_offer(offer: StockRecord) -> bool:
    """Whether the offer waits for its first price. One that the operator took off comes back by the operator alone."""
    taken_off = Entry.objects.filter(subject=f"product:{offer.product_id}", kind="offer.unlisted")
    return not offer.listed and not taken_off.exists()


def _refuse_out_of_standing(producer: Organisation, first: bool) -> None:
    if first and not producer.good_standing:
        raise NotInStanding(producer=producer.display_name)


def ask_for(
    actor: User, offer: StockRecord, price: int, band: Band, reason: str, *, is_first: bool = False
) -> PriceRequest:
    """Within a verb that has asked whether this person may: let a price wait for a second person."""
    producer = offer.partner.organisation
    contract = Contract.objects.filter(producer=producer, period__contains=timezone.localdate()).first()
    request: PriceRequest = PriceRequest.objects.create(
        stockrecord=offer,
        producer=producer,
        enterprise_id=contract.enterprise_id if contract else None,
        price=price,
        reference=band.reference,
        band_bp=band.band_bp,
        reason=reason.strip(),
        is_first=is_first,
        asked_by=actor,
    )
    body = {"request": request.pk, "sku": offer.partner_sku, "product": offer.product_id, "price": price}
    body |= {"reference": band.reference, "band_bp": band.band_bp, "reason": request.reason}
    record("price.asked", body, subject=f"product:{offer.product_id}")
    return request


def agree_to_price(actor: User, request: PriceRequest) -> None:
    """Let a price outside the band stand. Raises NotAllowed, OwnPrice, PriceDecided, NotInStanding."""
    with transaction.atomic(), seen_by(None):
        _refuse_out_of_standing(request.producer, request.is_first)
        offer = _decide(actor, request, RequestState.AGREED, "")
        body = {"request": request.pk, "sku": offer.partner_sku, "product": offer.product_id, "price": request.price}
        record("price.agreed", body, subject=f"product:{offer.product_id}")
        _set_price(request.asked_by, offer, request.price, put_on=request.is_first)


def refuse_price(actor: User, request: PriceRequest, words: str) -> None:
    """Refuse a price outside the band; the one before it stays. Raises NotAllowed, OwnPrice, GroundOfRefusalMissing, PriceDecided."""
    if not words.strip():
        raise GroundOfRefusalMissing
    with transaction.atomic(), seen_by(None):
        offer = _decide(actor, request, RequestState.REFUSED, words.strip())
        body = {"request": request.pk, "sku": offer.partner_sku, "product": offer.product_id, "ground": words.strip()}
        record("price.refused", body, subject=f"product:{offer.product_id}")


def refuse_unagreed(offer: StockRecord) -> None:
    """Raise PriceNotAgreed when the offer's price is outside the band and needs somebody's word that it does not have."""
    product = offer.product
    if band_of(product.commodity_class).holds(offer.price_fen, product.net_content):
        return
    with seen_by(None):
        agreed = PriceRequest.objects.filter(stockrecord=offer, state=RequestState.AGREED, price=offer.price_fen)
        if Terms.objects.filter(stockrecord=offer).exists() and not agreed.exists():
            raise PriceNotAgreed(name=product.get_title())


def _locked(pk: int) -> StockRecord:
    rows = StockRecord.objects.select_for_update(of=("self",), no_key=True)
    found: StockRecord = rows.select_related("product__commodity_class", "partner__organisation").get(pk=pk)
    return found


def _decide(actor: User, request: PriceRequest, state: RequestState, words: str) -> StockRecord:
    offer = _locked(request.stockrecord_id)
    _require_second(actor, request)
    waiting = PriceRequest.objects.filter(pk=request.pk, state=RequestState.WAITING)
    if not waiting.update(state=state, decided_by=actor, decided_at=timezone.now(), words=words):
        raise PriceDecided(name=offer.product.get_title())
    return offer


def _require_second(actor: User, request: PriceRequest) -> None:
    """An operator, or the province enterprise that has the producer under contract; nobody of the producer, nor who asked."""
    held = set(Membership.objects.filter(user=actor).values_list("role", "organisation"))
    if (Role.PROVINCE, request.enterprise_id) not in held and not any(role == Role.OPERATOR for role, _where in held):
        enterprise: Organisation = request.enterprise or request.producer
        raise NotAllowed(role=Role.PROVINCE.label, organisation=enterprise.display_name)
    if actor.pk == request.asked_by_id or any(where == request.producer_id for _role, where in held):
        raise OwnPrice(name=request.stockrecord.product.get_title(), producer=request.producer.display_name)


def _set_price(actor: User, offer: StockRecord, price: int, *, put_on: bool) -> None:
    """What the offer costs from now on; the database keeps the history (PriceRecord) and the book of offers."""
    before = offer.price_fen
    offer.price, offer.listed = Decimal(price) / 100, offer.listed or put_on
    offer.save(update_fields=["price", "listed", "date_updated"])
    Terms.objects.get_or_create(stockrecord=offer, defaults={"entered_by": actor})
    body = {"sku": offer.partner_sku, "product": offer.product_id, "before": before, "price": price}
    record("offer.priced", body, subject=f"product:{offer.product_id}")
