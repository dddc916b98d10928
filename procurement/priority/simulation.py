"""What would have been decided under another policy: stored judgements' inputs, judged once more with that policy's rules.

Every judgement is taken as it was: its offers, its prices, and the year as it stood at that moment. What unions would have bought
instead, and how their year would have gone on from there, nobody knows, and nothing here guesses it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime, time
from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.functions import Length
from django.utils import timezone

from marketplace.organisations.models import Organisation, OrganisationKind
from procurement.policy import models as policies
from procurement.policy.models import EVERY_LEVEL
from procurement.priority import rule
from procurement.priority.gifts import policy_facts
from procurement.priority.models import Judgement
from procurement.priority.replay import read_input
from procurement.priority.years import excess


@dataclass(frozen=True)
class Reason:
    """A rule that the gift breaks under the one policy and not under the other: `new` under the simulated one. `lines` it is about;
    `figures` as the engine gave them where the rule is about the gift as a whole."""

    code: str
    new: bool
    lines: int = 0
    figures: dict[str, int | str] = field(default_factory=dict)


@dataclass(frozen=True)
class Otherwise:
    """A judgement beside what it would have been: its lines and fen, those of them decided otherwise, and why."""

    judgement: Judgement
    would_be_allowed: bool
    lines: int
    amount: int
    changed_lines: int
    changed_amount: int
    reasons: tuple[Reason, ...]

    @property
    def is_changed(self) -> bool:
        """Whether anything would have been decided otherwise."""
        return bool(self.changed_lines or self.reasons or self.would_be_allowed != self.judgement.allowed)


@dataclass
class Figures:
    """Sums over the judgements read: gifts, lines, fen; of them decided otherwise; and by rule [gifts newly against, no longer]."""

    gifts: int = 0
    lines: int = 0
    amount: int = 0
    refused: int = 0  # allowed then, refused under the policy
    refused_amount: int = 0
    allowed: int = 0  # refused then, allowed under the policy
    allowed_amount: int = 0
    otherwise: int = 0  # as allowed or refused as before, with lines decided otherwise or for other reasons
    changed_lines: int = 0
    changed_amount: int = 0
    older: int = 0  # judged by an engine that was not told all that the policy asks
    codes: dict[str, list[int]] = field(default_factory=dict)

    @property
    def changed(self) -> int:
        """Gifts that would have been decided otherwise in any way."""
        return self.refused + self.allowed + self.otherwise

    def add(self, found: Otherwise) -> None:
        """Count one judgement."""
        self.gifts += 1
        self.lines += found.lines
        self.amount += found.amount
        self.older += found.judgement.engine != rule.ENGINE_VERSION
        if not found.is_changed:
            return
        self.changed_lines += found.changed_lines
        self.changed_amount += found.changed_amount
        if found.would_be_allowed == found.judgement.allowed:
            self.otherwise += 1
        elif found.would_be_allowed:
            self.allowed += 1
            self.allowed_amount += found.amount
        else:
            self.refused += 1
            self.refused_amount += found.amount
        for reason in found.reasons:
            self.codes.setdefault(reason.code, [0, 0])[0 if reason.new else 1] += 1

    def as_dict(self) -> dict[str, Any]:
        """As it is stored."""
        return asdict(self)


def concerned(policy: policies.Policy, organisation: Organisation, since: date, until: date) -> QuerySet[Judgement]:
    """The judgements of the period, `until` excluded, that the policy would have decided, in the order in which they were made.

    Those are its region's and level's, unless a policy of a nearer region or of the level decided them: that one would still have.
    """
    begin, end = (timezone.make_aware(datetime.combine(day, time.min)) for day in (since, until))
    rows = Judgement.objects.filter(at__gte=begin, at__lt=end, union__region__startswith=policy.region)
    if organisation.kind != OrganisationKind.OPERATOR:
        rows = rows.filter(union__path__startswith=organisation.path)
    rows = rows.alias(decided_in=Length("policy__region")).filter(decided_in__lte=len(policy.region))
    if policy.level == EVERY_LEVEL:
        rows = rows.exclude(Q(decided_in=len(policy.region)) & ~Q(policy__level=EVERY_LEVEL))
    else:
        rows = rows.filter(union__level=policy.level)
    return rows.order_by("pk")


def decide_again(policy: policies.Policy, judgements: Iterable[Judgement]) -> Iterator[Otherwise]:
    """Each of these judgements beside what it would have been under the policy. Without the database."""
    facts = policy_facts(policy)
    for judgement in judgements:
        yield _compare(judgement, facts)


def _compare(judgement: Judgement, facts: rule.Policy) -> Otherwise:
    gift = read_input(judgement.engine, judgement.input.encode())
    then, now = json.loads(judgement.output), rule.judge(replace(gift, policy=facts, year=_year(gift, facts)))
    amounts = {line.ref: line.price_fen * line.quantity for line in gift.lines}
    before = {line["ref"]: (line["outcome"], line["allowed"]) for line in then["lines"]}
    changed = [line.ref for line in now.lines if before[line.ref] != (line.outcome, line.allowed)]
    if now.allowed != judgement.allowed:
        changed = list(amounts)
    said = [(violation["code"], violation["ref"], violation["data"]) for violation in then["violations"]]
    would = [(violation.code, violation.ref, dict(violation.data)) for violation in now.violations]
    return Otherwise(
        judgement=judgement,
        would_be_allowed=now.allowed,
        lines=len(amounts),
        amount=sum(amounts.values()),
        changed_lines=len(changed),
        changed_amount=sum(amounts[ref] for ref in changed),
        reasons=tuple(_reasons(said, would)),
    )


def _year(gift: rule.Gift, facts: rule.Policy) -> rule.Year:
    """What had to be made good then has to be only while the year fails under this policy too."""
    year = gift.year
    fails = excess(year.assistance_fen, year.ordinary_fen, year.reserve_fen, facts.minimum_share_bp) > 0
    return replace(year, make_good_due=year.make_good_due and fails)


_Said = tuple[str, str, dict[str, Any]]


def _reasons(said: Sequence[_Said], would: Sequence[_Said]) -> Iterator[Reason]:
    """What stands against the gift under one policy only, by rule."""
    before, after = {code for code, *_rest in said}, {code for code, *_rest in would}
    for code in sorted(before ^ after):
        new = code in after
        found = [(ref, data) for one, ref, data in (would if new else said) if one == code]
        figures = found[0][1] if not found[0][0] else {}
        yield Reason(code, new, sum(1 for ref, _data in found if ref), figures)
