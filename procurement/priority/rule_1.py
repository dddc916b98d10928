"""The priority rule: may this gift be bought as it stands, and if not, what has to be bought first?

This one file is the whole engine. It imports only Python's standard library and reads no database, clock,
network or random number: the same input gives the same output, byte for byte, years later. An auditor replays
a stored decision with ``python rule.py input.json`` and compares the printed bytes with the stored output.

How a gift is judged
--------------------
1. A line of an assistance product (one with an accreditation number) passes.
2. Every other line is judged in its *bucket*: all lines of one commodity class, destination region and need
   date, so that splitting a purchase over several lines gains nothing. For an ordinary line, E is the set of
   equivalent assistance offers that arrive in time at a price per base unit within the price band; Q is the
   most that K producers of E can supply. The ordinary line passes only when the same gift already buys at
   least Q from E. That is the rule "allowed for q - Q only, in an order that also buys Q from E": with q the
   ordinary and the assistance quantity together, what is left for the ordinary product once Q is bought is
   exactly q - Q. With Q = 0 it passes under a certificate that lists every assistance product of the class
   and the criteria it failed.
3. The year: O' <= (1 - share) x (A' + O' + R').
4. Cap, floor, occasion, form and procurement steps; all violations are reported together.
5. A ring-fenced purse pays only for assistance lines.

Conventions
-----------
Money is integer fen, shares and bands are integer basis points (10,000 = the whole), dates are ISO strings.
Quantities are sales units of the product concerned, except where a name says *base* (grams, millilitres,
pieces: the unit in which the class is compared). Rounding is always against the ordinary product: the
ordinary quantity allowed is rounded down to whole sales units, the assistance quantity asked for is rounded
up, so that no ordinary unit is allowed while an assistance unit could be supplied. Prices are compared by
cross-multiplication, never by division.

Decisions inside the rule that its wording leaves open are recorded in
docs/decisions/0003-rule-as-a-pure-module.md.
"""

from __future__ import annotations

import hashlib
import json
import math
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date, timedelta
from functools import cache, lru_cache
from operator import attrgetter
from pathlib import Path
from typing import Any, TypeAlias, TypeVar, get_args, get_origin, get_type_hints

ENGINE_VERSION = "1"

# --- What goes in -------------------------------------------------------------------------------------------


class InputError(ValueError):
    """The input is not a well-formed gift: a fault of the program that built it, never a verdict."""


@dataclass(frozen=True, slots=True)
class ApprovalStep:
    """From this total amount on, a gift needs so many quotations and so many people who decided it."""

    from_fen: int
    quotations: int
    people: int


@dataclass(frozen=True, slots=True)
class Policy:
    """The dated rules in force at the decision."""

    version: str
    first_choice: bool  # assistance products first, line by line
    minimum_share_bp: int  # part of the year's gift amount that must be assistance goods; 5000 = one half
    price_band_bp: int  # how much dearer an equivalent may be and still come first
    max_producers: int  # K: at most so many producers together need be bought from
    hold_days: int  # N: stock released by the same subtree so recently still counts as on offer
    rotation_band_bp: int  # x: offers so near the cheapest take turns by county
    cap_fen: int  # gifts per member and calendar year; 0 = no cap
    floor_fen: int  # assistance goods per member and gift year before any ordinary goods; 0 = no floor
    planning_days: int  # a need date nearer than this does not excuse anyone from waiting
    occasions: tuple[str, ...]
    urgent_occasions: tuple[str, ...]  # may buy at once; allowed occasions too
    forbidden_forms: tuple[str, ...]
    approval_steps: tuple[ApprovalStep, ...]


@dataclass(frozen=True, slots=True)
class Offer:
    """One product of one producer, as offered for the line's region. A line carries all those of its class.

    ``reasons`` names criteria that only the caller can know to have failed (suspended, not_delivered_there,
    grade, dietary, accreditation_expired, refused...); such an offer is never in E but is listed in
    certificates. Lack of stock is not a reason: say ``available=0``. ``held`` is what the buyer's own subtree
    holds, or released within the policy's hold days, and is not already in ``available``: it counts as on
    offer, so that nobody can empty the shelf to make Q = 0.
    """

    product: str
    producer: str
    county: str  # GB/T 2260
    assistance: bool
    price_fen: int  # delivered, per sales unit
    content: int  # base units per sales unit
    available: int  # sales units
    ready_on: str  # earliest delivery in the region, "" = never
    accreditation: str  # its number, "" = none
    reasons: tuple[str, ...] = ()
    held: int = 0  # sales units


