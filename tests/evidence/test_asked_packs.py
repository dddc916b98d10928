"""A pack that somebody asked for on a page: made by two steps, left, found again."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from marketplace.demo import cast
from marketplace.evidence import verify
from marketplace.evidence.handlers import tick
from marketplace.evidence.models import Entry
from marketplace.organisations.errors import NotAllowed
from marketplace.organisations.models import User
from marketplace.organisations.scopes import seen_by
from marketplace.shop.order.models import Order
from marketplace.steps.actions import run_all_due
from marketplace.steps.models import Step
from procurement.compliance import actions
from procurement.compliance.actions import ask_for_pack, state_of_pack
from procurement.compliance.errors import NoWitnessNamed
from procurement.compliance.models import EvidencePack
from tests.workspaces.persons import Person, text
from tests.world import DATES, placed, side

pytestmark = pytest.mark.usefixtures("broker")


@pytest.fixture
def order(fresh_world: Any) -> Order:
    with seen_by(None):
        return placed(side(), [DATES])


def auditor() -> User:
    return User.objects.get(username=cast.AUDITOR)


def work() -> None:
    """What workers and sweeper do within a second: everything is looked at again at once."""
    Step.objects.filter(cause__startswith="pack:").update(next_run_at="2020-01-01T00:00Z")
    run_all_due()


@pytest.fixture(autouse=True)
def _collected_files(settings: Any, tmp_path: Path) -> None:
    """WhiteNoise warns where no static files were ever collected."""
    settings.STATIC_ROOT = tmp_path


@pytest.fixture(autouse=True)
def _looked_at_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "LOOK_AGAIN", timedelta(hours=1))


def test_it_is_made_by_steps_and_the_offline_verifier_accepts_it(order: Order, start_witness: Any) -> None:
    start_witness()
    page = Person(cast.AUDITOR)
    for _twice in range(2):
        assert page.send("audit:pack", order.number).status_code == 302
    with seen_by(None):
        pack = EvidencePack.objects.get()
        work()
        assert (EvidencePack.objects.get().state, state_of_pack(pack)) == ("due", ("due", ""))
        tick()
        work()
        pack.refresh_from_db()
        assert (pack.state, state_of_pack(pack)) == ("intended", ("running", ""))
        assert Entry.objects.filter(kind="pack.manifest").count() == 1
    shown = page.open("audit:pack_progress", order.number)
    assert "hx-get" in shown.content.decode()
    assert "Witnesses countersign it." in text(shown)
    with seen_by(None):
        tick()
        work()
        pack.refresh_from_db()
        assert state_of_pack(pack) == ("done", "")
    shown = page.open("audit:pack_progress", order.number)
    assert "hx-get" not in shown.content.decode()
    assert pack.sha256 in text(shown)
    content = page.open("audit:pack_file", order.number, pack.pk).content
    assert len(content) == pack.size
    report = verify.verify(content)
    assert (report.faults, Entry.objects.filter(kind="pack.asked").count()) == ([], 1)
    assert Person(cast.BUYER).open("union:pack_file", order.number, pack.pk).content == content


def test_a_new_one_takes_the_place_of_the_last(order: Order, start_witness: Any) -> None:
    start_witness()
    with seen_by(None):
        for _twice in range(2):
            ask_for_pack(side().buyer, order)
            for _turn in range(3):
                tick()
                work()
        assert EvidencePack.objects.count() == 1
        assert Entry.objects.filter(kind="pack.manifest").count() == 2


def test_while_no_witness_answers_it_says_so_and_goes_on_when_one_does(
    order: Order, start_witness: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    witness = start_witness()
    tick()
    witness.kill()
    with seen_by(None):
        pack = ask_for_pack(side().buyer, order)
        for _turn in range(3):
            tick()
            work()
        pack.refresh_from_db()
        assert state_of_pack(pack) == ("running", "")
        monkeypatch.setattr(actions, "PATIENCE", timedelta(0))
        for _attempt in range(8):
            work()
        state, reason = state_of_pack(pack)
        assert (state, "EVIDENCE_WITNESSES" in reason) == ("failed", True)
    assert "EVIDENCE_WITNESSES" in text(Person(cast.BUYER).open("union:order", order.number))
    witness.start()
    with seen_by(None):
        assert ask_for_pack(side().buyer, order) == pack
        tick()
        work()
        pack.refresh_from_db()
        assert state_of_pack(pack) == ("done", "")


def test_who_may_ask(order: Order, start_witness: Any) -> None:
    with seen_by(None):
        with pytest.raises(NoWitnessNamed):
            ask_for_pack(auditor(), order)
        start_witness()
        for stranger in ("buyer.yuyang", "p-jx", "officer"):
            with pytest.raises(NotAllowed):
                ask_for_pack(User.objects.get(username=stranger), order)
        assert ask_for_pack(User.objects.get(username="auditor.xian"), order).asked_by.username == "auditor.xian"


def test_it_moves_only_as_declared_and_one_is_made_at_a_time(order: Order, start_witness: Any) -> None:
    start_witness()
    with seen_by(None):
        pack = ask_for_pack(auditor(), order)
        with pytest.raises(IntegrityError, match="no declared transition"), transaction.atomic():
            EvidencePack.objects.filter(pk=pack.pk).update(state="done", made_at="2026-01-01T00:00Z", size=1)
        with pytest.raises(IntegrityError, match="one_pack_of_an_order_is_made_at_a_time"), transaction.atomic():
            EvidencePack.objects.create(order=order, union=order.union, asked_by=auditor())
