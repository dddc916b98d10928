"""The buyer's path in a real browser, from sign-in to the accepted order; producers ship; the auditor takes the pack home."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from django.utils import timezone
from openpyxl import load_workbook

from marketplace import local_witness, processes
from marketplace.demo import cast
from marketplace.evidence import keys, verify
from marketplace.fulfilment.models import SupplierOrder
from marketplace.organisations.models import Reveal
from marketplace.organisations.scopes import seen_by
from marketplace.shop.order.models import Order
from tests.browser.people import follow, notices, press, reload_until, signed_in

ROSTER = Path(cast.__file__).parent / "data" / "rosters" / "roster_messy_300.xlsx"
GIFT = [cast.ASSISTANCE, cast.BLOCKED, cast.NO_EQUIVALENT]


@pytest.fixture
def witnessed(fresh_world, start_process, tmp_path, monkeypatch) -> None:
    """A witness; every process that is started from now on is told where it is."""
    start_process("witness", local_witness.command(tmp_path, keys.log_vkey()))
    monkeypatch.setenv("EVIDENCE_WITNESSES", local_witness.url(tmp_path))


@pytest.fixture
def house_with_workers(witnessed, celery_worker_process, start_process) -> None:
    """The worker, and the sweeper beside it."""
    start_process("sweeper", processes.sweeper_command())


def open_plan(page, site: str) -> str:
    """Open a plan; its address."""
    page.goto(f"{site}/union/programmes/new/")
    page.fill("input[name=title]", "中秋节慰问")
    page.select_option("select[name=occasion]", cast.OCCASION)
    page.fill("input[name=per_head]", "300")
    page.fill("input[name=need_date]", (timezone.localdate() + timedelta(days=cast.NEED_IN_DAYS)).isoformat())
    with page.expect_navigation():
        page.click("main form button.button-primary")
    return page.url.removesuffix("roster/")


def upload_roster(page) -> None:
    """Every faulty row is told at once, the good ones are kept, and the marked copy is the union's own workbook."""
    page.set_input_files("input[type=file]", ROSTER)
    with page.expect_navigation():
        page.click("main form[enctype] button.button-primary")
    assert "283" in notices(page)
    with page.expect_download() as waiting:
        page.locator("a[href$='marked.xlsx']").first.click()
    marked = load_workbook(BytesIO(Path(waiting.value.path()).read_bytes()))
    assert "Sheet2" in marked.sheetnames


def choose_goods(page, plan: str) -> None:
    """Search each product and add it; what the rule blocks is replaced with one click."""
    for sku in GIFT:
        page.goto(f"{plan}goods/?q={sku}")
        follow(page, "form.product-form button")
    assert page.locator("form[action$='/substitute/']").count() == 1
    press(page, "/substitute/")
    assert page.locator("form[action$='/substitute/']").count() == 0


def set_money_aside_and_submit(page, plan: str) -> None:
    """The page says how much is missing; once it is set aside, nothing stands against the gift."""
    page.goto(f"{plan}goods/")
    press(page, "/set-aside/")
    assert page.locator("form[action$='/set-aside/']").count() == 0
    page.goto(f"{plan}approval/")
    press(page, "/submit/")


def place_with_a_double_click(page, plan: str) -> str:
    """A double click places one order; its number."""
    page.goto(f"{plan}approval/")
    with page.expect_navigation():
        page.locator("form[action$='/place/'] button").first.dblclick()
    page.wait_for_url(lambda url: "/union/orders/" in url)
    return str(page.url.rstrip("/").rsplit("/", 1)[1])


def deliver(page, site: str, supplier_order: int, seller: str) -> None:
    """The producer confirms, opens the labels, ships."""
    with signed_in(page, site, seller):
        address = f"{site}/producer/orders/{supplier_order}/"
        page.goto(address)
        reload_until(page, "form[action$='/confirm/']")
        press(page, "/confirm/")
        reload_until(page, "form[action$='/labels/']")
        press(page, "/labels/")
        assert "283" in notices(page)
        page.goto(address)
        page.fill("input[name=carrier]", "秦岭速运")
        page.fill("input[name=waybill]", f"QL{supplier_order:09d}")
        with page.expect_navigation():
            page.locator("form[data-keep=ship] button").click()
        assert f"QL{supplier_order:09d}" in notices(page)


def test_from_sign_in_to_the_verified_pack(house_with_workers, live_site, browser_page, tmp_path) -> None:
    page, site = browser_page, live_site
    with signed_in(page, site, cast.BUYER):
        plan = open_plan(page, site)
        upload_roster(page)
        choose_goods(page, plan)
        set_money_aside_and_submit(page, plan)
        page.goto(f"{plan}approval/")
        assert page.locator("form[action$='/approve/']").count() == 0
    with signed_in(page, site, cast.APPROVER):
        page.goto(f"{plan}approval/")
        press(page, "/approve/")
    with signed_in(page, site, cast.BUYER):
        number = place_with_a_double_click(page, plan)
    with seen_by(None):
        assert Order.objects.count() == 1
        parts = [(so.pk, so.producer.code) for so in SupplierOrder.objects.select_related("producer").order_by("pk")]
    assert len(parts) == 3
    for part, producer in parts:
        deliver(page, site, part, cast.seller_login(producer))
    assert Reveal.objects.filter(purpose="labels").count() == 3
    with signed_in(page, site, cast.BUYER):
        for part, _producer in parts:
            page.goto(f"{site}/union/orders/{number}/")
            press(page, f"/parts/{part}/accept/")
        page.goto(f"{site}/union/orders/{number}/")
        assert page.locator("form[action$='/accept/']").count() == 0
    with signed_in(page, site, cast.AUDITOR):
        page.goto(f"{site}/audit/unions/{cast.UNION}/{timezone.localdate().year}/")
        assert number in notices(page)
        page.goto(f"{site}/audit/orders/{number}/")
        press(page, "/pack/")
        page.locator("#pack a[download]").wait_for(timeout=60_000)
        with page.expect_download() as waiting:
            page.locator("#pack a[download]").click()
        pack = tmp_path / "pack.zip"
        waiting.value.save_as(pack)
    checked = subprocess.run(
        [sys.executable, verify.__file__, str(pack), "--log-key", keys.log_vkey(), "--replay"],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stdout
