"""Estimated leakage: past purchases judged once more, with products classed and measured as is known now.

Construction lets no ordinary product pass while an equivalent is known to be on offer; it says nothing of wrong classification. So
every allowed purchase that a later determination or later bounds touch is judged again, and of the others a random sample. What stood
on offer then is read from the book that the decision cites; how products compare is read from today's tables.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from django.db import connection
from django.db.models import Sum

from marketplace.shop.catalogue.models import BoundsState, ClassBounds, Product
from procurement.priority import rule
from procurement.priority.equivalence import Bounds, missed
from procurement.priority.models import Decision, Judgement, Outcome
from procurement.priority.replay import read_input
from suppliers.offerbook.models import Book
from suppliers.offerbook.queries import Standing, stood_of_products

SAMPLE = 50
CHUNK = 100  # touched purchases judged in one go
_ORDINARY = (Outcome.NO_EQUIVALENT, Outcome.PARTIAL)
# Criteria that compare two products, which are judged anew; all others stay as they stood.
_COMPARED = {"content", "grade", "processing", "dietary"}


@dataclass(frozen=True)
class Estimate:
    """Ordinary purchases of a gift year (fen), those judged again, and what would have had to be assistance goods by now's knowledge.

    `estimated` is what was found among the touched, and the sample's part laid over the rest.
    """

    purchases: int = 0
    purchased: int = 0
    touched: int = 0
    touched_leaked: int = 0
    sampled: int = 0
    sampled_amount: int = 0
    sampled_leaked: int = 0
    estimated: int = 0


@dataclass(frozen=True)
class _Measured:
    content: int
    grade: str
    processing: str
    dietary: tuple[str, ...]


@dataclass(frozen=True)
class Gone:
    """How far a year's touched purchases were judged again: up to which judgement, how many they were, what of them leaked (fen)."""

    after: int = 0
    touched: int = 0
    leaked: int = 0


def go_on(gift_year: int, so_far: Gone) -> Gone | None:
    """Judge the next CHUNK of the touched purchases again; None when there are no more. Within a scope that sees all."""
    chunk = _touched(gift_year, so_far.after, CHUNK)
    if not chunk:
        return None
    found = sum(leaked_of(judgement) for judgement in Judgement.objects.filter(pk__in=chunk).order_by("pk"))
    return Gone(chunk[-1], so_far.touched + len(chunk), so_far.leaked + found)


def estimate(gift_year: int, seed: int, so_far: Gone | None = None) -> Estimate:
    """Judge again what the gift year's ordinary purchases rest on, from `so_far` on to the last; a seed draws the sample of the rest.

    Within a scope that sees all.
    """
    gone = so_far or Gone()
    while further := go_on(gift_year, gone):
        gone = further
    ordinary = Decision.objects.filter(gift_year=gift_year, outcome__in=_ORDINARY)
    amounts = {row["judgement"]: row["fen"] for row in ordinary.values("judgement").annotate(fen=Sum("amount"))}
    rest = sorted(amounts.keys() - set(_touched(gift_year)))
    sample = random.Random(seed).sample(rest, min(SAMPLE, len(rest)))
    drawn = sum(leaked_of(judgement) for judgement in Judgement.objects.filter(pk__in=sample).order_by("pk"))
    drawn_amount, rest_amount = sum(amounts[pk] for pk in sample), sum(amounts[pk] for pk in rest)
    return Estimate(
        purchases=len(amounts),
        purchased=sum(amounts.values()),
        touched=gone.touched,
        touched_leaked=gone.leaked,
        sampled=len(sample),
        sampled_amount=drawn_amount,
        sampled_leaked=drawn,
        estimated=gone.leaked + (drawn * rest_amount // drawn_amount if drawn_amount else 0),
    )


def _touched(gift_year: int, after: int = 0, most: int | None = None) -> list[int]:
    """Judgements, by id from `after` on, with ordinary purchases whose product or class was determined, or bounds were set, later."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT DISTINCT d.judgement_id FROM priority_decision d
            JOIN priority_judgement j ON j.id = d.judgement_id
            JOIN catalogue_product p ON p.id = d.product_id
            WHERE d.gift_year = %s AND d.judgement_id > %s AND d.outcome = ANY(%s) AND (
                EXISTS (SELECT FROM catalogue_determination t WHERE t.at > j.at
                    AND (t.product_id = d.product_id OR t.to_class_id = p.commodity_class_id))
                OR EXISTS (SELECT FROM catalogue_classbounds b WHERE b.commodity_class_id = p.commodity_class_id
                    AND b.state = 'in_force' AND b.decided_at > j.at)
            )
            ORDER BY d.judgement_id LIMIT %s
            """,
            [gift_year, after, [str(outcome) for outcome in _ORDINARY], most],
        )
        return [row[0] for row in cursor.fetchall()]


