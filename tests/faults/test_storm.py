"""The kill storm (R1): workers, sweepers, broker and database are killed at random while orders are carried through."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import redis
from django.db import DatabaseError, InterfaceError, connections

from marketplace import embedded
from marketplace.evidence.check import check_log
from marketplace.evidence.models import Entry
from marketplace.evidence.sequencer import sequence_all
from marketplace.fulfilment.actions import accept, confirm, ship
from marketplace.fulfilment.models import Parcel, SupplierOrder
from marketplace.fulfilment.queries import state_of
from marketplace.organisations.scopes import seen_by
from marketplace.shop.order.models import Order
from marketplace.steps.models import Step
from procurement.programmes.models import Programme
from procurement.programmes.placement import place
from suppliers.settlement.models import Accrual
from tests import house
from tests.faults.conftest import Nursery, Process
from tests.faults.states import faults_of_books
from tests.world import approved, seller_of, side, supplier_orders

pytestmark = pytest.mark.long

GIFT = ["JX-DATE-1000", "ZS-FUNGUS-150", "MZ-MILLET-2000", "HS-MILLET-2000", "QJ-MILLET-2000"]
HEADS, IN_FLIGHT = 10, 3
WANTED = {"worker": 300, "broker": 50, "database": 30, "sweeper": 20}
PATIENCE = 3_600.0  # seconds for the whole storm

ONCE = ["sent", "confirmed", "lots_assigned", "shipped", "accepted", "accrued"]


@pytest.fixture
def frail(tmp_path: Path, django_db_blocker) -> Iterator[embedded.Servers]:
    """Servers of the test's own with the world in them, which write to the disk, as a killed database must; Django works there."""
    folder = tmp_path / "servers"
    servers = embedded.ensure(folder, durable=True)
    environment = os.environ | {"DATABASE_URL": servers.database_url, "DATABASE_OWNER_URL": servers.owner_url}
    for command in (["migrate", "--database", "owner", "--skip-checks", "-v", "0"], ["load_world"]):
        subprocess.run([sys.executable, "manage.py", *command], cwd=house.ROOT, env=environment, check=True)
    described = {
        "default": embedded.parse_database_url(servers.database_url),
        "owner": embedded.parse_database_url(servers.owner_url),
    }
    before = {alias: dict(connections.settings[alias]) for alias in connections}
    connections.close_all()
    with django_db_blocker.unblock(), seen_by(None):
        for alias, address in described.items():
            connections.settings[alias].update(address)
        yield servers
        connections.close_all()
    for alias, address in before.items():
        connections.settings[alias].update(address)
    embedded.remove(folder)


@pytest.fixture
def keepers_nursery(frail: embedded.Servers, tmp_path: Path) -> Iterator[Nursery]:
    nursery = Nursery(tmp_path)
    nursery.broker = frail.redis_url
    yield nursery
    nursery.end()


@dataclass
class People:
    """Whoever acts for the unions and producers: they try again when the mall does not answer, under the same key."""

    programmes: list[Programme] = field(default_factory=list)
    orders: dict[int, Order] = field(default_factory=dict)
    finished: set[int] = field(default_factory=set)

    def act(self, more: bool) -> None:
        """One round of clicks."""
        try:
            if more and len(self.programmes) - len(self.finished) < IN_FLIGHT:
                giver = side()
                number = f"S{len(self.programmes):03d}"
                self.programmes.append(approved(giver, GIFT, heads=HEADS, title=number, prefix=number))
            for programme in self.programmes:
                if programme.pk not in self.finished:
                    self._carry_on(programme)
        except (DatabaseError, InterfaceError):
            for connection in connections.all():
                with contextlib.suppress(DatabaseError, InterfaceError):
                    connection.close()
                connection.connection = None

    def _carry_on(self, programme: Programme) -> None:
        buyer = side().buyer
        if programme.pk not in self.orders:
            self.orders[programme.pk] = place(buyer, programme, f"storm-{programme.pk}")
        order = self.orders[programme.pk]
        for supplier_order in supplier_orders(order):
            state = state_of(supplier_order)
            if state == "sent":
                confirm(seller_of(supplier_order), supplier_order)
            elif state == "assigned":
                ship(seller_of(supplier_order), supplier_order, "秦岭速运", f"QL{supplier_order.pk:09d}")
            elif state == "shipped":
                accept(buyer, supplier_order)
        if Accrual.objects.filter(supplier_order__order=order).count() == len(GIFT):
            self.finished.add(programme.pk)


