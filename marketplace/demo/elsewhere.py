"""What a union bought outside the marketplace, and an order that was booked to the wrong one, in the simulated time."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial

from marketplace.demo.gifts import Gift
from marketplace.demo.story import Year
from procurement.policy.models import Occasion
from procurement.programmes.outside.actions import Bought, register
from procurement.programmes.reattribution.actions import offer, take_over

_BUYS_CAKES = "U-XA-BQ-01"
_CAKES_AGO = timedelta(days=95)
_CAKE, _BIRTHDAYS = 6_000, 24  # fen a head, members

# Two people who retired were on the list of the neighbour, which found out when all was paid and past the days for returns.
_BOOKED, _BELONGS = "U-YL-YY-01", "U-YL-YY-02"
_FOUND_OUT = timedelta(days=45)


def note_elsewhere(year: Year, gifts: list[Gift]) -> None:
    """Note both: neither changes what else the year holds."""
    day = year.supply.today - _CAKES_AGO
    year.diary.note(day, partial(_buy_cakes, year, day), 14)
    for gift in gifts:
        if (gift.union, gift.occasion) == (_BOOKED, Occasion.RETIREMENT):
            year.diary.note(gift.placed + _FOUND_OUT, partial(_hand_on, year, gift), 15)


def _buy_cakes(year: Year, day: date) -> None:
    bought = Bought(
        bought_on=day, occasion=Occasion.BIRTHDAY, supplier="西安灞桥春和蛋糕坊", invoice=f"{day:%y}61200000{day:%y%m%d}0095",
        amount=_BIRTHDAYS * _CAKE, members=_BIRTHDAYS, note="生日蛋糕须当日制作，平台暂无供应",
    )  # fmt: skip
    register(year.buyer(_BUYS_CAKES), year.union(_BUYS_CAKES), bought, "demo:outside")


def _hand_on(year: Year, gift: Gift) -> None:
    because = "两名退休职工的会籍已转入塞上公交工会，订单应由其列支"
    offered = offer(year.buyer(_BOOKED), year.orders[gift], year.union(_BELONGS), because)
    purse = year.purse(_BELONGS, gift.gift_year)
    year.diary.note(
        gift.placed + _FOUND_OUT + timedelta(days=2), partial(take_over, year.approver(_BELONGS), offered, purse)
    )
