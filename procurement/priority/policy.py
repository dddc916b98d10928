"""The shop's PurchasePolicy, answered by the priority rule."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from marketplace.evidence.actions import record
from marketplace.organisations.errors import HouseError, Refusals
from marketplace.organisations.models import Organisation
from marketplace.organisations.scopes import seen_by
from marketplace.shop.catalogue.models import Product
from marketplace.shop.order.models import Line, Order
from marketplace.shop.policy import PurchaseRequest, Verdict
from marketplace.steps.actions import write
from procurement.priority import rule
from procurement.priority.errors import WHY_OVER, BoxAskew, ExceptionOver, PolicyChanged, RuleViolation
from procurement.priority.gifts import Asked, Question, question, why_over
from procurement.priority.models import Certificate, Decision, Judgement, Outcome, PriorityException
from procurement.priority.words import bought_elsewhere, in_words, left_by_closed_years
from procurement.priority.years import as_ordinary, flag, is_made_good, open_year, share_in_force

# The step that shows new certificates to the producers of their classes; the floor's watchdogs carry it out.
CERTIFIED = "certificate.show"
# What the trigger `by_the_policy` says of a judgement by another policy than the one that binds the union.
_BINDS = "is not by the policy that binds its union"
# What the trigger `box_split` says of a mixed box.
_ASKEW = "count for more of its price than they cost singly"


@dataclass(frozen=True)
class Judged:
    """A question and the rule's answer."""

    question: Question
    judgement: rule.Judgement

    def decision(self, ref: str) -> rule.LineDecision:
        """The decision on the line (or component) of that ref."""
        return next(d for d in self.judgement.lines if d.ref == ref)


class PriorityPolicy:
    """Assistance products first, for every covered purse."""

    def lock(self, union: Organisation, gift_year: int) -> None:
        """Lock the union-year row, opening it when the year's first gift is placed; what was made good meanwhile is noted.

        Raises YearClosed.
        """
        with seen_by(None):
            year = open_year(union, gift_year)
            if year.make_good_due and is_made_good(year, share_in_force(union)):
                flag(year, due=False)

    def judge(self, request: PurchaseRequest) -> Verdict:
        """Run the rule over the whole request; nothing is written."""
        asked = question(request)
        judged = Judged(asked, rule.judge(asked.gift))
        return Verdict(request, judged.judgement.allowed, _sentences(judged), judged)

    def record_refusal(self, verdict: Verdict) -> None:
        """Store the attempt with everything that the rule saw."""
        with transaction.atomic(), seen_by(None):
            _store(verdict)

    def record(self, verdict: Verdict, order: Order, lines: Mapping[tuple[int, int, int], Line]) -> None:
        """Store the judgement, its certificates and decisions, which the union's year follows; use up exceptions.

        Raises PolicyChanged, and Refusals of BoxAskew or ExceptionOver.
        """
        judged: Judged = verdict.detail
        with seen_by(None):
            stored = _store(verdict)
            certificates = _certify(stored, judged, order)
            decisions = list(_decisions(stored, judged, order, lines, certificates))
            _use_exceptions(judged, decisions)
            _decide(decisions)


def _decide(decisions: Iterable[Decision]) -> None:
    try:
        Decision.objects.bulk_create(decisions)
    except IntegrityError as error:
        if _ASKEW in str(error):
            raise Refusals([BoxAskew()]) from error
        raise


def _store(verdict: Verdict) -> Judgement:
    """Raises PolicyChanged where the policy that judged binds the union no more: the transaction ends with it."""
    judged: Judged = verdict.detail
    request = verdict.request
    taken, given = rule.to_canonical(judged.question.gift), rule.to_canonical(judged.judgement)
    entry = record(
        "priority.judged",
        {
            "subject": request.subject,
            "allowed": int(verdict.allowed),
            "engine": judged.judgement.engine,
            "engine_sha256": rule.engine_hash(),
            "policy": judged.question.policy.version,
            "input_sha256": hashlib.sha256(taken).hexdigest(),
            "output_sha256": hashlib.sha256(given).hexdigest(),
        },
        subject=request.subject,
        union_id=request.union.pk,
    )
    try:
        return Judgement.objects.create(
            union=request.union,
            gift_year=request.gift_year,
            subject=request.subject,
            allowed=verdict.allowed,
            policy=judged.question.policy,
            engine=judged.judgement.engine,
            engine_hash=rule.engine_hash(),
            input=taken.decode(),
            output=given.decode(),
            entry=entry,
            leaf_hash=entry.leaf_hash,
        )
    except IntegrityError as error:
        if _BINDS in str(error):
            raise PolicyChanged from error
        raise


