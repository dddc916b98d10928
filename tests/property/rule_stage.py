"""Who plays before the rule's machine, and the plans that are approved already when a story begins.

A small world at the edge of the rule. Two kinds of ordinary goods: honey, of which three producers offer accredited jars within the
price band, few at a time; and mooncakes, which have no equivalent. A union, one below it, and a friend of theirs elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

from django.utils import timezone

from marketplace.demo import cast
from marketplace.organisations.models import Organisation, User
from procurement.programmes.models import Programme
from tests.honey import HONEYS, PLAIN
from tests.world import DATES, FUNGUS, MOONCAKES, YUYANG, Goods, Side, approved, side

BELOW = "U-XA-YT-01"
MOONCAKE_FEN = 10_800
JAR_GRAMS = 500
SHARE_BP, HOLD_DAYS, MOST_PRODUCERS = 5_000, 30, 3
NEED_IN_DAYS = 55  # beyond the days that a story may last, and near enough to count in this year even at its end


@dataclass(frozen=True)
class Waiting:
    """A plan that is approved: placing it is a step, and a step taken back lets it wait again."""

    plan: Programme
    goods: tuple[str, ...]
    heads: int


@dataclass
class Stage:
    giver: Side
    below: Side
    friend: Side
    officer: User
    operator: User
    need: date
    plans: list[Waiting] = field(default_factory=list)

    @property
    def sides(self) -> tuple[Side, Side, Side]:
        return self.giver, self.below, self.friend

    def side_of(self, union: Organisation) -> Side:
        return next(s for s in self.sides if s.union == union)


def plan(giver: Side, goods: Goods, heads: int, name: str, need: date) -> Waiting:
    """A plan for members of its own, approved."""
    year = giver.general.gift_year
    made = approved(giver, goods, heads, title=name, prefix=f"{name}-", need_date=need, gift_year=year)
    return Waiting(made, tuple(w if isinstance(w, str) else w[0] for w in goods), heads)


def staged() -> Stage:
    """Each kind of goods alone and beside others; each honey jar is a gift of its own."""
    officer, operator = (User.objects.get(username=name) for name in (cast.UNION_OFFICER, "operator"))
    need = timezone.localdate() + timedelta(days=NEED_IN_DAYS)
    stage = Stage(side(), side(BELOW), side(YUYANG), officer, operator, need)
    fenced = (FUNGUS, {"purse": stage.giver.reserve, "per_head": 2})
    wanted: list[tuple[Side, Goods, int]] = [
        *[(stage.giver, [PLAIN], heads) for heads in (1, 3, 3, 6)],
        *[(stage.giver, [honey], heads) for honey in HONEYS for heads in (3, 6)],
        *[(stage.giver, [honey, PLAIN], 3) for honey in HONEYS],
        (stage.giver, [*HONEYS, PLAIN], 3),
        *[(stage.giver, [MOONCAKES], heads) for heads in (1, 1, 7)],
        *[(stage.giver, [DATES], 4) for _twice in range(2)],
        (stage.giver, [(DATES, {"per_head": 3}), MOONCAKES], 5),
        (stage.giver, [fenced], 3),
        (stage.giver, [fenced, MOONCAKES], 2),
        *[(stage.below, [honey], heads) for honey in HONEYS for heads in (3, 6)],
        (stage.below, [PLAIN], 3),
        *[(stage.friend, [honey], 6) for honey in HONEYS],
    ]
    for number, (giver, goods, heads) in enumerate(wanted):
        stage.plans.append(plan(giver, goods, heads, f"G{number:02d}", need))
    return stage
