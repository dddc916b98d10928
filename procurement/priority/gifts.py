"""From a purchase request to the rule's input: what the database knows, as the pure module wants it. Constant statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from marketplace.ledger.models import PurseKind
from marketplace.organisations.scopes import seen_by
from marketplace.shop.policy import PurchaseRequest, WantedLine
from procurement.policy import models as policies
from procurement.policy.queries import policy_of
from procurement.priority import rule
from procurement.priority.equivalence import Bounds, missed
from procurement.priority.models import ExceptionState, PriorityException
from procurement.priority.offers import OfferRow, offers, titles
from procurement.priority.standing import Shortfall, Standing, standing
from procurement.priority.years import as_ordinary, excess

_REMEMBERED = timedelta(days=30)


@dataclass(frozen=True)
class Asked:
    """A line as the rule is asked about it, and the wanted line (or component of it) that it came from."""

    line: rule.Line
    wanted: WantedLine
    product_id: int
    box_units: int  # component units in one box; 0 for a plain product


@dataclass(frozen=True)
class Question:
    """The rule's whole input, and what carries its answer back; `titles` by product, in the reader's language.

    `over` are exceptions, by product, that would have let it pass but are used up, revoked, or past their period. `brought_forward`
    (fen) weighs in the year's ordinary goods; `elsewhere` is what of each of the `year_heads` was bought outside.
    """

    gift: rule.Gift
    policy: policies.Policy
    asked: Mapping[str, Asked]
    exceptions: Mapping[str, PriorityException]
    titles: Mapping[int, str]
    over: Mapping[int, PriorityException]
    brought_forward: int
    elsewhere: tuple[int, ...]


def question(request: PurchaseRequest) -> Question:
    """Build the rule's input for a request. Raises NoPolicyInForce."""
    with seen_by(None):
        policy = policy_of(request.union, request.decided_on)
        products = {line.product_id for line in request.lines} | {
            p.product_id for line in request.lines for p in line.parts
        }
        rows = offers(products, {line.region for line in request.lines}, request.decided_on)
        exceptions, over = _exceptions(request, products)
        classes = (row.class_id for row in rows if row.class_id is not None)
        now = standing(request.union, request.gift_year, request.decided_on, policy.hold_days, classes)
    asked = _asked(request, rows, exceptions, now)
    gift = rule.Gift(
        policy=policy_facts(policy),
        decided_on=request.decided_on.isoformat(),
        occasion=request.occasion,
        form=request.form,
        gift_year=request.gift_year,
        recipients=request.recipients,
        per_head_fen=request.per_head_most,
        per_head_year_fen=request.year_per_head_most,
        per_head_assistance_fen=request.per_head_assistance_least,
        lines=tuple(sorted((a.line for a in asked.values()), key=lambda line: line.ref)),
        year=_year(request, now, policy.minimum_share_bp),
        documents=rule.Documents(request.quotations, request.approvers),
        rotation=now.rotation,
        offer_book_root=now.offer_book_root,
        per_head_fenced_fen=request.per_head_fenced_least,
        year_heads=request.year_heads,
    )
    return Question(
        gift, policy, asked, {e.number: e for e in exceptions.values()}, titles(rows), over, now.brought_forward,
        request.year_elsewhere,
    )  # fmt: skip


def policy_facts(policy: policies.Policy) -> rule.Policy:
    """What the engine reads of a policy."""
    return rule.Policy(
        version=policy.version,
        first_choice=policy.first_choice,
        minimum_share_bp=policy.minimum_share_bp,
        price_band_bp=policy.price_band_bp,
        max_producers=policy.max_producers,
        hold_days=policy.hold_days,
        rotation_band_bp=policy.rotation_band_bp,
        cap_fen=policy.cap,
        floor_fen=policy.floor,
        planning_days=policy.planning_days,
        occasions=tuple(sorted(policy.occasions)),
        urgent_occasions=tuple(sorted(policy.urgent_occasions)),
        forbidden_forms=tuple(sorted(policy.forbidden_forms)),
        approval_steps=tuple(
            rule.ApprovalStep(step["from"], step["quotations"], step["people"])
            for step in sorted(policy.approval_steps, key=lambda step: step["from"])
        ),
        uncovered_purposes=tuple(sorted(policy.uncovered_purposes)),
        ring_fence_fen=policy.ring_fence,
        keep_last_year=policy.keep_last_year,
    )


