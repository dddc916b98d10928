"""How the rule works out: what is counted, and what is estimated by later knowledge."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import call_command
from django.db import DatabaseError, transaction
from django.utils import timezone

from marketplace.demo import cast
from marketplace.evidence.sequencer import sequence_all
from marketplace.organisations.errors import Refusals
from marketplace.organisations.models import User
from marketplace.shop.determinations import Marks, classify
from marketplace.steps.actions import run, write
from marketplace.steps.models import Step
from procurement.compliance import estimating
from procurement.compliance.estimating import estimate
from procurement.compliance.figures import counted, publish
from procurement.compliance.models import RuleFigures
from procurement.priority.models import Decision
from procurement.programmes.actions import substitute
from procurement.programmes.placement import place
from suppliers.offerbook.actions import take_book
from tests.world import DATES, MOONCAKES, TEA, approved, placed, planned, product, side

THIS_YEAR = timezone.localdate().year


@pytest.fixture(autouse=True)
def _own_key(settings, tmp_path) -> None:
    settings.EVIDENCE_KEY_FILE = tmp_path / "log.key"


def sign_a_book() -> None:
    sequence_all()
    take_book()
    sequence_all()


@pytest.mark.usefixtures("world")
class TestCounted:
    def test_what_was_stopped_replaced_and_let_pass(self) -> None:
        giver = side()
        before = counted(THIS_YEAR)
        placed(giver, [DATES, MOONCAKES])
        refused = approved(giver, [DATES, cast.BLOCKED], title="拒绝")
        with pytest.raises(Refusals):
            place(giver.buyer, refused, "refused")
        substitute(giver.buyer, planned(giver, [cast.BLOCKED], title="替换"), 1)
        after = counted(THIS_YEAR)
        grown = {name: value - getattr(before, name) for name, value in vars(after).items()}
        assert grown == {
            "attempts": 2,
            "refused": 1,
            "blocks": 1,
            "substitutions": 1,
            "exceptions": 0,
            "certificates": 1,
            "leakage": 0,
            "challenges": 0,
            "challenges_upheld": 0,
            "refuted": 0,
        }
        assert counted(THIS_YEAR - 1).attempts == 0

    def test_published_figures_are_in_the_log_and_stay(self) -> None:
        placed(side(), [DATES, MOONCAKES])
        published = publish(THIS_YEAR)
        assert published.entry.body == {"year": THIS_YEAR, **published.figures}
        assert (published.figures["attempts"], published.figures["leakage"]) == (1, 0)
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            RuleFigures.objects.update(gift_year=1)

    def test_the_daily_step_publishes_this_year_and_the_last(self) -> None:
        write("day:test", "figures.publish")
        run(Step.objects.get(cause="day:test").pk)
        assert list(RuleFigures.objects.order_by("id").values_list("gift_year", flat=True)) == [
            THIS_YEAR - 1,
            THIS_YEAR,
        ]

    def test_the_command_prints_a_figure_a_line(self) -> None:
        placed(side(), [DATES, MOONCAKES])
        said = StringIO()
        call_command("rule_figures", stdout=said)
        assert {"attempts: 1", "certificates: 1", "leakage: 0", "estimate_estimated: 0"} <= set(
            said.getvalue().splitlines()
        )


@pytest.mark.usefixtures("world")
class TestEstimated:
    def test_nothing_where_nothing_was_learned(self) -> None:
        sign_a_book()
        order = placed(side(), [TEA, MOONCAKES])
        bought = Decision.objects.get(order=order, product=product(MOONCAKES)).amount
        found = estimate(THIS_YEAR, seed=1)
        assert (found.purchases, found.purchased, found.touched, found.estimated) == (1, bought, 0, 0)
        assert (found.sampled, found.sampled_amount, found.sampled_leaked) == (1, bought, 0)

    def test_a_later_determination_shows_what_could_have_been_bought(self) -> None:
        """The dates stood in the book that the decision cites; that they are of the same class was found later."""
        sign_a_book()
        order = placed(side(), [TEA, MOONCAKES])
        bought = Decision.objects.get(order=order, product=product(MOONCAKES)).amount
        wanted, dates = product(MOONCAKES), product(DATES)
        operator = User.objects.get(username="operator")
        marks = Marks(dates.net_content, wanted.grade, wanted.processing, wanted.dietary)
        classify(operator, dates, wanted.commodity_class, marks, "同类")
        found = estimate(THIS_YEAR, seed=1)
        assert (found.touched, found.touched_leaked, found.estimated) == (1, bought, bought)
        assert counted(THIS_YEAR).leakage == 0

    def test_nothing_is_left_out_however_much_was_touched(self, monkeypatch) -> None:
        """Chunk by chunk, each a run of the step; what comes between two runs finds its place."""
        monkeypatch.setattr(estimating, "CHUNK", 1)
        sign_a_book()
        for number in range(3):
            placed(side(), [TEA, MOONCAKES], title=f"第{number}", prefix=f"G{number}")
        bought = sum(d.amount for d in Decision.objects.filter(product=product(MOONCAKES)))
        wanted, dates = product(MOONCAKES), product(DATES)
        operator = User.objects.get(username="operator")
        marks = Marks(dates.net_content, wanted.grade, wanted.processing, wanted.dietary)
        classify(operator, dates, wanted.commodity_class, marks, "同类")
        write("day:test", "figures.publish")
        runs = 0
        while Step.objects.get(cause="day:test").state == "due":
            run(Step.objects.get(cause="day:test").pk)
            runs += 1
        published = RuleFigures.objects.get(gift_year=THIS_YEAR).figures
        assert (runs, published["estimate_touched"], published["estimate_touched_leaked"]) == (4, 3, bought)
        assert estimate(THIS_YEAR, seed=1).touched == 3

    def test_without_a_book_only_what_the_decision_saw_is_known(self) -> None:
        placed(side(), [TEA, MOONCAKES])
        wanted, dates = product(MOONCAKES), product(DATES)
        operator = User.objects.get(username="operator")
        marks = Marks(dates.net_content, wanted.grade, wanted.processing, wanted.dietary)
        classify(operator, dates, wanted.commodity_class, marks, "同类")
        found = estimate(THIS_YEAR, seed=1)
        assert (found.touched, found.touched_leaked) == (1, 0)
