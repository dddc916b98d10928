"""A state machine over a real database and the real verbs: whatever unions do, they buy no more ordinary goods than the policy allows.

Its people (rule_stage.py) plan, order, cancel, let ship, refuse and return; producers give up; money is set aside and released; leave
is given and taken back; the shelf is filled and emptied, prices move, accreditations are suspended, classes change, days pass. Beside
single steps there are temptations: a few steps that bring a story to where somebody would gain, if anybody could. What holds is told
by the oracle (rule_oracle.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from datetime import timedelta
from typing import TypeVar

from django.db import transaction
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
from marketplace.organisations.models import User
from marketplace.shop.catalogue.models import CommodityClass
from marketplace.shop.determinations import Marks, classify
from marketplace.shop.order.models import Order
from marketplace.shop.partner.models import StockRecord
from marketplace.steps.actions import run_all_due
from procurement.priority.actions import ask_exception, grant_exception, release_reserve, revoke_exception
from procurement.priority.models import Decision, PriorityException
from procurement.programmes.placement import place
from suppliers.accreditation.actions import reinstate, suspend
from suppliers.accreditation.models import Accreditation
from tests.property.rule_oracle import Counted, Shelf, most, overused, parts_given_up, shelf, years
from tests.property.rule_stage import HONEYS, MOONCAKE_FEN, PLAIN, Stage, Waiting, plan
from tests.world import DATES, MOONCAKES, Side, leave_in_stock, let_constraints_speak, product, seller_of

T = TypeVar("T")

UNSHIPPED = ("placed", "assigned")
NOT_NEEDED = 1  # its place among a buyer's reasons
PRICES = st.sampled_from(("39.00", "39.00", "39.00", "30.00", "42.90", "43.10"))
LEFT = st.sampled_from((0, 0, 3, 6, 7))  # jars on the shelf: none, or about what the plans buy
MANY = st.integers(0, 200)  # a place in a list of any length, which is taken as a ring
ALL = 100  # parcels: as many as there are
GIFTS: tuple[tuple[str, ...], ...] = (
    (PLAIN,),
    *((honey,) for honey in HONEYS),
    *((honey, PLAIN) for honey in HONEYS),
    (*HONEYS[:2], PLAIN),
    (*HONEYS, PLAIN),
    (MOONCAKES, PLAIN),
    (DATES, MOONCAKES),
)


class RuleMachine(RuleBasedStateMachine):
    """One story. `stage` is set by whoever runs it, within a transaction that sees the world."""

    stage: Stage
    steps = 0  # of all stories of this process

    def __init__(self) -> None:
        super().__init__()
        self.exits = ExitStack()
        self.exits.enter_context(transaction.atomic())
        self.clock: Clock = self.exits.enter_context(simulated(timezone.now()))
        self.last_day = self.stage.need - timedelta(days=15)  # the rule's planning days, and some
        self.keys = 0
        self.placed: set[int] = set()  # plans
        self.counted: dict[int, set[str]] = {}  # by order, the jars that answered for its ordinary ones
        self.restful = True  # after a step that changed nothing, nothing has to be looked at again

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.exits.close()

    @initialize(left=st.tuples(*[LEFT] * 3))
    def begin(self, left: tuple[int, ...]) -> None:
        for sku, units in zip(HONEYS, left, strict=True):
            leave_in_stock(sku, units)

    # Single steps. A refusal is an answer, too.

    @rule(which=MANY)
    def order(self, which: int) -> None:
        """A plan that waits; or one that was placed already, which gains nothing."""
        self.buy(ring(self.stage.plans, which))

    @rule(goods=st.sampled_from(GIFTS), heads=st.integers(1, 7), by_below=st.booleans())
    def plan_and_order(self, goods: tuple[str, ...], heads: int, by_below: bool) -> None:
        self.plan_and_buy(self.stage.below if by_below else self.stage.giver, goods, heads)

    @rule(which=MANY, parcels=st.integers(1, 5), reason=st.integers(0, 4))
    def union_cancels(self, which: int, parcels: int, reason: int) -> None:
        self.lose("cancel", self.supplier_order(which), parcels, reason)

    @rule(which=MANY, parcels=st.integers(1, 5), reason=st.integers(0, 4))
    def producer_gives_up(self, which: int, parcels: int, reason: int) -> None:
        self.lose("give_up", self.supplier_order(which), parcels, reason)

    @rule(which=MANY, parcels=st.integers(1, 5), reason=st.integers(0, 4))
    def union_returns(self, which: int, parcels: int, reason: int) -> None:
        self.lose("give_back", self.supplier_order(which), parcels, reason)

    @rule(which=MANY, refused=st.integers(0, 3))
    def goods_go_on(self, which: int, refused: int) -> None:
        """What comes next for a supplier order; of what arrives, some may be refused."""
        if so := self.supplier_order(which):
            self.attempt("go on", lambda: self.go_on(so, refused))

    @rule(yuan=st.sampled_from((1, 50, 600)), back=st.booleans())
    def money_is_set_aside_or_released(self, yuan: int, back: bool) -> None:
        if back:
            self.release(yuan * 100)
        else:
            giver = self.stage.giver
            self.attempt("aside", lambda: set_aside(giver.buyer, giver.general, giver.reserve, yuan * 100, self.key()))

    @rule(yuan=st.sampled_from((10, 1_000)))
    def budget_grows(self, yuan: int) -> None:
        self.attempt("budget", lambda: fund(self.stage.giver.general, yuan * 100, self.key()))

    @rule(units=st.integers(1, 4), waives=st.booleans())
    def leave_is_given(self, units: int, waives: bool) -> None:
        giver, today = self.stage.giver, timezone.localdate()

        def ask_and_grant() -> None:
            asked = ask_exception(
                giver.buyer, giver.union, product(PLAIN), grounds="专用礼盒", quantity=units, valid_from=today,
                valid_to=today + timedelta(days=30),
            )  # fmt: skip
            grant_exception(self.stage.officer, asked, waives_share=waives)

        self.attempt("leave", ask_and_grant)

    @rule()
    def leave_is_taken_back(self) -> None:
        if given := PriorityException.objects.filter(union=self.stage.giver.union, state="granted").last():
            self.attempt("revoke", lambda: revoke_exception(self.stage.officer, given, "不再需要"))

    @rule(sku=st.sampled_from(HONEYS), units=LEFT)
    def shelf_is_filled(self, sku: str, units: int) -> None:
        type(self).steps += 1
        leave_in_stock(sku, units)

    @rule(sku=st.sampled_from((PLAIN, *HONEYS)), price=PRICES)
    def price_moves(self, sku: str, price: str) -> None:
        type(self).steps += 1
        StockRecord.objects.filter(partner_sku=sku).update(price=price)

    @rule(sku=st.sampled_from((PLAIN, HONEYS[0])), away=st.sampled_from((False, False, False, True)))
    def class_changes(self, sku: str, away: bool) -> None:
        target = CommodityClass.objects.get(code="date.red" if away else "honey.bee")
        marks = Marks(500, "一级", "过滤")
        self.attempt("class", lambda: classify(self.stage.operator, product(sku), target, marks, "重新认定"))

    @rule(days=st.sampled_from((1, 3, 20)))
    def days_pass(self, days: int) -> None:
        type(self).steps += 1
        if timezone.localdate() + timedelta(days=days) < self.last_day:
            self.clock.go_to(timezone.now() + timedelta(days=days))

    # Temptations.

    @rule(which=MANY, times=st.tuples(*[st.sampled_from((0, 1, 1, 2))] * 3), others=st.tuples(*[LEFT] * 3), part=MANY)
    def shelf_holds_just_what_is_ordered(
        self, which: int, times: tuple[int, ...], others: tuple[int, ...], part: int
    ) -> None:
        """Or nothing of it, or twice as much; then a part of the order is given up, of the jars where it has some."""
        waiting = self.waiting(lambda w: PLAIN in w.goods and w.plan.union_id == self.stage.giver.union.pk)
        mixed = [w for w in waiting if len(w.goods) > 1] or waiting
        if not mixed:
            return
        wanted = ring(mixed, which)
        alone = others if len(wanted.goods) == 1 else (0, 0, 0)
        self.begin(
            tuple(
                t * wanted.heads if jar in wanted.goods else o for jar, t, o in zip(HONEYS, times, alone, strict=True)
            )
        )
        if order := self.buy(wanted):
            jars = SupplierOrder.objects.filter(parcels__lines__line__partner_sku__in=HONEYS, order=order)
            found = [so for so in parts(order) if so in jars] or parts(order)
            self.lose("cancel", ring(found, part), ALL, NOT_NEEDED)

    @rule(sku=st.sampled_from(HONEYS), heads=st.sampled_from((3, 6)), friend=st.booleans(), cancelled=st.booleans())
    def shelf_is_bought_empty(self, sku: str, heads: int, friend: bool, cancelled: bool) -> None:
        """Six jars of one kind are left, somebody takes some or all of them, perhaps for a moment; then ordinary honey is wanted."""
        self.begin(tuple(6 if jar == sku else 0 for jar in HONEYS))
        if (order := self.plan_and_buy(self.stage.below, [sku], heads)) and cancelled:
            self.lose("cancel", parts(order)[0], ALL, NOT_NEEDED)
            if friend:
                self.plan_and_buy(self.stage.friend, [sku], heads)
        self.plan_and_buy(self.stage.giver, [PLAIN], 3)

    @rule(sku=st.sampled_from(HONEYS), given_up=st.integers(1, 6), heads=st.integers(1, 7), others=LEFT)
    def producer_refuses(self, sku: str, given_up: int, heads: int, others: int) -> None:
        """What a producer gave up the union may have otherwise: from the others, and beyond them as ordinary goods."""
        self.begin(tuple(6 if jar == sku else others for jar in HONEYS))
        if order := self.plan_and_buy(self.stage.giver, [sku], 6):
            self.lose("give_up", parts(order)[0], given_up, 0)
            leave_in_stock(sku, others)
            self.plan_and_buy(self.stage.giver, [PLAIN], heads)

    @rule(then=st.sampled_from(("cancel", "give_up", "release", "order")), spare=st.integers(0, 1))
    def year_is_filled_to_its_edge(self, then: str, spare: int) -> None:
        """Assistance goods, as many ordinary ones as rest on them; then the assistance goods or the money go, or more is wanted."""
        giver = self.stage.giver
        dates = self.plan_and_buy(giver, [DATES], 4)  # 120 yuan: dearer than a box of mooncakes
        year = self.years()[giver.union.pk]
        room = (year.assistance + year.reserve - year.ordinary) // MOONCAKE_FEN
        if 0 < room - spare <= 30:
            self.plan_and_buy(giver, [MOONCAKES], room - spare)
        if then == "release":
            self.release(MOONCAKE_FEN * (spare + 1))
        elif then == "order":
            self.plan_and_buy(giver, [MOONCAKES], spare + 1)
        elif dates:
            self.lose(then, parts(dates)[0], ALL, NOT_NEEDED if then == "cancel" else 0)
            self.plan_and_buy(giver, [MOONCAKES], 1)

    @rule(sku=st.sampled_from(HONEYS), before=MANY, heads=st.integers(1, 3))
    def accreditation_pauses(self, sku: str, before: int, heads: int) -> None:
        """A plan was made before, another is made now, and the product is asked for in both."""
        self.move_accreditation(sku, suspend)
        leave_in_stock(sku, 7)
        if waiting := self.waiting(lambda w: sku in w.goods):
            self.buy(ring(waiting, before))
        self.plan_and_buy(self.stage.giver, [sku], heads, anew=True)
        self.plan_and_buy(self.stage.giver, [sku, PLAIN], heads, anew=True)

    @rule(sku=st.sampled_from(HONEYS))
    def accreditation_goes_on(self, sku: str) -> None:
        self.move_accreditation(sku, reinstate)

    # How they do it.

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

    def waiting(self, which: Callable[[Waiting], bool]) -> list[Waiting]:
        return [w for w in self.stage.plans if w.plan.pk not in self.placed and which(w)]

    def plan_and_buy(self, giver: Side, goods: Sequence[str], heads: int, *, anew: bool = False) -> Order | None:
        """Such a plan that waits is taken, unless it has to be one that was made just now: planning takes as long as placing."""
        same = (giver.union.pk, tuple(goods), heads)
        made = self.waiting(lambda w: (w.plan.union_id, w.goods, w.heads) == same)
        if made and not anew:
            return self.buy(made[0])
        made = []
        self.attempt("plan", lambda: made.append(plan(giver, goods, heads, f"N{self.key()}", self.stage.need)))
        return self.buy(made[0]) if made else None

    def buy(self, wanted: Waiting) -> Order | None:
        """Place a plan, and look at what came of it with the eyes of before."""
        union = wanted.plan.union
        before = shelf(union)
        due = self.years()[union.pk].over > 0
        buyer = self.stage.side_of(union).buyer
        if not self.attempt("order", lambda: place(buyer, wanted.plan, self.key())):
            return None
        order = Order.objects.get(programme=wanted.plan)
        self.placed.add(wanted.plan.pk)
        bought = Decision.objects.filter(order=order).select_related("product")
        self.counted[order.pk] = self.first_choice_was_kept(bought, before)
        assert not due or all(d.outcome == "assistance" for d in bought), "ordinary goods while something was due"
        return order

    def release(self, fen: int) -> None:
        stage, giver = self.stage, self.stage.giver
        self.attempt("release", lambda: release_reserve(stage.officer, giver.reserve, giver.general, fen, self.key()))

    def move_accreditation(self, sku: str, verb: Callable[[User, Accreditation, str], None]) -> None:
        found = Accreditation.objects.filter(product__upc=sku).latest("pk")
        officer = User.objects.get(username=cast.officer_login("county", found.county_id))
        self.attempt("accreditation", lambda: verb(officer, found, "看看"))

    def supplier_order(self, which: int) -> SupplierOrder | None:
        found = parts(*self.counted)
        return ring(found, which) if found else None

    def lose(self, verb: str, so: SupplierOrder | None, parcels: int, reason: int) -> None:
        if so is None:
            return
        kind, by, states = {
            "cancel": ("cancelled", "union", UNSHIPPED),
            "give_up": ("cancelled", "producer", UNSHIPPED),
            "give_back": ("returned", "producer", ("accepted",)),
        }[verb]
        ids = Parcel.objects.filter(supplier_order=so, state__in=states).order_by("pk").values_list("pk", flat=True)
        report = Report(tuple(ids[:parcels]), ring(REASONS[kind, by], reason))
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
        return years([side.union for side in self.stage.sides], self.stage.giver.general.gift_year)

    def first_choice_was_kept(self, bought: Iterable[Decision], before: Shelf) -> set[str]:
        """Clause 2, counted by hand: ordinary honey only beside all that three producers could supply, or with leave.

        Returns the jars that answer for it.
        """
        jars: Counter[tuple[str, str]] = Counter()
        for decision in bought:
            jars[decision.product.upc, decision.outcome] += decision.quantity
        ordinary = sum(units for (sku, outcome), units in jars.items() if sku == PLAIN and outcome != "exception")
        for decision in bought:
            if decision.outcome == "assistance":
                held = Accreditation.objects.filter(product=decision.product, state="valid")
                assert held.exists(), "an assistance product without a valid accreditation"
        on_offer = before.counting(
            sum(units for (sku, _), units in jars.items() if sku == PLAIN or sku in before.on_offer)
        )
        if ordinary:
            beside = sum(jars[sku, "assistance"] for sku in on_offer)
            assert beside >= most(on_offer), f"{ordinary} ordinary jars beside {beside} of {most(on_offer)}"
        return set(on_offer)

    @invariant()
    def all_holds(self) -> None:
        if self.restful:
            return
        self.restful = True
        for counted in self.years().values():
            assert counted.faulty == 0, "more is released than was decided"
            assert counted.row == (counted.assistance, counted.ordinary), "the year's row is not what was decided"
            assert counted.over <= 0 or counted.due, "too many ordinary goods, and nothing is due"
        fenced = Decision.objects.filter(order__in=self.counted, purse__kind="ring_fenced")
        assert not fenced.exclude(outcome="assistance").exists(), "an assistance-only purse paid for ordinary goods"
        assert overused() == 0, "more was bought under a leave than it was given for"
        for order, skus, kept in parts_given_up(self.counted):
            assert self.counted[order].isdisjoint(skus) or kept == 0, (
                "the assistance part was given up and the rest kept"
            )


def ring(found: Sequence[T], which: int) -> T:
    return found[which % len(found)]


def parts(*orders: Order | int) -> list[SupplierOrder]:
    related = ("order__union", "union", "producer", "seller", "enterprise")
    return list(SupplierOrder.objects.filter(order__in=orders).select_related(*related).order_by("pk"))
