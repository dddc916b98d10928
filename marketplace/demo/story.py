"""The story of one gift in the simulated year, from the plan to the households' slips, by the same verbs as everything."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.utils import timezone

from marketplace.demo import cast
from marketplace.demo.clock import moment
from marketplace.demo.diary import Diary
from marketplace.demo.gifts import DRAWN_UP_BEFORE, STAGES, Gift
from marketplace.demo.members import members, workbook
from marketplace.demo.supply import Supply, make_assistance_lot, make_ordinary_lot
from marketplace.demo.tables import rows
from marketplace.fulfilment.actions import accept, confirm, labels, ship
from marketplace.fulfilment.losses import Report, cancel, give_back, give_up
from marketplace.fulfilment.models import LossReason, ParcelState, SupplierOrder
from marketplace.fulfilment.queries import state_of
from marketplace.ledger.actions import set_aside
from marketplace.ledger.models import Purse
from marketplace.organisations.errors import Refusals
from marketplace.organisations.models import Organisation, OrganisationKind, User
from marketplace.shop.order.models import Order
from marketplace.stock.models import Lot
from procurement.policy.models import Occasion
from procurement.priority.actions import ask_exception, grant_exception
from procurement.programmes.actions import (
    approve,
    create_programme,
    import_roster,
    put_gift_line,
    send_back,
    submit,
    substitute,
)
from procurement.programmes.models import Delivery, Programme
from procurement.programmes.placement import place
from suppliers.provenance.incidents import hold
from suppliers.provenance.models import IncidentReason
from suppliers.settlement.actions import confirm_payout, pay_out, record_payment
from suppliers.settlement.models import Accrual

_CHOSEN, _SUBMITTED, _APPROVED = (timedelta(days=-n) for n in (4, 3, 1))
_SENT_BACK = "米面油等同类帮扶产品有货，请先选帮扶产品"
_GROUNDS = "住院病区需小包装去壳产品，当地帮扶产品暂无此规格"
_CARRIERS = ("秦岭速运", "渭水物流", "秦巴快递")
_LOST = 2  # parcels that do not reach their members
_HOUSEHOLDS = 3  # whose produce goes into one lot
_TITLES = {
    Occasion.NEW_YEAR: "元旦慰问", Occasion.SPRING_FESTIVAL: "春节慰问", Occasion.QINGMING: "清明慰问",
    Occasion.LABOUR_DAY: "五一慰问", Occasion.DRAGON_BOAT: "端午慰问", Occasion.MID_AUTUMN: "中秋慰问",
    Occasion.NATIONAL_DAY: "国庆慰问", Occasion.BIRTHDAY: "职工生日慰问", Occasion.ILLNESS: "住院职工慰问",
    Occasion.RETIREMENT: "退休职工慰问",
}  # fmt: skip
_RELATED = ("order", "union", "producer", "seller", "enterprise")


@dataclass
class Year:
    """What the stories share: the supply side, the appointments, the dice, and how many lots were made."""

    supply: Supply
    diary: Diary
    dice: random.Random
    lots: int = 100
    orders: dict[Gift, Order] = field(default_factory=dict)

    def buyer(self, union: str) -> User:
        """Who plans a union's gifts."""
        return self.supply.people[cast.union_login("buyer", union)]

    def approver(self, union: str) -> User:
        """Who approves them."""
        return self.supply.people[cast.union_login("approver", union)]

    def union(self, code: str) -> Organisation:
        """The union of that code."""
        return self.supply.organisations[code]

    def purse(self, union: str, year: int, name: str = cast.GENERAL_PURSE) -> Purse:
        """A union's purse for a gift year."""
        return Purse.objects.select_related("union", "account").get(union__code=union, gift_year=year, name=name)

    def stock_up(self, sku: str, units: int, day: date) -> Lot:
        """Have just so many units made for what is about to be ordered, a few days before."""
        self.lots += 1
        produced_on = day - timedelta(days=self.dice.randint(2, 4))
        for row in rows("goods"):
            if row["sku"] == sku:
                return make_assistance_lot(self.supply, row, units, produced_on, self.lots, _HOUSEHOLDS)
        row = next(row for row in rows("ordinary") if row["sku"] == sku)
        return make_ordinary_lot(self.supply, row, units, produced_on, self.lots)


