"""What a seller watches: certificates that were shown to it, its challenges, and a new one."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from marketplace.organisations.errors import HouseError
from marketplace.organisations.models import Role
from marketplace.shop.catalogue.models import Determination
from marketplace.workspaces.doors import HouseRequest, open_to
from marketplace.workspaces.pages import put_into, thanks, today
from marketplace.workspaces.register.challenges import challenge_listing
from marketplace.workspaces.register.forms import ChallengeForm
from procurement.priority.models import Certificate
from procurement.watch.actions import open_challenge, open_until
from procurement.watch.parties import Subject, may_challenge
from procurement.watch.queries import challenges as all_challenges
from procurement.watch.queries import shown_to


@open_to(Role.PRODUCER)
def challenges(request: HouseRequest) -> HttpResponseBase:
    """One's own challenges, and above them the certificates of the last days."""
    listing = challenge_listing(request, all_challenges().filter(challenger=request.organisation), _("Our challenges"))
    return listing.answer("producer/challenges.html", notices=shown_to(request.organisation)[:50])


@open_to(Role.PRODUCER)
def new(request: HouseRequest, number: str) -> HttpResponse:
    """Challenge a determination or a certificate of one's own classes, by its number."""
    subject = _subject(number)
    if not may_challenge(request.organisation, subject):
        raise Http404
    form = ChallengeForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = open_challenge(
                request.user, request.organisation, subject, form.cleaned_data["text"], form.files_sent()
            )
        except HouseError as error:
            put_into(form, error)
        else:
            thanks(
                request, _("The challenge is open. Those who have to answer are told, and so are you when they have.")
            )
            return redirect("register_challenge", pk=made.pk)
    context = {
        "subject": subject,
        "form": form,
        "until": open_until(subject),
        "is_over": open_until(subject) < today(),
        "is_certificate": number.startswith("NE-"),
    }
    return render(request, "producer/challenge_new.html", context)


def _subject(number: str) -> Subject:
    certificate = Certificate.objects.select_related("union", "commodity_class").filter(number=number).first()
    if certificate is not None:
        return certificate
    found = Determination.objects.select_related("product", "from_class", "to_class").filter(number=number).first()
    if found is None:
        raise Http404
    return found
