"""Who chose what: counted for the plan, listed for the buyer. Constant statements whatever the number of members."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Count

from procurement.programmes.models import Choice, Choosing, Option, Programme, Recipient

_PROFILES = """
    SELECT region, options, count(*) FROM (
        SELECT r.region, array_agg(coalesce(c.option_id, s.option) ORDER BY s.slot) AS options
        FROM programmes_recipient r
        CROSS JOIN (
            SELECT slot, id AS option FROM programmes_option WHERE programme_id = %(programme)s AND is_default
        ) s
        LEFT JOIN programmes_choice c ON c.recipient_id = r.id AND c.slot = s.slot
        WHERE r.programme_id = %(programme)s
        GROUP BY r.id
    ) chosen GROUP BY region, options ORDER BY region, options
"""


@dataclass(frozen=True)
class Profile:
    """So many members of one region who get the same options, one for each short list."""

    region: str
    options: frozenset[int]
    heads: int

    def gets(self, option: int, region: str) -> bool:
        """Whether these members get lines of that option (0: the same for all) in that region."""
        return region == self.region and (not option or option in self.options)


def profiles_of(programme: Programme) -> tuple[Profile, ...]:
    """Members by region and options, the default where they have not chosen. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(_PROFILES, {"programme": programme.pk})
        return tuple(Profile(region, frozenset(options), heads) for region, options, heads in cursor.fetchall())


def heads_by_option(profiles: Iterable[Profile]) -> dict[int, dict[str, int]]:
    """How many heads each option serves, by region."""
    heads: defaultdict[int, dict[str, int]] = defaultdict(dict)
    for profile in profiles:
        for option in profile.options:
            heads[option][profile.region] = heads[option].get(profile.region, 0) + profile.heads
    return dict(heads)


def is_settled(programme: Programme) -> bool:
    """Whether the choosing has been opened and closed, so that the quantities are known."""
    return Choosing.objects.filter(programme=programme, closed_at__isnull=False).exists()


def chosen_by_recipient(programme: Programme) -> dict[tuple[int, int], int]:
    """The option that each recipient chose, by (recipient, slot); who is missing gets the default."""
    rows = Choice.objects.filter(recipient__programme=programme)
    return {(recipient, slot): option for recipient, slot, option in rows.values_list("recipient", "slot", "option")}


def defaults_of(programme: Programme) -> dict[int, int]:
    """The default option of each part with a short list."""
    return dict(Option.objects.filter(programme=programme, is_default=True).values_list("slot", "id"))


@dataclass(frozen=True)
class DepartmentProgress:
    """How many of a department have chosen in every part."""

    department: str
    people: int
    chosen: int


def with_choices(programme: Programme) -> Any:
    """The programme's recipients, each with the number of their choices (`made`)."""
    return Recipient.objects.filter(programme=programme).annotate(made=Count("choices"))


def slots_to_choose(programme: Programme) -> int:
    """In how many parts each member chooses."""
    return Option.objects.filter(programme=programme, is_default=True).count()


def progress_by_department(programme: Programme) -> list[DepartmentProgress]:
    """Chosen and not yet, by department. Two statements."""
    needed = slots_to_choose(programme)
    people: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
    for department, made in with_choices(programme).values_list("department", "made"):
        people[department][0] += 1
        people[department][1] += made >= needed
    return [DepartmentProgress(name, *counts) for name, counts in sorted(people.items())]


@dataclass(frozen=True)
class CountedOption:
    """An option, how many members chose it, and how many get it because they did not choose: of the default only."""

    option: Option
    chosen: int
    by_default: int


def counted_options(programme: Programme) -> list[CountedOption]:
    """Every option with its product, how many chose it and how many get it all the same, by slot. Two statements."""
    rows = Option.objects.filter(programme=programme).select_related("product__commodity_class", "product__county")
    counted = list(rows.annotate(chosen=Count("choices")).order_by("slot", "id"))
    people = Recipient.objects.filter(programme=programme).count() if counted else 0
    chosen: defaultdict[int, int] = defaultdict(int)
    for row in counted:
        chosen[row.slot] += row.chosen
    return [CountedOption(row, row.chosen, people - chosen[row.slot] if row.is_default else 0) for row in counted]
