"""How the operator keeps the catalogue comparable: classes, reference prices, what is on offer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from marketplace.evidence.actions import record
from marketplace.organisations.errors import HouseError, Refusals
from marketplace.organisations.models import User
from marketplace.organisations.queries import require_operator
from marketplace.shop.catalogue.models import MARK_LENGTH, CommodityClass, Determination, Product
from marketplace.shop.errors import ContentMissing, GroundMissing, MarkTooLong, NotALeaf
from marketplace.shop.partner.models import StockRecord


@dataclass(frozen=True)
class Marks:
    """What products are compared by: base units of the class in one sales unit, grade, processing, dietary marks."""

    net_content: int
    grade: str = ""
    processing: str = ""
    dietary: Sequence[str] = ()


def classify(
    actor: User, product: Product, commodity_class: CommodityClass, marks: Marks, ground: str
) -> Determination | None:
    """Determine a product's class and marks, with the ground. What was decided before stays; what is decided from now on sees it.

    Raises NotAllowed, Refusals of NotALeaf, ContentMissing, MarkTooLong, GroundMissing. Nothing changed leaves no trace and gives
    None.
    """
    require_operator(actor)
    faults: list[HouseError] = []
    if commodity_class.children.exists():
        faults.append(NotALeaf(name=commodity_class.display_name))
    if marks.net_content <= 0:
        faults.append(ContentMissing())
    faults += too_long([marks.grade, marks.processing, *marks.dietary])
    if not ground.strip():
        faults.append(GroundMissing())
    if faults:
        raise Refusals(faults)
    return _determine(actor, product, commodity_class, marks, ground)


def too_long(marks: Iterable[str]) -> list[MarkTooLong]:
    """A fault for each grade, processing or dietary mark that cannot be kept whole."""
    return [MarkTooLong(mark=mark.strip(), most=MARK_LENGTH) for mark in marks if len(mark.strip()) > MARK_LENGTH]


def remove(actor: User, product: Product, ground: str) -> Determination | None:
    """Take a product out of its class: until it has another, no union may buy it. Raises NotAllowed, GroundMissing.

    A product without a class leaves no trace and gives None.
    """
    require_operator(actor)
    if not ground.strip():
        raise GroundMissing
    return _determine(actor, product, None, None, ground)


def undo(actor: User, determination: Determination, ground: str) -> Determination | None:
    """Let a product be again what it was before a determination; None when a later one has spoken meanwhile.

    Raises NotAllowed, GroundMissing.
    """
    require_operator(actor)
    if not ground.strip():
        raise GroundMissing
    before = determination.before
    found = CommodityClass.objects.filter(code=before["class"]).first()
    marks = Marks(before["net_content"], before["grade"], before["processing"], before["dietary"])
    return _determine(actor, determination.product, found, marks, ground, undoes=determination)


def _determine(
    actor: User,
    product: Product,
    to: CommodityClass | None,
    marks: Marks | None,
    ground: str,
    undoes: Determination | None = None,
) -> Determination | None:
    """Write what a product is compared by from now on, and publish it, under the product's lock."""
    with transaction.atomic():
        locked = Product.objects.select_for_update(of=("self",)).select_related("commodity_class").get(pk=product.pk)
        earlier = Determination.objects.filter(product=locked)
        if undoes is not None and earlier.first() != undoes:
            return None
        before, origin = _facts(locked), locked.commodity_class
        locked.commodity_class = to
        if marks is not None:
            locked.net_content, locked.grade = marks.net_content, marks.grade.strip()
            locked.processing, locked.dietary = marks.processing.strip(), sorted(set(marks.dietary))
        after = _facts(locked)
        if after == before:
            return None
        locked.save(update_fields=["commodity_class", "net_content", "grade", "processing", "dietary", "date_updated"])
        number = f"PD-{locked.pk:06d}-{earlier.count() + 1}"
        body = {"number": number, "product": locked.pk, "before": before, "after": after, "ground": ground.strip()}
        if undoes is not None:
            body["undoes"] = undoes.number
        return Determination.objects.create(
            number=number,
            product=locked,
            from_class=origin,
            to_class=to,
            before=before,
            after=after,
            ground=ground.strip(),
            made_by=actor,
            entry=record("product.determined", body, subject=f"product:{locked.pk}"),
            undoes=undoes,
        )


def put_on_offer(actor: User, offer: StockRecord, ground: str) -> None:
    """Let an offer be sold again. Repeating it does nothing. Raises NotAllowed, GroundMissing."""
    _set_listed(actor, offer, True, ground)


def take_off_offer(actor: User, offer: StockRecord, ground: str) -> None:
    """Let an offer be sold no more; orders placed go on. Repeating it does nothing. Raises NotAllowed, GroundMissing."""
    _set_listed(actor, offer, False, ground)


def set_reference_price(actor: User, commodity_class: CommodityClass, price: int) -> None:
    """Publish the reference price of a class: fen for 1,000 base units, 0 for none. Raises NotAllowed, NotALeaf."""
    require_operator(actor)
    if commodity_class.children.exists():
        raise NotALeaf(name=commodity_class.display_name)
    with transaction.atomic():
        locked = CommodityClass.objects.select_for_update(of=("self",)).get(pk=commodity_class.pk)
        before, locked.reference_price = locked.reference_price, price
        if before != price:
            locked.save(update_fields=["reference_price"])
            body = {"class": locked.code, "before": before, "after": price}
            record("class.reference_price", body, subject=f"class:{locked.code}")


def _set_listed(actor: User, offer: StockRecord, listed: bool, ground: str) -> None:
    require_operator(actor)
    if not ground.strip():
        raise GroundMissing
    with transaction.atomic():
        if StockRecord.objects.filter(pk=offer.pk, listed=not listed).update(listed=listed):
            body = {"sku": offer.partner_sku, "product": offer.product_id, "ground": ground.strip()}
            subject = f"product:{offer.product_id}"
            record("offer.listed_again" if listed else "offer.unlisted", body, subject=subject)


def _facts(product: Product) -> dict[str, Any]:
    return {
        "class": product.commodity_class.code if product.commodity_class else "",
        "net_content": product.net_content,
        "grade": product.grade,
        "processing": product.processing,
        "dietary": list(product.dietary),
    }
