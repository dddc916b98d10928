"""The demonstration's past: drawn by seed, lived through by the same verbs, and keeping every invariant."""

import json
import random
from collections import Counter
from datetime import date, timedelta

import pytest
from django.db.models import F, Sum
from django.utils import timezone
from django.utils.translation import override

from marketplace.demo import cast
from marketplace.demo.clock import moment, simulated
from marketplace.demo.gifts import BEFORE, STAGES, TRIED, UNIONS, plan
from marketplace.demo.world import SEED
from marketplace.evidence.check import check_log
from marketplace.evidence.models import Entry, Position
from marketplace.evidence.sequencer import sequence_all
from marketplace.fulfilment.models import Loss, SupplierOrder
from marketplace.fulfilment.queries import state_of, with_states
from marketplace.ledger.models import Account, Leg
from marketplace.organisations.models import Organisation
from marketplace.organisations.scopes import seen_by
from marketplace.shop.order.models import Order
from marketplace.steps.models import Step
from marketplace.stock.models import Lot, Stock
from procurement.compliance.queries import statement
from procurement.compliance.red_flags import red_flags
from procurement.policy.models import Occasion, Policy
from procurement.priority.citing import wrongly_cited
from procurement.priority.models import Judgement, PriorityException, UnionYear
from procurement.priority.replay import differs
from procurement.priority.simulation import Figures, concerned, decide_again
from procurement.programmes.models import OutsidePurchase, Programme, Reattribution, Recipient
from suppliers.offerbook.check import check_book
from suppliers.offerbook.models import Book

DAYS = [date(2026, 1, 5), date(2026, 7, 1), date(2026, 11, 24), date(2028, 2, 29)]


@pytest.mark.parametrize("today", DAYS)
def test_the_plan_depends_on_seed_and_day_alone(today: date) -> None:
    first = plan(today, random.Random(SEED))
    assert first == plan(today, random.Random(SEED))
    assert first != plan(today, random.Random(SEED + 1))


@pytest.mark.parametrize("today", DAYS)
def test_the_plan_holds_every_stage_and_size_on_any_day(today: date) -> None:
    gifts = plan(today, random.Random(SEED))
    assert {gift.union for gift in gifts} == set(UNIONS) == set(cast.BUYING_UNIONS)
    assert {gift.stage for gift in gifts} == set(STAGES)
    assert max(gift.heads for gift in gifts) == 600
    assert min(gift.placed for gift in gifts) >= today - BEFORE + timedelta(days=10)
    assert len({gift.gift_year for gift in gifts}) >= 2


@pytest.mark.parametrize("today", DAYS)
def test_a_new_years_gift_belongs_to_the_year_that_begins(today: date) -> None:
    gifts = [gift for gift in plan(today, random.Random(SEED)) if gift.occasion == Occasion.NEW_YEAR]
    assert gifts
    assert {gift.gift_year - gift.placed.year for gift in gifts} == {1}


@pytest.mark.parametrize("today", DAYS)
def test_several_attempts_are_refused_and_mended_on_any_day(today: date) -> None:
    tried = [gift for gift in plan(today, random.Random(SEED)) if gift.tried]
    assert len(tried) >= 8
    assert [gift for gift in tried if TRIED[gift.goods[gift.tried_slot - 1]] != gift.tried] == []


def test_the_clock_only_goes_forward_and_stops_with_the_story() -> None:
    begun = moment(date(2020, 5, 1), 9)
    with simulated(begun) as clock:
        first, second = timezone.now(), timezone.now()
        assert begun < first < second
        clock.go_to(begun)
        assert timezone.now() > second
        assert timezone.localdate() == date(2020, 5, 1)
    assert timezone.localdate() > date(2020, 5, 1)


@pytest.fixture(scope="module")
def _past(django_test_environment, django_db_blocker):
    """The world with its past, in a database of its own; what the tests here write is rolled back."""
    from tests import house
    from tests.world import visiting

    database = house.make(house.named(f"{house.this_process_database().name}_past"), past=True)
    with django_db_blocker.unblock(), visiting(database):
        yield
    house.drop(database)


@pytest.fixture
def past(_past):
    with seen_by(None):
        yield


def test_how_much_there_is(past: None) -> None:
    gifts = plan(timezone.localdate(), random.Random(SEED))
    placed = [gift for gift in gifts if gift.stage not in ("draft", "submitted", "approved")]
    assert Order.objects.count() == len(placed) + 1  # what members call for by voucher
    assert Programme.objects.count() == len(gifts) + 2  # what members choose now, and call for
    assert Recipient.objects.count() == sum(gift.heads for gift in gifts) + 12 + 12
    assert Counter(Programme.objects.values_list("state", flat=True)) == {
        "placed": len(placed) + 1, "submitted": 2, "draft": 1, "approved": 1, "choosing": 1,
    }  # fmt: skip
    states = {state_of(so) for so in with_states(SupplierOrder.objects.all())}
    assert {"sent", "confirmed", "assigned", "shipped", "accepted"} <= states
    assert Judgement.objects.filter(allowed=False).count() == sum(bool(gift.tried) for gift in gifts)
    assert set(Step.objects.filter(state="failed").values_list("kind", flat=True)) == {"supplier_order.assign_lots"}