def _year(request: PurchaseRequest, now: Standing, share_bp: int) -> rule.Year:
    ordinary = now.ordinary + as_ordinary(now.brought_forward, share_bp)
    return rule.Year(
        assistance_fen=now.assistance,
        ordinary_fen=ordinary,
        reserve_fen=now.reserve,
        # The flag counts only while the year fails: money set aside meanwhile cures it without anybody clearing it.
        make_good_due=now.make_good_due
        and excess(now.assistance - now.brought_forward, now.ordinary, now.reserve, share_bp) > 0,
        assistance_per_head_fen=request.year_per_head_assistance_least,
        last_assistance_fen=now.last_assistance,
    )


def _exceptions(
    request: PurchaseRequest, products: Iterable[int]
) -> tuple[dict[int, PriorityException], dict[int, PriorityException]]:
    """The granted exceptions with something left, by product, the one that ends first when there are several; and where there is
    none, the last one that was: used up, revoked or past its period since a month at most. One statement."""
    found = PriorityException.objects.filter(
        union=request.union,
        product__in=list(products),
        state__in=[ExceptionState.GRANTED, ExceptionState.REVOKED],
        valid_from__lte=request.decided_on,
        valid_to__gte=request.decided_on - _REMEMBERED,
    ).order_by("-valid_to", "-id")
    usable: dict[int, PriorityException] = {}
    over: dict[int, PriorityException] = {}
    for exception in found:
        if why_over(exception, request.decided_on):
            over.setdefault(exception.product_id, exception)
        else:
            usable[exception.product_id] = exception
    return usable, {product: gone for product, gone in over.items() if product not in usable}


def why_over(exception: PriorityException, day: date) -> str:
    """Why a granted exception lets nothing pass on that day, as a key of errors.WHY_OVER; empty while it does."""
    if exception.state == ExceptionState.REVOKED:
        return "revoked"
    if exception.valid_to < day:
        return "expired"
    return "used" if not exception.left else ""


def _asked(
    request: PurchaseRequest,
    rows: Iterable[OfferRow],
    exceptions: Mapping[int, PriorityException],
    now: Standing,
) -> dict[str, Asked]:
    own: dict[tuple[int, str], OfferRow] = {}
    sold: dict[tuple[int, str], OfferRow] = {}
    of_class: defaultdict[tuple[int, str], list[OfferRow]] = defaultdict(list)
    for row in rows:
        sold[row.stockrecord_id, row.region] = row
        # Within a box a product is what its own producer offers, whoever else offers it.
        if row.accreditation or (row.product_id, row.region) not in own:
            own[row.product_id, row.region] = row
        if row.class_id is not None and row.accreditation:
            of_class[row.class_id, row.region].append(row)
    for found in of_class.values():
        found.sort(key=lambda row: (row.product_id, row.producer))
    released = _released(request, own, now.shortfalls) if now.shortfalls else {}
    asked: dict[str, Asked] = {}
    for wanted in request.lines:
        for product_id, units, price, ref, box in _articles(wanted):
            # Whose offer it is tells what it is: another seller's offer of an accredited product is none.
            row = own[product_id, wanted.region] if box else sold[wanted.stockrecord_id, wanted.region]
            is_helped = not row.failings(request.decided_on)
            candidates = _candidates(
                request, row, () if is_helped else of_class[row.class_id or 0, wanted.region], now.held
            )
            if row.class_id in released:
                candidates = tuple(_unless_refused(candidates, wanted.need_date, released[row.class_id]))
            grant = None if is_helped else _grant(exceptions.get(product_id))
            quantity = units * wanted.quantity if box else wanted.quantity
            line = _line(request, wanted, row, ref, box, quantity, price, is_helped, candidates, grant)
            if box:
                # Components come out of the box's own stock, which placement reserves as boxes.
                line = replace(line, available=units * own[wanted.product_id, wanted.region].available)
            asked[ref] = Asked(line, wanted, product_id, units if box else 0)
    return asked