def _certify(stored: Judgement, judged: Judged, order: Order) -> dict[str, Certificate]:
    """One numbered certificate for each class of which a line had no equivalent; by those lines' refs."""
    refs = [d.ref for d in judged.judgement.lines if d.outcome == rule.NO_EQUIVALENT]
    if not refs:
        return {}
    products = Product.objects.in_bulk({judged.question.asked[ref].product_id for ref in refs})
    class_of = {ref: products[judged.question.asked[ref].product_id].commodity_class_id for ref in refs}
    certificates = {
        commodity_class: Certificate(
            number=f"NE-{order.number}-{place:02d}",
            judgement=stored,
            union=order.union,
            commodity_class_id=commodity_class,
        )
        for place, commodity_class in enumerate(sorted(set(class_of.values())), start=1)
    }
    Certificate.objects.bulk_create(certificates.values())
    write(f"judgement:{stored.pk}", CERTIFIED)
    return {ref: certificates[commodity_class] for ref, commodity_class in class_of.items()}


def _decisions(
    stored: Judgement,
    judged: Judged,
    order: Order,
    lines: Mapping[tuple[int, int, int], Line],
    certificates: Mapping[str, Certificate],
) -> Iterable[Decision]:
    """A row for each line decided, two where an exception covers a part of it."""
    for verdict in judged.judgement.lines:
        asked = judged.question.asked[verdict.ref]
        rest = asked.line.quantity - verdict.excepted
        if verdict.excepted:
            exception = judged.question.exceptions[verdict.exception]
            yield _decision(stored, order, lines, asked, Outcome.EXCEPTION, verdict.excepted, exception=exception)
        if rest:
            outcome = Outcome(verdict.outcome)
            yield _decision(stored, order, lines, asked, outcome, rest, certificate=certificates.get(verdict.ref))


def _decision(
    stored: Judgement,
    order: Order,
    lines: Mapping[tuple[int, int, int], Line],
    asked: Asked,
    outcome: Outcome,
    quantity: int,
    certificate: Certificate | None = None,
    exception: PriorityException | None = None,
) -> Decision:
    return Decision(
        judgement=stored,
        order=order,
        line=lines[asked.wanted.order_line_key],
        union=order.union,
        gift_year=order.gift_year,
        ref=asked.line.ref,
        product_id=asked.product_id,
        purse_id=asked.wanted.purse_id,
        region=asked.line.region,
        need_date=asked.wanted.need_date,
        outcome=outcome,
        quantity=quantity,
        unit_price=asked.line.price_fen,
        amount=quantity * asked.line.price_fen,
        waived=bool(exception and exception.waives_share),
        certificate=certificate,
        exception=exception,
    )


