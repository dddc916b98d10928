"""A certificate that nothing suitable was on offer, by its number: what it says, whether it stands, and how to check it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from marketplace.organisations.scopes import seen_by
from marketplace.workspaces.doors import open_to_all
from marketplace.workspaces.judgements import certificate_candidates
from marketplace.workspaces.pages import today
from marketplace.workspaces.register.sides import seller_of
from marketplace.workspaces.strangers import same_for_strangers
from procurement.priority.models import Certificate
from procurement.watch.actions import open_until
from procurement.watch.models import ChallengeState
from procurement.watch.parties import may_challenge
from procurement.watch.queries import challenges


@open_to_all
@same_for_strangers
def certificate(request: HttpRequest, number: str) -> HttpResponse:
    """One certificate. Of the gift for which it was written nothing is shown but the class."""
    with seen_by(None):
        related = ("union", "commodity_class", "judgement__entry__position")
        found = get_object_or_404(Certificate.objects.select_related(*related), number=number)
        objections = list(challenges().filter(certificate=found))
        seller = seller_of(request)
        context = {
            "one": found,
            "entry": found.judgement.entry,
            "position": getattr(found.judgement.entry, "position", None),
            "candidates": certificate_candidates(found.judgement, found.commodity_class.code),
            "refuted": any(one.state == ChallengeState.UPHELD for one in objections),
            "challenges": objections,
            "shown": found.notices.count(),
            "until": open_until(found),
            "may_challenge": seller is not None and open_until(found) >= today() and may_challenge(seller, found),
        }
        return render(request, "register/certificate.html", context)
