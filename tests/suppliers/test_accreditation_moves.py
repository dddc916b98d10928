"""Every verb at every state of an accreditation, those refused included; the database allows the same moves and no others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from marketplace.evidence.models import Entry
from marketplace.organisations.errors import NotAllowed
from marketplace.organisations.models import User
from marketplace.organisations.scopes import seen_by
from suppliers.accreditation import actions
from suppliers.accreditation.applying import keep_draft, send
from suppliers.accreditation.errors import WrongState
from suppliers.accreditation.models import ACCREDITATION_MOVES, Accreditation, AccreditationState, Mechanism
from tests.suppliers.small_world import TODAY, Place, place, product

YEAR_ON = TODAY + timedelta(days=365)
WHY = "The orchard is in another county."

VERBS: dict[str, Callable[[User, Accreditation], None]] = {
    "send": send,
    "review_town": actions.review_town,
    "review_sector": actions.review_sector,
    "decide_county": actions.decide_county,
    "publish": lambda actor, one: actions.publish(actor, one, notice_days=0),
    "make_valid": lambda actor, one: actions.make_valid(actor, one, TODAY, YEAR_ON),
    "refuse": lambda actor, one: actions.refuse(actor, one, WHY),
    "suspend": lambda actor, one: actions.suspend(actor, one, WHY),
    "reinstate": lambda actor, one: actions.reinstate(actor, one, WHY),
    "revoke": lambda actor, one: actions.revoke(actor, one, WHY),
}
# State → verb → who may, and where it leads. What is not named here is refused.
TABLE: dict[str, dict[str, tuple[str, str]]] = {
    "draft": {"send": ("grower", "applied")},
    "applied": {"review_town": ("town", "town_review"), "refuse": ("town", "refused")},
    "town_review": {"review_sector": ("sector", "sector_review"), "refuse": ("sector", "refused")},
    "sector_review": {"decide_county": ("decider", "county_decision"), "refuse": ("decider", "refused")},
    "county_decision": {"publish": ("decider", "public_notice"), "refuse": ("decider", "refused")},
    "public_notice": {"make_valid": ("decider", "valid"), "refuse": ("decider", "refused")},
    "valid": {"suspend": ("decider", "suspended"), "revoke": ("decider", "revoked")},
    "suspended": {"reinstate": ("decider", "valid"), "revoke": ("decider", "revoked")},
    "refused": {},
    "revoked": {},
}
PEOPLE = ("grower", "town", "sector", "decider")
# Who carries out a verb where it has no place: somebody who may somewhere.
USUALLY = {verb: who for verbs in TABLE.values() for verb, (who, _state) in verbs.items()}
_WAY = ("send", "review_town", "review_sector", "decide_county", "publish", "make_valid")
PATHS = {
    **{TABLE[state][verb][1]: _WAY[: at + 1] for at, (state, verb) in enumerate(zip(TABLE, _WAY, strict=False))},
    "draft": (),
    "suspended": (*_WAY, "suspend"),
    "refused": ("send", "refuse"),
    "revoked": (*_WAY, "revoke"),
}


@pytest.fixture
def where(db: None) -> Iterator[Place]:
    with seen_by(None):
        yield place()


def brought_to(where: Place, state: str) -> Accreditation:
    one, _faults = keep_draft(where.grower, where.producer, product(where), Mechanism.ORDER_PURCHASE, 6)
    for verb in PATHS[state]:
        VERBS[verb](getattr(where, TABLE[one.state][verb][0]), one)
    assert one.state == state
    return one


def undone(call: Callable[[], None]) -> Exception | None:
    """What the call raised; whatever it did is taken back."""
    try:
        with transaction.atomic():
            call()
            transaction.set_rollback(True)
    except Exception as error:  # what was raised is the answer
        return error
    return None


def test_the_table_names_every_state_and_verb_and_what_is_declared() -> None:
    assert set(TABLE) == set(PATHS) == set(AccreditationState.values)
    assert {verb for verbs in TABLE.values() for verb in verbs} == set(VERBS)
    moves = {state: {to for _who, to in verbs.values()} for state, verbs in TABLE.items() if verbs}
    assert moves == {state: set(to) for state, to in ACCREDITATION_MOVES.items()}


@pytest.mark.parametrize("state", TABLE)
def test_each_verb_leads_where_the_table_says_or_is_refused(where: Place, state: str) -> None:
    one = brought_to(where, state)
    entries = Entry.objects.count()
    came: dict[str, object] = {}

    def carried_out(verb: str, who: str) -> None:
        fresh = Accreditation.objects.get(pk=one.pk)
        VERBS[verb](getattr(where, who), fresh)
        came[verb] = fresh.state
        assert Entry.objects.latest("id").kind == f"accreditation.{fresh.state}"

    for verb in VERBS:
        who = TABLE[state].get(verb, (USUALLY[verb], ""))[0]
        error = undone(lambda verb=verb, who=who: carried_out(verb, who))  # type: ignore[misc]
        if error is not None:
            came[verb] = type(error)
    allowed: Mapping[str, tuple[str, str]] = TABLE[state]
    assert came == {verb: allowed[verb][1] if verb in allowed else WrongState for verb in VERBS}
    one.refresh_from_db()
    assert (one.state, Entry.objects.count()) == (state, entries)


@pytest.mark.parametrize("state", [state for state, verbs in TABLE.items() if verbs])
def test_nobody_but_the_one_named_carries_it_out(where: Place, state: str) -> None:
    one, elsewhere = brought_to(where, state), place("610827")
    for verb, (named, _to) in TABLE[state].items():
        for who in PEOPLE:
            others = [getattr(elsewhere, who)] + ([getattr(where, who)] if who != named else [])
            for actor in others:
                error = undone(lambda verb=verb, actor=actor: VERBS[verb](actor, one))  # type: ignore[misc]
                assert isinstance(error, NotAllowed), (verb, who)
    one.refresh_from_db()
    assert one.state == state


def moved(one: Accreditation, to: str) -> bool:
    """Whether the database takes it for a declared move; what else it asks for is asked elsewhere."""
    error = undone(lambda: Accreditation.objects.filter(pk=one.pk).update(state=to) and None)
    assert error is None or isinstance(error, IntegrityError)
    return "no declared transition" not in str(error)


@pytest.mark.parametrize("state", TABLE)
def test_raw_updates_go_the_declared_ways_only(where: Place, state: str) -> None:
    one = brought_to(where, state)
    taken = {to for to in AccreditationState.values if to != state and moved(one, to)}
    assert taken == set(ACCREDITATION_MOVES.get(state, ()))
