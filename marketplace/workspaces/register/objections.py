"""One accreditation as the public sees it; while it is on public notice, anybody may object."""

from __future__ import annotations

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from marketplace.organisations.errors import HouseError
from marketplace.organisations.models import User
from marketplace.signin.lock_out import client_address
from marketplace.workspaces.accredited import history_of
from marketplace.workspaces.doors import open_to_all
from marketplace.workspaces.pages import put_into, thanks
from marketplace.workspaces.register.forms import ObjectionForm
from marketplace.workspaces.register.registers import PUBLIC_STATES
from suppliers.accreditation.models import Accreditation
from suppliers.accreditation.objecting import on_notice, raise_objection
from suppliers.accreditation.queries import notice_ends


@open_to_all
def accreditation(request: HttpRequest, number: str) -> HttpResponse:
    """What was applied for, where it stands, what was objected and answered."""
    return _page(request, _public(number), ObjectionForm(initial={"name": _name(request)}))


@sensitive_post_parameters()
@open_to_all
@require_POST
def object_to(request: HttpRequest, number: str) -> HttpResponse:
    """Object, signed in or not."""
    found = _public(number)
    form = ObjectionForm(request.POST)
    if form.is_valid():
        actor = request.user if isinstance(request.user, User) else None
        try:
            raise_objection(found, **form.cleaned_data, address=client_address(request), actor=actor)
        except HouseError as error:
            put_into(form, error)
        else:
            thanks(request, _("Your objection is published. The county answers it here before it decides."))
            return redirect("register_accreditation", number=number)
    return _page(request, found, form)


def _page(request: HttpRequest, found: Accreditation, form: ObjectionForm) -> HttpResponse:
    is_open = on_notice(found)
    context = {
        "accreditation": found,
        "history": history_of(found.product, found.number),
        "objections": found.objections.all(),
        "notice_end": notice_ends([found]).get(found.number) if is_open else None,
        "form": form if is_open or form.is_bound else None,
    }
    return render(request, "register/accreditation.html", context)


def _public(number: str) -> Accreditation:
    """One that the public sees: what was refused, too, where somebody had objected."""
    shown = Accreditation.objects.filter(Q(state__in=PUBLIC_STATES) | Q(objections__isnull=False)).distinct()
    found: Accreditation = get_object_or_404(
        shown.select_related("product__commodity_class", "producer", "county"), number=number
    )
    return found


def _name(request: HttpRequest) -> str:
    return str(request.user) if isinstance(request.user, User) else ""
