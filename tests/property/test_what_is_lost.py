"""What holds of a union's year, its money, stock and parcels after every step of any story of orders, deliveries and losses."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import pytest
from django.db import transaction
from django.db.models import Q, Sum
from django.utils import timezone
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from marketplace.demo import cast
from marketplace.fulfilment.actions import accept, confirm, ship
from marketplace.fulfilment.losses import Report, cancel, give_back, give_up
from marketplace.fulfilment.models import REASONS, Allocation, Loss, Parcel, ParcelLine, SupplierOrder
from marketplace.fulfilment.queries import amount
from marketplace.ledger.actions import set_aside
from marketplace.ledger.models import Account, Leg
from marketplace.organisations.errors import HouseError
from marketplace.organisations.models import Membership, Organisation, Role, User
from marketplace.shop.order.models import Order
from marketplace.steps.actions import run_all_due
from marketplace.steps.models import Step
from marketplace.stock.models import Lot, Stock
from procurement.compliance.queries import statement
from procurement.priority.models import Decision, Release, UnionYear
from procurement.priority.years import excess, share_in_force
from suppliers.settlement.actions import pay_out, record_payment
from suppliers.settlement.corrections import note_given_back, record_refund
from suppliers.settlement.models import Accrual, HouseholdAccrual
from tests.faults.states import faults_of_books
from tests.world import (
    DATES,
    FUNGUS,
    MOONCAKES,
    Goods,
    Side,
    bring,
    let_constraints_speak,
    placed,
    seller_of,
    side,
    supplier_orders,
)

DATE_FEN, CAKE_FEN = 3_000, 10_800
LOST = ("cancelled", "refused", "returned")
UNSHIPPED = ("placed", "assigned")
FROM = {
    "accept": ("shipped",),
    "cancel": UNSHIPPED,
    "give_up": UNSHIPPED,
    "give_back": ("accepted",),
}
WHY = {
    "accept": ("refused", "producer"),
    "cancel": ("cancelled", "union"),
    "give_up": ("cancelled", "producer"),
    "give_back": ("returned", "producer"),
}


@dataclass(frozen=True)
class Act:
    """Something that somebody tries: on which of the things it may concern, on how many of their parcels, for which reason."""

    verb: str
    which: int = 0
    parcels: int = 0
    reason: int = 0
    steps_run: bool = True


@dataclass
class Story:
    """A union at the edge of clause 3, and what it has ordered."""

    giver: Side
    orders: list[Order] = field(default_factory=list)

    def order(self, goods: Goods, heads: int) -> Order:
        """Members of their own each time: nobody comes near the year's cap."""
        number = len(self.orders)
        self.orders.append(placed(self.giver, goods, heads, title=f"慰问{number}", prefix=f"P{number:02d}-"))
        return self.orders[-1]

    def supplier_orders(self) -> list[SupplierOrder]:
        return [so for order in self.orders for so in supplier_orders(order)]


acts = st.builds(
    Act,
    verb=st.sampled_from(
        (
            "place",
            "go_on",
            "go_on",
            "go_on",
            "cancel",
            "give_up",
            "give_back",
            "give_back",
            "refund",
            "pay_out",
            "note",
            "aside",
        )
    ),
    which=st.integers(0, 30),
    parcels=st.integers(0, 4),
    reason=st.integers(0, 4),
    steps_run=st.booleans(),
)


def goods_for(story: Story, choice: int) -> Goods:
    """Assistance goods; both kinds; from the assistance-only purse; a mixed box."""
    choices: tuple[Goods, ...] = (
        [DATES],
        [(DATES, {"per_head": 3}), MOONCAKES],
        [(FUNGUS, {"per_head": 2, "purse": story.giver.reserve})],
        [cast.BOX],
        [MOONCAKES],
    )
    return choices[choice % len(choices)]


def named(so: SupplierOrder, act: Act, verb: str) -> Report:
    """So many parcels that stand where the verb takes them up (or any, where there are none), for a reason that fits."""
    held = list(Parcel.objects.filter(supplier_order=so).order_by("pk").values_list("pk", "state"))
    fit = [pk for pk, state in held if state in FROM[verb]] or [pk for pk, _state in held]
    reasons = REASONS[WHY[verb]]
    return Report(tuple(fit[: 1 + act.parcels]), reasons[act.reason % len(reasons)])


def payer_of(so: SupplierOrder) -> User:
    if so.enterprise is None:
        return seller_of(so)
    return Membership.objects.get(organisation=so.enterprise, role=Role.PROVINCE).user


def go_on(story: Story, so: SupplierOrder, act: Act) -> None:
    """Do what comes next for a supplier order; of what arrives, some parcels may be refused."""
    states = set(Parcel.objects.filter(supplier_order=so).values_list("state", flat=True))
    if so.confirmed_at is None:
        confirm(seller_of(so), so)
    elif "assigned" in states:
        ship(seller_of(so), so, "秦岭速运", f"QL{so.pk:09d}")
    elif "shipped" in states:
        accept(story.giver.buyer, so, [named(so, act, "accept")] if act.parcels else [])
    else:
        record_payment(story.giver.buyer, so, f"BANK-{so.pk}")


