"""Policies: drafted by one operator, approved by another, in force from a day on, never changed."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone

from marketplace.demo import cast
from marketplace.evidence.models import Entry
from marketplace.organisations.errors import NotAllowed, Refusals
from marketplace.organisations.models import Organisation, User
from procurement.policy.actions import approve
from procurement.policy.drafts import discard, draft
from procurement.policy.errors import AlreadyApproved, ApproverDrafted, PolicyOverlaps
from procurement.policy.models import Policy
from procurement.policy.queries import in_force, may_grant, needs_second, policies_of, policy_of
from tests.policies import wish


def someone(name: str) -> User:
    return User.objects.get(username=name)


def later(days: int) -> date:
    return timezone.localdate() + timedelta(days=days)


def approved(**changes: Any) -> Policy:
    return approve(someone("operator.second"), draft(someone("operator"), wish(**changes)))


def test_the_next_policy_ends_the_one_before_where_it_begins(world: None) -> None:
    policy = approved()
    assert in_force("6101", later(9)).version == "SN-2020-05"
    assert in_force("6101", later(10)) == policy
    assert Policy.objects.get(version="SN-2020-05").period == DateRange(date(2020, 5, 1), later(10))
    assert [e.kind for e in Entry.objects.filter(subject="policy:SN-X").order_by("id")] == [
        "policy.drafted", "policy.approved"
    ]  # fmt: skip


def test_one_that_begins_before_the_next_lasts_until_then(world: None) -> None:
    approved(version="B", begins=later(100))
    assert approved(version="A", begins=later(10)).period == DateRange(later(10), later(100))
    assert in_force("61", later(99)).version == "A"
    assert in_force("61", later(100)).version == "B"


@pytest.mark.parametrize(
    ("region", "level", "version"),
    [
        ("6101", 4, "CITY-BASE"),  # the nearest region, then the union's own level
        ("6101", 3, "CITY-ALL"),
        ("610104", 4, "CITY-BASE"),
        ("6108", 4, "PROVINCE-BASE"),
        ("6108", 3, "SN-2020-05"),
        ("6101", None, "CITY-ALL"),  # nobody's level: what holds for all
    ],
)
def test_the_nearest_region_counts_then_the_unions_own_level(
    world: None, region: str, level: int | None, version: str
) -> None:
    approved(version="CITY-ALL", region="6101")
    approved(version="CITY-BASE", region="6101", level=4)
    approved(version="PROVINCE-BASE", level=4)
    assert in_force(region, later(10), level).version == version


def test_each_union_is_bound_by_its_own_policy_read_in_one_statement(
    world: None, django_assert_num_queries: Any
) -> None:
    approved(version="BASE", level=4)
    unions = list(Organisation.objects.filter(kind="union").order_by("path"))
    with django_assert_num_queries(1):
        found = policies_of(unions, later(10))
    assert {union.level: found[union.pk].version for union in unions} == {
        1: "SN-2020-05", 2: "SN-2020-05", 3: "SN-2020-05", 4: "BASE",
    }  # fmt: skip
    assert [found[union.pk] for union in unions] == [policy_of(union, later(10)) for union in unions]


def test_policies_of_different_levels_stand_side_by_side_and_those_of_one_level_do_not(world: None) -> None:
    approved(version="A")
    rival = draft(someone("operator"), wish(version="B-4", level=4))
    approved(version="A-4", level=4)
    with pytest.raises(PolicyOverlaps):
        approve(someone("operator.second"), rival)
    base = Policy.objects.get(version="A-4")
    with pytest.raises(IntegrityError), transaction.atomic():
        Policy.objects.create(
            **{field.name: getattr(base, field.name) for field in Policy._meta.concrete_fields}
            | {"id": None, "version": "C-4"}
        )


def test_the_log_keeps_all_that_a_policy_says_when_drafted_and_when_approved(world: None) -> None:
    policy = approved(cap=220_000, ring_fence=60_000, keep_last_year=True, uncovered_purposes=["hardship"])
    drafted, agreed = Entry.objects.filter(subject="policy:SN-X").order_by("id")
    assert drafted.body == agreed.body == policy.rules()
    assert {name: agreed.body[name] for name in ("ring_fence", "keep_last_year", "uncovered_purposes", "from")} == {
        "ring_fence": 60_000, "keep_last_year": True, "uncovered_purposes": ["hardship"], "from": later(10).isoformat(),
    }  # fmt: skip
    assert not {"drafted_by", "approved_by", "drafted_by_id"} & set(agreed.body)


@pytest.mark.parametrize(
    ("value", "level", "second"),
    [(0, 3, False), (500_000, 3, False), (500_001, 2, False), (3_000_000, 2, True), (3_000_001, 1, True)],
)
def test_who_may_grant_an_exception_follows_from_what_the_goods_are_worth(
    world: None, value: int, level: int, second: bool
) -> None:
    grants = [{"level": 3, "up_to": 500_000}, {"level": 2, "up_to": 3_000_000}, {"level": 1, "up_to": 0}]
    policy = draft(someone("operator"), wish(exception_grants=grants, exception_second_from=1_000_000))
    assert (may_grant(policy, value), needs_second(policy, value)) == (level, second)
    assert (may_grant(Policy.objects.get(version="SN-2020-05"), value), policy.exception_days) == (3, 5)


@pytest.mark.parametrize(
    "grants",
    [
        [],
        [{"level": 3, "up_to": 500_000}],  # nobody for more
        [{"level": 4, "up_to": 0}],  # a grassroots union has nobody below
        [{"level": 2, "up_to": 100}, {"level": 3, "up_to": 0}],
        [{"level": 3, "up_to": 0}, {"level": 2, "up_to": 0}],
        [{"level": 3, "up_to": 500}, {"level": 2, "up_to": 400}, {"level": 1, "up_to": 0}],
    ],
)
def test_exceptions_of_every_worth_have_somebody_who_grants_them(world: None, grants: list[dict[str, int]]) -> None:
    with pytest.raises(Refusals) as caught:
        draft(someone("operator"), wish(exception_grants=grants))
    assert [fault.code for fault in caught.value.refusals] == ["grants_unordered"]


def test_a_level_outside_the_tree_and_gifts_left_uncovered_are_refused(world: None) -> None:
    with pytest.raises(Refusals) as caught:
        draft(someone("operator"), wish(level=5, uncovered_purposes=["gifts"], exception_days=0, acceptance_days=7))
    assert [fault.code for fault in caught.value.refusals] == ["level_unfit", "purpose_unfit", "days_unfit"]


def test_whoever_drafted_does_not_approve(world: None) -> None:
    policy = draft(someone("operator"), wish())
    with pytest.raises(ApproverDrafted):
        approve(someone("operator"), policy)
    policy.refresh_from_db()
    assert policy.approved_by is None


def test_approving_again_does_nothing(world: None) -> None:
    policy = approved()
    assert approve(someone("operator.second"), policy).approved_by == someone("operator.second")
    assert approve(someone("operator"), policy).approved_by == someone("operator.second")
    assert Entry.objects.filter(kind="policy.approved", subject="policy:SN-X").count() == 1


def test_two_rules_do_not_begin_on_one_day(world: None) -> None:
    second = draft(someone("operator"), wish(version="B"))
    approved(version="A")
    with pytest.raises(PolicyOverlaps):
        approve(someone("operator.second"), second)
    with pytest.raises(Refusals) as caught:  # once one is approved, the next draft is told at once
        draft(someone("operator"), wish(version="C"))
    assert [fault.code for fault in caught.value.refusals] == ["policy_overlaps"]
    draft(someone("operator"), wish(version="C", level=3))


def test_what_is_against_an_approval_is_said_at_once(world: None) -> None:
    second = draft(someone("operator"), wish(version="B"))
    approved(version="A")
    with pytest.raises(Refusals) as caught:
        approve(someone("operator"), second)
    assert [fault.code for fault in caught.value.refusals] == ["approver_drafted", "policy_overlaps"]


def test_what_is_wrong_with_a_draft_is_said_at_once(world: None) -> None:
    bad = wish(
        version="SN-2020-05",
        region="6",
        begins=later(-1),
        source=" ",
        minimum_share_bp=10_001,
        cap=100,
        floor=200,
        occasions=[],
        approval_steps=[{"from": 100, "quotations": 0, "people": 1}],
    )
    with pytest.raises(Refusals) as caught:
        draft(someone("operator"), bad)
    assert [fault.code for fault in caught.value.refusals] == [
        "version_taken", "region_unfit", "policy_in_the_past", "source_missing", "ratio_unfit", "floor_above_cap", "no_occasion",
        "steps_unordered",
    ]  # fmt: skip
    assert Policy.objects.count() == 2


@pytest.mark.parametrize(
    "steps",
    [
        [],
        [{"from": 0, "quotations": 0, "people": 0}],
        [{"from": 0, "quotations": 0, "people": 1}, {"from": 0, "quotations": 3, "people": 3}],
    ],
)
def test_steps_of_procurement_leave_no_amount_without_a_rule(world: None, steps: list[dict[str, int]]) -> None:
    with pytest.raises(Refusals) as caught:
        draft(someone("operator"), wish(approval_steps=steps))
    assert [fault.code for fault in caught.value.refusals] == ["steps_unordered"]


def test_only_operators_make_rules(world: None) -> None:
    with pytest.raises(NotAllowed):
        draft(someone(cast.UNION_OFFICER), wish())
    policy = draft(someone("operator"), wish())
    with pytest.raises(NotAllowed):
        approve(someone(cast.AUDITOR), policy)
    with pytest.raises(NotAllowed):
        discard(someone(cast.AUDITOR), policy)


def test_a_draft_can_be_thrown_away_and_an_approved_one_cannot(world: None) -> None:
    discard(someone("operator.second"), draft(someone("operator"), wish(version="A")))
    assert not Policy.objects.filter(version="A").exists()
    policy = approved(version="B")
    with pytest.raises(AlreadyApproved):
        discard(someone("operator"), policy)
    with pytest.raises(IntegrityError), transaction.atomic():
        Policy.objects.filter(pk=policy.pk).update(minimum_share_bp=0)
