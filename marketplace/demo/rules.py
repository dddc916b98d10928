"""The dated policies of the world, drafted by one operator and approved by the other."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from django.db.backends.postgresql.psycopg_any import DateRange

from marketplace.evidence.actions import record
from marketplace.ledger.models import PursePurpose
from marketplace.organisations.models import UnionLevel, User
from procurement.policy.drafts import Draft, draft
from procurement.policy.models import GiftForm, Occasion, Policy

_OCCASIONS = [
    Occasion.NEW_YEAR,
    Occasion.SPRING_FESTIVAL,
    Occasion.QINGMING,
    Occasion.LABOUR_DAY,
    Occasion.DRAGON_BOAT,
    Occasion.MID_AUTUMN,
    Occasion.NATIONAL_DAY,
    Occasion.BIRTHDAY,
    Occasion.WEDDING,
    Occasion.CHILDBIRTH,
    Occasion.ILLNESS,
    Occasion.RETIREMENT,
]
_URGENT = [Occasion.ILLNESS, Occasion.FUNERAL, Occasion.DISASTER]
_FORBIDDEN = [GiftForm.CASH, GiftForm.SHOPPING_CARD, GiftForm.VOUCHER_GENERIC]
_BEGUN, _RAISED = date(2019, 1, 1), date(2020, 5, 1)


def make_policies(people: Mapping[str, User]) -> None:
    """Thirty per cent from 2019, one half from May 2020 on (domain: the union's spending rules)."""
    _policy(people, "SN-2019-01", DateRange(_BEGUN, _RAISED), 3_000, "2019 年修订：不低于三成（演示）")
    _policy(people, "SN-2020-05", DateRange(_RAISED, None), 5_000, "2020 年 5 月起：不低于一半（演示）")


def draft_the_next(people: Mapping[str, User], today: date) -> None:
    """A draft for the next year that waits for the second operator, with what other places ask: the simulator finds much."""
    now = Policy.objects.get(version="SN-2020-05")
    same = {name: value for name, value in now.rules().items() if name not in {"from", "version"}}
    begins = date(today.year + 1, 1, 1)
    changed = {
        "version": f"SN-{begins.year}-01",
        "begins": begins,
        "source": f"{begins.year} 年度工会消费帮扶实施意见（征求意见稿，演示）",
        "minimum_share_bp": 6_000,
        "floor": 10_000,
        "ring_fence": 60_000,
        "keep_last_year": True,
        "uncovered_purposes": [PursePurpose.HARDSHIP, PursePurpose.AWARDS],
        "approval_steps": [
            {"from": 0, "quotations": 0, "people": 1},
            {"from": 1_000_000, "quotations": 3, "people": 3},
        ],
        "exception_grants": [
            {"level": int(UnionLevel.COUNTY), "up_to": 500_000},
            {"level": int(UnionLevel.CITY), "up_to": 3_000_000},
            {"level": int(UnionLevel.PROVINCE), "up_to": 0},
        ],
        "exception_second_from": 1_000_000,
    }
    draft(people["operator"], Draft(**same | changed))


def _policy(people: Mapping[str, User], version: str, period: DateRange, share: int, source: str) -> None:
    policy = Policy.objects.create(
        version=version,
        region="61",
        period=period,
        minimum_share_bp=share,
        price_band_bp=1_000,
        max_producers=3,
        hold_days=30,
        rotation_band_bp=300,
        cap=220_000,
        planning_days=10,
        occasions=_OCCASIONS,
        urgent_occasions=_URGENT,
        forbidden_forms=_FORBIDDEN,
        approval_steps=[{"from": 0, "quotations": 0, "people": 1}],
        drafted_by=people["operator"],
        approved_by=people["operator.second"],
        source=source,
    )
    record("policy.approved", policy.rules(), subject=f"policy:{version}")