def leaked_of(judgement: Judgement) -> int:
    """Fen of a gift's ordinary goods that the rule, told how products are classed and measured now, would have blocked."""
    gift = read_input(judgement.engine, judgement.input.encode())
    ordinary = [line for line in gift.lines if not line.assistance]
    products: Mapping[int, Product] = Product.objects.select_related("commodity_class").in_bulk(
        {int(line.product) for line in gift.lines}
    )
    classes = {p.commodity_class_id for p in products.values() if p.commodity_class_id}
    bounds = _bounds(classes)
    stood = _stood(judgement, gift, classes)
    lines = tuple(_anew(gift, line, products, bounds, stood) for line in gift.lines)
    before = {decision.ref: decision for decision in rule.judge(gift).lines}
    after = {decision.ref: decision for decision in rule.judge(replace(gift, lines=lines)).lines}
    return sum(
        max(0, after[line.ref].blocked - before[line.ref].blocked) * line.price_fen
        for line in ordinary
        if line.purse_covered
    )


def _bounds(classes: Iterable[int]) -> Mapping[int, Bounds]:
    rows = ClassBounds.objects.filter(commodity_class__in=list(classes), state=BoundsState.IN_FORCE)
    return {
        b.commodity_class_id: Bounds(b.content_least, b.content_most, b.grades, b.processings, b.dietary) for b in rows
    }


def _stood(
    judgement: Judgement, gift: rule.Gift, classes: Iterable[int]
) -> Mapping[int, list[tuple[Product, Standing]]]:
    """What of each class, as it is drawn now, stood in the book that was cited."""
    book = Book.objects.filter(root=gift.offer_book_root, entry__lt=judgement.entry_id).order_by("-number").first()
    if book is None:
        return {}
    products = {
        p.pk: p for p in Product.objects.filter(commodity_class__in=list(classes), accreditations__isnull=False)
    }
    found: dict[int, list[tuple[Product, Standing]]] = {}
    for one in stood_of_products(book.size, products):
        product = products[one.body["product"]]
        found.setdefault(int(product.commodity_class_id), []).append((product, one))
    return found


def _anew(
    gift: rule.Gift,
    line: rule.Line,
    products: Mapping[int, Product],
    bounds: Mapping[int, Bounds],
    stood: Mapping[int, list[tuple[Product, Standing]]],
) -> rule.Line:
    """A line with its product's class and measure as they are now, and, of an ordinary one, the candidates that go with them."""
    product = products.get(int(line.product))
    if product is None or product.commodity_class is None:
        return line
    line = replace(line, commodity_class=product.commodity_class.code, content=max(product.net_content, 1))
    if line.assistance:
        return line
    known = {(offer.producer, offer.product): offer for offer in line.candidates}
    wanted, inside = _measured(product), bounds.get(product.commodity_class_id)
    candidates = []
    for other, standing in stood.get(product.commodity_class_id, ()):
        offer = known.get((standing.body["producer"], str(other.pk))) or _offer(standing, line.region, gift.decided_on)
        reasons = set(offer.reasons) - _COMPARED | set(missed(wanted, _measured(other), inside))
        candidates.append(replace(offer, content=max(other.net_content, 1), reasons=tuple(sorted(reasons))))
    if not stood:
        return line  # no book was cited: nothing is known but what the decision saw
    return replace(line, candidates=tuple(sorted(candidates, key=lambda offer: (int(offer.product), offer.producer))))


def _measured(product: Product) -> _Measured:
    return _Measured(max(product.net_content, 1), product.grade, product.processing, tuple(product.dietary))


def _offer(standing: Standing, region: str, day: str) -> rule.Offer:
    """An offer as the book has it; of its stock no more than the log says for certain."""
    body = standing.body
    fitting = [d for d in body["deliveries"] if region.startswith(d["region"])]
    delivery = max(fitting, key=lambda d: len(d["region"]), default=None)
    reasons = {name for name, key in _FLAGS if not body[key]} | (set() if delivery else {"not_delivered_there"})
    if body["state"] != "valid":
        reasons.add(f"accreditation_{body['state']}")
    elif not body["from"] <= day < body["to"]:
        reasons.add("accreditation_expired")
    return rule.Offer(
        product=str(body["product"]),
        producer=body["producer"],
        county=body["county"],
        assistance=body["state"] == "valid",
        price_fen=body["price"] + (delivery["freight"] if delivery else 0),
        content=max(body["content"], 1),
        available=standing.capacity,
        ready_on=(date.fromisoformat(day) + timedelta(days=delivery["days"])).isoformat() if delivery else "",
        accreditation=body["accreditation"],
        reasons=tuple(sorted(reasons)),
    )


_FLAGS = (("county_not_listed", "county_listed"), ("producer_suspended", "standing"), ("not_listed", "listed"))
