"""What a union has bought, for tests that try to change it or to buy more behind the rule's back."""

from __future__ import annotations

from marketplace.shop.order.models import Line, Order
from procurement.priority.models import Decision
from tests.world import DATES, FUNGUS, MOONCAKES, Side, bring, let_constraints_speak, placed, side


class Traded:
    """A union that has bought dates from its general purse, fungus from the assistance-only one, mooncakes under a certificate."""

    def __init__(self) -> None:
        self.giver: Side = side()
        goods = [DATES, (FUNGUS, {"purse": self.giver.reserve}), MOONCAKES]
        self.order: Order = bring(placed(self.giver, goods), self.giver.buyer, "accepted")
        self.waiting: Order = placed(self.giver, [DATES], title="第二份", prefix="N")
        let_constraints_speak()

    def line(self, sku: str) -> Line:
        return Line.objects.get(order=self.order, partner_sku=sku)

    def decision(self, sku: str) -> Decision:
        return Decision.objects.get(line=self.line(sku))
