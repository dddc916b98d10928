"""A state machine over a real database and the real verbs: whatever unions do, they buy no more ordinary goods than the policy allows.

A small world at the edge of the rule. Two kinds of ordinary goods: honey, of which three producers offer accredited jars within the
price band, few at a time; and mooncakes, which have no equivalent. A union with a union below it and a friend elsewhere order,
cancel, let ship, refuse and return; producers give up; money is set aside and released; the shelf is filled and emptied, prices
move, accreditations are suspended, classes change, days pass.

What holds is told by an oracle that knows nothing of the engine, of its SQL, or of the year's row: it reads the rows that were
written, and the shelf as it stood before each placement.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta

from django.db import connection, transaction
from django.utils import timezone
from hypothesis import event
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from marketplace.demo import cast
from marketplace.demo.clock import Clock, simulated
from marketplace.fulfilment.actions import accept, confirm, ship
from marketplace.fulfilment.losses import Report, cancel, give_back, give_up
from marketplace.fulfilment.models import REASONS, Parcel, SupplierOrder
from marketplace.ledger.actions import fund, set_aside
from marketplace.organisations.errors import HouseError
from marketplace.organisations.models import Organisation, User
from marketplace.shop.catalogue.models import CommodityClass
from marketplace.shop.determinations import Marks, classify
from marketplace.shop.order.models import Order
from marketplace.shop.partner.models import StockRecord
from marketplace.steps.actions import run_all_due
from procurement.priority.actions import release_reserve
from procurement.priority.models import Decision
from procurement.programmes.models import Programme
from procurement.programmes.placement import place
from suppliers.accreditation.actions import reinstate, suspend
from suppliers.accreditation.models import Accreditation
from tests.world import (
    DATES,
    FUNGUS,
    MOONCAKES,
    YUYANG,
    Goods,
    Side,
    approved,
    leave_in_stock,
    let_constraints_speak,
    product,
    seller_of,
    side,
)

PLAIN = cast.PARTIAL_FIRST  # ordinary honey, 40.00 delivered
HONEYS = ("LG-HONEY-500", "LB-HONEY-500", "LY-HONEY-500")  # 40.50, 41.00, 41.80; the price band of 10 % ends at 44.00
BELOW = "U-XA-YT-01"
SHARE_BP, HOLD_DAYS, MOST_PRODUCERS = 5_000, 30, 3
UNSHIPPED = ("placed", "assigned")
PRICES = st.sampled_from(("39.00", "39.00", "39.00", "30.00", "42.90", "43.10"))
LEFT = st.sampled_from((0, 0, 3, 6, 7))  # jars on the shelf: none, or just what the plans below buy


@dataclass
class Stage:
    """Who plays, and plans that are approved and wait: placing one is a step, and a step taken back lets it wait again."""

    giver: Side
    below: Side
    friend: Side
    officer: User
    operator: User
    plans: list[Programme] = field(default_factory=list)
    of_dates: list[int] = field(default_factory=list)  # those that buy dates alone
    of_cakes: list[int] = field(default_factory=list)  # those that buy mooncakes
    of_both: list[int] = field(default_factory=list)  # those that buy ordinary honey beside assistance honey
    of_plain: list[int] = field(default_factory=list)  # those that buy ordinary honey alone
    of_jar: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list))  # by assistance honey
    of_honey: list[int] = field(default_factory=list)  # places of those plans that buy honey of whatever kind

    def side_of(self, union: Organisation) -> Side:
        return next(s for s in (self.giver, self.below, self.friend) if s.union == union)


def staged() -> Stage:
    """The plans: each kind of goods alone and beside others, for few and for many heads; each honey jar is a gift of its own."""
    stage = Stage(
        side(),
        side(BELOW),
        side(YUYANG),
        User.objects.get(username=cast.UNION_OFFICER),
        User.objects.get(username="operator"),
    )
    fenced = (FUNGUS, {"purse": stage.giver.reserve, "per_head": 2})
    wanted: list[tuple[Side, Goods, int]] = [
        *[(stage.giver, [PLAIN], heads) for heads in (1, 2, 3, 6)],
        *[(stage.giver, [MOONCAKES], heads) for heads in (1, 3, 7, 12)],
        *[(stage.giver, [honey], heads) for honey in HONEYS for heads in (3, 6)],
        *[(stage.giver, [honey, PLAIN], heads) for honey in HONEYS for heads in (3, 6)],
        (stage.giver, [*HONEYS, PLAIN], 3),
        (stage.giver, [DATES], 4),
        (stage.giver, [(DATES, {"per_head": 3}), MOONCAKES], 5),
        (stage.giver, [fenced], 3),
        (stage.giver, [fenced, MOONCAKES], 2),
        *[(stage.below, [honey], 3) for honey in HONEYS],
        (stage.below, [PLAIN], 3),
        *[(stage.friend, [honey], 3) for honey in HONEYS],
    ]
    need = timezone.localdate() + timedelta(days=300)
    for number, (giver, goods, heads) in enumerate(wanted):
        options = {"title": f"方案{number}", "prefix": f"G{number:02d}-", "need_date": need}
        stage.plans.append(approved(giver, goods, heads, **options))
        if {PLAIN, *HONEYS} & {article for article in goods if isinstance(article, str)}:
            stage.of_honey.append(number)
        for jar in HONEYS:
            if jar in goods:
                stage.of_jar[jar].append(number)
        if goods == [DATES]:
            stage.of_dates.append(number)
        if goods == [PLAIN]:
            stage.of_plain.append(number)
        if MOONCAKES in goods:
            stage.of_cakes.append(number)
        if PLAIN in goods and len(goods) > 1:
            stage.of_both.append(number)
    return stage


@dataclass(frozen=True)
class Shelf:
    """What three producers could supply to a union before a placement, jar by jar, as a person would count it."""

    on_offer: dict[
        str, int
    ]  # jars that count as on offer, by sku, of what is accredited, of the class and within the band

    @property
    def most(self) -> int:
        """Q: the most that so many producers can supply together; each jar here is of another producer."""
        return sum(sorted(self.on_offer.values(), reverse=True)[:MOST_PRODUCERS])


# Each accredited honey of the class that ordinary honey is in now, within the band above the highest price that this had in ninety
# days (nobody makes it cheap for a day to shrink the band): jars that can be promised; those that the union or one below it has
# ordered and not had shipped; and those that they gave up lately.
_SHELF = """
    SELECT sr.partner_sku, s.in_stock - s.allocated,
        coalesce(sum(pl.quantity) FILTER (WHERE p.state IN ('placed', 'assigned', 'uncalled')), 0),
        coalesce(sum(pl.quantity) FILTER (WHERE p.state = 'cancelled' AND l.by = 'union'
            AND (l.at AT TIME ZONE 'Asia/Shanghai')::date > %(today)s - %(days)s), 0)
    FROM partner_stockrecord wanted
    JOIN catalogue_product plain ON plain.id = wanted.product_id
    JOIN catalogue_product honey ON honey.commodity_class_id = plain.commodity_class_id AND honey.upc = ANY(%(honeys)s)
    JOIN partner_stockrecord sr ON sr.product_id = honey.id
    JOIN stock_stock s ON s.id = sr.stock_id
    LEFT JOIN order_line line ON line.stockrecord_id = sr.id
        AND line.order_id IN (SELECT o.id FROM order_order o JOIN organisations_organisation u ON u.id = o.union_id
            WHERE starts_with(u.path, %(path)s))
    LEFT JOIN fulfilment_parcelline pl ON pl.line_id = line.id
    LEFT JOIN fulfilment_parcel p ON p.id = pl.parcel_id
    LEFT JOIN fulfilment_loss l ON l.id = p.loss_id
    WHERE wanted.partner_sku = %(plain)s
        AND EXISTS (SELECT FROM accreditation_accreditation a WHERE a.product_id = honey.id AND a.state = 'valid')
        AND (sr.price * 100 + 100) * 100 <= 110 * greatest(wanted.price * 100 + 100,
            (SELECT max(price) FROM partner_pricerecord WHERE stockrecord_id = wanted.id))
    GROUP BY 1, 2