def test_what_a_visitor_may_learn_from(past: None) -> None:
    states = Counter(PriorityException.objects.values_list("state", flat=True))
    assert (states["granted"], states["refused"], states["asked"]) == (4, 2, 2)
    assert set(Loss.objects.values_list("kind", "reason")) == {
        ("refused", "damaged"), ("returned", "spoiled"), ("cancelled", "member_left"), ("cancelled", "cannot_supply"),
    }  # fmt: skip
    unions = list(Organisation.objects.filter(code__in=UNIONS))
    today = timezone.localdate()
    with override("zh-hans"):
        jumps = Counter(
            (year, found.title)
            for year in (today.year - 1, today.year)
            for flag in red_flags(unions, year)
            if flag.code == "price_jump"
            for found in flag.found
        )
    dear = [gift.gift_year for gift in plan(today, random.Random(SEED)) if "BH-MOON-480" in gift.goods]
    assert jumps == Counter((year, "北环五仁月饼 480 g") for year in dear)
    assert jumps.total() >= 3


def test_something_was_bought_elsewhere_and_an_order_handed_on(past: None) -> None:
    bought, handed = OutsidePurchase.objects.get(), Reattribution.objects.get()
    assert (bought.union.code, bought.amount, bought.per_head, bought.found) == ("U-XA-BQ-01", 144_000, 6_000, [])
    assert (handed.union.code, handed.to_union.code, handed.state) == ("U-YL-YY-01", "U-YL-YY-02", "taken")
    (left,) = statement(handed.union, handed.gift_year).hand_overs
    (came,) = statement(handed.to_union, handed.gift_year).hand_overs
    assert (left.order, left.assistance) == (came.order, -came.assistance)


def test_a_draft_for_the_next_year_waits_and_would_have_changed_much(past: None) -> None:
    draft = Policy.objects.get(approved_by=None)
    assert (draft.version, draft.period.lower) == (
        f"SN-{timezone.localdate().year + 1}-01",
        date(draft.period.lower.year, 1, 1),
    )
    figures, tomorrow = Figures(), timezone.localdate() + timedelta(days=1)
    for found in decide_again(
        draft, concerned(draft, Organisation.objects.get(kind="operator"), date(2000, 1, 1), tomorrow)
    ):
        figures.add(found)
    assert figures.gifts == Judgement.objects.count()
    assert 0 < figures.refused < figures.gifts
    assert {"share", "floor", "last_year", "quotations", "approvers"} <= set(figures.codes)


def test_the_log_says_how_it_came_about_and_carries_its_time(past: None) -> None:
    first, second = Entry.objects.order_by("id")[:2]
    today = timezone.localdate()
    begun = (today - BEFORE).isoformat()
    assert first.kind == "demo.history"
    assert first.body == {"seed": SEED, "from": begun, "made_at_once_on": today.isoformat()}
    assert second.written_at.date().isoformat() == begun
    # What the database writes about offers carries the database's time: that clock nobody can set.
    lived = Entry.objects.filter(id__gt=first.pk).exclude(kind__in=["offer.stands", "offer.capacity", "offers.book"])
    times = list(lived.order_by("id").values_list("written_at", flat=True))
    assert times == sorted(times)


def test_the_log_is_whole(past: None) -> None:
    sequence_all()
    assert Position.objects.count() == Entry.objects.count()
    assert check_log(ask=False).faults == []


def test_decisions_of_the_past_cite_signed_books(past: None) -> None:
    sequence_all()
    assert check_book().faults == []
    assert wrongly_cited() == []
    books = set(Book.objects.values_list("root", flat=True))
    cited = {json.loads(judgement.input)["offer_book_root"] for judgement in Judgement.objects.all()}
    assert (cited <= books, len(cited) > 10) == (True, True)


def test_money_stock_and_judgements_hold(past: None) -> None:
    assert Leg.objects.aggregate(fen=Sum("amount"))["fen"] == 0
    sums = dict(Leg.objects.values_list("account").annotate(fen=Sum("amount")))
    assert [a.code for a in Account.objects.all() if a.balance != sums.get(a.pk, 0)] == []
    assert not Stock.objects.filter(allocated__gt=F("in_stock")).exists()
    assert not Lot.objects.filter(allocated__gt=F("made")).exists()
    assert [j.pk for j in Judgement.objects.all() if differs(j)] == []


def test_every_statement_is_its_ledger_and_nothing_leaked(past: None) -> None:
    below = set()
    for year in UnionYear.objects.select_related("union"):
        figures = statement(year.union, year.gift_year)
        assert (figures.assistance, figures.ordinary, figures.leakage) == (year.assistance, year.ordinary, 0)
        assert figures.spent == figures.assistance + figures.ordinary + figures.waived
        if figures.share_bp < figures.minimum_share_bp and year.union.code != cast.UNION:
            below.add(year.union.code)
    assert below == {"U-HZ-HT"}


def test_nothing_is_used_before_it_was_made(past: None) -> None:
    orders = Order.objects.values_list("lines__parcel_lines__allocations__lot__produced_on", "date_placed").distinct()
    assert [pair for pair in orders if pair[0] and pair[0] > timezone.localtime(pair[1]).date()] == []


def test_the_main_job_finds_its_shelf_and_its_share_on_the_edge(past: None) -> None:
    millet = {"JX-MILLET-2000": 900, "MZ-MILLET-2000": 1_500, "HS-MILLET-2000": 1_200, "QJ-MILLET-2000": 1_200}
    assert {s.sku: s.available for s in Stock.objects.filter(sku__in=millet)} == millet
    year = UnionYear.objects.get(union__code=cast.UNION, gift_year=timezone.localdate().year)
    # The first gift lacks 5,308 yuan: less than that may stand to the union's credit beforehand.
    assert year.assistance - year.ordinary < 300_000
    assert Organisation.objects.get(code=cast.UNION).purses.count() >= 2
