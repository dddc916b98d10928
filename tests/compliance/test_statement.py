"""By which policy a gift year is judged: what was in force when its gifts were decided, not what is in force today."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone
from django.utils.translation import override

from marketplace.fulfilment.losses import Report, cancel, give_up
from marketplace.fulfilment.models import Parcel
from marketplace.ledger.actions import fund, open_purse
from marketplace.workspaces.statements import red_facts
from marketplace.workspaces.union.queries import year_gauge
from procurement.compliance.queries import statement
from procurement.priority.years import decided_under
from tests.policies import rules
from tests.world import DATES, MOONCAKES, Side, placed, seller_of, side, supplier_orders, whatever_year

pytestmark = pytest.mark.usefixtures("world")
OLD, NEW = "SN-2020-05", "SN-NEW"


def year() -> int:
    return timezone.localdate().year


def test_a_ratio_that_rises_later_does_not_reach_back() -> None:
    giver = side()
    placed(giver, [DATES, MOONCAKES], heads=3)
    before = statement(giver.union, year())
    assert (before.policy, before.minimum_share_bp, before.compliant) == (OLD, 5_000, True)
    rules(NEW, minimum_share_bp=9_900)
    assert statement(giver.union, year()) == before


def test_it_applies_to_what_is_decided_after_it() -> None:
    giver = side()
    placed(giver, [DATES, MOONCAKES], heads=3)
    rules(NEW, minimum_share_bp=4_000)
    placed(giver, [DATES, MOONCAKES], heads=1, need_date=timezone.localdate() + timedelta(days=40))
    found = statement(giver.union, year())
    assert (found.policy, found.minimum_share_bp, found.compliant) == (NEW, 4_000, True)
    assert [(row.policy, row.minimum_share_bp) for row in found.orders] == [(OLD, 5_000), (NEW, 4_000)]
    # 4,000 basis points: with A and R, so much ordinary.
    assert found.ordinary_limit == 6_000 * (found.assistance + found.reserve) // 4_000


def test_assistance_goods_bought_under_a_new_ratio_do_not_bring_it_upon_ordinary_ones_bought_before() -> None:
    giver = side()
    placed(giver, [DATES, MOONCAKES], heads=3)
    rules(NEW, minimum_share_bp=9_900)
    placed(giver, [DATES], heads=2, need_date=timezone.localdate() + timedelta(days=40))
    assert statement(giver.union, year()).policy == OLD


def test_ordinary_goods_that_were_given_up_bind_no_more() -> None:
    giver = side()
    rules(NEW, minimum_share_bp=4_000)
    order = placed(giver, [DATES, MOONCAKES], heads=1)
    cakes = next(so for so in supplier_orders(order) if so.mode == "direct")
    cancel(
        giver.buyer,
        cakes,
        Report(tuple(Parcel.objects.filter(supplier_order=cakes).values_list("pk", flat=True)), "not_needed"),
    )
    found = statement(giver.union, year())
    assert (found.policy, found.ordinary) == (NEW, 0)


@pytest.mark.parametrize(("gift_year", "version"), [(2019, "SN-2019-01"), (2020, OLD), (2024, OLD)])
def test_a_year_in_which_nothing_was_decided_has_the_policy_of_its_last_day(gift_year: int, version: str) -> None:
    assert statement(side().union, gift_year).policy == version


def test_many_unions_are_asked_about_in_two_statements(django_assert_num_queries) -> None:
    giver = side()
    placed(giver, [DATES, MOONCAKES], heads=3)
    unions = [giver.union, side("U-YL-YY").union]
    with django_assert_num_queries(2):
        found = decided_under(unions, year())
    assert {union: policy.version for union, policy in found.items()} == {giver.union.pk: OLD}


class TestNotBelowTheYearBefore:
    """Two truths, told apart: the share of the year, and that its assistance goods are not below those of the year before."""

    def last_year(self, giver: Side, bags: int) -> None:
        purse = open_purse(giver.union, "上年", year() - 1)
        fund(purse, bags * 3_000, "last year")
        with whatever_year():
            placed(giver, [DATES], heads=bags, prefix="L", gift_year=year() - 1, purse=purse)
        policy = rules(NEW, minimum_share_bp=1_500, keep_last_year=True)
        assert policy.keep_last_year

    def test_before_there_are_ordinary_gifts_it_is_only_said(self) -> None:
        giver = side()
        held = giver.reserve.account.balance
        self.last_year(giver, held // 3_000 + 10)
        found = statement(giver.union, year())
        missing = (held // 3_000 + 10) * 3_000 - held
        assert (found.share_kept, found.last_year_kept, found.compliant) == (True, False, True)
        assert (found.last_year_missing, found.as_dict()["last_year_missing"]) == (missing, missing)
        with override("en"):
            assert red_facts(found)[0].endswith("of the year before so far.")

    def test_the_share_is_kept_and_a_producers_failure_below_last_year_is_no_breach(self) -> None:
        giver = side()
        self.last_year(giver, giver.reserve.account.balance // 3_000 + 10)
        order = placed(giver, [DATES, MOONCAKES], heads=10, need_date=timezone.localdate() + timedelta(days=40))
        kept = statement(giver.union, year())
        assert (kept.share_kept, kept.last_year_kept, kept.compliant) == (True, True, True)
        so = next(one for one in supplier_orders(order) if one.mode != "direct")
        ids = tuple(Parcel.objects.filter(supplier_order=so).values_list("pk", flat=True)[:2])
        give_up(seller_of(so), so, Report(ids, "crop_failed"))
        found = statement(giver.union, year())
        assert (found.share_kept, found.last_year_kept, found.compliant) == (True, False, True)
        assert 0 < found.last_year_missing <= 6_000
        gauge = year_gauge(giver.union, year())
        assert (gauge.last, gauge.last_missing) == (found.last_assistance, found.last_year_missing)
        breach = replace(found, failures=())
        with override("en"):
            assert breach.compliant is False
            assert red_facts(breach)[0].startswith("Ordinary gifts were bought, and assistance goods are")