@dataclass
class Story:
    """One gift, told in appointments: each verb on its day, the later ones noted once the order is there."""

    year: Year
    gift: Gift
    programme: Programme | None = None

    def begin(self) -> None:
        """Note when the plan is drawn up, chosen, submitted and approved, and when the order is placed."""
        gift, days = self.gift, (-DRAWN_UP_BEFORE, _CHOSEN, _SUBMITTED, _APPROVED, timedelta())
        deeds: list[Callable[[], None]] = [self.draw_up, self.choose, self.submit, self.approve, self.order]
        last = {"draft": 2, "submitted": 3, "approved": 4}.get(gift.stage, 5)
        minute = self.year.dice.randint(0, 59)
        for number, (deed, after) in enumerate(zip(deeds[:last], days[:last], strict=True)):
            self.year.diary.note(gift.placed + after, deed, 8 + number, minute)

    def draw_up(self) -> None:
        """Draft the plan and read the list of members."""
        gift, buyer = self.gift, self.year.buyer(self.gift.union)
        union = self.year.union(gift.union)
        at_home = sum(gift.union.encode()) % 2 == 0
        self.programme = create_programme(
            buyer,
            union,
            title=f"{gift.gift_year} 年{_TITLES[gift.occasion]}",
            occasion=gift.occasion,
            gift_year=gift.gift_year,
            per_head=self._standard(),
            need_date=gift.need,
            delivery=Delivery.HOME if at_home else Delivery.WORKPLACE,
            purse=self.year.purse(gift.union, gift.gift_year),
        )
        if gift.excepted:
            self._ask_leave(buyer, union)
        people = members(gift.union, gift.heads)
        import_roster(buyer, self.programme, f"{gift.need:%Y%m}名单.xlsx", workbook(people, timezone.now()))

    def _ask_leave(self, buyer: User, union: Organisation) -> None:
        """An ordinary article despite equivalents: the union above grants it, for just so many units."""
        gift, today = self.gift, timezone.localdate()
        product = self.year.supply.offers[gift.excepted].product
        asked = ask_exception(
            buyer, union, product, grounds=_GROUNDS, quantity=gift.heads, valid_from=today, valid_to=gift.need
        )
        grant_exception(self.year.supply.people[cast.UNION_OFFICER], asked)

    def _standard(self) -> int:
        """Fen for each member: what the gift costs delivered, rounded up to ten yuan."""
        prices = {row["sku"]: row for table in ("goods", "ordinary") for row in rows(table)}
        freight = [max(int(d.split(":")[1]) for d in prices[sku]["deliveries"].split(";")) for sku in self.gift.goods]
        whole = sum(int(prices[sku]["price"]) for sku in self.gift.goods) + sum(freight)
        return -(-whole * 11 // 10_000) * 1_000

    def choose(self) -> None:
        """Fill the gift; a half-finished plan has its first article only."""
        gift, programme = self.gift, self._planned()
        goods = gift.goods[:1] if gift.stage == "draft" else gift.goods
        if gift.stage not in ("draft", "submitted", "approved"):
            for sku in goods:
                self.year.stock_up(sku, gift.heads, timezone.localdate())
        if gift.tried:
            self.year.stock_up(gift.tried, gift.heads, timezone.localdate())
            goods = tuple(gift.tried if slot == gift.tried_slot else sku for slot, sku in enumerate(goods, 1))
        for slot, sku in enumerate(goods, 1):
            put_gift_line(self.year.buyer(gift.union), programme, slot, self.year.supply.offers[sku].product)

    def submit(self) -> None:
        """Send the plan to the approver."""
        submit(self.year.buyer(self.gift.union), self._planned())

    def approve(self) -> None:
        """Approve it, as another person."""
        approve(self.year.approver(self.gift.union), self._planned())

    def order(self) -> None:
        """Place the order; where it was tried with an ordinary article first, that is refused, and mended."""
        gift, buyer = self.gift, self.year.buyer(self.gift.union)
        if gift.set_aside:
            general = self.year.purse(gift.union, gift.gift_year)
            reserve = self.year.purse(gift.union, gift.gift_year, cast.ASSISTANCE_PURSE)
            set_aside(buyer, general, reserve, gift.set_aside, f"demo:aside:{self._planned().pk}")
        if gift.tried:
            self._mend(buyer)
        placed = place(buyer, self._planned(), f"demo-{self._planned().pk}")
        self.year.orders[gift] = placed
        for supplier_order in SupplierOrder.objects.filter(order=placed).select_related(*_RELATED).order_by("pk"):
            Delivering(self, supplier_order).begin()

    def _mend(self, buyer: User) -> None:
        programme = self._planned()
        try:
            place(buyer, programme, f"demo-try-{programme.pk}")
        except Refusals:
            send_back(self.year.approver(self.gift.union), programme, _SENT_BACK)
            substitute(buyer, programme, self.gift.tried_slot)
            submit(buyer, programme)
            approve(self.year.approver(self.gift.union), programme)
            return
        raise RuntimeError(f"{self.gift.tried} was to be refused to {self.gift.union}")

    def _planned(self) -> Programme:
        if self.programme is None:
            raise RuntimeError("the plan was not drawn up yet")
        return self.programme


@dataclass
class Delivering:
    """What becomes of one supplier order of a gift."""

    story: Story
    supplier_order: SupplierOrder

    def begin(self) -> None:
        """Note each step that lies before the stage at which the gift stands today."""
        gift, dice = self.story.gift, self.story.year.dice
        shipped = gift.placed + timedelta(days=dice.randint(4, 6))
        accepted = min(shipped + timedelta(days=dice.randint(3, 6)), max(gift.need, shipped + timedelta(days=3)))
        paid = accepted + timedelta(days=dice.randint(4, 9))
        paid_out = paid + timedelta(days=dice.randint(3, 10))
        steps: list[tuple[str, date, Callable[[], None]]] = [
            ("confirmed", gift.placed + timedelta(days=1), self.confirm),
            ("shipped", shipped, self.ship),
            ("accepted", accepted, self.accept),
            ("paid_seller", paid + timedelta(days=8 if gift.silent else 0), self.pay),
            ("paid", paid_out + timedelta(days=8 if gift.silent else 0), self.pay_out),
        ]
        if self._has("cancelled", "given_up"):
            self.story.year.diary.note(gift.placed + timedelta(days=2), self.lose, 17)
        if self._has("returned"):
            self.story.year.diary.note(accepted + timedelta(days=2), self.lose, 18)
        for stage, day, deed in steps:
            if STAGES.index(stage) <= STAGES.index(gift.stage) and not (stage == "accepted" and gift.silent):
                self.story.year.diary.note(day, deed, dice.randint(9, 17), dice.randint(0, 59))

    def _has(self, *twists: str) -> bool:
        """Whether one of these things happens to this part of the gift: it does to what a producer supplies."""
        return self.story.gift.twist in twists and self.supplier_order.producer.kind == OrganisationKind.PRODUCER

    def _some(self, reason: LossReason, words: str) -> Report:
        """A few of the parcels, and what is said of them."""
        parcels = self.supplier_order.parcels.exclude(state=ParcelState.CANCELLED).order_by("pk")
        return Report(tuple(parcels.values_list("pk", flat=True)[:_LOST]), reason, words)

    def lose(self) -> None:
        """Somebody has left, the producer has too little, or goods turn out bad after they were accepted."""
        buyer, held = self.story.year.buyer(self.story.gift.union), self._fresh()
        match self.story.gift.twist:
            case "cancelled":
                cancel(buyer, held, self._some(LossReason.MEMBER_LEFT, "名单报送后调离"))
            case "given_up":
                give_up(self._seller, held, self._some(LossReason.CANNOT_SUPPLY, "春茶存量不足"))
            case _ if held.accepted_at:
                give_back(buyer, held, [self._some(LossReason.SPOILED, "开箱后发现受潮")])

    @property
    def _seller(self) -> User:
        return self.story.year.supply.seller(self.supplier_order.producer.code)

    def confirm(self) -> None:
        """The producer takes it on; a step gives lots to the parcels."""
        if self.story.gift.twist == "held":
            # Quality control keeps back what was made: the step that gives out lots fails, and waits for a person.
            fresh = Lot.objects.filter(
                holder=self.supplier_order.producer, produced_on__gt=self.story.gift.placed - timedelta(days=9)
            )
            for lot in fresh.order_by("pk"):
                hold(self._seller, self.supplier_order.producer, lot, IncidentReason.TEST, "等待农残检测报告")
        confirm(self._seller, self.supplier_order)

    def ship(self) -> None:
        """Print the labels and hand the parcels over."""
        if state_of(self._fresh()) != "assigned":
            return
        labels(self._seller, self.supplier_order)
        carrier = _CARRIERS[self.supplier_order.pk % len(_CARRIERS)]
        ship(self._seller, self.supplier_order, carrier, f"QL{self.supplier_order.pk:09d}")

    def accept(self) -> None:
        """The union accepts what came."""
        if state_of(self._fresh()) == "shipped":
            refused = [self._some(LossReason.DAMAGED, "外箱破损")] if self._has("refused") else []
            accept(self.story.year.buyer(self.story.gift.union), self.supplier_order, refused)

    def pay(self) -> None:
        """The union's bank pays the seller."""
        if state_of(self._fresh()) == "accepted":
            bank = f"YH{moment(timezone.localdate()):%Y%m%d}{self.supplier_order.pk:06d}"
            record_payment(self.story.year.buyer(self.story.gift.union), self.supplier_order, bank)

    def pay_out(self) -> None:
        """Producer and households are paid, and the households' slips come back."""
        supplier_order = self._fresh()
        accrual = Accrual.objects.filter(supplier_order=supplier_order).first()
        if accrual is None:
            return
        accrual.supplier_order, accrual.producer = supplier_order, supplier_order.producer
        pay_out(self.story.year.supply.people["enterprise"] if supplier_order.enterprise else self._seller, accrual)
        confirm_payout(self._seller, accrual)

    def _fresh(self) -> SupplierOrder:
        return SupplierOrder.objects.select_related(*_RELATED).get(pk=self.supplier_order.pk)
