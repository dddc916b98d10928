"""The main job from end to end, by the same verbs as the pages: a county union's Mid-Autumn gift, twice.

From the roster file to the verified evidence pack. What the rule must say and what the figures must be is known beforehand
(cast.py), so that every figure is checked exactly; `Report.ok` is false on the first that differs.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.db.models import Sum
from django.utils import timezone

from marketplace.demo import cast
from marketplace.demo.checks import check_evidence, check_statement
from marketplace.fulfilment.actions import accept, confirm, labels, ship
from marketplace.fulfilment.models import Parcel, SupplierOrder
from marketplace.fulfilment.queries import state_of
from marketplace.ledger.actions import set_aside
from marketplace.ledger.models import Leg, Purse
from marketplace.organisations.errors import Refusals
from marketplace.organisations.models import Membership, Organisation, Role, User
from marketplace.organisations.scopes import seen_by
from marketplace.shop.catalogue.models import Product
from marketplace.shop.order.models import Order
from marketplace.steps.models import Step
from procurement.compliance.queries import statement
from procurement.priority.models import Decision, Judgement
from procurement.programmes.actions import (
    approve,
    create_programme,
    import_roster,
    put_gift_line,
    submit,
    substitute,
)
from procurement.programmes.models import Programme
from procurement.programmes.placement import place
from procurement.programmes.queries import Preview, preview
from suppliers.settlement.actions import confirm_payout, pay_out, record_payment
from suppliers.settlement.models import Accrual, HouseholdAccrual

Tell = Callable[[str, float], None]

_PATIENCE = 120.0  # seconds that the workers may take for one stage


@dataclass(frozen=True)
class Figure:
    """One figure: what it is, what it must be, what it came to."""

    name: str
    expected: Any
    got: Any

    @property
    def right(self) -> bool:
        """Whether it is exactly as expected."""
        return bool(self.expected == self.got)


@dataclass
class Report:
    """The figures of a run, and how long its stages took."""

    figures: list[Figure] = field(default_factory=list)
    seconds: list[tuple[str, float]] = field(default_factory=list)

    def check(self, name: str, expected: Any, got: Any) -> None:
        """Note a figure."""
        self.figures.append(Figure(name, expected, got))

    @property
    def ok(self) -> bool:
        """Whether every figure is right."""
        return bool(self.figures) and all(figure.right for figure in self.figures)


class Stuck(Exception):
    """Steps were not carried out in time: no worker runs, or one failed."""


@dataclass
class Job:
    """One run: who acts, how steps are carried out, where figures go."""

    report: Report
    tell: Tell
    drive: Callable[[], None]
    union: Organisation = field(default_factory=lambda: Organisation.objects.get(code=cast.UNION))
    buyer: User = field(default_factory=lambda: User.objects.get(username=cast.BUYER))
    approver: User = field(default_factory=lambda: User.objects.get(username=cast.APPROVER))
    began: datetime = field(default_factory=timezone.now)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a stage and say that it is done."""
        started = time.monotonic()
        yield
        took = time.monotonic() - started
        self.report.seconds.append((name, took))
        self.tell(name, took)

    def wait(self, what: str, reached: Callable[[], bool]) -> None:
        """Wait until workers have brought something about. Raises Stuck."""
        until = time.monotonic() + _PATIENCE
        while not reached():
            self.drive()
            if failed := Step.objects.filter(attempts__gt=0, created_at__gte=self.began).exclude(state="done").first():
                raise Stuck(f"{what}: the step {failed} failed: {failed.reason}")
            if time.monotonic() > until:
                raise Stuck(f"{what}: not reached within {_PATIENCE:.0f} s; does a worker run?")
            time.sleep(0.05)


def run(report: Report, tell: Tell, drive: Callable[[], None] = lambda: None) -> Report:
    """Run the main job with both rosters. `drive` is called while waiting: it may carry out steps itself where no worker runs."""
    job = Job(report, tell, drive)
    with seen_by(None):
        year = timezone.localdate().year
        before = statement(job.union, year)
        for number, (file, gift) in enumerate(
            [("roster_messy_300.xlsx", cast.GIFT_300), ("roster_clean_1000.xlsx", cast.GIFT_1000)], start=1
        ):
            order = one_gift(job, number, file, gift, year)
            check_evidence(job.report.check, job.stage, order)
        with job.stage("statement of the year"):
            check_statement(job.report.check, job.union, year, before)
    return report