def perform(story: Story, act: Act) -> None:
    """Raises HouseError where the house refuses."""
    buyer, found = story.giver.buyer, story.supplier_orders()
    so = found[act.which % len(found)]
    match act.verb:
        case "place":
            story.order(goods_for(story, act.which), heads=1 + act.parcels)
        case "go_on":
            go_on(story, so, act)
        case "cancel":
            cancel(buyer, so, named(so, act, "cancel"))
        case "give_up":
            give_up(seller_of(so), so, named(so, act, "give_up"))
        case "give_back":
            give_back(buyer, so, [named(so, act, "give_back")])
        case "refund":
            for loss in Loss.objects.filter(supplier_order__in=found, refund_due__gt=0).order_by("pk")[
                : 1 + act.parcels
            ]:
                record_refund(buyer, loss, f"R-{loss.pk}")
        case "pay_out":
            for accrual in accruals(found, corrects__isnull=True)[: 1 + act.parcels]:
                pay_out(payer_of(accrual.supplier_order), accrual)
        case "note":
            for accrual in accruals(found, corrects__isnull=False)[: 1 + act.parcels]:
                note_given_back(payer_of(accrual.supplier_order), accrual)
        case "aside":
            key = f"aside-{Account.objects.get(pk=story.giver.reserve.account_id).balance}-{act.which}"
            set_aside(buyer, story.giver.general, story.giver.reserve, 300 * (1 + act.parcels), key)


def accruals(found: list[SupplierOrder], **which: bool) -> list[Accrual]:
    related = (
        "supplier_order__order",
        "supplier_order__enterprise",
        "supplier_order__producer",
        "supplier_order__union",
        "producer",
    )
    return list(Accrual.objects.filter(supplier_order__in=found, **which).select_related(*related).order_by("pk"))


# What holds after every step.


def the_year_holds(union: Organisation) -> None:
    """Decisions less releases = the year's row = the statement = what the ledger says the purses spent; clause 3 or a make-good."""
    year = timezone.localdate().year
    live: Counter[str] = Counter()
    for decision in Decision.objects.filter(union=union, gift_year=year).annotate(
        units=Sum("releases__quantity", default=0), fen=Sum("releases__amount", default=0)
    ):
        assert 0 <= decision.units <= decision.quantity
        assert decision.fen == decision.units * decision.unit_price
        kind = "waived" if decision.waived else "assistance" if decision.outcome == "assistance" else "ordinary"
        live[kind] += decision.amount - decision.fen
    row, said = UnionYear.objects.get(union=union, gift_year=year), statement(union, year)
    assert (row.assistance, row.ordinary) == (live["assistance"], live["ordinary"])
    assert (said.assistance, said.ordinary, said.waived) == (live["assistance"], live["ordinary"], live["waived"])
    assert said.spent == live.total()
    assert (
        said.released == Release.objects.filter(union=union, gift_year=year).aggregate(n=Sum("amount", default=0))["n"]
    )
    over = excess(row.assistance, row.ordinary, said.reserve, share_in_force(union))
    assert over <= 0 or row.make_good_due
    assert said.compliant
    assert (said.to_make_good > 0) == (over > 0)
    assert said.leakage == 0


def the_money_is_all_there(union: Organisation) -> None:
    """What came in from outside is in purses, reserved, due, paid or to be refunded; what was ordered and not lost is the middle."""

    def held(*kinds: str) -> int:
        mine = Q(owner=union) | Q(code__endswith=f":{union.code}")
        return int(Account.objects.filter(mine, kind__in=kinds).aggregate(n=Sum("balance", default=0))["n"])

    assert held("purse", "reserved", "due", "paid", "refund") == -held("outside")
    counting = ParcelLine.objects.filter(parcel__union=union).exclude(parcel__state__in=LOST)
    assert held("reserved", "due", "paid") == sum(
        quantity * int(price * 100) for quantity, price in counting.values_list("quantity", "line__unit_price_incl_tax")
    )
    owed = Loss.objects.filter(union=union, refund__isnull=True).aggregate(n=Sum("refund_due", default=0))["n"]
    assert held("refund") == owed
    legs = Leg.objects.values("transaction").annotate(n=Sum("amount")).exclude(n=0)
    assert not legs.exists()


def stock_is_what_parcels_wait_for() -> None:
    """Nothing is oversold; what is reserved, and what lots are given, is what parcels not shipped yet hold: no more, no less."""
    waiting: Counter[int] = Counter()
    for stock, units in ParcelLine.objects.filter(parcel__state__in=UNSHIPPED).values_list(
        "line__stockrecord__stock", "quantity"
    ):
        waiting[stock] += units
    for pk, allocated, in_stock in Stock.objects.values_list("pk", "allocated", "in_stock"):
        assert waiting[pk] == allocated <= in_stock
    given: Counter[int] = Counter()
    for lot, units in Allocation.objects.filter(parcel_line__parcel__state="assigned").values_list("lot", "quantity"):
        given[lot] += units
    for pk, made, allocated, shipped in Lot.objects.values_list("pk", "made", "allocated", "shipped"):
        assert (allocated - shipped, allocated <= made) == (given[pk], True)


