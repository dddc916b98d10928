"""A producer on a phone, signed in by a code; an auditor who asks, a union that answers."""

from __future__ import annotations

import pytest
from django.utils import timezone

from marketplace.demo import cast
from marketplace.fulfilment.models import SupplierOrder
from marketplace.steps.actions import run_all_due
from procurement.audit.models import AuditCase
from tests.browser.people import DESK_IN_ENGLISH, PHONE, View, follow, press, shows, sign_in, sign_in_by_phone
from tests.world import DATES, FUNGUS, MOONCAKES, bring, placed, side


@pytest.mark.parametrize(
    ("view", "sku", "username"), [(PHONE, DATES, "p-jx"), (DESK_IN_ENGLISH, FUNGUS, "p-zs")], ids=str
)
def test_a_producer_confirms_and_ships(site, window, view: View, sku: str, username: str) -> None:
    giver = side()
    part = SupplierOrder.objects.get(order=bring(placed(giver, [sku], 3), giver.buyer, "sent"))
    page = window(view)
    sign_in_by_phone(page, site, username)
    shows(page, view.words("今日待办", "What to do today"), view.words("新供货单：待确认", "New: confirm"))
    follow(page, f"main a[href$='/orders/{part.pk}/']")
    press(page, "/confirm/")
    run_all_due()
    page.reload()
    press(page, "/labels/")
    shows(page, "测试M00001")
    page.goto(f"{site}/producer/orders/{part.pk}/")
    page.fill("form[data-keep=ship] input[name=carrier]", "秦岭速运")
    page.fill("form[data-keep=ship] input[name=waybill]", f"QL{part.pk:09d}")
    follow(page, "form[data-keep=ship] button.button-primary")
    shows(page, f"QL{part.pk:09d}", view.words("已发货", "Shipped"))
    assert part.consignments.count() == 1


@pytest.mark.parametrize(("view", "auditor"), [(PHONE, cast.AUDITOR), (DESK_IN_ENGLISH, "auditor.xian")], ids=str)
def test_an_auditor_asks_and_the_union_answers(site, window, view: View, auditor: str) -> None:
    giver, year = side(), timezone.localdate().year
    order = placed(giver, [DATES, MOONCAKES], 2)
    page, clerk = window(view), window(view)
    sign_in(page, site, auditor)
    follow(page, f"main a[href$='/unions/{cast.UNION}/{year}/']")
    shows(page, order.number, view.words("合规报表", "Compliance statement"))
    follow(page, f"main a[href$='/orders/{order.number}/']")
    follow(page, "main a[href*='/judgements/']")
    shows(page, view.words("帮扶产品", "Assistance product"), view.words("无同类证明", "No-equivalent certificate"))
    page.goto(f"{site}/audit/orders/{order.number}/")
    follow(page, "main a[href*='/cases/new/']")
    question = view.words("为何选购月饼？", "Why mooncakes?")
    page.fill("main textarea[name=question]", question)
    follow(page, "main form button.button-primary")
    shows(page, question)
    case = AuditCase.objects.latest("id")

    sign_in(clerk, site, giver.buyer.username)
    follow(clerk, f"main a[href$='/cases/{case.pk}/']")
    answer = view.words("本省无认定月饼。", "Nobody's are accredited.")
    clerk.fill("main textarea[name=text]", answer)
    follow(clerk, "main form button.button-primary")

    page.goto(f"{site}/audit/")
    follow(page, f"main a[href$='/cases/{case.pk}/']")
    shows(page, answer)
    page.fill("main textarea[name=text]", view.words("已阅。", "Seen."))
    page.check("main input[name=then][value=close]")
    follow(page, "main form button.button-primary")
    shows(page, view.words("已关闭", "Closed"))
    case.refresh_from_db()
    assert case.state == "closed"
