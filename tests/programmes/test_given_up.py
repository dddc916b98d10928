"""Ordinary goods that were allowed because of assistance goods, when those shrink: every path by which they can, and what each leaves.

The small world: ordinary honey is wanted by five members, the assistance producers have three jars. Three members get those, two
may have the ordinary one (clause 2). Dates and mooncakes stand for a year at its edge (clause 3), for a year that may not fall below
the one before, and for the floor per head.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from marketplace.demo import cast
from marketplace.demo.clock import simulated
from marketplace.fulfilment.actions import accept, confirm, ship
from marketplace.fulfilment.losses import Report, give_back, give_up
from marketplace.fulfilment.models import Loss
from marketplace.ledger.actions import set_aside
from marketplace.organisations.errors import HouseError, Refusals
from marketplace.organisations.models import User
from marketplace.shop.order.models import Order
from marketplace.shop.partner.models import Delivery
from marketplace.steps.actions import run_all_due
from procurement.priority.actions import release_reserve
from procurement.priority.models import Decision, Judgement, Release
from procurement.programmes.actions import approve, put_gift_line, send_back, submit, substitute
from procurement.programmes.people import take_off
from procurement.programmes.placement import place
from tests.honey import HONEYS, PLAIN, partly, partly_approved
from tests.policies import rules
from tests.programmes.giving_up import drop, parcels, part, same_as_last_year
from tests.world import (
    DATES,
    DATES_FEN,
    MOONCAKES,
    Goods,
    Side,
    add_recipients,
    bring,
    leave_in_stock,
    let_constraints_speak,
    placed,
    planned,
    product,
    seller_of,
    side,
)

pytestmark = pytest.mark.usefixtures("world")

HELPED, OTHER, THIRD = HONEYS


def to_place(giver: Side, programme: Any) -> Order:
    submit(giver.buyer, programme)
    approve(giver.approver, programme)
    return place(giver.buyer, programme, f"place-{programme.pk}")


def fail(order: Order, sku: str, number: int | None = None) -> None:
    """The producer gives up what it was to supply."""
    so = part(order, sku)
    give_up(seller_of(so), so, Report(parcels(so, number), "crop_failed"))
    let_constraints_speak()


def code_of(call: Any) -> str:
    """What the house says against it; nothing where it is done. What was refused is taken back."""
    try:
        with transaction.atomic():
            call()
    except Refusals as refused:
        return ", ".join(refusal.code for refusal in refused.refusals)
    except HouseError as error:
        return error.code
    return ""


def codes(giver: Side, goods: Goods, heads: int, prefix: str, **changes: Any) -> str:
    return code_of(lambda: placed(giver, goods, heads, prefix=prefix, title=prefix, **changes))


def live(order: Order) -> dict[str, int]:
    """Units that still count, by article."""
    found: dict[str, int] = {}
    for decision in Decision.objects.filter(order=order).select_related("product"):
        gone = sum(Release.objects.filter(decision=decision).values_list("quantity", flat=True))
        found[decision.product.upc] = found.get(decision.product.upc, 0) + decision.quantity - gone
    return found


def under(**changes: Any) -> None:
    """Another policy for the province, from tomorrow on."""
    begins = timezone.localdate() + timedelta(days=1)
    rules("SN-NEXT", **{"begins": begins, "minimum_share_bp": 5_000} | changes)


def tomorrow() -> Any:
    return simulated(timezone.now() + timedelta(days=1))


class TestTheUnionCancels:
    def test_not_one_unit_of_the_part_while_ordinary_goods_rest_on_it(self) -> None:
        giver = side()
        order = partly(giver)
        assert code_of(lambda: drop(giver, order, HELPED, 1)) == "part_would_break"
        drop(giver, order, PLAIN, 1)
        assert code_of(lambda: drop(giver, order, HELPED, 1)) == "part_would_break"
        drop(giver, order, PLAIN)
        drop(giver, order, HELPED)
        assert live(order) == {HELPED: 0, PLAIN: 0}

    def test_nor_when_the_ordinary_goods_were_sent_first(self) -> None:
        giver = side()
        order = partly(giver)
        bring(order, giver.buyer, "sent")
        quick = part(order, PLAIN)
        confirm(seller_of(quick), quick)
        run_all_due()
        ship(seller_of(quick), quick, "秦岭速运", "QL000000001")
        assert code_of(lambda: drop(giver, order, HELPED, 3, "member_left")) == "leavers_part"
        assert code_of(lambda: drop(giver, order, HELPED, 3)) == "part_would_break"

    def test_members_who_left_free_jars_for_those_who_stay(self) -> None:
        """Four are left, and three jars are on offer for them: one may be ordinary."""
        giver = side()
        order = partly(giver)
        with pytest.raises(HouseError) as said:
            drop(giver, order, HELPED, 1, "member_left")
        assert (said.value.code, said.value.data["units"]) == ("leavers_part", 1)
        drop(giver, order, PLAIN, 1)
        drop(giver, order, HELPED, 1, "member_left")
        assert live(order) == {HELPED: 2, PLAIN: 1}
        assert codes(giver, [HELPED], 1, "the-one-who-stays") == ""
        assert code_of(lambda: drop(giver, order, HELPED, 2, "member_left")) == "leavers_part"

    def test_members_who_left_ordinary_goods_behind_do_not_pay_for_others(self) -> None:
        giver = side()
        order = partly(giver)
        drop(giver, order, PLAIN, 1, "member_left")
        assert code_of(lambda: drop(giver, order, HELPED, 1, "member_left")) == "leavers_part"

    def test_when_nothing_is_ordinary_any_more_whoever_left_is_taken_off(self) -> None:
        giver = side()
        order = partly(giver)
        drop(giver, order, PLAIN, 2, "member_left")
        drop(giver, order, HELPED, 3, "member_left")
        assert live(order) == {HELPED: 0, PLAIN: 0}

    def test_rows_written_by_hand_are_refused_too(self) -> None:
        giver = side()
        order = partly(giver)
        so, decision = part(order, HELPED), Decision.objects.get(order=order, product__upc=HELPED)
        with pytest.raises(IntegrityError, match="ordinary only beyond"), transaction.atomic():
            for reason in ("not_needed", "member_left"):
                loss = Loss.objects.create(
                    supplier_order=so, union=so.union, producer=so.producer, kind="cancelled", by="union", reason=reason,
                    parcels=1, amount=decision.unit_price, reported_by=giver.buyer,
                )  # fmt: skip
                Release.objects.create(
                    decision=decision, loss=loss, union=so.union, gift_year=order.gift_year, quantity=1,
                    amount=decision.unit_price,
                )  # fmt: skip
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS part_kept IMMEDIATE")


class TestTheProducerFails:
    def test_what_was_ordinary_stays_and_the_shortfall_is_free_at_once(self) -> None:
        giver = side()
        order = partly(giver)
        fail(order, HELPED)
        assert live(order) == {HELPED: 0, PLAIN: 2}
        assert codes(giver, [PLAIN], 3, "instead") == ""
        assert Decision.objects.filter(product__upc=PLAIN).order_by("-pk")[0].outcome == "no_equivalent"

    def test_of_what_others_have_in_time_it_is_bought_first(self) -> None:
        giver = side()
        order = partly(giver)
        leave_in_stock(OTHER, 2)
        fail(order, HELPED)
        assert codes(giver, [PLAIN], 3, "instead") == "assistance_first"
        programme = planned(giver, [PLAIN], heads=3, prefix="S")
        substitute(giver.buyer, programme, 1)
        assert live(to_place(giver, programme)) == {OTHER: 2, PLAIN: 1}

    def test_planning_days_are_no_answer_to_who_was_refused(self) -> None:
        """Goods were needed in twenty days; the producer fails, and another one could only come ten days after that."""
        giver = side()
        order = partly(giver)
        leave_in_stock(OTHER, 50)
        needed = timezone.localdate() + timedelta(days=cast.NEED_IN_DAYS)
        with simulated(timezone.now() + timedelta(days=cast.NEED_IN_DAYS - 1)):
            Delivery.objects.filter(stockrecord__partner_sku=OTHER).update(days=5)
            assert codes(giver, [PLAIN], 3, "before", need_date=needed) == "assistance_first"
            fail(order, HELPED)
            assert codes(giver, [PLAIN], 4, "more", need_date=needed) == "assistance_first"
            assert codes(giver, [PLAIN], 3, "as-many", need_date=needed) == ""
            assert codes(giver, [PLAIN], 1, "and-one", need_date=needed) == "assistance_first"

    def test_an_earlier_date_than_was_ordered_gains_nothing(self) -> None:
        giver = side()
        order = partly(giver)
        leave_in_stock(OTHER, 50)
        fail(order, HELPED)
        Delivery.objects.filter(stockrecord__partner_sku=OTHER).update(days=5)
        soon = timezone.localdate() + timedelta(days=2)
        assert codes(giver, [PLAIN], 3, "soon", need_date=soon) == "assistance_first"

    def test_what_the_producer_still_lists_does_not_bind_the_shortfall_again(self) -> None:
        giver = side()
        order = partly(giver)
        fail(order, HELPED)
        leave_in_stock(HELPED, 40)
        assert codes(giver, [PLAIN], 4, "more") == "assistance_first"
        assert codes(giver, [PLAIN], 3, "as-many") == ""
        judged = Judgement.objects.filter(allowed=True).order_by("-pk")[0]
        assert '"refused"' in judged.output
        assert codes(giver, [PLAIN], 1, "and-one") == "assistance_first"

    def test_it_is_no_shortfall_of_other_unions(self) -> None:
        order = partly(side())
        fail(order, HELPED)
        leave_in_stock(HELPED, 40)
        assert codes(side("U-YL-YY"), [PLAIN], 3, "other") == "assistance_first"

    def test_and_is_forgotten_after_the_days_for_which_stock_is_held(self) -> None:
        giver = side()
        fail(partly(giver), HELPED)
        leave_in_stock(HELPED, 40)
        with simulated(timezone.now() + timedelta(days=31)):
            assert codes(giver, [PLAIN], 3, "late") == "assistance_first"

    @pytest.mark.parametrize("stage", ["refused", "returned"])
    def test_what_arrives_and_is_refused_or_returned_leaves_the_rest_as_it_was(self, stage: str) -> None:
        """After shipping nothing is judged again; the year decides what may be bought next."""
        giver = side()
        order = partly(giver)
        bring(order, giver.buyer, "shipped" if stage == "refused" else "accepted")
        so = part(order, HELPED)
        report = [Report(parcels(so, 2), "spoiled")]
        accept(giver.buyer, so, report) if stage == "refused" else give_back(giver.buyer, so, report)
        let_constraints_speak()
        assert live(order) == {HELPED: 1, PLAIN: 2}
        assert codes(giver, [PLAIN], 2, "again") == ""

    def test_a_silent_producer_loses_nothing_for_the_union(self) -> None:
        """Nobody's silence takes goods out of an order: what is not confirmed stays ordered, and holds the shelf."""
        giver = side()
        order = partly(giver)
        bring(order, giver.buyer, "sent")
        with simulated(timezone.now() + timedelta(days=30)):
            bring(order, giver.buyer, "sent")
            assert live(order) == {HELPED: 3, PLAIN: 2}
            assert codes(giver, [PLAIN], 3, "again") == "assistance_first"


