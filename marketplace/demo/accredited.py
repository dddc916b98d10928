"""How far each product's accreditation has come: most are valid, and every other state that a visitor may meet is there once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING

from marketplace.demo.tables import rows
from marketplace.evidence.actions import record
from marketplace.organisations.models import Organisation, User
from suppliers.accreditation import actions as accreditation
from suppliers.accreditation import applying
from suppliers.accreditation.applying import Paper
from suppliers.accreditation.models import Accreditation, ApplicationPaperKind, Mechanism
from suppliers.accreditation.objecting import raise_objection

if TYPE_CHECKING:
    from marketplace.demo.supply import Supply

LASTS = timedelta(days=730)
# Products that were accredited once; what the column `state` of goods.csv says of the others is how far they have come.
_ONCE_VALID = {"", "season", "expired", "expiring", "suspended"}
_NOTICE_DAYS = 7
IN_BAD_STANDING = "P-YC"

_REFUSED = "名称与原料产地证明不符，补正后可重新申请"
_SUSPENDED = "抽检发现库存果品糖度不达标，整改期间暂停"
_BAD_STANDING = "未按期提交联农带农台账，整改完成前暂停供货资格"

_SCAN = b"%PDF-1.4\n% made up for the demonstration\n"
_PAPERS = ((ApplicationPaperKind.QUALITY, "检测报告.pdf"), (ApplicationPaperKind.BENEFIT, "收购协议及台账.pdf"))
_OBJECTION = "今年当地减产，申报的供货数量和带动户数请再核实。"


def accredit(supply: Supply) -> None:
    """Take every assistance product the whole way from application to validity, each step by its own officer.

    Notice is of no days here, as the whole world comes about in one moment; the log says so.
    """
    for row, apply, county in _applicants(supply, _ONCE_VALID):
        applied = apply()
        _reviewed(supply, applied, county, "county_decision")
        decider = supply.officer("county", county)
        accreditation.publish(decider, applied, notice_days=0)
        accreditation.make_valid(decider, applied, *_period(supply, row["state"]))


def _period(supply: Supply, state: str) -> tuple[date, date]:
    """From when and until when an accreditation holds."""
    if state == "expired":
        return supply.today - timedelta(days=395), supply.today - timedelta(days=30)
    if state == "expiring":
        return supply.begun, supply.today + timedelta(days=40)
    return supply.begun, supply.begun + LASTS


def accredit_in_part(supply: Supply) -> None:
    """What is under way today, refused or suspended: applications that officers find on their desks, with papers and an objection."""
    for row, apply, county in _applicants(supply, {"applied", "town_review", "sector_review", "notice", "refused"}):
        state = row["state"]
        applied = apply()
        for kind, name in _PAPERS:
            applying.file_paper(supply.seller(row["producer"]), applied, Paper(kind, name, _SCAN))
        if state == "refused":
            _reviewed(supply, applied, county, "town_review")
            accreditation.refuse(supply.officer("sector", county), applied, _REFUSED)
            continue
        _reviewed(supply, applied, county, "county_decision" if state == "notice" else state)
        if state == "notice":
            accreditation.publish(supply.officer("county", county), applied, notice_days=_NOTICE_DAYS)
            raise_objection(applied, "赵先生", "objector@example.org", _OBJECTION, address="203.0.113.9")
    for row in rows("goods"):
        if row["state"] == "suspended":
            held = Accreditation.objects.get(product=supply.offers[row["sku"]].product)
            accreditation.suspend(supply.officer("county", held.county_id), held, _SUSPENDED)
    Organisation.objects.filter(pk=supply.organisations[IN_BAD_STANDING].pk).update(good_standing=False)
    record("organisation.suspended", {"organisation": IN_BAD_STANDING, "reason": _BAD_STANDING},
           subject=f"organisation:{IN_BAD_STANDING}")  # fmt: skip


def _applicants(supply: Supply, states: set[str]) -> list[tuple[dict[str, str], Callable[[], Accreditation], str]]:
    """Row, what applies for it, and the county, of each product in one of these states. A box is judged by its components."""
    makers = {row["code"]: row for row in rows("producers")}
    return [
        (row, _applying(supply, row, makers[row["producer"]]), makers[row["producer"]]["county"])
        for row in rows("goods")
        if row["produce"] and row["state"] in states
    ]


def _applying(supply: Supply, row: Mapping[str, str], maker: Mapping[str, str]) -> Callable[[], Accreditation]:
    def apply() -> Accreditation:
        return applying.apply(
            supply.seller(row["producer"]),
            supply.organisations[row["producer"]],
            supply.offers[row["sku"]].product,
            Mechanism(maker["mechanism"]),
            int(maker["households"]),
        )

    return apply


def _reviewed(supply: Supply, applied: Accreditation, county: str, until: str) -> None:
    """Let the officers of the county carry an application on up to that state."""
    steps: list[tuple[str, str, Callable[[User, Accreditation], None]]] = [
        ("town_review", "town", accreditation.review_town),
        ("sector_review", "sector", accreditation.review_sector),
        ("county_decision", "county", accreditation.decide_county),
    ]
    if until == "applied":
        return
    for state, officer, step in steps:
        step(supply.officer(officer, county), applied)
        if state == until:
            return
