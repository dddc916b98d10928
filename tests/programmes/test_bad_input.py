"""Whatever a union sends that cannot be: a sentence that names the thing, the rule and the way out, and nothing written."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from django.utils.translation import override

from marketplace.demo import cast
from marketplace.evidence.models import Entry
from marketplace.ledger.actions import set_aside
from marketplace.organisations.errors import HouseError, NotAllowed
from marketplace.organisations.models import Membership, Organisation, Role, User
from marketplace.shop.determinations import remove
from procurement.priority.models import Judgement
from procurement.programmes.actions import (
    approve,
    clear_slot,
    create_programme,
    put_gift_line,
    send_back,
    submit,
    substitute,
)
from procurement.programmes.errors import OwnPlan, PastDate, PurseOfAnother, WrongState
from procurement.programmes.models import Programme
from procurement.programmes.placement import place
from procurement.programmes.queries import preview
from tests.programmes.refusals import refused, told
from tests.world import (
    DATES,
    HONEY,
    MOONCAKES,
    TEA,
    YUYANG,
    Side,
    add_recipients,
    approved,
    choose,
    draft,
    leave_in_stock,
    placed,
    planned,
    product,
    side,
)

pytestmark = pytest.mark.usefixtures("world")


# What is written when a placement is refused by the rule: the attempt, with everything that the rule saw.
ATTEMPT = {"Judgement": 1, "Entry": 1, "Unsequenced": 1}


class TestPlans:
    def create(self, giver: Side, **changes: Any) -> HouseError:
        facts = {
            "title": "慰问", "occasion": "mid_autumn", "gift_year": timezone.localdate().year, "per_head": 30_000,
            "need_date": timezone.localdate() + timedelta(days=20), "delivery": "home", "purse": giver.general,
        } | changes  # fmt: skip
        return refused(lambda: create_programme(giver.buyer, giver.union, **facts))

    @pytest.mark.parametrize("days", [0, -1, -400])
    def test_a_date_that_is_past(self, days) -> None:
        day = timezone.localdate() + timedelta(days=days)
        refusal = self.create(side(), need_date=day)
        assert isinstance(refusal, PastDate)
        assert told(refusal) == [
            (
                "past_date",
                f"The goods would be needed on {day.day} {day:%B %Y}, which is past. Choose a day after today.",
            )
        ]

    def test_a_purse_of_another_union_year_or_purpose(self) -> None:
        giver = side()
        for purse, year in ((side(YUYANG).general, None), (giver.general, 2020), (giver.reserve, None)):
            changes = {"purse": purse} | ({"gift_year": year} if year else {})
            refusal = self.create(giver, **changes)
            assert isinstance(refusal, PurseOfAnother)
        assert str(refusal).startswith("The purse “消费帮扶专项经费” is not this union's purse for")

    def test_a_line_paid_by_another_unions_purse(self) -> None:
        giver = side()
        programme = draft(giver)
        other = side(YUYANG).general
        refusal = refused(lambda: put_gift_line(giver.buyer, programme, 1, product(DATES), purse=other))
        assert refusal.code == "purse_of_another"

    def test_a_plan_that_is_not_complete_is_not_submitted_and_all_is_said_at_once(self) -> None:
        giver = side()
        programme = draft(giver)
        assert told(refused(lambda: submit(giver.buyer, programme))) == [
            ("no_recipients", "Nobody is on the list yet. Upload the roster first."),
            ("empty_gift", "No goods are chosen yet. Add at least one product to the gift."),
        ]

    def test_what_is_not_delivered_is_short_or_too_dear(self) -> None:
        giver = side()
        programme = draft(giver, per_head=5_000)
        add_recipients(programme, 3, region="6107")
        # Wine from Danfeng does not travel to Hanzhong; three packs of tea are 474.00.
        choose(giver, programme, ["DF-WINE-750", (TEA, {"per_head": 3, "heads": 2})])
        assert told(refused(lambda: submit(giver.buyer, programme))) == [
            (
                "not_delivered",
                f"“{product('DF-WINE-750').get_title()}” is not delivered to Hanzhong, where 3 recipients live. "
                "Choose another product for them.",
            ),
            (
                "slot_short",
                "Part 2 of the gift serves only 2 of the 3 recipients. "
                "Let one of its products go to all the rest, or raise the numbers.",
            ),
            (
                "over_standard",
                "The gift costs up to ¥474.00 a head; the plan's standard is ¥50.00. "
                "Choose cheaper goods or raise the standard.",
            ),
        ]
        programme.refresh_from_db()
        assert programme.state == "draft"

    def test_regions_are_listed_in_the_readers_language(self) -> None:
        giver = side()
        programme = draft(giver)
        add_recipients(programme, 1, region="6107")
        add_recipients(programme, 1, region="6109", prefix="A")
        choose(giver, programme, ["DF-WINE-750"])
        with override("zh-hans"):
            ((code, sentence),) = told(refused(lambda: submit(giver.buyer, programme)))[:1]
        assert (code, "汉中、安康" in sentence) == ("not_delivered", True), sentence

    def test_nothing_to_substitute(self) -> None:
        giver = side()
        programme = planned(giver, [DATES])
        refusal = refused(lambda: substitute(giver.buyer, programme, 1))
        assert told(refusal) == [
            ("nothing_to_substitute", "Nothing in part 1 of the gift is blocked, so there is nothing to substitute.")
        ]
        refusal = refused(lambda: substitute(giver.buyer, programme))
        assert told(refusal) == [
            ("nothing_to_substitute", "Nothing in the gift is blocked, so there is nothing to substitute.")
        ]


class TestApproval:
    def test_nobody_approves_a_plan_of_their_own(self) -> None:
        giver = side()
        programme = planned(giver, [DATES])
        submit(giver.buyer, programme)
        refusal = refused(lambda: approve(giver.buyer, programme))
        assert isinstance(refusal, OwnPlan)
        assert str(refusal) == (
            "You drew up “慰问” yourself: another person has to approve it. Ask the union's approver."
        )
        programme.refresh_from_db()
        assert (programme.state, programme.approved_by) == ("submitted", None)

    def test_whoever_submitted_it_does_not_approve_it_even_as_approver(self) -> None:
        giver = side()
        Membership.objects.create(user=giver.approver, organisation=giver.union, role=Role.BUYER)
        programme = planned(giver, [DATES])
        submit(giver.approver, programme)
        assert refused(lambda: approve(giver.approver, programme)).code == "own_plan"

    def test_an_approver_of_another_union(self) -> None:
        giver = side()
        programme = planned(giver, [DATES])
        submit(giver.buyer, programme)
        assert isinstance(refused(lambda: approve(side(YUYANG).approver, programme)), NotAllowed)

    def test_a_draft_is_not_approved_nor_placed_and_a_submitted_one_not_placed(self) -> None:
        giver = side()
        programme = planned(giver, [DATES])
        assert isinstance(refused(lambda: approve(giver.approver, programme)), WrongState)
        assert isinstance(refused(lambda: place(giver.buyer, programme, "k")), WrongState)
        submit(giver.buyer, programme)
        refusal = refused(lambda: place(giver.buyer, programme, "k"))
        assert str(refusal) == "“慰问” is “Waiting for approval”; to place it, it has to be “Approved”."

    def test_a_plan_that_was_sent_back_can_be_changed_again(self) -> None:
        giver = side()
        programme = approved(giver, [DATES])
        send_back(giver.approver, programme)
        clear_slot(giver.buyer, programme, 1)
        programme.refresh_from_db()
        assert (programme.state, programme.approved_by, programme.gift_lines.count()) == ("draft", None, 0)
        assert refused(lambda: send_back(giver.buyer, programme)).code == "wrong_state"

    def test_what_is_placed_is_not_sent_back(self) -> None:
        giver = side()
        programme = Programme.objects.get(order=placed(giver, [DATES]))
        assert refused(lambda: send_back(giver.buyer, programme)).code == "wrong_state"


class TestPlacing:
    """What only shows at placement: the attempt is stored with what the rule saw, nothing else is written."""

    def place_refused(self, programme: Programme, giver: Side, writes: dict[str, int] | None = None) -> list:
        return told(refused(lambda: place(giver.buyer, programme, "the-form"), writes=writes))

    def test_more_recipients_than_stock(self) -> None:
        giver = side()
        programme = approved(giver, [HONEY], heads=41)
        assert self.place_refused(programme, giver, ATTEMPT) == [
            (
                "over_stock",
                f"Of “{product(HONEY).get_title()}” 40 are left and the recipients need 41. "
                "Take a second product for the rest, or fewer recipients.",
            )
        ]
        programme.refresh_from_db()
        assert programme.state == "approved"
        assert not Judgement.objects.get().allowed

    def test_stock_that_went_while_the_plan_waited(self) -> None:
        giver = side()
        programme = approved(giver, [HONEY], heads=30)
        leave_in_stock(HONEY, 0)
        ((code, sentence),) = self.place_refused(programme, giver, ATTEMPT)
        assert (code, "0 are left and the recipients need 30" in sentence) == ("over_stock", True)

    def test_over_the_cap_of_the_year(self) -> None:
        giver = side()
        placed(giver, [(TEA, {"per_head": 7})], per_head=120_000)
        programme = approved(giver, [(TEA, {"per_head": 7})], per_head=120_000, title="又")
        assert self.place_refused(programme, giver, ATTEMPT) == [
            (
                "cap",
                "A member would have gifts for ¥2,212.00 this calendar year; the cap is ¥2,200.00. "
                "Choose cheaper goods or leave some out.",
            )
        ]

    def test_the_share_of_the_year(self) -> None:
        giver = side()
        programme = approved(giver, [MOONCAKES], heads=19)
        ((code, sentence),) = self.place_refused(programme, giver, ATTEMPT)
        assert code == "share"
        assert sentence == (
            "This year's ordinary gifts would come to ¥2,052.00, and at most ¥2,000.00 are allowed: at least 50 % of the "
            "year's gift money goes to assistance products (¥0.00 bought, ¥2,000.00 set aside). "
            "Choose more assistance products, or set more money aside for them."
        )

    def test_an_equivalent_is_on_offer(self) -> None:
        giver = side()
        programme = approved(giver, ["JS-MILLET-2000"], heads=10)
        ((code, sentence), *rest) = self.place_refused(programme, giver, ATTEMPT)
        assert code == "assistance_first"
        assert sentence.startswith(
            f"“{product('JS-MILLET-2000').get_title()}”: assistance products come first. "
            "Equivalents are on offer for 10 of the units ("
        )
        assert sentence.endswith("Take the substitutes with one click; the rest may then stay.")
        assert rest == []

    def test_an_unclassified_product(self) -> None:
        giver = side()
        remove(User.objects.get(username="operator"), product(MOONCAKES), "成分不明")
        programme = approved(giver, [MOONCAKES])
        assert self.place_refused(programme, giver, ATTEMPT) == [
            (
                "unclassified",
                f"“{product(MOONCAKES).get_title()}” has no commodity class, so it cannot be compared, and a covered purse "
                "may not buy it. Ask the operator to classify it, or choose another product.",
            )
        ]
        assert not preview(programme).allowed

    def test_an_occasion_and_a_form_that_the_policy_does_not_allow(self) -> None:
        giver = side()
        programme = approved(giver, [DATES], occasion="anniversary", form="cash")
        assert sorted(self.place_refused(programme, giver, ATTEMPT)) == [
            (
                "form",
                "The form “Cash” is forbidden: gifts are goods, or vouchers that name the shop and the item. "
                "Choose another form.",
            ),
            (
                "occasion",
                "“anniversary” is no occasion on which the policy allows gifts. Choose an allowed occasion.",
            ),
        ]

    def test_ordinary_goods_from_the_assistance_only_purse(self) -> None:
        giver = side()
        programme = approved(giver, [(MOONCAKES, {"purse": giver.reserve}), DATES])
        ((code, sentence),) = self.place_refused(programme, giver, ATTEMPT)
        assert code == "ring_fenced_purse"
        assert "pays for assistance products alone" in sentence

    def test_more_than_the_purse_holds(self) -> None:
        giver = side()
        set_aside(giver.buyer, giver.general, giver.reserve, cast.FUNDS_AT_FIRST - 5_000, "away")
        programme = approved(giver, [DATES], heads=3)
        assert self.place_refused(programme, giver) == [
            (
                "not_enough_money",
                "The purse “职工节日慰问经费” holds ¥50.00 and ¥90.00 is needed: a purse never goes below zero. "
                "Add funds to it, or choose fewer or cheaper goods.",
            )
        ]

    def test_a_need_date_that_passed_while_the_plan_waited(self) -> None:
        giver = side()
        programme = approved(giver, [DATES])
        yesterday = timezone.localdate() - timedelta(days=1)
        Programme.objects.filter(pk=programme.pk).update(need_date=yesterday)
        ((code, _sentence),) = self.place_refused(programme, giver)
        assert code == "past_date"

    def test_a_producer_that_lost_its_standing_is_no_assistance_producer(self) -> None:
        giver = side()
        programme = approved(giver, [DATES], heads=100)
        Organisation.objects.filter(code="P-JX").update(good_standing=False)
        codes = [code for code, _ in self.place_refused(programme, giver, ATTEMPT)]
        assert (codes[0], codes[-1]) == ("assistance_first", "accreditation_ended")

    def test_all_violations_are_said_together(self) -> None:
        giver = side()
        programme = approved(giver, [MOONCAKES, HONEY, "JS-MILLET-2000"], heads=41, form="cash")
        codes = [code for code, _ in self.place_refused(programme, giver, ATTEMPT)]
        assert set(codes) == {"assistance_first", "over_stock", "share", "form"}
        assert Entry.objects.filter(kind="priority.judged").count() == 1