def _released(
    request: PurchaseRequest, own: Mapping[tuple[int, str], OfferRow], shortfalls: Mapping[int, Shortfall]
) -> dict[int, Shortfall]:
    """The shortfalls, by class, within which all stays that the gift has of the class: who wants more waits like the rest."""
    base: defaultdict[int, int] = defaultdict(int)
    for wanted in request.lines:
        for product_id, units, _price, _ref, box in _articles(wanted):
            row = own[product_id, wanted.region]
            base[row.class_id or 0] += wanted.quantity * (units if box else 1) * max(row.content, 1)
    return {found: short for found, short in shortfalls.items() if base[found] <= short.base}


def _unless_refused(candidates: Iterable[rule.Offer], need_date: date, short: Shortfall) -> Iterable[rule.Offer]:
    """A producer's refusal releases the shortfall at once (clause 2): what was refused is not on offer to this union, and who comes
    after the day on which the goods are needed (as they were ordered, if that was later) comes too late, planning days or not."""
    latest = max(need_date.isoformat(), short.needed)
    for offer in candidates:
        reasons = {"refused"} if int(offer.product) in short.refused else set()
        if offer.ready_on > latest:
            reasons.add("late")
        yield replace(offer, reasons=tuple(sorted(reasons.union(offer.reasons)))) if reasons else offer


def _articles(wanted: WantedLine) -> Iterable[tuple[int, int, int, str, str]]:
    """What is judged of a wanted line, as (product, units in a box, unit price, ref, ref of the box)."""
    if not wanted.parts:
        yield wanted.product_id, 0, wanted.unit_price, wanted.ref, ""
    for part in wanted.parts:
        yield part.product_id, part.quantity, part.unit_price, f"{wanted.ref}/{part.product_id}", wanted.ref


def _line(
    request: PurchaseRequest,
    wanted: WantedLine,
    row: OfferRow,
    ref: str,
    box: str,
    quantity: int,
    price: int,
    is_helped: bool,
    candidates: tuple[rule.Offer, ...],
    grant: rule.ExceptionGrant | None,
) -> rule.Line:
    purse = request.purses[wanted.purse_id]
    return rule.Line(
        ref=ref,
        product=str(row.product_id),
        producer=row.producer,
        county=row.county,
        commodity_class=row.class_code or "",
        assistance=is_helped,
        accreditation=row.accreditation,
        price_fen=price,
        content=max(row.content, 1),
        reference_price_fen=row.reference_price,
        quantity=quantity,
        region=wanted.region,
        need_date=wanted.need_date.isoformat(),
        purse=f"{purse.union_id}/{purse.pk}",
        purse_covered=purse.covered,
        purse_ring_fenced=purse.kind == PurseKind.RING_FENCED,
        purse_purpose=purse.purpose,
        available=row.available,
        component_of=box,
        candidates=candidates,
        exception=grant,
    )


def _grant(exception: PriorityException | None) -> rule.ExceptionGrant | None:
    """What is left of an exception, as the rule takes it."""
    if exception is None:
        return None
    return rule.ExceptionGrant(exception.number, exception.left, exception.waives_share)


def _candidates(
    request: PurchaseRequest, wanted: OfferRow, rows: Iterable[OfferRow], kept: Mapping[int, int]
) -> tuple[rule.Offer, ...]:
    """The offers of the class as the rule compares them, in the order of the rows. A gift has a thousand: nothing is asked twice."""
    day, bounds = request.decided_on, wanted.bounds
    return tuple(
        rule.Offer(
            product=str(row.product_id),
            producer=row.producer,
            county=row.county,
            assistance=row.accreditation_state == "valid",
            price_fen=row.delivered_price,
            content=max(row.content, 1),
            available=row.available,
            ready_on=row.ready_on(day),
            accreditation=row.accreditation,
            reasons=_reasons(day, wanted, row, bounds),
            held=kept.get(row.product_id, 0),
        )
        for row in rows
    )


def _reasons(day: date, wanted: OfferRow, row: OfferRow, bounds: Bounds | None) -> tuple[str, ...]:
    """Why an offer cannot serve, beside price and time: accreditation, equivalence within the class, no delivery to the region."""
    found = [*row.failings(day), *missed(wanted, row, bounds)]
    if row.freight is None:
        found.append("not_delivered_there")
    return tuple(sorted(set(found))) if found else ()
