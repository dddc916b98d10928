"""Taking an invitation: a new person makes an account, a known one adds the role to theirs."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from marketplace.organisations.errors import HouseError
from marketplace.signin import actions
from marketplace.signin.errors import InvitationNotGood
from marketplace.signin.second_factor import STRONG_ROLES
from marketplace.workspaces import doors
from marketplace.workspaces.accounts.forms import NewPersonForm
from marketplace.workspaces.context import home_of
from marketplace.workspaces.pages import put_into, thanks


@doors.open_to_all
@never_cache
@sensitive_post_parameters()
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """What the link offers, and the form to take it. A link that is not good is answered by 404 and a sentence."""
    try:
        offered = actions.find_invitation(token)
    except InvitationNotGood as error:
        return render(request, "registration/invitation_gone.html", {"sentence": str(error)}, status=404)
    known: Any = request.user if request.user.is_authenticated else None
    form = NewPersonForm(request.POST if request.method == "POST" and not known else None)
    if request.method == "POST" and (known or form.is_valid()):
        try:
            person = actions.accept(token, known or form.person())
        except HouseError as error:
            put_into(form, error)
        else:
            if not known:
                login(request, person, backend="django.contrib.auth.backends.ModelBackend")
            request.session[doors.SESSION_KEY] = offered.organisation_id
            thanks(request, _("Welcome to %(organisation)s.") % {"organisation": offered.organisation.display_name})
            there = list(person.memberships.filter(organisation=offered.organisation).select_related("organisation"))
            return redirect(home_of(there))
    context = {
        "offered": offered,
        "form": form,
        "known": known,
        "page_kind": "login",
        "needs_code": offered.role in STRONG_ROLES,
    }
    return render(request, "registration/invitation.html", context)
