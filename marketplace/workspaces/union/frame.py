"""What the pages of one programme share."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.shortcuts import get_object_or_404

from marketplace.organisations.errors import HouseError
from marketplace.organisations.models import Role
from marketplace.workspaces.doors import HouseRequest
from marketplace.workspaces.shares import gauge
from marketplace.workspaces.union import queries
from procurement.programmes import actions
from procurement.programmes.models import Programme, ProgrammeState
from procurement.programmes.queries import preview


def programme_of(request: HouseRequest, pk: int) -> Programme:
    """The union's own programme of that number, or 404."""
    rows = Programme.objects.select_related(
        "union", "purse__account", "order", "created_by", "submitted_by", "approved_by"
    )
    found: Programme = get_object_or_404(rows, pk=pk, union=request.organisation)
    return found


def frame(request: HouseRequest, programme: Programme, current: str = "") -> dict[str, Any]:
    """What every page of a plan shows around its content."""
    people, lines = programme.recipients.count(), programme.gift_lines.count()
    return {
        "programme": programme,
        "recipients": people,
        "stage": current
        if programme.state != ProgrammeState.PLACED and current
        else queries.stage(programme, people, lines),
        "stage_urls": queries.stage_urls(programme),
        "is_buyer": Role.BUYER in request.roles,
        "is_approver": Role.APPROVER in request.roles,
        "is_draft": programme.state == ProgrammeState.DRAFT,
    }


def preview_context(programme: Programme) -> dict[str, Any]:
    """The rule's word on the gift as it stands; an error such as a missing policy is told instead.

    A placed gift is not judged again: what was decided then stands with the order.
    """
    if programme.state == ProgrammeState.PLACED:
        return {"preview": None, "violations": ()}
    try:
        seen = preview(programme)
    except HouseError as error:
        return {"preview": None, "violations": error.sentences, "next_slot": actions.next_slot(programme)}
    share = seen.share
    return {
        "preview": seen,
        "violations": seen.violations,
        "gauge": gauge(share.assistance, share.ordinary, share.reserve, share.minimum_share_bp) if share else None,
        "missing": share.missing if share else 0,
        "missing_yuan": f"{Decimal(share.missing) / 100:.2f}" if share else "",
        "next_slot": actions.next_slot(programme),
        "rest_per_head": programme.per_head - seen.per_head_amount,
        "has_choice": any(slot.options for slot in seen.slots),
    }
