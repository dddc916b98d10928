"""Exceptions asked for, audits and closed years in the simulated time: one in every state that officers and auditors may find."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, timedelta
from functools import partial

from django.utils import timezone

from marketplace.demo import cast
from marketplace.demo.gifts import UNIONS
from marketplace.demo.purses import THE_CASTS
from marketplace.demo.story import Year
from marketplace.organisations.errors import Refusals
from procurement.audit.actions import answer, close, open_case
from procurement.compliance.closing import close_year
from procurement.priority.actions import ask_exception, grant_exception, refuse_exception

_CITY_AUDITOR = "auditor.xian"
_MAKES_GOOD = "U-HZ-HT"


def note_cases(year: Year) -> None:
    """Note the requests and audits that are no part of a gift's story."""
    walnuts, goat, konjac = "XS-WALNUT-1000", "RY-GOAT-400", "BW-KONJAC-500"
    # Union, article, how many, days ago, what the union above says, for how many days it holds.
    requests = (
        ("U-XA-YT-03", walnuts, 60, 200, "granted", 45),
        ("U-YL-YY-01", konjac, 120, 60, "refused", 30),
        ("U-XA-YT-02", goat, 40, 30, "granted", 90),
        ("U-YL-YY", walnuts, 50, 150, "granted", 60),
        ("U-XA-BQ-01", walnuts, 200, 75, "refused", 30),
        ("U-XA-YT-01", konjac, 80, 4, "", 60),
        ("U-XA-YT", goat, 30, 2, "", 60),
    )
    for union, sku, quantity, ago, word, days in requests:
        day = year.supply.today - timedelta(days=ago)
        year.diary.note(day, partial(_ask, year, union, sku, quantity, word, days), 10)
    audits = (
        (
            "U-XA-YT-03",
            _CITY_AUDITOR,
            120,
            "请说明验收单与签领表人数不一致的原因。",
            "两名职工当日出差，次日补领，已补签。",
            "说明属实，予以结案。",
        ),
        (
            "U-XA-YT-01",
            _CITY_AUDITOR,
            25,
            "请补充说明普通商品无同类证明的依据。",
            "已附无同类证明编号及候选产品清单。",
            "",
        ),
        ("U-HZ-HT", cast.AUDITOR, 9, "本年度帮扶产品占比低于规定，请说明补足计划。", "", ""),
    )
    for union, auditor, ago, question, reply, conclusion in audits:
        day = year.supply.today - timedelta(days=ago)
        year.diary.note(day, partial(_audit, year, union, auditor, question, reply, conclusion), 15)


def note_closings(year: Year) -> None:
    """Note that the gift years which are over were closed in the February after. Not so those of the unions that visitors play, and of
    the one with something to make good: an officer above may close that.
    """
    for gift_year in range(year.supply.begun.year, year.supply.today.year):
        for code in sorted(set(UNIONS) - {*THE_CASTS, _MAKES_GOOD}):
            year.diary.note(date(gift_year + 1, 2, 10), partial(_close, year, code, gift_year), 16)


def _close(year: Year, code: str, gift_year: int) -> None:
    """Where something is still open the year stays so, as it would."""
    with suppress(Refusals):
        close_year(year.approver(code), year.union(code), gift_year)


def _ask(year: Year, union: str, sku: str, quantity: int, word: str, days: int) -> None:
    today = timezone.localdate()
    asked = ask_exception(
        year.buyer(union),
        year.union(union),
        year.supply.offers[sku].product,
        grounds="职工体检后按医嘱选用，现有同类帮扶产品规格不合适",
        quantity=quantity,
        valid_from=today,
        valid_to=today + timedelta(days=days),
    )
    officer = year.supply.people["officer.yulin" if union.startswith("U-YL") else cast.UNION_OFFICER]
    if word == "granted":
        year.diary.note(today + timedelta(days=1), partial(grant_exception, officer, asked), 11)
    elif word == "refused":
        year.diary.note(
            today + timedelta(days=2),
            partial(refuse_exception, officer, asked, answer="同类帮扶产品中已有相同规格，请改选"),
            11,
        )


def _audit(year: Year, union: str, auditor: str, question: str, reply: str, conclusion: str) -> None:
    today = timezone.localdate()
    orders = [order.number for gift, order in year.orders.items() if gift.union == union]
    subject = f"order:{orders[-1]}" if reply and orders else f"statement:{today.year}"
    acting = year.supply.people[auditor]
    case = open_case(acting, year.union(union), subject, question)
    if reply:
        year.diary.note(today + timedelta(days=3), partial(answer, year.buyer(union), case, reply), 16)
    if conclusion:
        year.diary.note(today + timedelta(days=6), partial(close, acting, case, conclusion), 16)
