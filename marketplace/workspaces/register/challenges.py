"""Challenges in public: the register, each with all that was said, and the forms of those whom it concerns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from marketplace.organisations.errors import HouseError
from marketplace.organisations.models import Role, User
from marketplace.organisations.scopes import seen_by
from marketplace.workspaces.doors import HouseRequest, open_to, open_to_all
from marketplace.workspaces.listing import Empty, Filters, Listing, choice, containing, words
from marketplace.workspaces.pages import attachment, put_into, tell, thanks
from marketplace.workspaces.register.forms import OutcomeForm, SayForm
from marketplace.workspaces.sheets import Column
from marketplace.workspaces.strangers import same_for_strangers
from procurement.watch import actions
from procurement.watch.errors import ChallengeClosed, NotAParty
from procurement.watch.models import Challenge, ChallengeState
from procurement.watch.parties import decides_for, side_of
from procurement.watch.queries import challenges as all_challenges

_SIDES = (Role.PRODUCER, Role.OPERATOR, Role.UNION_OFFICER, Role.BUYER, Role.APPROVER)
_TONES = {"upheld": "danger", "rejected": "neutral", "withdrawn": "neutral"}


class ChallengeFilters(Filters):
    """By words and state."""

    q = words()
    state = choice(gettext_lazy("State"), ChallengeState.choices)

    def narrowed(self, rows: Any) -> Any:
        """The challenges that fit."""
        if text := self.wishes.get("q"):
            paths = (
                "challenger__name",
                "challenger__name_en",
                "determination__number",
                "certificate__number",
                "grounds",
            )
            rows = rows.filter(containing(text, *paths))
        if state := self.wishes.get("state"):
            rows = rows.filter(state=state)
        return rows


def challenge_listing(request: HttpRequest, rows: Any, title: str) -> Listing:
    """Challenges, newest first."""
    return Listing(
        request,
        rows,
        (
            Column("number", _("Number"), url="url"),
            Column("about", _("About")),
            Column("goods", _("Goods")),
            Column("challenger", _("Seller")),
            Column("opened_at", _("Opened"), "date"),
            Column("answer_by", _("Answer due"), "date"),
            Column("state", _("State"), "state"),
        ),
        title,
        Empty(
            _("No challenge yet"),
            _("Sellers may object to a determination, or to a certificate that nothing suitable was on offer."),
            "scales",
        ),
        ChallengeFilters(request),
        present=_rows,
    )


def _rows(found: Sequence[Any]) -> list[dict[str, Any]]:
    return [
        {
            "number": one.number,
            "url": reverse("register_challenge", args=[one.pk]),
            "about": one.subject.number,
            "goods": goods_of(one),
            "challenger": str(one.challenger),
            "opened_at": one.opened_at,
            "answer_by": one.answer_by,
            "state": one.state,
        }
        for one in found
    ]


def goods_of(challenge: Challenge) -> str:
    """The product or the class that it is about."""
    if challenge.certificate is not None:
        return challenge.certificate.commodity_class.display_name
    return challenge.determination.product.get_title() if challenge.determination else ""


@open_to_all
@same_for_strangers
def challenges(request: HttpRequest) -> HttpResponseBase:
    """The register of challenges."""
    listing = challenge_listing(request, all_challenges(), _("Challenges"))
    return listing.answer("register/register.html", here="register_challenges")


@open_to_all
@same_for_strangers
def challenge(request: HttpRequest, pk: int) -> HttpResponse:
    """One challenge: what it is about, what was said, how it ended; forms for those whom it concerns."""
    return _page(request, _one(pk))


@open_to(*_SIDES)
@require_POST
def say(request: HouseRequest, pk: int) -> HttpResponse:
    """Say something for one's side."""
    found = _own(request, pk)
    form = SayForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            actions.say(request.user, found, form.cleaned_data["text"], form.files_sent())
        except ChallengeClosed as error:
            tell(request, error)
            return redirect("register_challenge", pk=pk)
        except HouseError as error:
            put_into(form, error)
        else:
            thanks(request, _("Published."))
            return redirect("register_challenge", pk=pk)
    return _page(request, found, say=form)


