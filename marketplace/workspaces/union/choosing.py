"""Members choose: the short list, opening and closing, who has chosen, a choice recorded for somebody, the personal links."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from marketplace.organisations.errors import HouseError
from marketplace.organisations.models import Reveal, Role
from marketplace.organisations.personal import mask_name, mask_phone
from marketplace.workspaces.doors import HouseRequest, open_to
from marketplace.workspaces.member.forms import ChoiceForm
from marketplace.workspaces.member.queries import gift_of
from marketplace.workspaces.pages import carried_out, page_of, put_into, thanks
from marketplace.workspaces.qr import qr_svg
from marketplace.workspaces.sheets import Column, Sheet, download
from marketplace.workspaces.union.frame import frame, programme_of
from marketplace.workspaces.union.member_forms import ChoosersFilter, ChoosingForm
from procurement.programmes import choosing
from procurement.programmes.choices import (
    DepartmentProgress,
    counted_options,
    progress_by_department,
    slots_to_choose,
    with_choices,
)
from procurement.programmes.links import renew_link, token_of
from procurement.programmes.models import Choosing, Delivery, Option, Programme, ProgrammeState, Recipient
from procurement.programmes.vouchers import code_of, goods_of, last_day_of

_PEOPLE_SHOWN = 50
_DAYS_TO_DELIVER = 10


@open_to(Role.BUYER, Role.APPROVER)
def choices(request: HouseRequest, pk: int) -> HttpResponse:
    """Opening the choosing, or how far it has come."""
    programme = programme_of(request, pk)
    return _page(request, programme, ChoosingForm(initial={"closes_at": _usual_end(programme)}))


def _page(request: HouseRequest, programme: Programme, form: ChoosingForm) -> HttpResponse:
    departments = progress_by_department(programme)
    needed = slots_to_choose(programme)
    narrow = ChoosersFilter([row.department for row in departments if row.department], request.GET)
    narrow.is_valid()
    rows = with_choices(programme).prefetch_related("choices__option__product").order_by("department", "id")
    wishes = narrow.cleaned_data
    if wishes.get("department"):
        rows = rows.filter(department=wishes["department"])
    if wishes.get("chosen"):
        rows = rows.filter(made__gte=needed) if wishes["chosen"] == "yes" else rows.filter(made__lt=needed)
    page = page_of(request, rows, _PEOPLE_SHOWN)
    page.object_list = [_chooser(person) for person in page.object_list]
    counted = counted_options(programme)
    is_open = programme.state == ProgrammeState.CHOOSING
    people, chosen = sum(row.people for row in departments), sum(row.chosen for row in departments)
    context = frame(request, programme, "goods") | {
        "form": form,
        "narrow": narrow,
        "page": page,
        "choosing": Choosing.objects.filter(programme=programme).select_related("opened_by", "closed_by").first(),
        "is_open": is_open,
        "people": people,
        "chosen": chosen,
        "missing": people - chosen,
        "department_bars": [_department_bar(row) for row in departments],
        "option_bars": [
            (one.option.product.get_title(), one.chosen + (0 if is_open else one.by_default)) for one in counted
        ],
        "has_choice": bool(needed),
    }
    return render(request, "union/choices.html", context)


def _department_bar(row: DepartmentProgress) -> tuple[str, int]:
    """How many of a department have chosen, in words, and as its share in basis points."""
    words = _("%(department)s: %(chosen)s of %(people)s") % {
        "department": row.department or _("No department"),
        "chosen": row.chosen,
        "people": row.people,
    }
    return words, row.chosen * 10_000 // row.people


def _usual_end(programme: Programme) -> datetime:
    """Ten days before the goods are needed, but not before tomorrow; in the evening."""
    day = max(programme.need_date - timedelta(days=_DAYS_TO_DELIVER), timezone.localdate() + timedelta(days=1))
    return timezone.make_aware(datetime.combine(day, time(18)))


def _chooser(person: Recipient) -> dict[str, Any]:
    return {
        "pk": person.pk,
        "member_no": person.member_no,
        "name": mask_name(person.name),
        "phone": mask_phone(person.phone),
        "department": person.department,
        "choices": [choice.option.product.get_title() for choice in person.choices.all()],
        "by_buyer": any(choice.recorded_by_id for choice in person.choices.all()),
    }


@open_to(Role.BUYER)
@require_POST
def open_now(request: HouseRequest, pk: int) -> HttpResponse:
    """Let the members choose."""
    programme = programme_of(request, pk)
    form = ChoosingForm(request.POST)
    if form.is_valid():
        try:
            choosing.open_choosing(request.user, programme, form.cleaned_data["closes_at"])
        except HouseError as error:
            put_into(form, error)
        else:
            thanks(request, _("The choosing is open. Give the members their links now."))
            return redirect("union:choices", pk=pk)
    return _page(request, programme, form)


@open_to(Role.BUYER)
@require_POST
def close_now(request: HouseRequest, pk: int) -> HttpResponse:
    """Close the choosing before its time."""
    programme = programme_of(request, pk)
    if carried_out(request, lambda: choosing.close_choosing(request.user, programme)):
        thanks(request, _("The choosing is closed. The quantities are known and judged now."))
        return redirect("union:goods", pk=pk)
    return redirect("union:choices", pk=pk)


@open_to(Role.BUYER)
@require_POST
def take_back(request: HouseRequest, pk: int, option: int) -> HttpResponse:
    """Take a product off its list."""
    programme = programme_of(request, pk)
    found: Option = get_object_or_404(Option.objects.filter(programme=programme), pk=option)
    carried_out(request, lambda: choosing.take_back(request.user, programme, found))
    return _to_goods(request, pk)


@open_to(Role.BUYER)
@require_POST
def make_default(request: HouseRequest, pk: int, option: int) -> HttpResponse:
    """Let those who don't choose get this product."""
    programme = programme_of(request, pk)
    found: Option = get_object_or_404(Option.objects.filter(programme=programme), pk=option)
    carried_out(request, lambda: choosing.make_default(request.user, programme, found))
    return _to_goods(request, pk)