def one_gift(job: Job, number: int, file: str, gift: tuple[str, ...], year: int) -> Order:
    """One programme, from the roster to the households' confirmation."""
    name = f"gift {number}"
    with job.stage(f"{name}: roster read"):
        programme = _plan(job, f"中秋节慰问 {number}", year)
        _read_roster(job, programme, file)
    with job.stage(f"{name}: goods chosen and judged"):
        _choose(job, programme, gift)
        seen = preview(programme)
        job.report.check(f"{name}: outcomes as wanted", _WANTED, _outcomes(seen))
    with job.stage(f"{name}: substitutes taken"):
        for slot in (2, 3):
            substitute(job.buyer, programme, slot)
        seen = preview(programme)
        job.report.check(f"{name}: outcomes after substitution", _SUBSTITUTED, _outcomes(seen))
        job.report.check(f"{name}: refused for the share alone", 1, len(seen.violations))
    with job.stage(f"{name}: first attempt refused by the share"):
        _attempt(job, name, programme)
    with job.stage(f"{name}: money set aside, order placed"):
        order = _place(job, name, programme, seen, year)
    _fulfil(job, name, order)
    _settle(job, name, order)
    return order


_WANTED = {1: ["assistance"], 2: ["blocked"], 3: ["partial"], 4: ["no_equivalent"], 5: ["box"]}
_SUBSTITUTED = {1: ["assistance"], 2: ["assistance"], 3: ["assistance", "partial"], 4: ["no_equivalent"], 5: ["box"]}


def _outcomes(seen: Preview) -> dict[int, list[str]]:
    """The kinds of outcome in each slot; for the box, that its components have their own."""
    found: dict[int, list[str]] = {}
    for slot in seen.slots:
        kinds = set()
        for line in slot.lines:
            parts = sorted({outcome for _product, outcome in line.components})
            kinds.add("box" if parts == ["assistance", "no_equivalent"] else line.outcome)
        found[slot.slot] = sorted(kinds)
    return found


def _plan(job: Job, title: str, year: int) -> Programme:
    purse = Purse.objects.get(union=job.union, gift_year=year, name=cast.GENERAL_PURSE)
    return create_programme(
        job.buyer,
        job.union,
        title=title,
        occasion=cast.OCCASION,
        gift_year=year,
        per_head=cast.PER_HEAD,
        need_date=timezone.localdate() + timedelta(days=cast.NEED_IN_DAYS),
        delivery="home",
        purse=purse,
    )


def _read_roster(job: Job, programme: Programme, file: str) -> None:
    rosters = Path(__file__).parent / "data" / "rosters"
    imported = import_roster(job.buyer, programme, file, (rosters / file).read_bytes())
    expected = rosters / f"{file}.expected.json"
    known: dict[str, Any] = (
        json.loads(expected.read_text()) if expected.is_file() else {"people": 1000, "faulty_rows": []}
    )
    job.report.check(f"{file}: people", known["people"], imported.people)
    job.report.check(
        f"{file}: faulty rows", known["faulty_rows"], [[row, code] for _sheet, row, code in imported.faults]
    )
    good = known["people"] - len({row for row, _code in known["faulty_rows"]})
    job.report.check(f"{file}: recipients kept", good, programme.recipients.count())


def _choose(job: Job, programme: Programme, gift: tuple[str, ...]) -> None:
    products = {p.upc: p for p in Product.objects.filter(upc__in=gift)}
    for slot, sku in enumerate(gift, start=1):
        put_gift_line(job.buyer, programme, slot, products[sku])


def _attempt(job: Job, name: str, programme: Programme) -> None:
    """A first attempt, which clause 3 refuses; the attempt is stored and nothing else happens."""
    submit(job.buyer, programme)
    approve(job.approver, programme)
    before = Judgement.objects.filter(allowed=False).count()
    codes: list[str] = []
    try:
        place(job.buyer, programme, f"attempt-{uuid.uuid4()}")
    except Refusals as refusal:
        codes = [r.code for r in refusal.refusals]
    job.report.check(f"{name}: refused by", ["share"], codes)
    job.report.check(f"{name}: refused attempt stored", 1, Judgement.objects.filter(allowed=False).count() - before)
    job.report.check(f"{name}: nothing placed", 0, Order.objects.filter(programme=programme).count())