@dataclass(frozen=True, slots=True)
class ExceptionGrant:
    """An exception granted by the upper union: so many sales units of this line need not follow the rule.

    Lines that name the same number share its remaining quantity.
    """

    number: str
    remaining: int
    waives_share: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One product for one region and need date. A box is given by its components, not by a line itself."""

    ref: str  # unique in the gift
    product: str
    producer: str
    county: str
    commodity_class: str  # "" = unclassified, which a covered purse may not buy
    assistance: bool
    accreditation: str
    price_fen: int  # delivered, per sales unit
    content: int  # base units per sales unit
    reference_price_fen: int  # per sales unit, the higher of its own 90-day price and the class's; 0 = none
    quantity: int  # sales units
    region: str
    need_date: str
    purse: str
    purse_covered: bool
    purse_ring_fenced: bool
    available: int  # sales units this buyer could take now, its own reservations included
    component_of: str = ""  # ref of the box this is a component of
    candidates: tuple[Offer, ...] = ()
    exception: ExceptionGrant | None = None


@dataclass(frozen=True, slots=True)
class Year:
    """The union's gift year before this gift: live amounts, placed less cancelled, refused and returned."""

    assistance_fen: int  # A
    ordinary_fen: int  # O
    reserve_fen: int  # R: unspent balance of the assistance-only purse
    make_good_due: bool
    assistance_per_head_fen: int  # the least that any recipient of this gift has had in assistance goods


@dataclass(frozen=True, slots=True)
class Documents:
    """What was attached to the gift for the policy's procurement steps."""

    quotations: int
    approvers: int


@dataclass(frozen=True, slots=True)
class Gift:
    """The whole input of one decision."""

    policy: Policy
    decided_on: str
    occasion: str
    form: str  # goods, voucher_named, cash, shopping_card...
    gift_year: int
    recipients: int
    per_head_fen: int  # the most that this gift gives to any one member
    per_head_year_fen: int  # the most any one of them had this calendar year, purchases from outside included
    per_head_assistance_fen: int  # the least assistance goods that this gift gives to any one member
    lines: tuple[Line, ...]
    year: Year
    documents: Documents
    rotation: tuple[tuple[str, int], ...]  # (county, times chosen recently)
    offer_book_root: str  # latest signed root of the offer book


# --- What comes out -----------------------------------------------------------------------------------------

ASSISTANCE = "assistance"
NO_EQUIVALENT = "no_equivalent"  # passes under a certificate
PARTIAL = "partial"  # what E can supply is bought in the same gift (blocked = 0) or has to be (blocked > 0)
EXCEPTION = "exception"
BLOCKED = "blocked"
UNCOVERED = "uncovered"  # the purse is outside the policy
ORDINARY = "ordinary"  # the policy has no first-choice rule; only share, cap and floor apply


@dataclass(frozen=True, slots=True)
class Substitute:
    """An offer of E, best first. ``quantity`` is what to buy of it instead; 0 = also suitable, not needed."""

    product: str
    producer: str
    county: str
    quantity: int  # sales units
    from_held: int  # how many of them come out of what the buyer's own subtree holds
    price_fen: int  # compare price_fen / content with the line's compare_price_fen / content
    content: int


