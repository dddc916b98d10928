"""The union's year: its row lock orders whatever changes what clause 3 counts; whether it holds, and what is missing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.db import connection
from django.db.models import Exists
from django.utils import timezone

from marketplace.evidence.actions import record
from marketplace.organisations.models import Organisation
from procurement.policy.errors import NoPolicyInForce
from procurement.policy.models import Policy
from procurement.policy.queries import policy_of
from procurement.priority.errors import YearClosed
from procurement.priority.models import UnionYear
from procurement.priority.reserves import reserve
from procurement.priority.rule import WHOLE_BP

# Of each union the latest placement with ordinary goods that still count in the share; without one, the latest placement.
_DECIDED_UNDER = """
    SELECT DISTINCT ON (d.union_id) d.union_id, j.policy_id
    FROM priority_decision d JOIN priority_judgement j ON j.id = d.judgement_id
    WHERE d.gift_year = %(year)s AND d.union_id = ANY(%(unions)s)
    ORDER BY d.union_id, (
        d.outcome NOT IN ('assistance', 'uncovered') AND NOT d.waived
        AND d.quantity > coalesce((SELECT sum(r.quantity) FROM priority_release r WHERE r.decision_id = d.id), 0)
    ) DESC, d.judgement_id DESC
"""


def lock_year(union: Organisation, gift_year: int) -> UnionYear:
    """The union's year, locked until the transaction ends; begun when it is the first time. Within a scope that sees the union."""
    UnionYear.objects.bulk_create([UnionYear(union=union, gift_year=gift_year)], ignore_conflicts=True)
    later = UnionYear.objects.filter(union=union, gift_year__gt=gift_year, closed_at__isnull=False)
    rows = UnionYear.objects.select_for_update(of=("self",)).annotate(is_over=Exists(later))
    year: UnionYear = rows.get(union=union, gift_year=gift_year)
    return year


def open_year(union: Organisation, gift_year: int) -> UnionYear:
    """The union's year, locked, for whatever counts in it. Within a scope that sees the union. Raises YearClosed.

    In the database the statement trigger `in_open_year` insists on the same, on every table with a union and a gift year that has it.
    """
    year = lock_year(union, gift_year)
    if year.closed_at is not None or getattr(year, "is_over", False):
        raise YearClosed(year=gift_year, union=union.display_name)
    return year


def lock_booked(union: Organisation, gift_year: int) -> UnionYear:
    """The year in which what comes back of a year's gifts is booked, locked: itself, or the first one after it that is open."""
    year = lock_year(union, gift_year)
    while year.closed_at is not None:
        year = lock_year(union, year.gift_year + 1)
    return year


def excess(assistance: int, ordinary: int, reserve: int, share_bp: int) -> int:
    """By how much clause 3 fails, O − (1 − share) × (A + O + R), in ten-thousandths of a fen; it holds when that is not above 0.

    A may be below zero, when closed years left more to be bought than was bought; without a share nothing fails.
    """
    if not share_bp:
        return 0
    return ordinary * WHOLE_BP - (WHOLE_BP - share_bp) * (assistance + ordinary + reserve)


def left_to_buy(counted: int, ordinary: int, share_bp: int) -> int:
    """What a year leaves to be bought in the next: assistance goods (fen) for its ordinary ones, less those bought; R does not count.

    The same sum is in the database's `brought_into`. Where all has to be assistance goods it is as much as the ordinary ones came to.
    """
    needed = -(-ordinary * share_bp // (WHOLE_BP - share_bp)) if share_bp < WHOLE_BP else ordinary
    return max(0, needed - counted)


def as_ordinary(brought_forward: int, share_bp: int) -> int:
    """The ordinary goods (fen) that weigh in a year's share as much as what is brought forward to it: engines know no A below zero."""
    return -(-brought_forward * (WHOLE_BP - share_bp) // share_bp) if share_bp else 0


def to_make_good(assistance: int, ordinary: int, reserve: int, share_bp: int) -> int:
    """Assistance goods (fen) to buy, or to set money aside for, before clause 3 holds; 0 when it does.

    Where all has to be assistance goods nothing heals ordinary ones but giving them up: then what the ordinary ones came to.
    """
    over = excess(assistance, ordinary, reserve, share_bp)
    if over <= 0:
        return 0
    return -(-over // (WHOLE_BP - share_bp)) if share_bp < WHOLE_BP else ordinary


def is_made_good(year: UnionYear, share_bp: int) -> bool:
    """Whether nothing (more) has to be made good: the flag counts only while clause 3 fails, so it clears by itself."""
    if not year.make_good_due:
        return True
    return excess(year.counted, year.ordinary, reserve(year.union, year.gift_year), share_bp) <= 0


def share_in_force(union: Organisation) -> int:
    """The minimum share (basis points) that binds the union today; 0 where no policy is in force."""
    policy = policy_in_force(union)
    return policy.minimum_share_bp if policy else 0


def policy_in_force(union: Organisation) -> Policy | None:
    """The policy that binds the union today, None where none does."""
    try:
        return policy_of(union, timezone.localdate())
    except NoPolicyInForce:
        return None


def kept_last_year(year: UnionYear, policy: Policy | None) -> int:
    """Assistance goods (fen) below which ordinary ones may not stand this year: those of the year before, where the policy says so."""
    if policy is None or not policy.keep_last_year or not year.ordinary:
        return 0
    before = UnionYear.objects.filter(union=year.union, gift_year=year.gift_year - 1).values_list(
        "assistance", flat=True
    )
    return before.first() or 0


def decided_under(unions: Iterable[Organisation], gift_year: int) -> dict[int, Policy]:
    """The policy whose share binds each union's gift year, by the union's id; missing where nothing was decided. Two statements.

    A ratio that changes during the year applies to what is decided after it. Each placement was measured with everything before
    it, so the latest one with ordinary goods speaks for all of them; assistance goods bought later need no leave.
    """
    with connection.cursor() as cursor:
        cursor.execute(_DECIDED_UNDER, {"unions": [union.pk for union in unions], "year": gift_year})
        found = dict(cursor.fetchall())
    policies = Policy.objects.in_bulk(set(found.values()))
    return {union: policies[policy] for union, policy in found.items()}


def last_day(gift_year: int) -> date:
    """The day whose policy counts where nothing was decided in the year: its last one, or today while it has not come."""
    return min(date(gift_year, 12, 31), timezone.localdate())


def policy_of_year(union: Organisation, gift_year: int) -> Policy:
    """The policy by which the union's gift year is judged. Raises NoPolicyInForce."""
    return decided_under([union], gift_year).get(union.pk) or policy_of(union, last_day(gift_year))


def flag(year: UnionYear, due: bool) -> None:
    """Store whether something has to be made good, and record the change. Under the year's lock."""
    if year.make_good_due == due:
        return
    year.make_good_due = due
    year.save(update_fields=["make_good_due"])
    record(
        "year.make_good_due" if due else "year.made_good",
        {
            "union": year.union.code,
            "year": year.gift_year,
            "assistance": year.assistance,
            "ordinary": year.ordinary,
            "brought_forward": year.brought_forward,
        },
        subject=f"year:{year.union.code}:{year.gift_year}",
        union_id=year.union_id,
    )
