"""Anyone, not signed in: from the start page to a box's origin, the registers, and how all of it is checked."""

from __future__ import annotations

import re

import pytest

from marketplace.demo import cast
from marketplace.evidence.models import Checkpoint
from marketplace.evidence.sequencer import sequence_all
from marketplace.organisations.models import County
from marketplace.stock.models import Lot
from suppliers.accreditation.queries import valid_on
from tests.browser.people import DESK_IN_ENGLISH, PHONE, View, follow, shows
from tests.world import DATES, placed, product, side


def unfold(page) -> None:
    """On a phone the facets are folded away."""
    if not page.locator("details.facets").evaluate("fold => fold.open"):
        page.click("details.facets > summary")


def found(page) -> int:
    """How many products the list says it has."""
    return int(re.search(r"\d+", page.locator("main [role=status]").first.inner_text()).group())


@pytest.mark.parametrize("view", [PHONE, DESK_IN_ENGLISH], ids=str)
def test_from_the_start_page_to_the_village(site, window, view: View) -> None:
    page, dates = window(view), product(DATES)
    title = dates.title if view is PHONE else dates.title_en
    page.goto(f"{site}/")
    shows(page, view.words("帮扶优先", "Assistance first"))
    follow(page, "main a[href$='/counties/']")
    county = County.objects.get(code="610828")
    shows(page, county.name if view is PHONE else county.name_en)
    follow(page, "main a[href$='/counties/610828/']")
    shows(page, title, view.words("脱贫县", "Formerly poor county"))

    # By class, narrowed by the facets: each choice says what it leaves, and keeps its word.
    page.goto(f"{site}/")
    follow(page, f"main .class-tiles a[href$='commodity_class={dates.commodity_class.parent_id}']")
    before = found(page)
    unfold(page)
    choice = page.locator("details.facets a[href*='county=610828']")
    promised = int(choice.locator(".facet-count").inner_text())
    with page.expect_navigation():
        choice.click()
    assert (found(page), promised < before) == (promised, True)
    follow(page, "main .products a", has_text=title)
    shows(page, title, view.words("帮扶产品", "Assistance product"), valid_on().get(product=dates).number)

    # The address of the code on the box leads to the village.
    lot = Lot.objects.filter(stock__sku=DATES).earliest("best_before")
    follow(page, f"main a[href$='/trace/{lot.code}/']")
    shows(page, lot.code, view.words("户脱贫户", "households"), "枣湾村")
    assert page.locator("main svg.qr, main .qr svg").count() >= 1
    # What stands below the code can be typed instead; a slip is told in words.
    page.goto(f"{site}/trace/")
    for code, words in (
        ("X-1", view.words("没有编号为“X-1”的", "There is no box with the code “X-1”")),
        (lot.code, lot.code),
    ):
        page.fill("main input[name=code]", code)
        follow(page, "main form button")
        shows(page, words)
    assert page.url == f"{site}/trace/{lot.code}/"


@pytest.mark.parametrize("view", [PHONE, DESK_IN_ENGLISH], ids=str)
def test_search_registers_and_how_it_is_checked(site, window, view: View) -> None:
    placed(side(), [cast.NO_EQUIVALENT], 1)
    sequence_all()
    page = window(view)
    page.goto(f"{site}/")
    page.fill(".masthead-search input", view.words("小米", "millet"))
    with page.expect_navigation():
        page.press(".masthead-search input", "Enter")
    assert found(page) > 3
    unfold(page)
    follow(page, "details.facets a[href*='kind=assistance']")
    assert {badge.strip() for badge in page.locator("main .product-badges").all_inner_texts()} == {
        view.words("帮扶产品", "Assistance product")
    }
    page.select_option("main select[name=sort]", "unit")
    follow(page, "main form button", has_text=view.words("排序", "Sort"))
    goods = page.locator("main ul.products").first.inner_text()
    prices = [float(price) for price in re.findall(r"¥([\d.]+) / (?:kg|公斤)", goods)]
    assert prices == sorted(prices)
    assert len(prices) > 3
    page.goto(f"{site}/products/?q=no-such-thing")
    shows(page, view.words("没有符合条件的产品", "No product fits"))

    # The registers: who is accredited, and for whom no equivalent was on offer.
    accredited = valid_on().get(product=product(DATES))
    page.goto(f"{site}/")
    follow(page, "footer a[href$='/register/']")
    page.goto(f"{site}/register/?q={accredited.number}")
    shows(page, accredited.number, view.words("有效", "Valid"))
    follow(page, "nav.tabs a[href$='/register/certificates/']")
    shows(page, side().union.name if view is PHONE else side().union.name_en)
    follow(page, "main tbody a")
    assert "/register/certificates/" in page.url

    # How it is checked: what is signed, by whom, with which program.
    page.goto(f"{site}/")
    follow(page, "footer a[href$='/verify/']")
    latest = Checkpoint.objects.latest("size")
    shows(page, view.words("自行核验", "Verify it yourself"), f"{latest.size:,}", "python verify.py PACK.zip")
    with page.expect_download() as waiting:
        page.locator("main a[href$='/verify/verify.py']").first.click()
    assert "def main" in waiting.value.path().read_text()