def _place(job: Job, name: str, programme: Programme, seen: Preview, year: int) -> Order:
    general = Purse.objects.get(union=job.union, gift_year=year, name=cast.GENERAL_PURSE)
    reserve = Purse.objects.get(union=job.union, gift_year=year, name=cast.ASSISTANCE_PURSE)
    share = seen.share
    assert share is not None
    missing = cast.to_set_aside(share.assistance, share.ordinary, share.reserve, share.minimum_share_bp)
    job.report.check(f"{name}: the page says what to set aside", missing, share.missing)
    set_aside(job.buyer, general, reserve, missing, f"set-aside:{programme.pk}")
    key = f"place-{uuid.uuid4()}"
    order = place(job.buyer, programme, key)
    job.report.check(f"{name}: sent twice, the same order", order.number, place(job.buyer, programme, key).number)
    job.report.check(f"{name}: total as judged (fen)", seen.total, int(order.total_incl_tax * 100))
    decided = Decision.objects.filter(order=order).aggregate(fen=Sum("amount"))["fen"]
    job.report.check(f"{name}: decisions cover every fen", seen.total, decided)
    left_purse = Leg.objects.filter(transaction__key=f"order:{order.number}:placed", amount__lt=0).aggregate(
        fen=Sum("amount")
    )
    job.report.check(f"{name}: the purse paid (fen)", -seen.total, left_purse["fen"])
    return order


def _supplier_orders(order: Order) -> list[SupplierOrder]:
    return list(
        SupplierOrder.objects.filter(order=order)
        .select_related("producer", "seller", "enterprise", "order", "union")
        .order_by("pk")
    )


def _all(order: Order, *states: str) -> bool:
    return all(state_of(so) in states for so in _supplier_orders(order))


def _seller(so: SupplierOrder) -> User:
    return (
        Membership.objects.select_related("user")
        .filter(organisation=so.producer, role=Role.PRODUCER)
        .order_by("pk")[0]
        .user
    )


def _fulfil(job: Job, name: str, order: Order) -> None:
    with job.stage(f"{name}: reached the producers, lots assigned"):
        job.wait("supplier orders sent", lambda: _all(order, "sent"))
        for so in _supplier_orders(order):
            confirm(_seller(so), so)
        job.wait("lots assigned", lambda: _all(order, "assigned"))
    with job.stage(f"{name}: labels printed, parcels shipped"):
        printed = 0
        for so in _supplier_orders(order):
            printed += len(labels(_seller(so), so))
            ship(_seller(so), so, "秦岭速运", f"QL{so.pk:09d}")
        job.report.check(
            f"{name}: a label for every parcel", Parcel.objects.filter(supplier_order__order=order).count(), printed
        )
    with job.stage(f"{name}: accepted, accrued"):
        for so in _supplier_orders(order):
            accept(job.buyer, so)
        job.wait(
            "accruals",
            lambda: Accrual.objects.filter(supplier_order__order=order).count() == len(_supplier_orders(order)),
        )
        states = set(Parcel.objects.filter(supplier_order__order=order).values_list("state", flat=True))
        job.report.check(f"{name}: parcels", {"accepted"}, states)


def _settle(job: Job, name: str, order: Order) -> None:
    with job.stage(f"{name}: paid down to the households"):
        for so in _supplier_orders(order):
            record_payment(job.buyer, so, f"BANK-{so.pk}")
        for accrual in Accrual.objects.filter(supplier_order__order=order).select_related(
            "supplier_order__producer",
            "supplier_order__enterprise",
            "supplier_order__order",
            "supplier_order__union",
            "producer",
        ):
            so = accrual.supplier_order
            payer = (
                Membership.objects.get(organisation=so.enterprise, role=Role.PROVINCE).user
                if so.enterprise
                else _seller(so)
            )
            pay_out(payer, accrual)
            confirm_payout(_seller(so), accrual)
    accruals = Accrual.objects.filter(supplier_order__order=order)
    sums = accruals.aggregate(gross=Sum("gross"), fee=Sum("fee"), households=Sum("households"), net=Sum("net"))
    job.report.check(f"{name}: accrued in all (fen)", int(order.total_incl_tax * 100), sums["gross"])
    rows = HouseholdAccrual.objects.filter(accrual__in=accruals)
    job.report.check(
        f"{name}: households' part, row by row (fen)", sums["households"], rows.aggregate(fen=Sum("amount"))["fen"]
    )
    job.report.check(f"{name}: some of it", True, sums["households"] > 0)
    job.report.check(f"{name}: household rows unconfirmed", 0, rows.filter(confirmed_at__isnull=True).count())
