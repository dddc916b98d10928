"""Whether a visitor of a public page may object there, as a seller."""

from __future__ import annotations

from django.http import HttpRequest

from marketplace.organisations.models import Organisation, Role
from marketplace.workspaces.doors import choose


def seller_of(request: HttpRequest) -> Organisation | None:
    """The producer or ordinary supplier for which a visitor acts; None for anybody else."""
    held = choose(request, (Role.PRODUCER,)) if request.user.is_authenticated else None
    return held.organisation if held else None
