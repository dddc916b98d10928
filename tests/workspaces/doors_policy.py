"""Simulations that the operator and the province's auditor asked for. The rules themselves are everybody's."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from django.utils import timezone

from marketplace.demo import cast
from marketplace.organisations.models import Membership, Role
from procurement.policy.models import Policy
from procurement.priority.models import Simulation
from procurement.priority.simulating import simulate

# A draft is read, and may be simulated, by every auditor; what they find is of the unions in their own care.
SHARED = {"audit:policy_simulate"}


def own(made: SimpleNamespace) -> dict[str, dict[str, Any]]:
    """Parameters by address."""
    policy = Policy.objects.latest("id")
    return {
        "operate:policy_simulate": {"pk": policy.pk},
        "operate:simulation": {"pk": _asked(Role.OPERATOR, "operator", policy).pk},
        "audit:policy_simulate": {"pk": policy.pk},
        "audit:simulation": {"pk": _asked(Role.AUDITOR, cast.AUDITOR, policy).pk},
    }


def _asked(role: Role, name: str, policy: Policy) -> Simulation:
    person = Membership.objects.select_related("user", "organisation").get(role=role, user__username=name)
    return simulate(person.user, person.organisation, policy, timezone.localdate() - timedelta(days=30))