class TestBeforePlacement:
    """A plan is judged again as it is when it is placed, whatever was changed in it and when."""

    def test_the_ordinary_article_put_back(self) -> None:
        giver = side()
        programme = partly_approved(giver)
        send_back(giver.buyer, programme)
        programme.gift_lines.filter(product__upc=HELPED).delete()
        put_gift_line(giver.buyer, programme, 1, product(PLAIN), heads=None)
        assert code_of(lambda: to_place(giver, programme)) == "assistance_first"

    def test_fewer_people_than_were_judged(self) -> None:
        """Two come off the list: what is left for the ordinary article goes first."""
        giver = side()
        programme = partly_approved(giver)
        send_back(giver.buyer, programme)
        for recipient in programme.recipients.order_by("-pk")[:2]:
            take_off(giver.buyer, programme, recipient)
        assert live(to_place(giver, programme)) == {HELPED: 3}

    def test_more_people_than_were_judged(self) -> None:
        giver = side()
        programme = partly_approved(giver)
        send_back(giver.buyer, programme)
        add_recipients(programme, 1, prefix="late")
        leave_in_stock(HELPED, 4)
        assert code_of(lambda: to_place(giver, programme)) != ""

    def test_more_jars_at_placement_than_at_approval(self) -> None:
        giver = side()
        programme = partly_approved(giver)
        leave_in_stock(HELPED, 4)
        assert code_of(lambda: place(giver.buyer, programme, "late")) == "assistance_first"


