"""The union's year: its row lock orders whatever changes what clause 3 counts; whether it holds, and what is missing."""

from __future__ import annotations

from django.utils import timezone

from marketplace.evidence.actions import record
from marketplace.organisations.models import Organisation
from procurement.policy.errors import NoPolicyInForce
from procurement.policy.queries import in_force
from procurement.priority.models import UnionYear
from procurement.priority.reserves import reserve

WHOLE_BP = 10_000


def lock_year(union: Organisation, gift_year: int) -> UnionYear:
    """The union's year, locked until the transaction ends; opened when it is the first time. Within a scope that sees the union."""
    UnionYear.objects.bulk_create([UnionYear(union=union, gift_year=gift_year)], ignore_conflicts=True)
    year: UnionYear = UnionYear.objects.select_for_update().get(union=union, gift_year=gift_year)
    return year


def excess(assistance: int, ordinary: int, reserve: int, share_bp: int) -> int:
    """By how much clause 3 fails, O − (1 − share) × (A + O + R), in ten-thousandths of a fen; it holds when that is not above 0."""
    return ordinary * WHOLE_BP - (WHOLE_BP - share_bp) * (assistance + ordinary + reserve)


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
    return excess(year.assistance, year.ordinary, reserve(year.union, year.gift_year), share_bp) <= 0


def share_in_force(union: Organisation) -> int:
    """The minimum share (basis points) that binds the union today; 0 where no policy is in force."""
    try:
        return in_force(union.region, timezone.localdate()).minimum_share_bp
    except NoPolicyInForce:
        return 0


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
        },
        subject=f"year:{year.union.code}:{year.gift_year}",
        union_id=year.union_id,
    )