"""


def shelf(union: Organisation) -> Shelf:
    facts = {
        "plain": PLAIN,
        "honeys": list(HONEYS),
        "path": union.path,
        "today": timezone.localdate(),
        "days": HOLD_DAYS,
    }
    with connection.cursor() as cursor:
        cursor.execute(_SHELF, facts)
        rows = cursor.fetchall()
    return Shelf({sku: int(free + waiting + max(0, lately - free)) for sku, free, waiting, lately in rows})


# What each union's decisions still count, each less what was released of it; what its assistance-only purses hold by their legs; and
# beside it what the year's row says.
_YEARS = """
    WITH live AS (
        SELECT d.union_id, d.outcome, d.waived, d.quantity, coalesce(sum(r.quantity), 0) AS gone, d.unit_price::bigint AS price
        FROM priority_decision d LEFT JOIN priority_release r ON r.decision_id = d.id
        WHERE d.gift_year = %(year)s AND d.union_id = ANY(%(unions)s) GROUP BY d.id
    )
    SELECT u.id, coalesce(y.assistance, 0), coalesce(y.ordinary, 0), coalesce(y.make_good_due, false),
        (SELECT coalesce(sum((quantity - gone) * price), 0) FROM live WHERE union_id = u.id AND outcome = 'assistance'),
        (SELECT coalesce(sum((quantity - gone) * price), 0) FROM live
            WHERE union_id = u.id AND outcome <> 'assistance' AND NOT waived),
        (SELECT coalesce(sum(l.amount), 0) FROM ledger_leg l JOIN ledger_purse p ON p.account_id = l.account_id
            WHERE p.union_id = u.id AND p.gift_year = %(year)s AND p.kind = 'ring_fenced'),
        (SELECT count(*) FROM live WHERE union_id = u.id AND gone NOT BETWEEN 0 AND quantity)
    FROM organisations_organisation u
    LEFT JOIN priority_unionyear y ON y.union_id = u.id AND y.gift_year = %(year)s
    WHERE u.id = ANY(%(unions)s)
