"""Pick-up vouchers: the code on paper leads to the gift's page, where the member says where it shall go."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from marketplace.organisations.errors import HouseError
from marketplace.organisations.personal import blind_index
from marketplace.signin import lock_out
from marketplace.workspaces.doors import open_to_all
from marketplace.workspaces.member.door import GiftRequest, by_link
from marketplace.workspaces.member.forms import ChoiceForm, VoucherCodeForm, VoucherForm
from marketplace.workspaces.member.queries import gift_of
from marketplace.workspaces.member.views import gift_page
from marketplace.workspaces.pages import put_into, thanks
from procurement.programmes.links import token_of
from procurement.programmes.models import CalledTo
from procurement.programmes.vouchers import recipient_of_code, redeem


@open_to_all
@never_cache
def enter(request: HttpRequest) -> HttpResponse:
    """Type the code of a voucher. Wrong codes are counted by network address; too many shut the door for a while."""
    form = VoucherCodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        key = lock_out.key_of("voucher", blind_index("network address", lock_out.client_address(request)))
        if not lock_out.is_shut(request, key):
            recipient = recipient_of_code(form.cleaned_data["code"])
            if recipient is not None:
                lock_out.forget_failures(key)
                return redirect("my:gift", token=token_of(recipient))
            lock_out.count_failure(request, key)
            form.add_error(
                "code", _("No voucher has this code. Compare it with the paper, or ask your union for another.")
            )
    return render(request, "member/redeem.html", {"form": form})


@by_link
@require_POST
def call(request: GiftRequest) -> HttpResponse:
    """Call for the goods. Sent again, what was said first stands."""
    form = VoucherForm(request.POST)
    found = gift_of(request.recipient)
    if found.voucher is None:
        return redirect("my:gift", token=request.token)
    if form.is_valid():
        try:
            voucher = redeem(request.recipient, form.address_wanted)
        except HouseError as error:
            put_into(form, error)
        else:
            thanks(request, _what_next(voucher.called_to))
            return redirect("my:gift", token=request.token)
    return gift_page(request, found, ChoiceForm(found.parts, at_home=found.at_home), form)


def _what_next(to: str) -> str:
    """What happens next."""
    if to == CalledTo.HOME:
        return _("Noted. The producers pack it now and send it to your address.")
    return _("Noted. The producers pack it now and send it to your workplace.")