@dataclass(frozen=True, slots=True)
class CertificateCandidate:
    """An assistance product of the class that cannot serve, and every criterion that it failed."""

    product: str
    producer: str
    failed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LineDecision:
    """The verdict on one line. It stands only with the whole gift: see ``Judgement.allowed``."""

    ref: str
    outcome: str
    allowed: int  # sales units
    blocked: int  # sales units; allowed + blocked = the line's quantity
    excepted: int = 0  # sales units that the exception covers; part of allowed
    exception: str = ""  # its number
    compare_price_fen: int = 0  # c, per sales unit
    content: int = 0  # base units per sales unit of the line
    coverable_base: int = 0  # Q
    bought_base: int = 0  # what the gift buys from E in the bucket
    demand_base: int = 0  # q: ordinary lines of the bucket and what is bought from E
    linked: tuple[str, ...] = ()  # assistance lines it leans on: if they are given up, judge it again
    substitutes: tuple[Substitute, ...] = ()
    certificate_candidates: tuple[CertificateCandidate, ...] = ()


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that the gift breaks. ``ref`` is a line or box, or "" for the gift as a whole."""

    code: str
    ref: str = ""
    data: dict[str, int | str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Share:
    """Clause 3 in figures, as if the gift were placed as submitted."""

    assistance_fen: int  # A'
    ordinary_fen: int  # O'
    reserve_fen: int  # R'
    ordinary_limit_fen: int  # the largest O' that A' and R' allow; -1 = no limit


@dataclass(frozen=True, slots=True)
class Judgement:
    """The whole output. Lines are sorted by ref, violations by code and ref."""

    engine: str
    policy: str
    allowed: bool
    lines: tuple[LineDecision, ...]
    violations: tuple[Violation, ...]
    assistance_fen: int  # this gift's assistance lines
    ordinary_fen: int  # this gift's ordinary lines that count in the share
    waived_fen: int  # this gift's ordinary goods under exceptions that waive the share
    share: Share


# --- The verdict --------------------------------------------------------------------------------------------

WHOLE_BP = 10_000
MAX_INTEGER = 2**53 - 1  # RFC 7493: beyond this another reader of the JSON may round the number

Bucket: TypeAlias = tuple[str, str, str]  # commodity class, region, need date
Key: TypeAlias = tuple[str, str]  # producer, product
T = TypeVar("T")


def judge(gift: Gift) -> Judgement:
    """Judge the whole gift. Raises InputError if it is malformed, never because it is not allowed."""
    _check(gift)
    lines = sorted(gift.lines, key=lambda line: line.ref)
    excepted = _excepted(lines)
    decisions = _decide(gift, lines, excepted)
    money = _money(lines, excepted)
    share = _share(gift, money)
    violations = [
        *_line_violations(gift, lines, decisions),
        *_box_violations(lines, decisions),
        *_stock_violations(lines),
        *_year_violations(gift, money, share),
        *_gift_violations(gift, money),
    ]
    violations.sort(key=lambda violation: (violation.code, violation.ref))
    return Judgement(
        engine=ENGINE_VERSION,
        policy=gift.policy.version,
        allowed=not violations,
        lines=tuple(decisions),
        violations=tuple(violations),
        assistance_fen=money.assistance,
        ordinary_fen=money.ordinary,
        waived_fen=money.waived,
        share=share,
    )


def _covered(line: Line) -> bool:
    """A ring-fenced purse is always covered, whatever the caller says of it."""
    return line.purse_covered or line.purse_ring_fenced


def _is_assistance(line: Line) -> bool:
    """Clause 1: the mark alone is not enough, the accreditation must be named."""
    return line.assistance and line.accreditation != ""


def _excepted(lines: Iterable[Line]) -> dict[str, int]:
    """Sales units of each ordinary line that its exception covers, by ref.

    An exception comes before any other ground and is used up even where nothing equivalent is on offer: a
    verdict must not get better for the buyer because one more assistance product appears.
    """
    wanting = [line for line in lines if line.exception and _covered(line) and not _is_assistance(line)]
    left: dict[str, int] = {}
    for line in wanting:
        if line.exception:
            number, remaining = line.exception.number, line.exception.remaining
            left[number] = min(left.get(number, remaining), remaining)
    units: dict[str, int] = {}
    for line in wanting:
        if line.exception:
            units[line.ref] = min(line.quantity, left[line.exception.number])
            left[line.exception.number] -= units[line.ref]
    return units


# --- Clauses 1 and 2: each line -----------------------------------------------------------------------------


class _Shelf:
    """What the gift takes from each offer, so that nothing is counted as on offer twice.

    What is bought in another bucket of the same gift is no longer there for this one; what is bought in this
    bucket is part of what could be supplied here, and answers for it.
    """

    def __init__(self, lines: Iterable[Line]) -> None:
        self.taken: dict[Key, int] = {}  # sales units, by all lines
        self.inside: dict[tuple[Bucket, Key], int] = {}  # of them, by assistance lines of the bucket
        self.refs: dict[tuple[Bucket, Key], list[str]] = {}  # those lines
        self.spare: dict[tuple[Bucket, Key], int] = {}  # base units advised by rounding up, replacing nothing yet
        for line in lines:
            key = (line.producer, line.product)
            if _is_assistance(line) and _covered(line) and line.commodity_class:
                self.take(_bucket(line), key, line.quantity)
                self.refs.setdefault((_bucket(line), key), []).append(line.ref)
            else:
                self.taken[key] = self.taken.get(key, 0) + line.quantity

    def take(self, bucket: Bucket, key: Key, units: int) -> None:
        self.taken[key] = self.taken.get(key, 0) + units
        self.inside[bucket, key] = self.inside.get((bucket, key), 0) + units

    def bought(self, offers: Iterable[Offer], bucket: Bucket) -> int:
        """Base units that the gift buys of these offers in the bucket."""
        inside = self.inside
        return sum(inside.get((bucket, (o.producer, o.product)), 0) * o.content for o in offers)

    def unused(self, offers: Iterable[Offer], bucket: Bucket) -> int:
        """Base units that rounding up has added to the advice: later lines are replaced out of them first."""
        return sum(self.spare.get((bucket, (o.producer, o.product)), 0) for o in offers) if self.spare else 0

    def use(self, offers: Iterable[Offer], bucket: Bucket, base: int) -> int:
        """Replace up to ``base`` base units out of what is unused; returns what is left to buy."""
        for offer in offers:
            key = (bucket, (offer.producer, offer.product))
            used = min(base, self.spare.get(key, 0))
            if used:
                self.spare[key] -= used
                base -= used
        return base

    def supply(self, offer: Offer, bucket: Bucket) -> int:
        """Sales units of the offer that could serve the bucket: all there are, less what other lines take."""
        key = (offer.producer, offer.product)
        elsewhere = self.taken.get(key, 0) - self.inside.get((bucket, key), 0)
        return max(0, offer.available + offer.held - elsewhere)

    def coverable(self, offers: Iterable[Offer], bucket: Bucket, most: int) -> int:
        """Q in base units: the most that ``most`` producers can supply to the bucket."""
        goods: dict[str, int] = {}
        for offer in offers:
            goods[offer.producer] = goods.get(offer.producer, 0) + self.supply(offer, bucket) * offer.content
        return sum(sorted(goods.values(), reverse=True)[:most])

    def room(self, offer: Offer) -> int:
        """Sales units of the offer that are still to be had after the whole gift."""
        return max(0, offer.available + offer.held - self.taken.get((offer.producer, offer.product), 0))


def _bucket(line: Line) -> Bucket:
    return (line.commodity_class, line.region, line.need_date)


def _decide(gift: Gift, lines: Sequence[Line], excepted: dict[str, int]) -> list[LineDecision]:
    """One decision per line, in the order of refs.

    ``submitted`` is the gift as it stands: verdicts rest on it. ``advised`` also holds what earlier lines
    were advised to buy, so that the advice to all lines together is one that would pass.
    """
    submitted, advised = _Shelf(lines), _Shelf(lines)
    ordinary_base: dict[Bucket, int] = {}
    for line in lines:
        if _covered(line) and not _is_assistance(line):
            base = (line.quantity - excepted.get(line.ref, 0)) * line.content
            ordinary_base[_bucket(line)] = ordinary_base.get(_bucket(line), 0) + base
    decisions = []
    for line in lines:
        if not _covered(line):
            decisions.append(LineDecision(line.ref, UNCOVERED, line.quantity, 0))
        elif not line.commodity_class:
            decisions.append(LineDecision(line.ref, BLOCKED, 0, line.quantity))
        elif _is_assistance(line):
            decisions.append(LineDecision(line.ref, ASSISTANCE, line.quantity, 0))
        else:
            units, demand = excepted.get(line.ref, 0), ordinary_base[_bucket(line)]
            decisions.append(_decide_ordinary(gift, line, units, demand, submitted, advised))
    return decisions


def _decide_ordinary(
    gift: Gift, line: Line, excepted: int, ordinary_base: int, submitted: _Shelf, advised: _Shelf
) -> LineDecision:
    """Everything but an assistance line: make-good, then the exception, then the search for equivalents."""
    number = line.exception.number if line.exception and excepted else ""
    if not gift.policy.first_choice:
        if gift.year.make_good_due:
            return LineDecision(line.ref, BLOCKED, 0, line.quantity)
        outcome = EXCEPTION if excepted == line.quantity else ORDINARY
        return LineDecision(line.ref, outcome, line.quantity, 0, excepted, number)
    if excepted == line.quantity and not gift.year.make_good_due:
        return LineDecision(line.ref, EXCEPTION, line.quantity, 0, excepted, number)
    return _first_choice(gift, line, excepted, ordinary_base, submitted, advised)


def _first_choice(
    gift: Gift, line: Line, excepted: int, ordinary_base: int, submitted: _Shelf, advised: _Shelf
) -> LineDecision:
    """Clause 2 for one ordinary line; adds what it advises to buy to ``advised``."""
    rest = line.quantity - excepted
    bucket, most = _bucket(line), gift.policy.max_producers
    eligible, failed = _sort_out(line, gift, submitted)
    coverable, bought = submitted.coverable(eligible, bucket, most), submitted.bought(eligible, bucket)
    missing = advised.coverable(eligible, bucket, most) - advised.bought(eligible, bucket)
    replaced = min(rest * line.content, missing + advised.unused(eligible, bucket))
    substitutes: tuple[Substitute, ...] = ()
    blocked = 0
    if replaced > 0:
        substitutes = _substitutes(gift, eligible, bucket, replaced, advised)
        blocked = rest - (rest * line.content - replaced) // line.content
    if gift.year.make_good_due or (blocked and line.component_of):
        # Make-good stops every ordinary line; a box cannot be part one thing and part another.
        blocked, excepted = line.quantity, 0
    allowed = line.quantity - blocked
    if blocked:
        outcome = PARTIAL if allowed > excepted else BLOCKED
    else:
        outcome = PARTIAL if coverable else NO_EQUIVALENT
    return LineDecision(
        ref=line.ref,
        outcome=outcome,
        allowed=allowed,
        blocked=blocked,
        excepted=excepted,
        exception=line.exception.number if line.exception and excepted else "",
        compare_price_fen=max(line.price_fen, line.reference_price_fen),
        content=line.content,
        coverable_base=coverable,
        bought_base=bought,
        demand_base=ordinary_base + bought,
        linked=_linked(submitted, eligible, bucket),
        substitutes=substitutes,
        certificate_candidates=tuple(failed),
    )


def _sort_out(line: Line, gift: Gift, submitted: _Shelf) -> tuple[list[Offer], list[CertificateCandidate]]:
    """E for this line, and every candidate that can supply nothing with all its reasons, in order of product.

    An offer of E with nothing left stays in E, since the gift may hold what there was, and is listed as well.
    """
    compare_fen = max(line.price_fen, line.reference_price_fen)
    price_limit = compare_fen * (WHOLE_BP + gift.policy.price_band_bp)
    scale = line.content * WHOLE_BP
    latest, bucket = _latest(line, gift), _bucket(line)
    eligible, failed = [], []
    for offer in sorted(line.candidates, key=lambda offer: (offer.product, offer.producer)):
        reasons = offer.reasons
        if not (offer.assistance and offer.accreditation):
            reasons += ("not_accredited",)
        if offer.price_fen * scale > price_limit * offer.content:
            reasons += ("price",)
        if not offer.ready_on or offer.ready_on > latest:
            reasons += ("late",)
        if not reasons:
            eligible.append(offer)
        if offer.available + offer.held == 0:
            reasons += ("no_stock",)
        elif not submitted.supply(offer, bucket):
            reasons += ("bought_for_elsewhere",)
        if reasons:
            failed.append(CertificateCandidate(offer.product, offer.producer, tuple(sorted(set(reasons)))))
    return eligible, failed


def _latest(line: Line, gift: Gift) -> str:
    """The last day on which an equivalent still counts as in time.

    Poor planning is no ground: whoever decides inside the planning days is treated as if the goods were
    needed at their end. Urgent occasions are measured by the need date itself.
    """
    if gift.occasion in gift.policy.urgent_occasions:
        return line.need_date
    return max(line.need_date, _days_after(gift.decided_on, gift.policy.planning_days))


def _linked(submitted: _Shelf, eligible: Iterable[Offer], bucket: Bucket) -> tuple[str, ...]:
    """Refs of the gift's assistance lines that answer for E in this bucket."""
    if not submitted.refs:
        return ()
    return tuple(
        sorted(ref for offer in eligible for ref in submitted.refs.get((bucket, (offer.producer, offer.product)), ()))
    )


