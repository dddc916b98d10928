"""One producer's part of an order, parcel by parcel: accepted whole or in part, cancelled, returned; and what came of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from django import forms
from django.db.models import Q
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from marketplace.fulfilment import actions
from marketplace.fulfilment.losses import UNSHIPPED, Report, cancel, give_back, last_return_day
from marketplace.fulfilment.models import REASONS, Loss, LossKind, LossReason, Parcel, ParcelState, Party, SupplierOrder
from marketplace.fulfilment.queries import state_of
from marketplace.organisations.errors import HouseError
from marketplace.organisations.models import Role
from marketplace.workspaces.doors import HouseRequest, open_to
from marketplace.workspaces.errors import MembersUnknown
from marketplace.workspaces.listing import Empty, Filters, Listing, between, choice, containing, day, words
from marketplace.workspaces.pages import id_in, put_into, tell, thanks, today
from marketplace.workspaces.returns import LOSSES, as_rows, lost
from marketplace.workspaces.sheets import Column
from procurement.programmes.models import Recipient
from suppliers.settlement.corrections import record_refund

PARCELS = (
    Column("member_no", gettext_lazy("Member number")),
    Column("department", gettext_lazy("Department")),
    Column("state", gettext_lazy("State"), "state"),
    Column("why", gettext_lazy("Reason")),
)
_NUMBERS = re.compile(r"[\s,;，；、]+")


class ParcelFilters(Filters):
    """By member number, department and state."""

    member = forms.CharField(label=gettext_lazy("Member number"), required=False, max_length=40)
    department = forms.CharField(label=gettext_lazy("Department"), required=False, max_length=80)
    state = choice(gettext_lazy("State"), ParcelState.choices)

    def narrowed(self, rows: Any) -> Any:
        """The parcels that fit."""
        if member := self.wishes.get("member"):
            fitting = Recipient.objects.filter(pk__in=rows.values("recipient"), member_no__icontains=member)
            rows = rows.filter(recipient__in=fitting.values("pk"))
        if department := self.wishes.get("department"):
            rows = rows.filter(department__icontains=department)
        if state := self.wishes.get("state"):
            rows = rows.filter(state=state)
        return rows


class NameForm(forms.Form):
    """Which parcels, why, and in what words."""

    which = forms.ChoiceField(
        label=gettext_lazy("Which parcels"),
        widget=forms.RadioSelect,
        initial="ticked",
        choices=[
            ("ticked", gettext_lazy("Those ticked in the list")),
            ("numbers", gettext_lazy("Those of these members")),
            ("all_but", gettext_lazy("All but those of these members")),
            ("all", gettext_lazy("All")),
        ],
    )
    numbers = forms.CharField(
        label=gettext_lazy("Member numbers"),
        required=False,
        max_length=400_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Pasted from a workbook, one a line or with commas between."),
    )
    reason = forms.ChoiceField(label=gettext_lazy("Reason"))
    words = forms.CharField(
        label=gettext_lazy("In your words"),
        required=False,
        max_length=200,
        help_text=gettext_lazy("The producer reads this. No names or telephone numbers."),
    )

    def __init__(self, *args: Any, kind: LossKind, by: Party, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        reasons = [(reason.value, reason.label) for reason in REASONS[kind, by]]
        self.fields["reason"].choices = [("", _("Choose…")), *reasons]  # type: ignore[attr-defined]


@open_to(Role.BUYER, Role.APPROVER)
def part(request: HouseRequest, number: str, pk: int) -> HttpResponseBase:
    """The parcels of one supplier order, and what can be done with them now. `?parcel=` ticks one, `?reason=` says why."""
    found = part_of(request, number, pk)
    kind = possible(found) if Role.BUYER in request.roles else None
    start = {"reason": request.GET.get("reason", "")}
    form = NameForm(request.POST or None, kind=kind, by=_BY[kind], initial=start) if kind else None
    if request.method == "POST" and form is not None and kind and form.is_valid() and _done(request, found, form, kind):
        return redirect("union:part", number=number, pk=pk)
    rows = Parcel.objects.filter(supplier_order=found).select_related("loss").order_by("department", "pk")
    listing = Listing(
        request, rows, PARCELS, found.number, Empty(_("No parcels")), ParcelFilters(request), _with_members, size=24
    )
    named = request.POST if request.method == "POST" else request.GET
    context = {
        "part": found,
        "order": found.order,
        "state": state_of(found),
        "kind": kind,
        "form": form,
        "eligible": MAY_BE[kind] if kind else (),
        "last_day": last_return_day(found),
        "ticked": {pk for one in named.getlist("parcel") if (pk := id_in(one))},
        "losses": as_rows(list(lost(Loss.objects.filter(supplier_order=found))[:50])),
        "loss_columns": [column.for_table() for column in LOSSES if column.key not in ("number", "producer")],
        "is_buyer": Role.BUYER in request.roles,
    }
    return listing.answer("union/part.html", **context)


@open_to(Role.BUYER, Role.APPROVER)
def returns(request: HouseRequest) -> HttpResponseBase:
    """Everything cancelled, refused or returned, and which refunds have not come yet."""
    rows = lost(Loss.objects.filter(union=request.organisation))
    empty = Empty(
        _("Nothing came back"),
        _("What you cancel, refuse on arrival or return after acceptance is listed here with its refund."),
        "box",
    )
    listing = Listing(request, rows, LOSSES, _("Returns"), empty, LossFilters(request), as_rows, size=30)
    return listing.answer("union/returns.html", is_buyer=Role.BUYER in request.roles)


class LossFilters(Filters):
    """By words, kind, refund and day."""

    q = words()
    kind = choice(gettext_lazy("What happened"), LossKind.choices)
    refund = choice(gettext_lazy("Refund"), [("due", gettext_lazy("Not yet here")), ("came", gettext_lazy("Came"))])
    since = day(gettext_lazy("From"))
    until = day(gettext_lazy("Until"))

    def narrowed(self, rows: Any) -> Any:
        """The losses that fit."""
        if text := self.wishes.get("q"):
            rows = rows.filter(
                containing(text, "supplier_order__number", "producer__name", "producer__name_en", "words")
            )
        if kind := self.wishes.get("kind"):
            rows = rows.filter(kind=kind)
        if refund := self.wishes.get("refund"):
            rows = rows.filter(refund_due__gt=0, refund__isnull=refund == "due")
        return between(rows, "at", self.wishes, moments=True)


@open_to(Role.BUYER)
@require_POST
def refund(request: HouseRequest, pk: int) -> HttpResponse:
    """Note that the seller's refund has come."""
    related = ("supplier_order__order", "supplier_order__union", "supplier_order__seller")
    loss: Loss = get_object_or_404(Loss.objects.filter(union=request.organisation).select_related(*related), pk=pk)
    try:
        record_refund(request.user, loss, request.POST.get("bank_reference", ""))
    except HouseError as error:
        tell(request, error)
    else:
        thanks(request, _("The refund was noted; the money is back in its purse."))
    return redirect("union:returns")


