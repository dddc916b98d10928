"""The people of an organisation: who holds which role, inviting, taking back, ending."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from marketplace.organisations.errors import HouseError
from marketplace.organisations.models import Organisation, Role, User
from marketplace.signin import actions
from marketplace.signin.people import ROLES_OF, roles_to_give
from marketplace.signin.queries import open_invitations, people_of
from marketplace.workspaces.accounts.forms import InviteForm
from marketplace.workspaces.doors import HouseRequest, open_to
from marketplace.workspaces.pages import id_in, page_of, put_into, tell, thanks

_LINK = "invitation_link"


@open_to(Role.APPROVER, Role.PRODUCER, Role.OPERATOR)
@never_cache
def people(request: HouseRequest) -> HttpResponse:
    """The people of the organisation for which one acts."""
    return _people(request, request.organisation)


@open_to(Role.OPERATOR)
@never_cache
def people_elsewhere(request: HouseRequest, code: str) -> HttpResponse:
    """The people of any organisation, for the operator."""
    return _people(request, get_object_or_404(Organisation, code=code))


def _people(request: HouseRequest, organisation: Organisation) -> HttpResponse:
    roles = roles_to_give(request.user, organisation)
    verb = _VERBS.get(request.POST.get("do", ""))
    if request.method == "POST" and verb:
        try:
            thanks(request, verb(request, organisation))
        except HouseError as error:
            tell(request, error)
        return redirect(request.get_full_path())
    form = InviteForm(roles, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid() and _invite(request, organisation, form):
        return redirect(f"{request.path}#invited")
    words, role = request.GET.get("q", "").strip(), request.GET.get("role", "")
    context = {
        "of": organisation,
        "form": form,
        "words": words,
        "role": role,
        "roles": ROLES_OF.get(organisation.kind, ()),
        "given": {r.value for r in roles},
        "page": page_of(request, people_of(organisation, words, role)),
        "invitations": open_invitations(organisation)[:100],
        "link": request.session.pop(_LINK, ""),
        "is_operator": Role.OPERATOR in request.roles,
    }
    return render(request, "registration/people.html", context)


def _invite(request: HouseRequest, organisation: Organisation, form: InviteForm) -> bool:
    asked = form.cleaned_data
    try:
        _invitation, link = actions.invite(
            request.user,
            organisation,
            Role(asked["role"]),
            lambda token: request.build_absolute_uri(reverse("invitation", args=[token])),
            note=asked["note"],
            phone=asked["phone"],
        )
    except HouseError as error:
        put_into(form, error)
        return False
    request.session[_LINK] = link
    return True


def _revoke(request: HttpRequest, organisation: Organisation) -> str:
    actor: Any = request.user
    invitation = get_object_or_404(open_invitations(organisation), pk=id_in(request.POST.get("id", "")))
    actions.revoke(actor, invitation)
    return _("The invitation was taken back; its link no longer works.")


def _end(request: HttpRequest, organisation: Organisation) -> str:
    actor: Any = request.user
    membership = get_object_or_404(people_of(organisation), pk=id_in(request.POST.get("id", "")))
    actions.end_membership(actor, membership)
    return _("%(person)s no longer holds the role “%(role)s”.") % {
        "person": membership.user,
        "role": membership.get_role_display(),
    }


def _new_device(request: HttpRequest, organisation: Organisation) -> str:
    actor: Any = request.user
    person = get_object_or_404(
        User.objects.filter(memberships__organisation=organisation).distinct(), pk=id_in(request.POST.get("id", ""))
    )
    actions.give_up_device(actor, person)
    return _("%(person)s sets up a new phone at the next sign-in; all their sessions have ended.") % {"person": person}


_VERBS: dict[str, Callable[[HouseRequest, Organisation], str]] = {
    "revoke": _revoke,
    "end": _end,
    "new-device": _new_device,
}
