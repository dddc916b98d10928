"""Asking for a simulation, and the step that works it off; asked again for the same period, it is found again."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date

from django.db import transaction
from django.utils import timezone

from marketplace.evidence.actions import record
from marketplace.organisations.errors import NotAllowed
from marketplace.organisations.models import Organisation, OrganisationKind, Role, User
from marketplace.organisations.queries import holds
from marketplace.organisations.scopes import seen_by
from marketplace.steps.actions import write
from marketplace.steps.models import Step, StepState
from procurement.policy.models import Policy
from procurement.priority.errors import SimulationPeriod
from procurement.priority.models import SimulatedChange, Simulation
from procurement.priority.simulation import Figures, Otherwise, concerned, decide_again

KIND = "policy.simulate"
_AT_ONCE = 200


def simulate(actor: User, organisation: Organisation, policy: Policy, since: date) -> Simulation:
    """Have the judgements from `since` to yesterday decided once more under a policy: an operator's all, an auditor's own subtree.

    The same question on the same day is the same simulation. Raises NotAllowed, SimulationPeriod.
    """
    is_operator = organisation.kind == OrganisationKind.OPERATOR
    role = Role.OPERATOR if is_operator else Role.AUDITOR
    if not holds(actor, role, organisation):
        raise NotAllowed(role=role.label, organisation=organisation.display_name)
    until = timezone.localdate()
    if since >= until:
        raise SimulationPeriod(since=since)
    with transaction.atomic(), seen_by(None):
        found, is_new = Simulation.objects.get_or_create(
            policy=policy,
            organisation=organisation,
            since=since,
            until=until,
            defaults={"asked_by": actor, "total": concerned(policy, organisation, since, until).count()},
        )
        if is_new:
            write(_cause(found), KIND)
            body = {
                "version": policy.version,
                "organisation": organisation.code,
                "since": since.isoformat(),
                "until": until.isoformat(),
            }
            record("simulation.asked", body, subject=f"simulation:{found.pk}")
    simulation: Simulation = found
    return simulation


def work_on(step: Step) -> bool:
    """Decide the next chunk; False while more is to come. A simulation that was thrown away with its draft is done."""
    simulation = (
        Simulation.objects.select_related("policy", "organisation").filter(pk=int(step.cause.partition(":")[2])).first()
    )
    if simulation is None:
        return True
    rows = concerned(simulation.policy, simulation.organisation, simulation.since, simulation.until)
    chunk = list(rows.filter(pk__gt=step.cursor.get("after", 0))[:_AT_ONCE])
    figures = Figures(**simulation.figures)
    changes = []
    for found in decide_again(simulation.policy, chunk):
        figures.add(found)
        if found.is_changed:
            changes.append(_change(simulation, found))
    SimulatedChange.objects.bulk_create(changes)
    simulation.figures, simulation.done = figures.as_dict(), simulation.done + len(chunk)
    is_done = len(chunk) < _AT_ONCE
    if is_done:
        simulation.finished_at = timezone.now()
    else:
        step.cursor = {"after": chunk[-1].pk}
    simulation.save(update_fields=["figures", "done", "finished_at"])
    return is_done


def state_of(simulation: Simulation) -> str:
    """done, failed when the worker has given it up, running, or due."""
    if simulation.finished_at:
        return "done"
    step = Step.objects.filter(cause=_cause(simulation), kind=KIND).first()
    if step is None or step.state == StepState.FAILED:
        return "failed"
    return "running" if simulation.done or step.attempts else "due"


def _change(simulation: Simulation, found: Otherwise) -> SimulatedChange:
    return SimulatedChange(
        simulation=simulation,
        judgement=found.judgement,
        union_id=found.judgement.union_id,
        was_allowed=found.judgement.allowed,
        would_be_allowed=found.would_be_allowed,
        lines=found.changed_lines,
        amount=found.changed_amount,
        reasons=[asdict(reason) for reason in found.reasons],
    )


def _cause(simulation: Simulation) -> str:
    return f"simulation:{simulation.pk}"
