"""Between the plan and its order things change: a price, an accreditation. And substitutes for the whole gift with their price."""

from decimal import Decimal

import pytest

from marketplace.demo import cast
from marketplace.organisations.errors import Refusals
from marketplace.organisations.models import User
from marketplace.shop.catalogue.models import Component
from marketplace.shop.order.models import Order
from marketplace.shop.partner.models import StockRecord
from procurement.priority.models import Judgement
from procurement.programmes.actions import approve, send_back, submit, substitute
from procurement.programmes.errors import NothingBlocked
from procurement.programmes.placement import place
from procurement.programmes.plans import plan_of
from procurement.programmes.queries import preview
from suppliers.accreditation.actions import suspend
from suppliers.accreditation.models import Accreditation
from tests.world import DATES, TEA, approved, let_constraints_speak, planned, side

pytestmark = pytest.mark.usefixtures("world")


def dearer(sku: str, by: str) -> None:
    offer = StockRecord.objects.get(product__upc=sku)
    offer.price += Decimal(by)
    offer.save()


def refusals(programme) -> list:
    with pytest.raises(Refusals) as refused:
        place(side().buyer, programme, "form")
    return refused.value.refusals


class TestChangedMeanwhile:
    """What was approved is what is bought, or the plan goes back."""

    def test_a_price_that_rose_stops_the_placement_until_it_is_approved_anew(self) -> None:
        giver = side()
        plan = approved(giver, [DATES, TEA])
        dearer(DATES, "1.50")
        [risen] = refusals(plan)
        price = StockRecord.objects.get(product__upc=DATES).price_fen
        assert (risen.code, risen.data["title"]) == (
            "price_risen",
            StockRecord.objects.get(product__upc=DATES).product.get_title(),
        )
        assert [risen.data["now"] > risen.data["was"], price > 0] == [True, True]
        assert (Order.objects.count(), Judgement.objects.count()) == (0, 0)
        send_back(giver.approver, plan)
        submit(giver.buyer, plan)
        approve(giver.approver, plan)
        place(giver.buyer, plan, "anew")
        let_constraints_speak()

    def test_a_price_that_fell_is_taken(self) -> None:
        plan = approved(side(), [DATES])
        dearer(DATES, "-1.00")
        assert place(side().buyer, plan, "form").total_incl_tax > 0

    def test_an_accreditation_that_ends_is_named_with_the_price_that_rose(self) -> None:
        plan = approved(side(), [DATES, TEA])
        accreditation = Accreditation.objects.get(product__upc=DATES, state="valid")
        suspend(User.objects.get(username=f"county.{accreditation.county_id}"), accreditation, "抽检不合格")
        dearer(TEA, "2.00")
        assert sorted(one.code for one in refusals(plan)) == ["accreditation_ended", "assistance_first", "price_risen"]


class TestBoxes:
    """A mixed box counts by what its contents are priced at, so nobody may price them as they like (28.00, 24.00, 28.00)."""

    def repriced(self, **prices: int) -> None:
        for sku, fen in prices.items():
            Component.objects.filter(box__upc=cast.BOX, product__upc=sku.replace("_", "-")).update(price=fen)

    def test_a_box_whose_price_changed_and_its_contents_did_not(self) -> None:
        plan = planned(side(), [cast.BOX])
        dearer(cast.BOX, "1.00")
        (fault,) = plan_of(plan).faults
        assert (fault.code, fault.data["price"], fault.data["parts"]) == ("box_price_apart", "¥81.00", "¥80.00")

    @pytest.mark.parametrize(
        ("fungus", "crystal", "stands"), [(2_800, 2_800, True), (3_300, 2_300, True), (3_400, 2_200, False)]
    )
    def test_its_assistance_part_counts_as_it_costs_singly_within_the_price_band(
        self, fungus: int, crystal: int, stands: bool
    ) -> None:
        """52 of 80 yuan, and a tenth more at the most: 57.20."""
        self.repriced(ZS_FUNGUS_150=fungus, CA_CRYSTAL_400=crystal)
        plan = approved(side(), [DATES, cast.BOX])
        if stands:
            place(side().buyer, plan, "form")
            let_constraints_speak()
        else:
            assert [one.code for one in refusals(plan)] == ["box_askew"]
            assert Order.objects.count() == 0


class TestTheWholeGift:
    """One click for all that is blocked; what it costs is shown before."""

    def test_all_blocked_parts_at_once_at_the_price_that_was_shown(self) -> None:
        giver = side()
        plan = planned(giver, [DATES, cast.BLOCKED, cast.PARTIAL_FIRST], heads=10)
        before = preview(plan)
        assert [slot.dearer_by is None for slot in before.slots] == [True, False, False]
        assert before.substitutable == 2
        substitute(giver.buyer, plan)
        after = preview(plan)
        assert (after.allowed, after.substitutable) == (True, 0)
        assert after.total - before.total == before.dearer_by
        with pytest.raises(NothingBlocked):
            substitute(giver.buyer, plan)

    def test_quantities_are_split_among_producers(self) -> None:
        giver = side()
        plan = planned(giver, [cast.BLOCKED, cast.PARTIAL_FIRST], heads=150)
        before = preview(plan)
        substitute(giver.buyer, plan)
        honey = {line.product.upc: line.heads for line in plan.gift_lines.filter(slot=2).select_related("product")}
        assert honey == {"LG-HONEY-500": 40, "LB-HONEY-500": 40, "LY-HONEY-500": 40, cast.PARTIAL_FIRST: 30}
        assert preview(plan).total - before.total == before.dearer_by