class TestTheYear:
    """What ordinary goods rest on beside the share."""

    def test_a_year_that_may_not_fall_below_the_last_one(self) -> None:
        giver = side()
        same_as_last_year(giver, 20)
        under(minimum_share_bp=1_500, keep_last_year=True)
        with tomorrow():
            order = placed(giver, [DATES, MOONCAKES], heads=20)
            assert code_of(lambda: drop(giver, order, DATES, 1)) == "last_year_would_break"
            officer = User.objects.get(username=cast.UNION_OFFICER)
            set_aside(giver.buyer, giver.general, giver.reserve, DATES_FEN, "aside")
            drop(giver, order, DATES, 1)
            assert code_of(lambda: drop(giver, order, DATES, 1)) == "last_year_would_break"
            assert (
                code_of(lambda: release_reserve(officer, giver.reserve, giver.general, DATES_FEN, "out"))
                == "reserve_bound"
            )
            drop(giver, order, MOONCAKES)
            drop(giver, order, DATES)
            assert live(order) == {DATES: 0, MOONCAKES: 0}

    def test_a_producers_failure_is_not_the_unions(self) -> None:
        giver = side()
        same_as_last_year(giver, 20)
        under(minimum_share_bp=1_500, keep_last_year=True)
        with tomorrow():
            order = placed(giver, [DATES, MOONCAKES], heads=20)
            fail(order, DATES, 1)
            assert live(order) == {DATES: 19, MOONCAKES: 20}
            assert codes(giver, [MOONCAKES], 1, "more") == "last_year"

    def test_members_keep_no_ordinary_goods_without_the_floor(self) -> None:
        giver = side()
        under(minimum_share_bp=1_500, floor=3_000)
        with tomorrow():
            order = placed(giver, [DATES, MOONCAKES], heads=4)
            assert code_of(lambda: drop(giver, order, DATES, 1)) == "floor_would_break"
            assert code_of(lambda: drop(giver, order, DATES, 1, "member_left")) == "floor_would_break"
            drop(giver, order, MOONCAKES, 1)
            drop(giver, order, DATES, 1)
            assert live(order) == {DATES: 3, MOONCAKES: 3}
            assert code_of(lambda: drop(giver, order, DATES, 1)) == "floor_would_break"
