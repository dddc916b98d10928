"""People who join after the list was made, and who leave."""

from __future__ import annotations

from typing import Any

import pytest

from marketplace.evidence.models import Entry
from marketplace.ledger.actions import open_purse
from marketplace.organisations.errors import NotAllowed, Refusals
from procurement.programmes.actions import import_roster, revise_programme, submit, withdraw
from procurement.programmes.errors import AlreadyListed, NoAddresses, WrongState
from procurement.programmes.models import Delivery, Programme, Recipient
from procurement.programmes.people import add_person, take_off
from tests.procurement.workbook_samples import person, rows_of, workbook
from tests.world import DATES, TEA, YUYANG, Side, draft, planned, side

pytestmark = pytest.mark.usefixtures("world")


def test_a_late_joiner_is_the_same_person_as_in_a_roster() -> None:
    giver = side()
    plan, other = draft(giver, delivery=Delivery.HOME), draft(giver, delivery=Delivery.HOME)
    import_roster(giver.buyer, other, "名单.xlsx", workbook({"名单": rows_of(person(1))}))
    known = Recipient.objects.get(programme=other)
    added = add_person(
        giver.buyer, plan, name=known.name, phone=f"+86 {known.phone}", member_no=known.member_no, address=known.address
    )
    stored = Recipient.objects.get(pk=added.pk)
    assert (stored.person, stored.region, stored.phone) == (known.person, known.region, known.phone)
    entry = Entry.objects.get(subject=f"programme:{plan.pk}", kind="recipient.added")
    assert entry.body == {"programme": plan.pk, "recipients": 1}


def test_all_that_is_wrong_with_a_person_is_said_at_once() -> None:
    giver = side()
    plan = draft(giver, delivery=Delivery.HOME)
    with pytest.raises(Refusals) as refused:
        add_person(giver.buyer, plan, name="张3", phone="029-8888888", id_number="11010119900101001X")
    assert [fault.code for fault in refused.value.refusals] == [
        "name_implausible", "phone_landline", "id_check", "address_missing"
    ]  # fmt: skip
    assert "landline" in str(refused.value)
    assert not Recipient.objects.filter(programme=plan).exists()


def test_nobody_is_on_the_list_twice() -> None:
    giver = side()
    plan = draft(giver)
    add_person(giver.buyer, plan, name="钱小满", phone="13900000001")
    with pytest.raises(AlreadyListed, match="钱小满"):
        add_person(giver.buyer, plan, name="钱小满", phone="13900000001")
    assert Recipient.objects.filter(programme=plan).count() == 1


def test_who_leaves_is_taken_off_once() -> None:
    giver = side()
    plan = planned(giver, [DATES], heads=3)
    leaver = plan.recipients.first()
    take_off(giver.buyer, plan, leaver)
    take_off(giver.buyer, plan, leaver)
    assert plan.recipients.count() == 2
    assert Entry.objects.filter(subject=f"programme:{plan.pk}", kind="recipient.removed").count() == 1


def test_the_list_of_a_submitted_plan_stands() -> None:
    giver = side()
    plan = planned(giver, [DATES], heads=3)
    submit(giver.buyer, plan)
    with pytest.raises(WrongState, match="to add a person to it"):
        add_person(giver.buyer, plan, name="钱小满", phone="13900000001")
    with pytest.raises(WrongState, match="to take a person off it"):
        take_off(giver.buyer, plan, plan.recipients.first())
    assert plan.recipients.count() == 3


def test_another_unions_buyer_changes_no_list() -> None:
    giver, stranger = side(), side(YUYANG)
    plan = planned(giver, [DATES], heads=1)
    for verb in (
        lambda: add_person(stranger.buyer, plan, name="钱小满", phone="13900000001"),
        lambda: take_off(stranger.buyer, plan, plan.recipients.first()),
    ):
        with pytest.raises(NotAllowed):
            verb()
    assert plan.recipients.count() == 1


def test_home_delivery_needs_everybodys_address() -> None:
    giver = side()
    plan = draft(giver)
    add_person(giver.buyer, plan, name="钱小满", phone="13900000001", address="陕西省榆林市榆阳区长城路5号")
    add_person(giver.buyer, plan, name="孙小雪", phone="13900000002")
    with pytest.raises(NoAddresses, match="1 people"):
        revise(giver, plan, delivery=Delivery.HOME)
    regions = dict(plan.recipients.values_list("department", "region"))
    assert set(regions.values()) == {"61"}


def test_a_plan_is_changed_while_it_is_a_draft() -> None:
    giver = side()
    plan = planned(giver, [DATES], heads=2)
    add_person(giver.buyer, plan, name="钱小满", phone="13900000001", address="陕西省榆林市榆阳区长城路5号")
    changed = revise(giver, plan, title="中秋慰问", per_head=25_000, delivery=Delivery.HOME)
    assert (changed.title, changed.per_head, changed.delivery) == ("中秋慰问", 25_000, "home")
    # Two live somewhere on a road that no county is known of; one is in Yulin.
    assert sorted(plan.recipients.values_list("region", flat=True)) == ["61", "61", "6108"]
    entry = Entry.objects.get(subject=f"programme:{plan.pk}", kind="programme.revised")
    assert entry.body["changed"] == ["delivery", "per_head", "title"]
    submit(giver.buyer, changed)
    with pytest.raises(WrongState, match="to change it"):
        revise(giver, plan, title="又改")


def test_a_changed_purse_takes_its_lines_along() -> None:
    giver = side()
    plan = planned(giver, [DATES, (TEA, {"purse": giver.reserve})], heads=2)
    other = open_purse(giver.union, "职工关爱经费", plan.gift_year)
    revise(giver, plan, purse=other)
    assert list(plan.gift_lines.values_list("purse__name", flat=True)) == ["职工关爱经费", giver.reserve.name]


def test_a_draft_is_withdrawn_for_good() -> None:
    giver = side()
    plan = planned(giver, [DATES], heads=2)
    withdraw(giver.buyer, plan)
    plan.refresh_from_db()
    assert plan.state == "withdrawn"
    with pytest.raises(WrongState):
        submit(giver.buyer, plan)
    with pytest.raises(WrongState):
        withdraw(giver.buyer, plan)


def revise(giver: Side, plan: Programme, **changes: Any) -> Programme:
    """The plan with a few things changed."""
    names = ("title", "occasion", "gift_year", "per_head", "need_date", "delivery", "purse", "quotations", "approvers")
    return revise_programme(giver.buyer, plan, **{name: getattr(plan, name) for name in names} | changes)