def part_of(request: HouseRequest, number: str, pk: int) -> SupplierOrder:
    """The union's own supplier order of that order; 404 otherwise."""
    rows = SupplierOrder.objects.select_related("order__union", "order__programme", "union", "producer", "seller")
    found: SupplierOrder = get_object_or_404(rows, pk=pk, order__number=number, union=request.organisation)
    return found


_BY = {LossKind.CANCELLED: Party.UNION, LossKind.REFUSED: Party.PRODUCER, LossKind.RETURNED: Party.PRODUCER}
MAY_BE: dict[LossKind, tuple[ParcelState, ...]] = {
    LossKind.CANCELLED: UNSHIPPED,
    LossKind.REFUSED: (ParcelState.SHIPPED,),
    LossKind.RETURNED: (ParcelState.ACCEPTED,),
}


def possible(found: SupplierOrder) -> LossKind | None:
    """What a buyer can do with parcels of it now."""
    state = state_of(found)
    if state == ParcelState.SHIPPED:
        return LossKind.REFUSED
    if state == ParcelState.ACCEPTED:
        last = last_return_day(found)
        return LossKind.RETURNED if last and today() <= last else None
    return LossKind.CANCELLED if state != "closed" else None


def _done(request: HouseRequest, found: SupplierOrder, form: NameForm, kind: LossKind) -> bool:
    """Carry out what the form says; its sentences go into the form when it is refused."""
    verbs: dict[LossKind, Callable[[Report], object]] = {
        LossKind.CANCELLED: lambda report: cancel(request.user, found, report),
        LossKind.REFUSED: lambda report: actions.accept(request.user, found, [report]),
        LossKind.RETURNED: lambda report: give_back(request.user, found, [report]),
    }
    try:
        named = _named(request, found, form.cleaned_data, MAY_BE[kind])
        verbs[kind](Report(named, form.cleaned_data["reason"], form.cleaned_data["words"]))
    except HouseError as error:
        put_into(form, error)
        return False
    sentences = {
        LossKind.CANCELLED: ngettext(
            "%(shown)d parcel was cancelled.", "%(shown)d parcels were cancelled.", len(named)
        ),
        LossKind.REFUSED: ngettext(
            "%(shown)d parcel was refused, the rest accepted.",
            "%(shown)d parcels were refused, the rest accepted.",
            len(named),
        ),
        LossKind.RETURNED: ngettext("%(shown)d parcel was returned.", "%(shown)d parcels were returned.", len(named)),
    }
    thanks(request, sentences[kind] % {"shown": len(named)})
    return True


def _named(
    request: HouseRequest, found: SupplierOrder, said: dict[str, Any], states: tuple[ParcelState, ...]
) -> tuple[int, ...]:
    """The parcels that the form means. Raises MembersUnknown naming member numbers that are not on the list."""
    if said["which"] == "ticked":
        return tuple(pk for one in request.POST.getlist("parcel") if (pk := id_in(one)))
    rows = Parcel.objects.filter(supplier_order=found, state__in=states)
    if said["which"] != "all":
        numbers = {one for one in _NUMBERS.split(said["numbers"]) if one}
        people = dict(
            Recipient.objects.filter(programme__order=found.order, member_no__in=numbers).values_list("member_no", "pk")
        )
        if unknown := sorted(numbers - set(people)):
            raise MembersUnknown(numbers=_(", ").join(unknown[:20]), count=len(unknown))
        theirs = Q(recipient__in=list(people.values()))
        rows = rows.filter(theirs if said["which"] == "numbers" else ~theirs)
    return tuple(rows.order_by("pk").values_list("pk", flat=True))


def _with_members(rows: Any) -> list[Any]:
    """Parcels with their member's number, which the floor below does not know."""
    found = list(rows)
    numbers = dict(Recipient.objects.filter(pk__in=[row.recipient for row in found]).values_list("pk", "member_no"))
    for row in found:
        row.member_no = numbers.get(row.recipient, "")
        row.why = LossReason(row.loss.reason).label if row.loss else ""
    return found
