"""The province enterprise's day: who is late, what leaves with the next truck, what came back, and who is paid for what arrived."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from marketplace.fulfilment.actions import accept
from marketplace.fulfilment.losses import Report
from marketplace.fulfilment.models import LossReason, Parcel, SupplierOrder
from marketplace.shop.order.models import Order
from marketplace.steps.actions import run_all_due
from suppliers.settlement.models import Accrual
from tests.browser.people import DESK_IN_ENGLISH, PHONE, View, follow, shows, sign_in
from tests.world import DATES, YANTA, YUYANG, Side, bring, placed, side


def part_of(order: Order) -> SupplierOrder:
    return SupplierOrder.objects.select_related("order", "union", "producer", "enterprise").get(order=order)


def one(giver: Side, stage: str, **facts) -> SupplierOrder:
    """An order of one part, brought so far."""
    part = part_of(bring(placed(giver, [DATES], 2), giver.buyer, stage))
    if facts:
        SupplierOrder.objects.filter(pk=part.pk).update(**facts)
    return part


def with_a_refused_parcel(giver: Side) -> SupplierOrder:
    part = one(giver, "shipped")
    broken = Parcel.objects.filter(supplier_order=part).first()
    accept(giver.buyer, part, [Report((broken.pk,), LossReason.DAMAGED)])
    run_all_due()
    return part


@pytest.mark.parametrize(("view", "union"), [(PHONE, YANTA), (DESK_IN_ENGLISH, YUYANG)], ids=str)
def test_the_day_of_the_province_enterprise(site, window, view: View, union: str) -> None:
    giver, now = side(union), timezone.now()
    late = one(giver, "sent", sent_at=now - timedelta(days=3))
    due = one(giver, "assigned", need_date=timezone.localdate() + timedelta(days=2))
    back = with_a_refused_parcel(giver)
    earned = Accrual.objects.get(supplier_order=one(giver, "accepted"))

    page = window(view)
    sign_in(page, site, "enterprise")
    for heading, part in (
        (view.words("逾期未确认：请催促合作社", "Not confirmed in time: ask the producer"), late),
        (view.words("即将到期或已逾期的发货", "To be shipped soon, or late"), due),
        (view.words("退回或拒收", "Came back or refused"), back),
    ):
        section = page.locator("main section", has=page.get_by_role("heading", name=heading))
        assert part.number in section.inner_text()
    assert view.words("破损", "Damaged") in section.inner_text()
    # Whom to ask, about what, and what was said of it so far.
    follow(page, f"main a[href$='/orders/{late.pk}/']")
    shows(
        page,
        late.number,
        view.words("待确认", "To be confirmed"),
        giver.union.name if view is PHONE else giver.union.name_en,
    )

    # The truck's list has the lots of what has to leave.
    page.goto(f"{site}/province/")
    follow(page, "main a[href$='/province/picks/']")
    row = page.locator("main tbody tr", has_text=due.number)
    assert f"{DATES}-" in row.inner_text()

    # What the bank has paid is noted, once, however often it is sent.
    page.goto(f"{site}/province/")
    follow(page, "main a[href*='/province/money/']")
    page.check(f"input[name=accrual][value='{earned.pk}']")
    with page.expect_navigation():
        page.locator("main form .button-primary").dblclick()
    page.wait_for_load_state()
    paid = f"¥{(earned.net + earned.households) / 100:,.2f}"
    shows(page, view.words(f"已登记兑付 1 笔，共 {paid}", f"1 delivery was noted as paid out: {paid}"))
    assert page.locator(f"input[name=accrual][value='{earned.pk}']").count() == 0
    page.goto(f"{site}/province/orders/{earned.supplier_order_id}/")
    shows(page, view.words("已兑付", "Paid out"))
    earned.refresh_from_db()
    assert earned.paid_at is not None
