"""The rule's machine has eyes: bugs are planted in the engine, in what feeds it, in the verbs and in the database, and it finds each.

Where the database would stop a bug at its own guard, the guard is taken away too (on a copy), so that it is the machine that finds it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, transaction
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.errors import Flaky
from hypothesis.stateful import run_state_machine_as_test

from marketplace.organisations.scopes import seen_by
from procurement.priority import actions, gifts, releases, rule
from procurement.priority.offers import OfferRow
from procurement.priority.rule import Gift
from procurement.priority.standing import Standing
from tests import house
from tests.property.rule_machine import RuleMachine
from tests.property.rule_stage import staged

Patch = pytest.MonkeyPatch

searching = settings(
    deadline=None,
    suppress_health_check=list(HealthCheck),
    database=None,
    report_multiple_bugs=False,
    phases=(Phase.generate,),
    max_examples=12,
    stateful_step_count=30,
)
SEEDS = range(1, 21)  # of so many stories each, one after the other
SECONDS = 120  # after which no further seed is tried


@dataclass(frozen=True)
class Bug:
    """What is done to the code, and to a copy of the database by its owner."""

    name: str
    code: Callable[[Patch], None] = lambda _patch: None
    statements: Sequence[str] = ()


def otherwise(change: Callable[[Gift], Gift]) -> Callable[[Patch], None]:
    """The engine judges another gift than the one that is stored."""

    def code(patch: Patch) -> None:
        strict = rule.judge
        patch.setattr(rule, "judge", lambda gift: strict(change(gift)))

    return code


def standing_otherwise(**changes: Callable[[Standing], Any]) -> Callable[[Patch], None]:
    """The engine is told another standing of the union than it has."""

    def code(patch: Patch) -> None:
        true = gifts.standing
        patch.setattr(
            gifts,
            "standing",
            lambda *facts: (now := true(*facts)) and replace(now, **{n: f(now) for n, f in changes.items()}),
        )

    return code


def nothing_over(module: Any) -> Callable[[Patch], None]:
    return lambda patch: patch.setattr(module, "excess", lambda *_figures: -1)


def without_share(gift: Gift) -> Gift:
    return replace(gift, policy=replace(gift.policy, minimum_share_bp=0))


def without_band(gift: Gift) -> Gift:
    return replace(gift, policy=replace(gift.policy, price_band_bp=0))


def one_producer(patch: Patch) -> None:
    whole = rule._Shelf.coverable
    patch.setattr(rule._Shelf, "coverable", lambda self, offers, bucket, _most: whole(self, offers, bucket, 1))


def counted_twice(patch: Patch) -> None:
    once = rule._Shelf.bought
    patch.setattr(rule._Shelf, "bought", lambda self, offers, bucket: 2 * once(self, offers, bucket))


def suspended_counts(patch: Patch) -> None:
    true = OfferRow.failings

    def failings(self: OfferRow, day: Any) -> Iterable[str]:
        return tuple(reason for reason in true(self, day) if not reason.startswith("accreditation_"))

    patch.setattr(OfferRow, "failings", failings)


NO_SHARE_AT_PLACEMENT = (
    "DROP TRIGGER year_holds ON priority_decision",
    "DROP TRIGGER within_share ON priority_decision",
)
BUGS = [
    Bug("of three producers only the largest counts", one_producer),
    Bug("what is bought beside it counts twice", counted_twice),
    Bug("the price band is forgotten", otherwise(without_band)),
    Bug("what the union itself holds is forgotten", standing_otherwise(held=lambda _now: {})),
    Bug("clause 3 is forgotten", otherwise(without_share), NO_SHARE_AT_PLACEMENT),
    Bug(
        "money set aside counts twice",
        standing_otherwise(reserve=lambda now: 2 * now.reserve),
        NO_SHARE_AT_PLACEMENT,
    ),
    Bug(
        "a suspended accreditation still counts",
        suspended_counts,
        ("DROP TRIGGER as_judged ON priority_decision", "DROP TRIGGER is_accredited ON priority_decision"),
    ),
    Bug(
        "assistance goods may be given up below the share",
        nothing_over(releases),
        ("DROP TRIGGER within_share ON priority_release",),
    ),
    Bug(
        "the assistance part may be given up",
        lambda patch: patch.setattr(releases, "_keep_the_part", lambda *_: None),
        ("DROP TRIGGER part_kept ON priority_release",),
    ),
    Bug("one producer's refusal silences all", lambda patch: patch.setattr(gifts, "_unless_refused", lambda *_: ())),
    Bug(
        "a producer's failure makes nothing due",
        lambda patch: patch.setattr(releases, "flag", lambda *_facts, **_more: None),
        ("DROP TRIGGER within_share ON priority_release",),
    ),
    Bug(
        "what ordinary goods rest on may be released",
        nothing_over(actions),
        ("DROP TRIGGER within_share ON ledger_leg",),
    ),
    Bug("the year does not follow releases", statements=("DROP TRIGGER follows_year ON priority_release",)),
    Bug(
        "the year counts half of the ordinary goods",
        statements=(
            "ALTER TABLE priority_unionyear DISABLE TRIGGER follows_alone",
            "CREATE FUNCTION halved() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " NEW.ordinary := OLD.ordinary + (NEW.ordinary - OLD.ordinary) / 2; RETURN NEW; END $$",
            "CREATE TRIGGER halved BEFORE UPDATE ON priority_unionyear FOR EACH ROW EXECUTE FUNCTION halved()",
        ),
    ),
]


@pytest.mark.long
@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_it_is_found(fresh_world: house.Database, monkeypatch: Patch, bug: Bug) -> None:
    with psycopg.connect(fresh_world.owner_url, autocommit=True) as owner:
        for statement in bug.statements:
            owner.execute(statement)
    with seen_by(None), transaction.atomic():
        RuleMachine.stage, RuleMachine.steps = staged(), 0
        bug.code(monkeypatch)
        begun = monotonic()
        tried, told = search(begun + SECONDS)
        transaction.set_rollback(True)
    figures = f"seeds {tried}, {RuleMachine.steps} steps, {monotonic() - begun:.0f} s"
    print(f"{bug.name}: {told or 'NOT FOUND'} ({figures})")
    assert told, figures


def search(until: float) -> tuple[list[int], str]:
    """Tell stories, seed by seed, until one fails or time is up: the seeds that it took, and how it failed."""
    tried: list[int] = []
    for number in SEEDS:
        if monotonic() > until:
            break
        tried.append(number)
        try:
            run_state_machine_as_test(seed(number)(RuleMachine), settings=searching)
        except (AssertionError, DatabaseError, Flaky, ExceptionGroup) as found:
            return tried, str(found) or repr(found)
    return tried, ""
