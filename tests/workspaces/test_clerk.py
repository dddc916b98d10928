"""What clerks and officers are told, once and truly, and where the next step is offered."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.utils import timezone
from openpyxl import load_workbook

from marketplace.demo import cast
from marketplace.fulfilment.models import Parcel
from marketplace.fulfilment.queries import progress
from procurement.priority.models import Judgement
from procurement.programmes.actions import approve, submit
from procurement.programmes.choosing import close_choosing
from procurement.programmes.complaints import report
from procurement.programmes.models import Choice, Complaint, ComplaintReason, Option, Recipient
from procurement.programmes.placement import place
from tests.policies import rules
from tests.workspaces.gifts import open_gift, shipped_gift, with_dates_given_up
from tests.workspaces.persons import Person, text, told
from tests.world import (
    DATES,
    MOONCAKES,
    TEA,
    add_recipients,
    approved,
    choose,
    draft,
    placed,
    planned,
    side,
)

pytestmark = pytest.mark.usefixtures("world")


def said_once(page: Any) -> list[int]:
    """How often the page says each thing that stands against the gift."""
    shown = text(page)
    return [shown.count(" ".join(sentence.split())) for sentence in page.context["violations"]]


class TestRefusedOnce:
    def test_a_refused_submission_lists_what_stands_against_the_plan_once(self) -> None:
        plan, buyer = draft(side()), Person(cast.BUYER)
        buyer.send("union:submit", plan.pk)
        page = buyer.open("union:approval", plan.pk)
        assert said_once(page) == [1, 1]
        assert "It was not carried out." in text(page)

    def test_a_refused_placement_lists_what_stands_against_the_gift_once(self) -> None:
        plan, buyer = approved(side(), list(cast.GIFT_300)), Person(cast.BUYER)
        buyer.send("union:place", plan.pk, key="k")
        page = buyer.open("union:approval", plan.pk)
        assert said_once(page) == [1, 1]
        assert "It was not carried out." in text(page)

    def test_what_the_page_does_not_list_is_told(self) -> None:
        plan, buyer = planned(side(), [TEA]), Person(cast.BUYER)
        submit(side().buyer, plan)
        (sentence,) = told(buyer.send("union:approve", plan.pk))
        assert sentence.startswith("You drew up")


def test_an_officer_who_only_accredits_is_led_to_the_accreditations() -> None:
    for officer in ("town.610828", "county.610828"):
        answer = Person(officer).open("oversight:home")
        assert (answer.status_code, answer.url) == (302, "/oversight/accreditations/")
    assert Person(cast.UNION_OFFICER).open("oversight:home").status_code == 200
    assert Person(cast.BUYER).open("oversight:home").status_code == 403


def test_after_closing_the_short_list_says_who_chose_and_who_gets_the_default() -> None:
    programme = open_gift(heads=5)
    first = programme.recipients.order_by("id")[0]
    tea = Option.objects.get(programme=programme, product__upc=TEA)
    Choice.objects.create(recipient=first, union=programme.union, slot=2, option=tea, at=timezone.now())
    buyer = Person(cast.BUYER)
    assert "get it as the default" not in text(buyer.open("union:goods", programme.pk))
    close_choosing(side().buyer, programme)
    goods = text(buyer.open("union:goods", programme.pk))
    assert "0 members chose it · 4 get it as the default" in goods
    assert "1 member chose it" in goods
    assert "1 member chose it · " not in goods
    choices = text(buyer.open("union:choices", programme.pk))
    assert "4 members did not choose and get the default." in choices
    assert [value for _title, value in buyer.open("union:choices", programme.pk).context["option_bars"]] == [4, 1]


class TestComplaint:
    def complaint(self, stage: str) -> Complaint:
        recipient = shipped_gift(stage)
        parcel = Parcel.objects.select_related("supplier_order__order").get(recipient=recipient.pk)
        return report(recipient, parcel, ComplaintReason.INCOMPLETE, "少了一袋")

    @pytest.mark.parametrize(("stage", "act"), [("shipped", "refused"), ("accepted", "returned")])
    def test_it_leads_to_the_act_with_the_parcel_ticked_and_the_reason_chosen(self, stage: str, act: str) -> None:
        complaint, buyer = self.complaint(stage), Person(cast.BUYER)
        page = buyer.open("union:complaint", complaint.pk)
        assert page.context["act"] == act
        asked = {name: values[0] for name, values in parse_qs(urlsplit(page.context["act_url"]).query).items()}
        number = Recipient.objects.get(pk=complaint.recipient_id).member_no
        assert asked == {"member": number, "parcel": str(complaint.parcel_id), "reason": "short"}
        order, part = complaint.parcel.supplier_order.order, complaint.parcel.supplier_order
        there = buyer.open("union:part", order.number, part.pk, **asked)
        assert (there.context["ticked"], there.context["form"]["reason"].value()) == ({complaint.parcel_id}, "short")
        assert [row.pk for row in there.context["listing"].page.object_list] == [complaint.parcel_id]
        buyer.send("union:part", order.number, part.pk, which="ticked", parcel=complaint.parcel_id, reason="short")
        assert progress(order)[act] == 1
        page = buyer.open("union:complaint", complaint.pk)
        assert "act" not in page.context
        assert page.context["gone"].kind == act
        assert "Returns and refunds" in text(page)

    def test_an_approver_reads_it_without_acts(self) -> None:
        assert "What you can do" not in text(
            Person(cast.APPROVER).open("union:complaint", self.complaint("shipped").pk)
        )


def test_a_reason_from_an_address_that_makes_no_sense_chooses_nothing() -> None:
    complaint = TestComplaint().complaint("shipped")
    part = complaint.parcel.supplier_order
    page = Person(cast.BUYER).open("union:part", part.order.number, part.pk, reason="<b>", parcel="x")
    assert page.status_code == 200
    assert page.context["ticked"] == set()


def test_what_has_to_be_made_good_stands_on_gauge_statement_and_workbook_with_its_reason() -> None:
    part = with_dates_given_up()
    buyer, year = Person(cast.BUYER), timezone.localdate().year
    reason = f"{part.producer.name}: ¥60.00, Cancelled (Not enough goods)"
    for name, arguments in (("union:home", ()), ("union:statement_year", (year,))):
        shown = text(buyer.open(name, *arguments))
        assert "Still to make good ¥ 60 .00" in shown
        assert "To be made good" in shown
        assert reason in shown
    sheet = load_workbook(BytesIO(buyer.open("union:statement_xlsx", year).content))["Statement"]
    summary = [
        row
        for row in sheet.iter_rows(values_only=True)
        if row[0] in ("Still to make good", "What a producer failed to deliver")
    ]
    assert [(row[0], row[1], row[3]) for row in summary] == [
        ("Still to make good", 60, None),
        ("What a producer failed to deliver", None, reason),
    ]


def test_where_the_rule_changed_in_the_year_each_order_names_its_policy() -> None:
    giver, buyer = side(), Person(cast.BUYER)
    year = timezone.localdate().year
    placed(giver, [DATES, MOONCAKES], heads=3)
    assert "The rule changed" not in text(buyer.open("union:statement_year", year))
    rules("SN-NEW", minimum_share_bp=4_000)
    placed(giver, [DATES, MOONCAKES], heads=1, need_date=timezone.localdate() + timedelta(days=40))
    shown = text(buyer.open("union:statement_year", year))
    assert "The rule changed during the year." in shown
    assert "SN-2020-05 minimum 50 %" in shown.replace("\xa0", " ")
    assert "SN-NEW minimum 40 %" in shown.replace("\xa0", " ")


def test_what_the_rule_saw_names_each_product_and_each_that_was_looked_at_once() -> None:
    giver, buyer = side(), Person(cast.BUYER)
    programme = draft(giver)
    for prefix, region in zip("ABC", ("6101", "6108", "6107"), strict=True):
        add_recipients(programme, 2, region, prefix=prefix)
    choose(giver, programme, [DATES, MOONCAKES])
    submit(giver.buyer, programme)
    approve(giver.approver, programme)
    order = place(giver.buyer, programme, "k")
    found = Judgement.objects.get(decisions__order=order, decisions__product__upc=DATES, decisions__region="6101")
    page = buyer.open("union:judgement", order.number, found.pk)
    dates, mooncakes = page.context["groups"]
    assert [(row.outcome, row.quantity, len(row.regions)) for row in dates.rows] == [("assistance", 6, 3)]
    assert [(row.outcome, row.quantity) for row in mooncakes.rows] == [("no_equivalent", 6)]
    assert (dates.rows[0].price.low, dates.rows[0].price.high) == (3_000, 3_000)
    looked_at = [one.accreditation for one in mooncakes.candidates]
    assert len(looked_at) == len(set(looked_at))
    shown = text(page)
    assert "All 3 regions of the gift" in shown
    assert shown.count("Yulin") <= len(looked_at)