"""


# By order: what a union gave up of it for reasons of its own, and how many ordinary units rest on an assistance part and are kept.
_GIVEN_UP = """
    SELECT o.order_id, array_agg(DISTINCT p.upc),
        (SELECT coalesce(sum(d.quantity - coalesce((SELECT sum(quantity) FROM priority_release WHERE decision_id = d.id), 0)), 0)
            FROM priority_decision d WHERE d.order_id = o.order_id AND d.outcome = 'partial')
    FROM fulfilment_loss l
    JOIN fulfilment_supplierorder o ON o.id = l.supplier_order_id
    JOIN priority_release r ON r.loss_id = l.id
    JOIN priority_decision gone ON gone.id = r.decision_id
    JOIN catalogue_product p ON p.id = gone.product_id
    WHERE l.by = 'union' AND l.reason = 'not_needed' AND o.order_id = ANY(%s) GROUP BY o.order_id
"""


@dataclass(frozen=True)
class Counted:
    """A union's year: as its row says, and as its decisions, releases and legs come to (A, O, R)."""

    row: tuple[int, int]
    due: bool
    assistance: int
    ordinary: int
    reserve: int
    faulty: int

    @property
    def over(self) -> int:
        """By how much clause 3 fails, in ten-thousandths of a fen."""
        return self.ordinary * 10_000 - (10_000 - SHARE_BP) * (self.assistance + self.ordinary + self.reserve)


def years(unions: Iterable[Organisation], year: int) -> dict[int, Counted]:
    with connection.cursor() as cursor:
        cursor.execute(_YEARS, {"unions": [union.pk for union in unions], "year": year})
        return {
            union: Counted((assistance, ordinary), due, *map(int, rest))
            for union, assistance, ordinary, due, *rest in cursor.fetchall()
        }


