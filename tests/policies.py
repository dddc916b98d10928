"""Policies for tests: a draft of its own, one like the policy in force but for some changes, and such a one in force from today."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from marketplace.organisations.models import User
from procurement.policy.actions import approve
from procurement.policy.drafts import Draft, draft
from procurement.policy.models import Policy

IN_FORCE = "SN-2020-05"


def wish(**changes: Any) -> Draft:
    facts: dict[str, Any] = {
        "version": "SN-X",
        "region": "61",
        "begins": timezone.localdate() + timedelta(days=10),
        "source": "测试文件",
        "minimum_share_bp": 6_000,
        "price_band_bp": 1_000,
        "max_producers": 3,
        "hold_days": 30,
        "rotation_band_bp": 300,
        "planning_days": 10,
        "acceptance_days": 7,
        "occasions": ["mid_autumn"],
    }
    return Draft(**facts | changes)


def drafted(version: str = "SN-NEXT", **changes: Any) -> Policy:
    """A draft like the policy in force, but for the changes."""
    now = Policy.objects.get(version=IN_FORCE)
    same = {name: value for name, value in now.rules().items() if name not in {"from", "version"}}
    return draft(User.objects.get(username="operator"), wish(**{**same, "version": version, **changes}))


def rules(version: str = "SN-NOW", **changes: Any) -> Policy:
    """From today on the rules of Shaanxi, with these changes and no minimum share unless one is named."""
    facts = {"begins": timezone.localdate(), "minimum_share_bp": 0} | changes
    return approve(User.objects.get(username="operator.second"), drafted(version, **facts))