@open_to(Role.OPERATOR, Role.UNION_OFFICER)
@require_POST
def decide(request: HouseRequest, pk: int) -> HttpResponse:
    """Uphold or reject, with the reason."""
    found = _own(request, pk)
    form = OutcomeForm(request.POST)
    if form.is_valid():
        verb = actions.uphold if form.cleaned_data["outcome"] == "uphold" else actions.reject
        try:
            verb(request.user, found, form.cleaned_data["reason"])
        except ChallengeClosed as error:
            tell(request, error)
            return redirect("register_challenge", pk=pk)
        except HouseError as error:
            put_into(form, error)
        else:
            thanks(request, _("Decided and published."))
            return redirect("register_challenge", pk=pk)
    return _page(request, found, outcome=form)


@open_to(Role.PRODUCER)
@require_POST
def withdraw(request: HouseRequest, pk: int) -> HttpResponse:
    """Take one's own challenge back."""
    found = _one(pk)
    if found.challenger_id != request.organisation.pk:
        raise Http404
    try:
        actions.withdraw(request.user, found)
    except HouseError as error:
        tell(request, error)
    else:
        thanks(request, _("Withdrawn."))
    return redirect("register_challenge", pk=pk)


@open_to(*_SIDES)
@require_safe
def paper(request: HouseRequest, pk: int, paper: int) -> HttpResponse:
    """A paper, for the sides."""
    found = get_object_or_404(_own(request, pk).papers.select_related("challenge"), pk=paper)
    try:
        content = actions.content_of(request.user, found)
    except NotAParty as error:
        raise Http404 from error
    return attachment(content, found.file_name, found.media_type)


def _one(pk: int) -> Challenge:
    found: Challenge = get_object_or_404(all_challenges(), pk=pk)
    return found


def _own(request: HouseRequest, pk: int) -> Challenge:
    """The challenge, for those whom it concerns; nobody else has anything to send there."""
    found = _one(pk)
    if side_of(request.user, found) is None:
        raise Http404
    return found


def _page(
    request: HttpRequest, found: Challenge, say: SayForm | None = None, outcome: OutcomeForm | None = None
) -> HttpResponse:
    with seen_by(None):
        person = request.user if isinstance(request.user, User) else None
        own = side_of(person, found) if person else None
        side = own if found.state == ChallengeState.OPEN else None
        context = {
            "one": found,
            "goods": goods_of(found),
            "about_url": _about(found),
            "entries": _entries(found),
            "papers": found.papers.select_related("organisation").defer("content"),
            "side": side,
            "say": (say or SayForm()) if side else None,
            "outcome": (outcome or OutcomeForm()) if person and side and _decides(person, found) else None,
            "is_own": bool(side and side.pk == found.challenger_id),
            "reads_papers": own is not None,
        }
        return render(request, "register/challenge.html", context)


def _decides(person: User, found: Challenge) -> bool:
    try:
        decides_for(person, found)
    except HouseError:
        return False
    return True


def _about(found: Challenge) -> str:
    if found.certificate is not None:
        return reverse("register_certificate", args=[found.certificate.number])
    return reverse("register_determination", args=[found.subject.number])


def _entries(found: Challenge) -> list[dict[str, Any]]:
    """What was said, oldest first; organisations speak, persons are not named."""
    entries = [{"when": found.opened_at, "title": str(found.challenger), "text": found.grounds, "tone": "warning"}]
    entries += [
        {"when": one.at, "title": str(one.organisation), "text": one.text, "tone": "info"}
        for one in found.messages.select_related("organisation")
    ]
    if found.decided_at is not None:
        title = f"{found.decided_for} · {ChallengeState(found.state).label}"
        entries.append({"when": found.decided_at, "title": title, "text": found.reason, "tone": _TONES[found.state]})
    return entries