def _use_exceptions(judged: Judged, decisions: Iterable[Decision]) -> None:
    """Count the units used up, in one guarded statement over rows in order of id."""
    used: defaultdict[int, int] = defaultdict(int)
    for decision in decisions:
        if decision.exception is not None:
            used[decision.exception.pk] += decision.quantity
    if not used:
        return
    ids = sorted(used)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH want AS (SELECT * FROM unnest(%s::bigint[], %s::bigint[]) AS w(id, quantity)),
            locked AS (SELECT e.id, want.quantity FROM priority_priorityexception e JOIN want USING (id) ORDER BY e.id FOR UPDATE OF e)
            UPDATE priority_priorityexception e SET used = e.used + locked.quantity FROM locked
            WHERE e.id = locked.id AND e.state = 'granted' AND e.quantity - e.used >= locked.quantity RETURNING e.id
            """,
            [ids, [used[i] for i in ids]],
        )
        gone = set(ids) - {row[0] for row in cursor.fetchall()}
    if gone:
        left = PriorityException.objects.in_bulk(gone)
        raise Refusals([_over(judged.question, left[i], "short") for i in sorted(gone)])


def _over(asked: Question, exception: PriorityException, otherwise: str = "") -> ExceptionOver:
    """The sentence that an exception does not hold any more, and why."""
    why = why_over(exception, date.fromisoformat(asked.gift.decided_on)) or otherwise
    return ExceptionOver(number=exception.number, title=asked.titles.get(exception.product_id, ""), why=WHY_OVER[why])


def _sentences(judged: Judged) -> list[HouseError]:
    """Each violation as a sentence, with the titles a buyer knows; equal sentences for several regions are said once."""
    titles = judged.question.titles
    told: dict[str, HouseError] = {}
    for (code, product), found in _grouped(judged).items():
        data: dict[str, object] = {"title": titles.get(product, ""), "blocked": 0, "substitutes": ""}
        for violation in found:
            data |= {key: value for key, value in violation.data.items() if key != "blocked"}
        data["blocked"] = sum(int(v.data.get("blocked", 0)) for v in found)
        data["substitutes"] = _named_substitutes(judged, [v.ref for v in found], titles)
        data["held"] = _held_back(judged, [v.ref for v in found])
        if code == "cap":
            data["elsewhere"] = _bought_elsewhere(judged)
        if code == "share":
            data["left"] = _left_by_closed_years(judged)
        error = RuleViolation(code, **in_words(data))
        told.setdefault(str(error), error)
        if code == "assistance_first" and product in judged.question.over:
            gone = _over(judged.question, judged.question.over[product])
            told.setdefault(str(gone), gone)
    return list(told.values())


def _grouped(judged: Judged) -> dict[tuple[str, int], list[rule.Violation]]:
    """Violations by code and product; those of the gift as a whole under product 0."""
    boxes = {asked.wanted.ref: asked.wanted.product_id for asked in judged.question.asked.values()}
    grouped: defaultdict[tuple[str, int], list[rule.Violation]] = defaultdict(list)
    for violation in judged.judgement.violations:
        asked = judged.question.asked.get(violation.ref)
        grouped[violation.code, asked.product_id if asked else boxes.get(violation.ref, 0)].append(violation)
    return grouped


def _named_substitutes(judged: Judged, refs: Iterable[str], titles: Mapping[int, str]) -> str:
    names: list[str] = []
    for ref in refs:
        if ref in judged.question.asked:
            names += [titles[int(s.product)] for s in judged.decision(ref).substitutes if s.quantity]
    return _(" (%(names)s)") % {"names": _(", ").join(dict.fromkeys(names))} if names else ""


def _bought_elsewhere(judged: Judged) -> str:
    """What of the gifts of the member nearest to the cap was bought elsewhere."""
    gift, elsewhere = judged.question.gift, judged.question.elsewhere
    counted = [
        had - min(fenced + gift.per_head_fenced_fen, gift.policy.ring_fence_fen) for had, fenced in gift.year_heads
    ]
    return bought_elsewhere(max(zip(counted, elsewhere, strict=False), default=(0, 0))[1])


def _left_by_closed_years(judged: Judged) -> str:
    """What of the ordinary goods only stands for what closed years left to be bought (see `as_ordinary`)."""
    left = judged.question.brought_forward
    return left_by_closed_years(left, as_ordinary(left, judged.question.policy.minimum_share_bp))


def _held_back(judged: Judged, refs: Iterable[str]) -> str:
    """The part of the substitutes that cannot be ordered, since the buyer's own subtree keeps it, and what to do about it."""
    units = sum(s.from_held for ref in refs if ref in judged.question.asked for s in judged.decision(ref).substitutes)
    told = _(
        " Of the substitutes your unions themselves hold %(units)s in orders that are not shipped yet, or gave them up lately: these "
        "count as on offer. Wait until they are shipped, or ask the union above for an exception."
    )
    return told % {"units": units} if units else ""