@dataclass
class Storm:
    """What kills, how often it did, and who was started in place of the dead."""

    nursery: Nursery
    servers: embedded.Servers
    dice: random.Random
    kills: Counter[str] = field(default_factory=Counter)
    workers: list[Process] = field(default_factory=list)
    sweeper: Process | None = None

    def populate(self) -> None:
        """Two workers and a sweeper."""
        self.workers = [w for w in self.workers if w.alive]
        while len(self.workers) < 2:
            self.workers.append(self.nursery.start("worker", concurrency=2))
        if self.sweeper is None or not self.sweeper.alive:
            self.sweeper = self.nursery.start("sweeper")

    def strike(self) -> None:
        """Kill something of which not enough was killed."""
        left = [what for what, number in WANTED.items() for _ in range(max(0, number - self.kills[what]))]
        what = self.dice.choice(left)
        {"worker": self._worker, "broker": self._broker, "database": self._database, "sweeper": self._sweeper}[what]()
        self.kills[what] += 1

    def _worker(self) -> None:
        self.workers.pop(self.dice.randrange(len(self.workers))).kill()

    def _sweeper(self) -> None:
        assert self.sweeper is not None
        self.sweeper.kill()

    def _broker(self) -> None:
        if self.dice.random() < 0.5:
            with contextlib.suppress(redis.RedisError), redis.Redis.from_url(self.servers.redis_url) as client:
                client.flushall()
        self._server(1)

    def _database(self) -> None:
        self._server(0)

    def _server(self, number: int) -> None:
        program = embedded._programs_of_last_start(self.servers.data)[number]
        with contextlib.suppress(ProcessLookupError, FileNotFoundError, IndexError, ValueError):
            os.kill(int(Path(program.pid_file).read_text().split()[0]), signal.SIGKILL)

    @property
    def over(self) -> bool:
        return all(self.kills[what] >= number for what, number in WANTED.items())


def test_nothing_is_lost_and_nothing_happens_twice(frail, keepers_nursery) -> None:
    seed = int(os.environ.get("STORM_SEED", time.time_ns() % 1_000_000))
    print(f"\nstorm seed {seed}")
    storm, people = Storm(keepers_nursery, frail, random.Random(seed)), People()
    over = time.monotonic() + PATIENCE
    while not storm.over:
        assert time.monotonic() < over, dict(storm.kills)
        storm.populate()
        people.act(more=True)
        time.sleep(storm.dice.random() * 1.2)
        storm.strike()
    calm = time.monotonic()
    while len(people.finished) < len(people.programmes):
        assert time.monotonic() < calm + 120, "stuck after the storm"
        storm.populate()
        people.act(more=False)
        time.sleep(0.05)
    print(f"kills {dict(storm.kills)}; orders {len(people.orders)}; calm after {time.monotonic() - calm:.1f} s")
    assert_the_end_is_right(people)


def assert_the_end_is_right(people: People) -> None:
    """Every order came exactly to its end, and everything happened once."""
    orders = Order.objects.count()
    assert orders == len(people.programmes) == len(people.finished) > 0
    later = Step.objects.filter(kind="supplier_order.accept_silently")
    assert later.count() == orders * len(GIFT)
    # What is due every day may not be due yet at the hour of the run; what was tried has succeeded.
    daily = Step.objects.filter(cause__startswith="day:")
    assert not Step.objects.exclude(pk__in=later).exclude(pk__in=daily).exclude(state="done").exists()
    assert not daily.exclude(state="done").exclude(state="due", attempts=0).exists()
    assert set(Parcel.objects.values_list("state", flat=True)) == {"accepted"}
    assert Parcel.objects.count() == orders * len(GIFT) * HEADS
    number_of = Counter(
        (entry.kind, entry.body["number"])
        for entry in Entry.objects.filter(kind__in=[f"supplier_order.{word}" for word in ONCE])
    )
    expected = {(f"supplier_order.{word}", so.number): 1 for so in SupplierOrder.objects.all() for word in ONCE}
    assert dict(number_of) == expected
    assert faults_of_books() == []
    sequence_all()
    assert check_log().faults == []
