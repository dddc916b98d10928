"""What a buyer sees of a programme: the gift with the rule's verdict on each part, in words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from marketplace.organisations.regions import region_name
from marketplace.shop.catalogue.models import Product
from marketplace.shop.policy import Verdict, purchase_policy
from procurement.priority import rule
from procurement.priority.models import Outcome
from procurement.priority.policy import Judged
from procurement.programmes.models import GiftLine, Programme
from procurement.programmes.plans import Piece, Plan, plan_of
from procurement.programmes.short_lists import OptionView, option_views
from procurement.programmes.substitution import substitutions


@dataclass(frozen=True)
class SubstituteView:
    """A product that the rule puts first: units to take of it over all regions (0 = also suitable), and its price (fen a unit)."""

    product: Product
    quantity: int
    price: int


@dataclass(frozen=True)
class LineView:
    """A product in a part of the gift, over all regions. Amounts in fen; the unit price is the highest where freight differs."""

    gift_lines: tuple[GiftLine, ...]
    product: Product
    heads: int
    quantity: int
    unit_price: int
    amount: int
    outcome: str
    sentence: str
    substitutes: tuple[SubstituteView, ...]
    components: tuple[tuple[Product, str], ...]

    @property
    def gift_line(self) -> GiftLine:
        """The first of its gift lines."""
        return self.gift_lines[0]


@dataclass(frozen=True)
class SlotView:
    """A part of the gift: every recipient gets one of its lines. With options, members choose; `settled` once they have.

    `dearer_by` is what the substitutes for all that is blocked in it cost more (below zero: less), in fen; None where nothing is.
    """

    slot: int
    lines: tuple[LineView, ...]
    options: tuple[OptionView, ...] = ()
    settled: bool = True
    dearer_by: int | None = None

    @property
    def blocked(self) -> bool:
        """Whether something in it has to be substituted."""
        return self.settled and any(line.substitutes for line in self.lines)


@dataclass(frozen=True)
class ShareView:
    """The year's share as if the gift were placed: fen, and basis points."""

    assistance: int
    ordinary: int
    reserve: int
    limit: int
    minimum_share_bp: int

    @property
    def missing(self) -> int:
        """Fen to set aside for assistance products so that the ordinary goods pass; 0 when they do."""
        if self.limit < 0 or self.ordinary <= self.limit:
            return 0
        rest = 10_000 - self.minimum_share_bp
        if not rest:
            return self.ordinary
        return max(0, -(-self.ordinary * self.minimum_share_bp // rest) - self.assistance - self.reserve)


@dataclass(frozen=True)
class Preview:
    """A programme's gift with the verdict; nothing is stored."""

    slots: tuple[SlotView, ...]
    recipients: int
    per_head_amount: int
    total: int
    violations: tuple[str, ...]
    allowed: bool
    share: ShareView | None

    @property
    def dearer_by(self) -> int | None:
        """What the substitutes for the whole gift cost more (below zero: less), in fen; None where nothing is blocked."""
        found = [slot.dearer_by for slot in self.slots if slot.dearer_by is not None]
        return sum(found) if found else None

    @property
    def substitutable(self) -> int:
        """In how many parts something can be substituted."""
        return sum(slot.dearer_by is not None for slot in self.slots)


def preview(programme: Programme) -> Preview:
    """Judge the gift as it stands. Constant statements; within the union's scope."""
    plan = plan_of(programme)
    faults = [str(fault) for fault in plan.faults]
    if plan.request is None:
        return Preview((), plan.recipients, 0, 0, tuple(faults), False, None)
    verdict = purchase_policy().judge(plan.request)
    judged: Judged = verdict.detail
    products = _products(plan, judged)
    slots: defaultdict[int, dict[int, list[Piece]]] = defaultdict(dict)
    for piece in plan.pieces:
        slots[piece.gift_line.slot].setdefault(piece.gift_line.product_id, []).append(piece)
    lists = option_views(plan) if any(piece.gift_line.option_id for piece in plan.pieces) else {}
    instead = {} if plan.open_pieces else substitutions(plan, judged)
    views = tuple(
        SlotView(
            slot,
            tuple(_line_view(pieces, judged, products) for pieces in lines.values()),
            lists.get(slot, ()),
            not plan.open_pieces,
            instead[slot].difference if slot in instead else None,
        )
        for slot, lines in sorted(slots.items())
    )
    return Preview(
        slots=views,
        recipients=plan.recipients,
        per_head_amount=plan.request.per_head_most,
        total=plan.request.total,
        violations=(*faults, *(s for refusal in verdict.refusals for s in refusal.sentences)),
        allowed=verdict.allowed and not faults,
        share=_share(verdict),
    )


def _share(verdict: Verdict) -> ShareView:
    judged: Judged = verdict.detail
    share = judged.judgement.share
    return ShareView(
        share.assistance_fen,
        share.ordinary_fen,
        share.reserve_fen,
        share.ordinary_limit_fen,
        judged.question.policy.minimum_share_bp,
    )


def _products(plan: Plan, judged: Judged) -> dict[int, Product]:
    wanted = {asked.product_id for asked in judged.question.asked.values()} | {
        p.gift_line.product_id for p in plan.pieces
    }
    wanted |= {int(s.product) for decision in judged.judgement.lines for s in decision.substitutes}
    found: dict[int, Product] = Product.objects.select_related("commodity_class", "county").in_bulk(wanted)
    return found


def _line_view(pieces: list[Piece], judged: Judged, products: Mapping[int, Product]) -> LineView:
    product = products[pieces[0].gift_line.product_id]
    decisions = [
        d for d in judged.judgement.lines if any(d.ref == p.ref or d.ref.startswith(f"{p.ref}/") for p in pieces)
    ]
    substitutes = _substitutes(decisions, products)
    quantity = sum(p.heads * p.gift_line.per_head for p in pieces)
    outcome = _outcome(decisions)
    return LineView(
        gift_lines=tuple({p.gift_line.pk: p.gift_line for p in pieces}.values()),
        product=product,
        heads=sum(p.heads for p in pieces),
        quantity=quantity,
        unit_price=max(p.offer.unit_price for p in pieces),
        amount=sum(p.heads * p.per_head for p in pieces),
        outcome=outcome,
        sentence=_sentence(outcome, pieces, decisions, judged, substitutes),
        substitutes=substitutes,
        components=_components(pieces, judged, products),
    )


_GRAVEST = [rule.PARTIAL, rule.NO_EQUIVALENT, rule.EXCEPTION, rule.ORDINARY, rule.ASSISTANCE, rule.UNCOVERED]


def _outcome(decisions: Iterable[rule.LineDecision]) -> str:
    """A line's outcome over its regions and components: blocked if nothing may stay, partial if a part, else the gravest."""
    found = list(decisions)
    if any(d.blocked for d in found):
        return rule.PARTIAL if any(d.allowed for d in found) else rule.BLOCKED
    return next(outcome for outcome in _GRAVEST if any(d.outcome == outcome for d in found))


def _substitutes(decisions: Iterable[rule.LineDecision], products: Mapping[int, Product]) -> tuple[SubstituteView, ...]:
    units: defaultdict[int, int] = defaultdict(int)
    prices: dict[int, int] = {}
    for decision in decisions:
        for substitute in decision.substitutes:
            units[int(substitute.product)] += substitute.quantity
            prices[int(substitute.product)] = max(prices.get(int(substitute.product), 0), substitute.price_fen)
    views = [SubstituteView(products[i], number, prices[i]) for i, number in units.items()]
    return tuple(sorted(views, key=lambda view: (-view.quantity, view.price)))


def _components(
    pieces: list[Piece], judged: Judged, products: Mapping[int, Product]
) -> tuple[tuple[Product, str], ...]:
    first = pieces[0]
    return tuple(
        (products[part.product_id], _outcome([judged.decision(f"{first.ref}/{part.product_id}")]))
        for part in first.parts
    )


def _sentence(
    outcome: str,
    pieces: list[Piece],
    decisions: list[rule.LineDecision],
    judged: Judged,
    substitutes: tuple[SubstituteView, ...],
) -> str:
    """What the rule says of a line, so that a buyer understands it."""
    if outcome == rule.ASSISTANCE:
        numbers = {judged.question.asked[d.ref].line.accreditation for d in decisions}
        return _("Assistance product, accredited under %(number)s: always allowed.") % {
            "number": ", ".join(sorted(numbers))
        }
    if outcome in (rule.BLOCKED, rule.PARTIAL) and substitutes:
        return _offer_sentence(pieces, decisions, judged, substitutes)
    if outcome == rule.NO_EQUIVALENT:
        looked_at = len({c.product for d in decisions for c in d.certificate_candidates})
        found = ngettext(
            "%(n)s assistance product of this class was", "%(n)s assistance products of this class were", looked_at
        )
        return _("No equivalent is on offer (%(found)s looked at): allowed under a certificate.") % {
            "found": found % {"n": looked_at}
        }
    if outcome == rule.PARTIAL:
        return _("All that assistance producers can supply is in the gift; the rest may be ordinary.")
    return str(Outcome(outcome).label)


def _offer_sentence(
    pieces: list[Piece], decisions: list[rule.LineDecision], judged: Judged, substitutes: tuple[SubstituteView, ...]
) -> str:
    """E.g. “These 2 producers can deliver 500 units to Xi'an by 20 September, at 5 % less for the same amount.”"""
    needed = [s for s in substitutes if s.quantity]
    producers = {s.producer for d in decisions for s in d.substitutes if s.quantity}
    regions = _(", ").join(region_name(region) for region in sorted({p.region for p in pieces}))
    day = pieces[0].gift_line.programme.need_date
    sentence = ngettext(
        "%(n)s producer of assistance products can deliver %(units)s units to %(regions)s by %(day)s",
        "%(n)s producers of assistance products can deliver %(units)s units to %(regions)s by %(day)s",
        len(producers),
    ) % {
        "n": len(producers),
        "units": sum(s.quantity for s in needed),
        "regions": regions,
        "day": date_format(day, _("j M Y")),
    }
    return sentence + _price_words(decisions, judged)


def _price_words(decisions: list[rule.LineDecision], judged: Judged) -> str:
    """How the first substitute's price compares, per base unit."""
    decision = next(d for d in decisions if any(s.quantity for s in d.substitutes))
    substitute = next(s for s in decision.substitutes if s.quantity)
    line = judged.question.asked[decision.ref].line
    ours, theirs = substitute.price_fen * line.content, line.price_fen * substitute.content
    per_cent = number_format(abs(ours - theirs) * 100 / theirs, 1) if theirs else "0"
    if ours < theirs:
        return _(", at %(per_cent)s %% less for the same amount.") % {"per_cent": per_cent}
    if ours > theirs:
        return _(", at %(per_cent)s %% more for the same amount.") % {"per_cent": per_cent}
    return _(", at the same price.")