class RuleMachine(RuleBasedStateMachine):
    """One story. `stage` is set by whoever runs it, within a transaction that sees the world."""

    stage: Stage
    steps = 0  # of all stories of this process

    def __init__(self) -> None:
        super().__init__()
        self.exits = ExitStack()
        self.exits.enter_context(transaction.atomic())
        self.clock: Clock = self.exits.enter_context(simulated(timezone.now()))
        self.keys = 0
        self.counted: dict[int, set[str]] = {}  # by order, the jars that answered for its ordinary ones
        self.restful = True  # after a step that changed nothing, nothing has to be looked at again

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.exits.close()

    # What people do. A refusal is an answer, too.

    def attempt(self, what: str, deed: Callable[[], object]) -> bool:
        type(self).steps += 1
        try:
            with transaction.atomic():
                deed()
                let_constraints_speak()
        except HouseError as error:
            event(f"{what}: {error.code}")
            return False
        event(f"{what}: done")
        self.restful = False
        return True

    def key(self) -> str:
        self.keys += 1
        return f"machine-{self.keys}"

    @initialize(left=st.tuples(*[LEFT] * 3))
    def begin(self, left: tuple[int, ...]) -> None:
        for sku, units in zip(HONEYS, left, strict=True):
            leave_in_stock(sku, units)

    @rule(which=st.integers(0, 200))
    def order(self, which: int) -> None:
        plan = self.stage.plans[which % len(self.stage.plans)]
        giver = self.stage.side_of(plan.union)
        before = shelf(plan.union)
        due = self.years()[plan.union_id].over > 0
        if self.attempt("order", lambda: place(giver.buyer, plan, self.key())):
            order = Order.objects.get(programme=plan)
            bought = Decision.objects.filter(order=order).select_related("product")
            self.counted[order.pk] = set(before.on_offer)
            self.first_choice_was_kept(bought, before)
            assert not due or all(d.outcome == "assistance" for d in bought), "ordinary goods while something was due"

    @rule(first=st.integers(0, 200), then=st.integers(0, 200))
    def order_honey_twice(self, first: int, then: int) -> None:
        self.order_of(self.stage.of_honey, first)
        self.order_of(self.stage.of_honey, then)

    @rule(left=st.tuples(*[LEFT] * 3), which=st.integers(0, 200), part=st.integers(0, 5))
    def both_kinds_are_ordered_and_a_part_is_given_up(self, left: tuple[int, int, int], which: int, part: int) -> None:
        self.begin(left)
        self.order_of(self.stage.of_both, which)
        self.lose("cancel", part, 6, 1)

    @rule(first=st.integers(0, 200), then=st.integers(0, 200))
    def order_cakes_twice(self, first: int, then: int) -> None:
        """Up to what clause 3 allows, and beyond it."""
        self.order_of(self.stage.of_cakes, first)
        self.order_of(self.stage.of_cakes, then)

    @rule(first=st.integers(0, 200), which=st.integers(0, 30), then=st.integers(0, 200))
    def order_give_up_and_order(self, first: int, which: int, then: int) -> None:
        self.order_of(self.stage.of_honey, first)
        self.lose("cancel", which, 6, 1)
        self.order_of(self.stage.of_honey, then)

    @rule(first=st.integers(0, 200), then=st.integers(0, 200), which=st.integers(0, 3), by_union=st.booleans())
    def year_is_filled_and_goods_are_given_up(self, first: int, then: int, which: int, by_union: bool) -> None:
        """Assistance goods, ordinary goods that rest on them, and then the assistance goods go."""
        self.order_of(self.stage.of_dates, first)
        self.order_of(self.stage.of_cakes, first)
        self.order_of(self.stage.of_cakes, then)
        self.lose("cancel" if by_union else "give_up", which, 6, 1)

    @rule(sku=st.sampled_from(HONEYS), first=st.integers(0, 200), then=st.integers(0, 200))
    def shelf_is_bought_empty(self, sku: str, first: int, then: int) -> None:
        """Six jars of one kind are left, one gift takes some or all of them, another wants ordinary honey."""
        self.begin(tuple(6 if jar == sku else 0 for jar in HONEYS))
        self.order_of(self.stage.of_jar[sku], first)
        self.order_of(self.stage.of_plain, then)

    def order_of(self, places: list[int], which: int) -> None:
        self.order(places[which % len(places)])

    @rule(which=st.integers(0, 30), parcels=st.integers(1, 5), reason=st.integers(0, 4))
    def union_cancels(self, which: int, parcels: int, reason: int) -> None:
        self.lose("cancel", which, parcels, reason)

    @rule(which=st.integers(0, 30), parcels=st.integers(1, 5), reason=st.integers(0, 4))
    def producer_gives_up(self, which: int, parcels: int, reason: int) -> None:
        self.lose("give_up", which, parcels, reason)

    @rule(which=st.integers(0, 30), parcels=st.integers(1, 5), reason=st.integers(0, 4))
    def union_returns(self, which: int, parcels: int, reason: int) -> None:
        self.lose("give_back", which, parcels, reason)

    @rule(which=st.integers(0, 30), refused=st.integers(0, 3))
    def goods_go_on(self, which: int, refused: int) -> None:
        """What comes next for a supplier order; of what arrives, some may be refused."""
        if so := self.supplier_order(which):
            self.attempt("go on", lambda: self.go_on(so, refused))

    @rule(yuan=st.sampled_from((1, 50, 600)), back=st.booleans())
    def money_is_set_aside_or_released(self, yuan: int, back: bool) -> None:
        stage, fen = self.stage, yuan * 100
        general, reserve = stage.giver.general, stage.giver.reserve
        if back:
            self.attempt("release", lambda: release_reserve(stage.officer, reserve, general, fen, self.key()))
        else:
            self.attempt("aside", lambda: set_aside(stage.giver.buyer, general, reserve, fen, self.key()))

    @rule(yuan=st.sampled_from((10, 1_000)))
    def budget_grows(self, yuan: int) -> None:
        self.attempt("budget", lambda: fund(self.stage.giver.general, yuan * 100, self.key()))

    @rule(sku=st.sampled_from(HONEYS), units=LEFT)
    def shelf_is_filled(self, sku: str, units: int) -> None:
        type(self).steps += 1
        leave_in_stock(sku, units)

    @rule(sku=st.sampled_from((PLAIN, *HONEYS)), price=PRICES)
    def price_moves(self, sku: str, price: str) -> None:
        type(self).steps += 1
        StockRecord.objects.filter(partner_sku=sku).update(price=price)

    @rule(sku=st.sampled_from(HONEYS), pause=st.sampled_from((False, True)), then=st.integers(0, 200))
    def accreditation_pauses_or_goes_on(self, sku: str, pause: bool, then: int) -> None:
        found = Accreditation.objects.filter(product__upc=sku).latest("pk")
        if pause == (found.state == "valid"):
            officer = User.objects.get(username=cast.officer_login("county", found.county_id))
            self.attempt("accreditation", lambda: (suspend if pause else reinstate)(officer, found, "看看"))
        if pause:
            self.order_of(self.stage.of_jar[sku], then)

    @rule(sku=st.sampled_from((PLAIN, HONEYS[0])), away=st.sampled_from((False, False, False, True)))
    def class_changes(self, sku: str, away: bool) -> None:
        target = CommodityClass.objects.get(code="date.red" if away else "honey.bee")
        marks = Marks(500, "一级", "过滤")
        self.attempt("class", lambda: classify(self.stage.operator, product(sku), target, marks, "重新认定"))

    @rule(days=st.sampled_from((1, 3, 20)))
    def days_pass(self, days: int) -> None:
        type(self).steps += 1
        self.clock.go_to(timezone.now() + timedelta(days=days))

    # How they do it.

    def supplier_order(self, which: int) -> SupplierOrder | None:
        found = list(
            SupplierOrder.objects.filter(order__in=self.counted)
            .select_related("order__union", "union", "producer", "seller", "enterprise")
            .order_by("pk")
        )
        return found[which % len(found)] if found else None

    def lose(self, verb: str, which: int, parcels: int, reason: int) -> None:
        so = self.supplier_order(which)
        if so is None:
            return
        kind, by, states = {
            "cancel": ("cancelled", "union", UNSHIPPED),
            "give_up": ("cancelled", "producer", UNSHIPPED),
            "give_back": ("returned", "producer", ("accepted",)),
        }[verb]
        ids = Parcel.objects.filter(supplier_order=so, state__in=states).order_by("pk").values_list("pk", flat=True)
        reasons = REASONS[kind, by]
        report = Report(tuple(ids[:parcels]), reasons[reason % len(reasons)])
        buyer = self.stage.side_of(so.union).buyer
        if verb == "cancel":
            self.attempt(verb, lambda: cancel(buyer, so, report))
        elif verb == "give_up":
            self.attempt(verb, lambda: give_up(seller_of(so), so, report))
        else:
            self.attempt(verb, lambda: give_back(buyer, so, [report]))

    def go_on(self, so: SupplierOrder, refused: int) -> None:
        waiting = Parcel.objects.filter(supplier_order=so)
        if so.confirmed_at is None:
            confirm(seller_of(so), so)
            run_all_due()
        elif waiting.filter(state="assigned").exists():
            ship(seller_of(so), so, "秦岭速运", f"QL{so.pk:09d}")
        else:
            ids = tuple(waiting.filter(state="shipped").order_by("pk").values_list("pk", flat=True)[:refused])
            accept(self.stage.side_of(so.union).buyer, so, [Report(ids, "damaged")] if ids else [])

    # What holds.

    def years(self) -> dict[int, Counted]:
        stage = self.stage
        return years((stage.giver.union, stage.below.union, stage.friend.union), stage.giver.general.gift_year)

    def first_choice_was_kept(self, bought: Iterable[Decision], before: Shelf) -> None:
        """Clause 2, counted by hand: ordinary honey only beside all that three producers could supply."""
        jars = Counter({d.product.upc: d.quantity for d in bought})
        for decision in bought:
            if decision.outcome == "assistance":
                held = Accreditation.objects.filter(product=decision.product, state="valid")
                assert held.exists(), "an assistance product without a valid accreditation"
        if jars[PLAIN]:
            beside = sum(jars[sku] for sku in before.on_offer)
            assert beside >= before.most, f"{jars[PLAIN]} ordinary jars beside {beside} of {before.most}"

    @invariant()
    def all_holds(self) -> None:
        if self.restful:
            return
        self.restful = True
        for counted in self.years().values():
            assert counted.faulty == 0, "more is released than was decided"
            assert counted.row == (counted.assistance, counted.ordinary), "the year's row is not what was decided"
            assert counted.over <= 0 or counted.due, "too many ordinary goods, and nothing is due"
        self.fenced_money_bought_assistance_goods()
        self.parts_stay_together()

    def fenced_money_bought_assistance_goods(self) -> None:
        wrong = Decision.objects.filter(order__programme__in=self.stage.plans, purse__kind="ring_fenced").exclude(
            outcome="assistance"
        )
        assert not wrong.exists(), "an assistance-only purse paid for ordinary goods"

    def parts_stay_together(self) -> None:
        """Of an order that is part ordinary, no union has given up the assistance part for its own reasons and kept the rest."""
        if not self.counted:
            return
        with connection.cursor() as cursor:
            cursor.execute(_GIVEN_UP, [list(self.counted)])
            for order, skus, kept in cursor.fetchall():
                assert self.counted[order].isdisjoint(skus) or kept == 0, (
                    "the assistance part was given up and the rest kept"
                )
