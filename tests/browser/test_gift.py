"""A gift at a phone and at a desk: a union plans, another person of it approves, the order stands; a member chooses and complains."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from marketplace.demo import cast
from marketplace.organisations.models import User
from marketplace.shop.order.models import Order
from procurement.programmes.choosing import offer, open_choosing
from procurement.programmes.models import Choice, Option
from procurement.programmes.people import tie_member
from tests.browser.people import (
    DESK,
    DESK_IN_ENGLISH,
    PHONE,
    PHONE_IN_ENGLISH,
    View,
    follow,
    press,
    shows,
    sign_in,
    sign_in_by_phone,
)
from tests.world import DATES, FUNGUS, TEA, YANTA, YUYANG, bring, placed, planned, product, side


@pytest.mark.parametrize(("view", "union"), [(PHONE, YANTA), (DESK_IN_ENGLISH, YUYANG)], ids=str)
def test_a_gift_from_the_plan_to_the_order(site, window, view: View, union: str) -> None:
    giver = side(union)
    buyer, approver = window(view), window(view)
    sign_in(buyer, site, giver.buyer.username)
    follow(buyer, "main a[href$='/programmes/new/']")
    title = view.words("送温暖：老工人", "Warmth for the old hands")
    buyer.fill("main input[name=title]", title)
    buyer.fill("main input[name=per_head]", "80")
    follow(buyer, "main form[data-keep] button.button-primary")
    plan = buyer.url.removesuffix("roster/")
    follow(buyer, "main a[href$='/roster/add/']")
    for name, value in (("name", "钱小满"), ("phone", "13900000001"), ("address", "陕西省西安市雁塔区测试路1号")):
        buyer.fill(f"main input[name={name}]", value)
    follow(buyer, "main form[data-keep] button.button-primary")
    follow(buyer, "main a[href$='/goods/']")
    for sku in (cast.ASSISTANCE, cast.BLOCKED):
        buyer.fill("main form[role=search] input[name=q]", sku)
        follow(buyer, "main form[role=search] button")
        follow(buyer, "form.product-form button")
    shows(buyer, view.words("请点“一键替换”", "Blocked"))
    press(buyer, "/substitute/")
    shows(buyer, view.words("当前方案符合规则", "The rule allows this gift as it stands."))
    follow(buyer, "main a[href$='/approval/']")
    press(buyer, "/submit/")
    shows(buyer, view.words("自己拟定的方案不能由自己批准", "You cannot approve your own plan."))

    sign_in(approver, site, giver.approver.username)
    follow(approver, "main a[href$='/approval/']", has_text=title)
    press(approver, "/approve/")
    shows(approver, view.words("已批准", "Approved"))

    buyer.goto(f"{plan}approval/")
    press(buyer, "/place/")
    order = Order.objects.latest("id")
    assert buyer.url == f"{site}/union/orders/{order.number}/"
    shows(buyer, order.number, view.words("帮扶产品", "Assistance product"))
    assert order.recipients == 1


@pytest.mark.parametrize("view", [PHONE_IN_ENGLISH, DESK], ids=str)
def test_a_member_chooses_and_says_what_is_wrong(site, window, view: View) -> None:
    giver = side(YANTA)
    programme = planned(giver, [DATES, FUNGUS], 2, delivery="home", title=f"生日慰问 {view}")
    offer(giver.buyer, programme, 2, product(TEA))
    open_choosing(giver.buyer, programme, timezone.now() + timedelta(days=5))
    member = User.objects.get(username="member")
    chooses = programme.recipients.order_by("id")[0]
    tie_member(member, chooses)
    tea = Option.objects.get(programme=programme, product__upc=TEA).pk
    order = bring(placed(giver, [DATES], 2, title=f"中秋慰问 {view}"), giver.buyer, "shipped")
    got = order.programme.recipients.order_by("id")[0]
    tie_member(member, got)

    page = window(view)
    sign_in_by_phone(page, site, "member") if view is PHONE_IN_ENGLISH else sign_in(page, site, "member")
    shows(page, view.words("我的慰问品", "My gifts"), programme.title)
    follow(page, f"main a[href$='/my/gifts/{chooses.pk}/']")
    page.locator(".choose-option", has=page.locator(f"input[value='{tea}']")).click()
    follow(page, ".choose-bar button")
    assert page.is_checked(f"input[value='{tea}']")
    assert Choice.objects.get(recipient=chooses).option_id == tea

    page.goto(f"{site}/my/")
    follow(page, f"main a[href$='/my/gifts/{got.pk}/']")
    follow(page, "main a[href*='/problem/']")
    page.check("main input[name=reason][value=damaged]")
    words = view.words("箱子湿了", "The box was wet")
    page.fill("main textarea[name=words]", words)
    follow(page, "main form button.button-primary")
    page.goto(f"{site}/my/")
    shows(page, view.words("您反映的问题", "Problems you reported"), order.programme.title)
