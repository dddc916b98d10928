"""What an auditor reads across all unions in their care: where the money went, and what to look at first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from marketplace.organisations.models import Role
from marketplace.workspaces import subtree
from marketplace.workspaces.doors import HouseRequest, open_to
from marketplace.workspaces.sheets import Column, Sheet, download
from marketplace.workspaces.templatetags._figures import when
from procurement.compliance import distribution as parts
from procurement.compliance.red_flags import red_flags


@open_to(Role.AUDITOR)
def distribution(request: HouseRequest) -> HttpResponseBase:
    """Where a gift year's money went, charted; the same figures as a workbook."""
    years = subtree.years_of(request.organisation)
    year = subtree.chosen_year(request, years)
    unions = list(subtree.unions_below(request.organisation).values_list("pk", flat=True))
    tables = [
        (_("By union"), parts.by_union(year)),
        (_("Assistance goods by county of origin"), parts.by_county(year)),
        (_("By class of goods"), parts.by_class(year)),
        (_("Largest suppliers"), parts.by_seller(year)),
    ]
    months, grantors, certificates = parts.by_month(year), parts.grantors(year), parts.certificates(year, unions)
    if request.GET.get("as") == "xlsx":
        sheets = [_rows_sheet(title, rows) for title, rows in tables]
        return download(
            [*sheets, _months_sheet(months), *_papers_sheets(grantors, certificates)], f"distribution-{year}"
        )
    context = {
        "year": year,
        "years": years,
        "bought": bool(months),
        "charts": [(title, [(_name(row), row.amount) for row in rows]) for title, rows in tables],
        "months": _columns(year, months),
        "grantors": [(_name(one), one.exceptions) for one in grantors],
        "certificates": [(_either(name, english), number) for name, english, number in certificates],
    }
    return render(request, "audit/distribution.html", context)


@open_to(Role.AUDITOR)
def flags(request: HouseRequest) -> HttpResponse:
    """Red flags of a gift year, each with the orders behind it."""
    years = subtree.years_of(request.organisation)
    year = subtree.chosen_year(request, years)
    found = red_flags(list(subtree.unions_below(request.organisation)), year)
    context = {
        "year": year,
        "years": years,
        "raised": [f for f in found if f.found],
        "quiet": [f for f in found if not f.found],
    }
    return render(request, "audit/flags.html", context)


def _columns(year: int, months: Sequence[tuple[Any, int, int, int]]) -> list[tuple[str, int]]:
    """A column for each month of the year, and for those outside it in which something was ordered."""
    found = {(month.year, month.month): sum(fen) for month, *fen in months}
    every = sorted({*found, *((year, number) for number in range(1, 13))})
    return [(when(date(*month, 1), "month"), found.get(month, 0)) for month in every]


def _rows_sheet(title: str, rows: Sequence[parts.Row]) -> Sheet:
    columns = (
        Column("name", pgettext("of an organisation, a county, a class", "Name")),
        Column("assistance", _("Assistance"), "money"),
        Column("ordinary", _("Ordinary"), "money"),
        Column("waived", _("Outside the share by exception"), "money"),
        Column("amount", _("Amount"), "money"),
        Column("share", _("Share"), "bp"),
    )
    names = ("assistance", "ordinary", "waived", "amount", "share")
    return Sheet(title, columns, [{"name": _name(row)} | {name: getattr(row, name) for name in names} for row in rows])


def _months_sheet(months: Sequence[tuple[Any, int, int, int]]) -> Sheet:
    columns = (
        Column("month", _("Month"), "date"),
        Column("assistance", _("Assistance"), "money"),
        Column("ordinary", _("Ordinary"), "money"),
        Column("waived", _("Outside the share by exception"), "money"),
    )
    names = [column.key for column in columns]
    return Sheet(_("By month"), columns, [dict(zip(names, row, strict=True)) for row in months])


def _papers_sheets(grantors: Sequence[parts.Grantor], certificates: Sequence[tuple[str, str, int]]) -> list[Sheet]:
    columns = (
        Column("name", _("Granted for")),
        Column("exceptions", _("Exceptions"), "count"),
        Column("quantity", _("Units"), "count"),
        Column("used", _("Used"), "count"),
    )
    granted = [
        {"name": _name(one), "exceptions": one.exceptions, "quantity": one.quantity, "used": one.used}
        for one in grantors
    ]
    classes = [{"name": _either(name, english), "number": number} for name, english, number in certificates]
    both = (Column("name", _("Class")), Column("number", _("No-equivalent certificates"), "count"))
    return [Sheet(_("Exceptions"), columns, granted), Sheet(_("No-equivalent certificates"), both, classes)]


def _name(row: parts.Row | parts.Grantor) -> str:
    return _either(row.name, row.name_en)


def _either(name: str, english: str) -> str:
    return (english if get_language() == "en" and english else name) or _("not known")
