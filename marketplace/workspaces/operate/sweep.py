"""What the sweep found: goods without a class, and twins in another one; the operator determines or sets aside."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from marketplace.organisations.errors import HouseError
from marketplace.organisations.models import Role
from marketplace.workspaces.doors import HouseRequest, open_to
from marketplace.workspaces.listing import Empty, Filters, Listing, choice, containing, words
from marketplace.workspaces.operate.forms import GroundForm
from marketplace.workspaces.pages import tell, thanks
from marketplace.workspaces.sheets import Column
from procurement.watch.actions import set_aside
from procurement.watch.models import Proposal, ProposalKind
from procurement.watch.sweep import open_proposals


class ProposalFilters(Filters):
    """By words and kind."""

    q = words()
    kind = choice(gettext_lazy("Kind"), ProposalKind.choices)

    def narrowed(self, rows: Any) -> Any:
        """The proposals that fit."""
        if text := self.wishes.get("q"):
            rows = rows.filter(containing(text, "product__title", "product__title_en", "product__upc"))
        if kind := self.wishes.get("kind"):
            rows = rows.filter(kind=kind)
        return rows


@open_to(Role.OPERATOR)
def sweep(request: HouseRequest) -> HttpResponseBase:
    """What still holds of what the sweep found, the likeliest first."""
    listing = Listing(
        request,
        open_proposals(),
        (
            Column("product", _("Product")),
            Column("kind", _("Kind")),
            Column("from_class", _("Commodity class")),
            Column("to_class", _("Class proposed")),
            Column("other", _("Is like")),
            Column("likeness", _("Likeness")),
        ),
        _("Sweep"),
        Empty(
            _("Nothing stands out"),
            _("Each night new and changed products are compared with those that have a class."),
            "search",
        ),
        filters=ProposalFilters(request),
        present=_rows,
        size=20,
    )
    return listing.answer("operate/sweep.html")


def _rows(found: Any) -> list[dict[str, Any]]:
    return [
        {
            "row": one,
            "product": one.product.get_title(),
            "kind": one.get_kind_display(),
            "from_class": str(one.product.commodity_class or "–"),
            "to_class": str(one.commodity_class),
            "other": one.other.get_title() if one.other else "",
            "likeness": f"{one.likeness / 100:.0f} %",
        }
        for one in found
    ]


@open_to(Role.OPERATOR)
@require_POST
def dismiss(request: HouseRequest, pk: int) -> HttpResponse:
    """Set a proposal aside, with the ground."""
    found = get_object_or_404(Proposal.objects.select_related("product", "commodity_class"), pk=pk)
    form = GroundForm(request.POST)
    try:
        set_aside(request.user, found, form.cleaned_data["ground"] if form.is_valid() else "")
    except HouseError as error:
        tell(request, error)
    else:
        thanks(request, _("Set aside; the reason is in the log."))
    return redirect("operate:sweep")