def parcels_fit_their_losses(union: Organisation) -> None:
    held = Parcel.objects.filter(union=union).select_related("supplier_order", "loss")
    of_loss: Counter[int] = Counter()
    for parcel in held:
        assert (parcel.loss is not None) == (parcel.state in LOST)
        assert parcel.state in ("placed", "assigned", "cancelled") or parcel.consignment_id is not None
        if parcel.state in ("accepted", "returned"):
            assert parcel.supplier_order.accepted_at is not None
        if parcel.loss is not None:
            assert (parcel.loss.kind, parcel.loss.supplier_order_id) == (parcel.state, parcel.supplier_order_id)
            of_loss[parcel.loss.pk] += 1
    for loss in Loss.objects.filter(union=union).annotate(released=Sum("releases__amount", default=0)):
        assert (loss.parcels, loss.amount) == (of_loss[loss.pk], loss.released)


def earnings_are_of_what_was_kept(found: list[SupplierOrder]) -> None:
    """When no step waits: what was accrued, with its corrections, is what is still accepted; nobody's earnings are below zero."""
    if Step.objects.exclude(state="done").filter(kind__in=["supplier_order.settle", "loss.correct_accrual"]).exists():
        return
    for so in found:
        sums = Accrual.objects.filter(supplier_order=so).aggregate(
            gross=Sum("gross", default=0),
            fee=Sum("fee", default=0),
            households=Sum("households", default=0),
            net=Sum("net", default=0),
        )
        assert sums["gross"] == (amount(so) if so.accepted_at else 0)
        assert sums["fee"] == sums["gross"] * so.fee_bp // 10_000
        assert sums["net"] == sums["gross"] - sums["fee"] - sums["households"] >= 0
        by_household = (
            HouseholdAccrual.objects.filter(accrual__supplier_order=so)
            .order_by()
            .values("household", "lot")
            .annotate(n=Sum("amount"))
        )
        earned = [row["n"] for row in by_household]
        assert sum(earned) == sums["households"]
        assert min(earned, default=0) >= 0


def all_holds(story: Story) -> None:
    let_constraints_speak()
    the_year_holds(story.giver.union)
    the_money_is_all_there(story.giver.union)
    stock_is_what_parcels_wait_for()
    parcels_fit_their_losses(story.giver.union)
    earnings_are_of_what_was_kept(story.supplier_orders())
    assert faults_of_books() == []


def spare(union: Organisation) -> int:
    """Fen of ordinary goods that the year still allows."""
    said = statement(union, timezone.localdate().year)
    return said.ordinary_limit - said.ordinary


@pytest.fixture
def story(world: None) -> Story:
    """Not one mooncake more goes into the year, not one bag of dates less; smaller orders are accepted or paid, and can come back."""
    told = Story(side())
    buyer = told.giver.buyer
    told.order([DATES, MOONCAKES], heads=24)
    fungus = (FUNGUS, {"per_head": 2, "purse": told.giver.reserve})
    bring(told.order([DATES, fungus], heads=3), buyer, "accepted")
    bring(told.order([cast.BOX], heads=3), buyer, "paid")
    heads = spare(told.giver.union) // CAKE_FEN
    bring(told.order([MOONCAKES], heads=heads), buyer, "sent")
    dates = next(so for so in supplier_orders(told.orders[0]) if so.mode != "direct")
    if over := spare(told.giver.union) // DATE_FEN:
        first = Parcel.objects.filter(supplier_order=dates).order_by("pk").values_list("pk", flat=True)[:over]
        cancel(buyer, dates, Report(tuple(first), "not_needed"))
    assert 0 <= spare(told.giver.union) < DATE_FEN
    return told


def tell(story: Story, script: list[Act]) -> None:
    """Perform the acts, look at everything after each, and take all of it back."""
    before = list(story.orders)
    with transaction.atomic():
        for act in script:
            try:
                with transaction.atomic():
                    perform(story, act)
                    if act.steps_run:
                        run_all_due()
                event(f"{act.verb}: done")
            except HouseError as error:
                event(f"{act.verb}: {error.code}")
                story.orders = [order for order in story.orders if Order.objects.filter(pk=order.pk).exists()]
            all_holds(story)
        transaction.set_rollback(True)
    story.orders = before


quietly = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@settings(quietly, max_examples=8)
@given(script=st.lists(acts, min_size=4, max_size=12))
def test_everything_holds_after_every_step(story: Story, script: list[Act]) -> None:
    tell(story, script)


@pytest.mark.long
@settings(quietly, max_examples=60)
@given(script=st.lists(acts, min_size=8, max_size=30))
def test_everything_holds_through_long_stories(story: Story, script: list[Act]) -> None:
    tell(story, script)
