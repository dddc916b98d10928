"""A member's gift by the personal link, and all gifts of a member who is signed in."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from marketplace.fulfilment.models import Parcel
from marketplace.organisations.errors import HouseError
from marketplace.organisations.models import Role
from marketplace.workspaces.doors import HouseRequest, memberships_of, open_to
from marketplace.workspaces.member.door import GiftRequest, by_link, is_theirs
from marketplace.workspaces.member.forms import ChoiceForm, ComplaintForm, VoucherForm
from marketplace.workspaces.member.queries import Gift, gift_of, gifts_of
from marketplace.workspaces.pages import page_of, put_into, tell, thanks
from procurement.programmes import complaints
from procurement.programmes.choosing import choose as note_choice
from procurement.programmes.links import link_ends, token_of
from procurement.programmes.models import Complaint, Recipient
from procurement.programmes.people import tie_member


@open_to(Role.MEMBER)
def home(request: HouseRequest) -> HttpResponse:
    """All gifts of the member, of all years; first what they should do now."""
    rows = gifts_of(request.organisation.pk, request.membership.person)
    context = {
        "todo": [row for row in rows if row.todo],
        "page": page_of(request, rows),
        "is_tied": bool(request.membership.person),
        "open_complaints": Complaint.objects.filter(
            recipient__person=request.membership.person, union=request.organisation
        )
        .exclude(state="closed")
        .select_related("recipient__programme")
        if request.membership.person
        else [],
    }
    return render(request, "member/home.html", context)


@open_to(Role.MEMBER)
def own(request: HouseRequest, pk: int) -> HttpResponse:
    """From the list to the gift's own page."""
    rows = Recipient.objects.filter(union=request.organisation, person=request.membership.person or "-")
    return redirect("my:gift", token=token_of(get_object_or_404(rows, pk=pk)))


@by_link
def gift(request: GiftRequest) -> HttpResponse:
    """The member's gift: to be chosen, on its way, received."""
    found = gift_of(request.recipient)
    return gift_page(request, found, ChoiceForm(found.parts, at_home=found.at_home))


def gift_page(
    request: GiftRequest, found: Gift, form: ChoiceForm, voucher_form: VoucherForm | None = None
) -> HttpResponse:
    """The page of a gift with its forms, as they were sent or empty."""
    mine = [
        m for m in memberships_of(request) if m.role == Role.MEMBER and m.organisation_id == found.programme.union_id
    ]
    context = {
        "gift": found,
        "programme": found.programme,
        "token": request.token,
        "form": form,
        "voucher_form": voucher_form or VoucherForm(),
        "ends": link_ends(found.recipient),
        "may_keep": bool(mine) and not is_theirs(request, found.recipient),
    }
    return render(request, "member/gift.html", context)


@by_link
@require_POST
def choose(request: GiftRequest) -> HttpResponse:
    """Note what the member chose. Sending it again changes nothing."""
    found = gift_of(request.recipient)
    form = ChoiceForm(found.parts, request.POST, at_home=found.at_home)
    if form.is_valid():
        try:
            note_choice(request.recipient, form.picks, address=form.cleaned_data.get("address", ""))
        except HouseError as error:
            put_into(form, error)
        else:
            thanks(request, _("Noted. You can change your choice until the choosing closes."))
            return redirect("my:gift", token=request.token)
    return gift_page(request, gift_of(request.recipient, form.typed), form)


@by_link
@require_POST
def received(request: GiftRequest, pk: int) -> HttpResponse:
    """The parcel has come."""
    try:
        complaints.confirm_receipt(request.recipient, _parcel(request, pk))
    except HouseError as error:
        tell(request, error)
    else:
        thanks(request, _("Thank you. Your union sees that the parcel has come."))
    return redirect("my:gift", token=request.token)


@by_link
def complain(request: GiftRequest, pk: int) -> HttpResponse:
    """Something is wrong with the parcel."""
    parcel = _parcel(request, pk)
    form = ComplaintForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            complaints.report(request.recipient, parcel, **form.cleaned_data)
        except HouseError as error:
            put_into(form, error)
        else:
            thanks(request, _("Your union was told. Its answer will stand on this page."))
            return redirect("my:gift", token=request.token)
    goods = [
        (item.line.product, item.quantity) for item in parcel.lines.select_related("line__product__commodity_class")
    ]
    context = {"form": form, "parcel": parcel, "goods": goods, "token": request.token}
    return render(request, "member/complain.html", context | {"programme": request.recipient.programme})


@by_link
@require_POST
def keep(request: GiftRequest) -> HttpResponse:
    """Tie the account of the member who is signed in to this list's member, so that all their gifts show."""
    if not request.user.is_authenticated:
        return redirect("login")
    try:
        tie_member(request.user, request.recipient)
    except HouseError as error:
        tell(request, error)
        return redirect("my:gift", token=request.token)
    thanks(request, _("All your gifts are in your account now."))
    return redirect("my:home")


def _parcel(request: GiftRequest, pk: int) -> Parcel:
    rows = Parcel.objects.select_related("supplier_order__order", "supplier_order__producer")
    found: Parcel = get_object_or_404(rows, pk=pk, recipient=request.recipient.pk)
    return found