def _substitutes(
    gift: Gift, eligible: Iterable[Offer], bucket: Bucket, replaced: int, advised: _Shelf
) -> tuple[Substitute, ...]:
    """What to buy instead of ``replaced`` base units, of at most K producers; adds it to ``advised``."""
    missing = advised.use(eligible, bucket, replaced)
    room = {(offer.producer, offer.product): advised.room(offer) for offer in eligible}
    ranked = _ranked([offer for offer in eligible if room[offer.producer, offer.product]], gift)
    plan = _plan(ranked, room, missing, gift.policy.max_producers)
    substitutes = []
    for offer in ranked:
        key = (offer.producer, offer.product)
        units = plan.get(key, 0)
        from_held = max(0, units - max(0, offer.available - advised.taken.get(key, 0)))
        substitutes.append(
            Substitute(offer.product, offer.producer, offer.county, units, from_held, offer.price_fen, offer.content)
        )
        if units:
            advised.take(bucket, key, units)
            missing -= units * offer.content
            if missing < 0:  # the plan's last offer, rounded up to whole sales units
                advised.spare[bucket, key] = advised.spare.get((bucket, key), 0) - missing
    return tuple(substitutes)


def _ranked(offers: Sequence[Offer], gift: Gift) -> list[Offer]:
    """Offers near the cheapest take turns by county, the least chosen first; the others follow by price."""
    if not offers:
        return []
    common = math.lcm(*(offer.content for offer in offers))

    def unit_price(offer: Offer) -> int:
        return offer.price_fen * (common // offer.content)

    by_price = sorted(offers, key=lambda o: (unit_price(o), o.county, o.producer, o.product))
    near_limit = unit_price(by_price[0]) * (WHOLE_BP + gift.policy.rotation_band_bp)
    chosen = dict(gift.rotation)
    near: list[tuple[int, str, int]] = []
    far: list[Offer] = []
    for place, offer in enumerate(by_price):
        if unit_price(offer) * WHOLE_BP <= near_limit:
            turn = chosen.get(offer.county, 0)
            near.append((turn, offer.county, place))
            chosen[offer.county] = turn + 1  # a county's second offer waits its turn
        else:
            far.append(offer)
    return [by_price[place] for _, _, place in sorted(near)] + far


def _plan(ranked: Sequence[Offer], room: dict[Key, int], missing: int, most: int) -> dict[Key, int]:
    """Sales units by offer that replace ``missing`` base units with at most ``most`` producers.

    In order of rank; where the best-ranked producers cannot reach it together, the producers with the most
    goods are taken instead, which by the definition of Q can.
    """
    plan, left = _fill(ranked, room, missing, most)
    if left > 0:
        goods: dict[str, int] = {}
        for offer in ranked:
            base = room[offer.producer, offer.product] * offer.content
            goods[offer.producer] = goods.get(offer.producer, 0) + base
        largest = sorted(goods, key=lambda producer: -goods[producer])[:most]
        plan, left = _fill([offer for offer in ranked if offer.producer in largest], room, missing, most)
    return plan


def _fill(ranked: Sequence[Offer], room: dict[Key, int], missing: int, most: int) -> tuple[dict[Key, int], int]:
    plan: dict[Key, int] = {}
    producers: set[str] = set()
    for offer in ranked:
        if missing <= 0:
            break
        if offer.producer not in producers and len(producers) == most:
            continue
        key = (offer.producer, offer.product)
        plan[key] = min(room[key], -(-missing // offer.content))
        missing -= plan[key] * offer.content
        producers.add(offer.producer)
    return plan, missing


# --- Clauses 3 to 5: money, stock, papers -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Money:
    """This gift's covered amounts in fen, as submitted."""

    assistance: int
    ordinary: int
    waived: int
    drawn: int  # the part of assistance that comes out of ring-fenced purses

    @property
    def total(self) -> int:
        return self.assistance + self.ordinary + self.waived


def _money(lines: Iterable[Line], excepted: dict[str, int]) -> _Money:
    assistance = ordinary = waived = drawn = 0
    for line in lines:
        if not _covered(line):
            continue
        amount = line.price_fen * line.quantity
        if _is_assistance(line):
            assistance += amount
            drawn += amount if line.purse_ring_fenced else 0
            continue
        if line.exception and line.exception.waives_share:
            free = line.price_fen * excepted[line.ref]
            waived += free
            amount -= free
        ordinary += amount
    return _Money(assistance, ordinary, waived, drawn)


def _share(gift: Gift, money: _Money) -> Share:
    """A', O', R' and the limit. What a ring-fenced purse pays moves from R to A: their sum stays."""
    year, share_bp = gift.year, gift.policy.minimum_share_bp
    assistance = year.assistance_fen + money.assistance
    reserve = max(0, year.reserve_fen - money.drawn)
    limit = -1 if share_bp == 0 else (WHOLE_BP - share_bp) * (assistance + reserve) // share_bp
    share = Share(assistance, year.ordinary_fen + money.ordinary, reserve, limit)
    whole = assistance + share.ordinary_fen + reserve + money.waived
    if type(whole) is not int or max(whole, limit) > MAX_INTEGER:
        raise InputError("amounts are integer fen, and the year's together at most 2^53 - 1")
    return share


def _line_violations(gift: Gift, lines: Iterable[Line], decisions: Iterable[LineDecision]) -> Iterable[Violation]:
    """Clauses 2 and 5, and what a line must state to be judged at all."""
    for line, decision in zip(lines, decisions, strict=True):
        if not _covered(line):
            continue
        if not line.commodity_class:
            yield Violation("unclassified", line.ref, {"product": line.product})
        if _is_assistance(line):
            continue
        if line.assistance:
            yield Violation("accreditation_missing", line.ref, {"product": line.product})
        if line.purse_ring_fenced:
            yield Violation("ring_fenced_purse", line.ref, {"purse": line.purse})
        if gift.year.make_good_due:
            yield Violation("make_good_due", line.ref, {"blocked": line.quantity})
        if line.commodity_class and (decision.substitutes or (decision.blocked and not gift.year.make_good_due)):
            figures: dict[str, int | str] = {
                "allowed": decision.allowed,
                "blocked": decision.blocked,
                "coverable_base": decision.coverable_base,
                "bought_base": decision.bought_base,
            }
            yield Violation("assistance_first", line.ref, figures)


def _box_violations(lines: Iterable[Line], decisions: Iterable[LineDecision]) -> Iterable[Violation]:
    """A box falls with any of its components."""
    boxes: dict[str, list[str]] = {}
    for line, decision in zip(lines, decisions, strict=True):
        if line.component_of and decision.blocked:
            boxes.setdefault(line.component_of, []).append(line.ref)
    for box, refs in boxes.items():
        yield Violation("box_blocked", box, {"components": ",".join(refs)})


def _stock_violations(lines: Iterable[Line]) -> Iterable[Violation]:
    """Lines of one product draw on one stock, whatever their region."""
    same: dict[Key, list[Line]] = {}
    for line in lines:
        same.setdefault((line.producer, line.product), []).append(line)
    for (producer, product), group in same.items():
        wanted, available = sum(line.quantity for line in group), min(line.available for line in group)
        if wanted > available:
            figures: dict[str, int | str] = {"quantity": wanted, "available": available}
            yield Violation("over_stock", group[0].ref, {"producer": producer, "product": product, **figures})


def _year_violations(gift: Gift, money: _Money, share: Share) -> Iterable[Violation]:
    """Clause 3 and the floor. They bind ordinary goods: assistance goods alone always pass them."""
    if money.drawn > gift.year.reserve_fen:
        yield Violation("reserve_short", "", {"drawn_fen": money.drawn, "reserve_fen": gift.year.reserve_fen})
    if money.ordinary == 0:
        return
    share_bp, secured = gift.policy.minimum_share_bp, share.assistance_fen + share.reserve_fen
    if share.ordinary_fen * WHOLE_BP > (WHOLE_BP - share_bp) * (share.ordinary_fen + secured):
        figures: dict[str, int | str] = {
            "assistance_fen": share.assistance_fen,
            "ordinary_fen": share.ordinary_fen,
            "reserve_fen": share.reserve_fen,
            "ordinary_limit_fen": share.ordinary_limit_fen,
            "minimum_share_bp": share_bp,
        }
        yield Violation("share", "", figures)
    assistance_per_head = gift.year.assistance_per_head_fen + gift.per_head_assistance_fen
    if assistance_per_head < gift.policy.floor_fen:
        yield Violation(
            "floor", "", {"assistance_per_head_fen": assistance_per_head, "floor_fen": gift.policy.floor_fen}
        )


def _gift_violations(gift: Gift, money: _Money) -> Iterable[Violation]:
    """Cap per head, occasion, form, and the papers that a gift of this amount needs."""
    policy = gift.policy
    per_head = gift.per_head_year_fen + gift.per_head_fen
    if policy.cap_fen and per_head > policy.cap_fen:
        yield Violation("cap", "", {"per_head_fen": per_head, "cap_fen": policy.cap_fen})
    if gift.occasion not in policy.occasions and gift.occasion not in policy.urgent_occasions:
        yield Violation("occasion", "", {"occasion": gift.occasion})
    if gift.form in policy.forbidden_forms:
        yield Violation("form", "", {"form": gift.form})
    steps = [step for step in policy.approval_steps if step.from_fen <= money.total]
    if not steps:
        return
    step = max(steps, key=lambda step: step.from_fen)
    if gift.documents.quotations < step.quotations:
        given: dict[str, int | str] = {"given": gift.documents.quotations, "needed": step.quotations}
        yield Violation("quotations", "", {**given, "total_fen": money.total})
    if gift.documents.approvers < step.people:
        given = {"given": gift.documents.approvers, "needed": step.people}
        yield Violation("approvers", "", {**given, "total_fen": money.total})


# --- Well-formed input --------------------------------------------------------------------------------------


def _check(gift: Gift) -> None:
    """Refuse what no verdict could be based on."""
    policy = gift.policy
    if policy.max_producers < 1:
        raise InputError("max_producers must be at least 1")
    if not 0 <= policy.minimum_share_bp <= WHOLE_BP:
        raise InputError("minimum_share_bp must be from 0 to 10000")
    year = gift.year
    bands = (policy.price_band_bp, policy.rotation_band_bp, policy.planning_days)
    limits = (policy.cap_fen, policy.floor_fen)
    amounts = (year.assistance_fen, year.ordinary_fen, year.reserve_fen, year.assistance_per_head_fen)
    heads = (gift.per_head_fen, gift.per_head_year_fen, gift.per_head_assistance_fen)
    if min(*bands, *limits, *amounts, *heads) < 0:
        raise InputError("a figure of the policy, of the year or per head is negative")
    if not _is_date(gift.decided_on):
        raise InputError(f"decided_on {gift.decided_on!r} is not a date of the form YYYY-MM-DD")
    if len(dict(gift.rotation)) != len(gift.rotation):
        raise InputError("a county is in the rotation twice")
    if len({line.ref for line in gift.lines}) != len(gift.lines):
        raise InputError("two lines have the same ref")
    for line in gift.lines:
        _check_line(line)


def _check_line(line: Line) -> None:
    if line.quantity < 1 or line.content < 1:
        raise InputError(f"line {line.ref}: quantity and content must be at least 1")
    if min(line.price_fen, line.reference_price_fen, line.available) < 0:
        raise InputError(f"line {line.ref}: prices and stock must be at least 0")
    if line.exception and (line.exception.remaining < 0 or not line.exception.number):
        raise InputError(f"line {line.ref}: an exception needs a number and a remainder of at least 0")
    if not _is_date(line.need_date):
        raise InputError(f"line {line.ref}: need_date {line.need_date!r} is not a date of the form YYYY-MM-DD")
    for offer in line.candidates:
        if offer.content < 1 or offer.price_fen < 0 or offer.available < 0 or offer.held < 0:
            raise InputError(f"line {line.ref}, candidate {offer.product}: a figure is out of range")
        if offer.ready_on and not _is_date(offer.ready_on):
            raise InputError(f"line {line.ref}, candidate {offer.product}: {offer.ready_on!r} is not a date")
    if len({(offer.producer, offer.product) for offer in line.candidates}) != len(line.candidates):
        raise InputError(f"line {line.ref}: a candidate is given twice")


@lru_cache(maxsize=4096)
def _is_date(text: str) -> bool:
    """Dates are compared as text, so only the one form YYYY-MM-DD will do."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


@lru_cache(maxsize=4096)
def _days_after(day: str, days: int) -> str:
    try:
        return (date.fromisoformat(day) + timedelta(days=days)).isoformat()
    except OverflowError as error:
        raise InputError("planning_days reaches beyond the calendar") from error


# --- Canonical JSON -----------------------------------------------------------------------------------------
#
# Objects, arrays, strings and integers only: yes and no are 1 and 0, no exception is an empty object. For
# these types the standard library writes RFC 8785: keys are ASCII, integers fit a double, strings are UTF-8
# with the same escapes.

_ENCODE = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode


@dataclass(frozen=True, slots=True)
class _Form:
    """How one of the dataclasses above is written, taken from its own annotations."""

    names: tuple[str, ...]
    values: Callable[[Any], tuple[Any, ...]]
    writers: tuple[tuple[str, Callable[[Any], Any]], ...]  # only for fields that JSON would write otherwise


_FORMS: dict[type, _Form] = {}


def _form(kind: type) -> _Form:
    form = _FORMS.get(kind)
    if form is None:
        hints = get_type_hints(kind)
        names = tuple(item.name for item in fields(kind))
        writers = tuple((name, writer) for name in names if (writer := _writer(hints[name])))
        form = _FORMS[kind] = _Form(names, attrgetter(*names), writers)
    return form


def _plain(item: object) -> dict[str, Any]:
    form = _form(item.__class__)
    plain = dict(zip(form.names, form.values(item), strict=True))
    for name, write in form.writers:
        plain[name] = write(plain[name])
    return plain


def _writer(hint: object) -> Callable[[Any], Any] | None:
    if hint is bool:
        return int
    if is_dataclass(hint):
        return _plain
    if hint == ExceptionGrant | None:
        return lambda value: {} if value is None else _plain(value)
    if get_origin(hint) is tuple and is_dataclass(get_args(hint)[0]):
        return lambda values: [_plain(value) for value in values]
    return None


def _reader(hint: object) -> Callable[[Any], Any]:
    if hint is str:
        return _read_text
    if hint is int:
        return _read_integer
    if hint is bool:
        return _read_flag
    if isinstance(hint, type) and is_dataclass(hint):
        return lambda value: _read(hint, value)
    if hint == ExceptionGrant | None:
        return lambda value: None if value == {} else _read(ExceptionGrant, value)
    if get_origin(hint) is tuple:
        parts = [_reader(part) for part in get_args(hint) if part is not Ellipsis]
        if get_args(hint)[-1] is Ellipsis:
            return lambda value: tuple(parts[0](item) for item in _read_array(value))
        return lambda value: tuple(read(item) for read, item in zip(parts, _read_array(value, len(parts)), strict=True))
    raise TypeError(f"no canonical form for {hint!r}")


_READERS: dict[type, dict[str, Callable[[Any], Any]]] = {}


def _read(kind: type[T], value: object) -> T:
    readers = _READERS.get(kind)
    if readers is None:
        readers = _READERS[kind] = {name: _reader(hint) for name, hint in get_type_hints(kind).items()}
    if type(value) is not dict or value.keys() != readers.keys():
        raise InputError(f"expected an object with exactly the keys of {kind.__name__}")
    return kind(**{name: read(value[name]) for name, read in readers.items()})


def _read_array(value: object, length: int | None = None) -> list[Any]:
    if type(value) is not list or (length is not None and len(value) != length):
        raise InputError(f"expected an array, found {value!r}")
    return value


def _read_text(value: object) -> str:
    if type(value) is not str:
        raise InputError(f"expected a string, found {value!r}")
    return value


def _read_integer(value: object) -> int:
    if type(value) is not int or abs(value) > MAX_INTEGER:
        raise InputError(f"expected an integer within 2^53 - 1, found {value!r}")
    return value


def _read_flag(value: object) -> bool:
    if type(value) is not int or value not in (0, 1):
        raise InputError(f"expected 0 or 1, found {value!r}")
    return value == 1


def to_canonical(item: Gift | Judgement) -> bytes:
    """The one byte string of a gift or judgement, RFC 8785. InputError if a text is not Unicode."""
    try:
        return _ENCODE(_plain(item)).encode()
    except UnicodeEncodeError as error:
        raise InputError("a string holds half of a surrogate pair") from error


def from_canonical(data: bytes) -> Gift:
    """The gift written as ``data``. Raises InputError unless it is exactly what ``to_canonical`` writes."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise InputError(f"not JSON: {error}") from error
    gift = _read(Gift, value)
    if to_canonical(gift) != data:
        raise InputError("the JSON is not canonical: keys sorted, no spaces, nothing escaped needlessly")
    return gift


def replay(data: bytes) -> bytes:
    """The canonical output for a stored canonical input."""
    return to_canonical(judge(from_canonical(data)))


@cache
def engine_hash() -> str:
    """SHA-256 of this file's bytes, in hexadecimal: names the engine exactly in stored decisions."""
    return hashlib.sha256(Path(__file__).read_bytes()).hexdigest()


def main(arguments: Sequence[str]) -> int:
    """Replay the stored input named on the command line and print the output's bytes. 2 = impossible."""
    if len(arguments) != 1:
        print("usage: python rule.py input.json", file=sys.stderr)
        return 2
    try:
        output = replay(Path(arguments[0]).read_bytes().rstrip(b"\r\n"))
    except (InputError, OSError) as error:
        print(f"{arguments[0]}: {error}", file=sys.stderr)
        return 2
    sys.stdout.buffer.write(output)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