def _to_goods(request: HouseRequest, pk: int) -> HttpResponse:
    answer = redirect("union:goods", pk=pk)
    if query := request.POST.get("query", ""):
        answer["Location"] += f"?{query}"
    return answer


@open_to(Role.BUYER)
def record(request: HouseRequest, pk: int, person: int) -> HttpResponse:
    """Record a choice for a member who has no phone."""
    programme = programme_of(request, pk)
    found = _person(programme, person)
    gift = gift_of(found)
    form = ChoiceForm(gift.parts, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            choosing.choose(found, form.picks, actor=request.user)
        except HouseError as error:
            put_into(form, error)
        else:
            thanks(request, _("The choice of member %(number)s was recorded.") % {"number": found.member_no})
            return redirect("union:choices", pk=pk)
    context = frame(request, programme, "goods") | {"person": _masked(found), "gift": gift, "form": form}
    return render(request, "union/choice_record.html", context)


@open_to(Role.BUYER)
@require_POST
def renew(request: HouseRequest, pk: int, person: int) -> HttpResponse:
    """Make a member's link invalid and give them another."""
    programme = programme_of(request, pk)
    found = _person(programme, person)
    if carried_out(request, lambda: renew_link(request.user, found)):
        thanks(request, _("Member %(number)s has a new link; the old one opens nothing.") % {"number": found.member_no})
    return redirect("union:choice_record", pk=pk, person=person)


def _person(programme: Programme, person: int) -> Recipient:
    rows = Recipient.objects.filter(programme=programme).select_related("programme__union", "union")
    found: Recipient = get_object_or_404(rows, pk=person)
    return found


def _masked(person: Recipient) -> dict[str, Any]:
    return {
        "pk": person.pk,
        "member_no": person.member_no,
        "name": mask_name(person.name),
        "department": person.department,
    }


# Personal links, on paper and as a workbook.


@open_to(Role.BUYER)
def links(request: HouseRequest, pk: int) -> HttpResponse:
    """How to give out the links; by POST the sheet itself with names in full, which is recorded."""
    programme = programme_of(request, pk)
    departments = [row.department for row in progress_by_department(programme)]
    context = frame(request, programme, "goods") | {"departments": departments}
    if request.method != "POST":
        return render(request, "union/links.html", context)
    rows = _linked(request, programme)
    by_department: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        by_department.setdefault(row["department"], []).append(row | {"qr": qr_svg(row["link"])})
    context |= {"sheets": by_department.items(), "count": len(rows), "last_day": last_day_of(programme)}
    return render(request, "union/links_sheet.html", context)


@open_to(Role.BUYER)
@require_POST
def links_workbook(request: HouseRequest, pk: int) -> HttpResponseBase:
    """The links as a workbook, for sending them by the union's own means; recorded as well."""
    programme = programme_of(request, pk)
    columns = (
        Column("department", _("Department")),
        Column("member_no", _("Member number")),
        Column("name", _("Name")),
        Column("phone", _("Mobile number")),
        Column("link", _("Personal link")),
        *([Column("voucher", _("Code on the voucher"))] if programme.delivery == Delivery.VOUCHER else []),
    )
    rows = _linked(request, programme)
    return download([Sheet(str(_("Personal links")), columns, rows)], f"{programme.title} – {_('Personal links')}")


def _linked(request: HouseRequest, programme: Programme) -> list[dict[str, Any]]:
    """Members with their links, names in full: of one department or all, all or those who have not chosen. One reveal is recorded."""
    rows = with_choices(programme).order_by("department", "id")
    if department := request.POST.get("department", ""):
        rows = rows.filter(department=department)
    if request.POST.get("missing"):
        rows = rows.filter(made__lt=slots_to_choose(programme))
    people = list(rows)
    goods = goods_of(programme, people) if programme.delivery == Delivery.VOUCHER else {}
    Reveal.objects.create(
        user=request.user,
        organisation=programme.union,
        purpose="gift links",
        subject=f"programme:{programme.pk}",
        count=len(people),
    )
    return [
        {
            "department": person.department,
            "member_no": "" if person.member_no.startswith("~") else person.member_no,
            "name": person.name,
            "phone": person.phone,
            "voucher": code_of(person) if person.pk in goods else "",
            "goods": goods.get(person.pk, []),
            "link": request.build_absolute_uri(reverse("my:gift", args=[token_of(person)])),
        }
        for person in people
    ]
