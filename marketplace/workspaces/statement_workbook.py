"""A compliance statement as a workbook: what the page says, to the fen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _

from marketplace.organisations.models import Organisation
from marketplace.workspaces.shares import failure_words
from marketplace.workspaces.sheets import Column, Sheet, download
from marketplace.workspaces.statements import below_last_year, red_facts, statement_context
from marketplace.workspaces.templatetags._figures import when
from procurement.compliance.statements import Statement
from procurement.priority.models import PriorityException


def statement_sheets(union: Organisation, year: int) -> list[Sheet]:
    """The statement as a workbook: what the page says, to the fen. Http404 where no policy is in force."""
    context = statement_context(union, year)
    if "refused" in context:
        raise Http404(context["refused"])
    found: Statement = context["statement"]
    return [
        _summary_sheet(union, found),
        _orders_sheet(found, [*context["orders"], *context["moved"]]),
        _decisions_sheet(found),
        *([_late_sheet(found)] if found.late else []),
        _certificates_sheet(context["certificates"]),
        _exceptions_sheet(context["exceptions"]),
        _elsewhere_sheet(found, context["elsewhere"]),
    ]


def xlsx_download(union: Organisation, year: int) -> HttpResponse:
    """The statement as a workbook to keep."""
    return download(statement_sheets(union, year), f"statement-{union.code}-{year}")


def _summary_sheet(union: Organisation, found: Statement) -> Sheet:
    columns = (
        Column("what", _("What")),
        Column("amount", _("Amount"), "money"),
        Column("share", _("Share"), "bp"),
        Column("words", _("Remark")),
    )
    rows: list[dict[str, Any]] = [
        {"what": _("Union"), "words": union.display_name},
        {"what": _("Gift year"), "words": str(found.year)},
        {"what": _("Policy"), "words": found.policy},
        *([{"what": _("Closed on"), "words": when(found.closed_on)}] if found.closed_on else []),
        *({"what": what, "amount": fen} for what, fen in _amounts(found)),
        *({"what": what, "share": bp} for what, bp in _shares(found)),
        *({"what": what, "words": words} for what, words in _verdicts(found)),
        *({"what": _("What a producer failed to deliver"), "words": words} for words in failure_words(found.failures)),
        *({"what": _("Look at this first"), "words": fact} for fact in red_facts(found)),
    ]
    return Sheet(_("Statement"), columns, rows)


def _amounts(found: Statement) -> list[tuple[str, int]]:
    set_aside = _("Shortfall: set aside, not spent, carried over") if found.closed_on else _("Set aside and unspent")
    # Shown only where there is something to show: most years have none of these.
    sometimes = [
        (_("Set-aside money that came over from closed years"), found.carried_in),
        (_("Brought forward: to be bought for closed years"), found.brought_forward),
        (_("Assistance products still to be bought for this year"), found.carried_forward if found.closed_on else 0),
        (_("Still to make good"), found.to_make_good if found.make_good_due else 0),
        (_("Assistance products of the year before, not to be fallen below"), found.last_assistance),
    ]
    return [
        (_("Assistance products"), found.assistance),
        (_("Ordinary products"), found.ordinary),
        (_("Outside the share by exception"), found.waived),
        (_("Cancelled, refused or returned, taken off above"), found.released),
        (set_aside, found.reserve),
        *((what, fen) for what, fen in sometimes if fen),
        (_("Accepted and paid: assistance products"), found.counted_assistance),
        (_("Accepted and paid: ordinary products"), found.counted_ordinary),
        (_("Left the purses, by the ledger"), found.spent),
        (_("Leakage"), found.leakage),
        (_("Bought elsewhere, no part of the share"), found.outside),
    ]


def _shares(found: Statement) -> list[tuple[str, int]]:
    shares = [
        (_("Share"), found.share_bp),
        (_("Share of what is accepted and paid"), found.counted_share_bp),
        (_("Minimum share"), found.minimum_share_bp),
    ]
    if found.outside:
        words = _("Share if what was bought elsewhere were ordinary goods")
        shares.append((words, found.share_with_outside_bp))
    return shares


def _verdicts(found: Statement) -> list[tuple[str, str]]:
    verdicts = [(_("Verdict"), _("Minimum reached") if found.share_kept else _("Below the minimum"))]
    if found.last_assistance:
        verdicts.append((_("The year before"), below_last_year(found) or _("Not below the year before")))
    return verdicts


def _orders_sheet(found: Statement, orders: list[dict[str, Any]]) -> Sheet:
    columns = (
        Column("number", _("Order")),
        Column("placed_on", _("Placed on"), "date"),
        Column("recipients", _("Members"), "count"),
        Column("assistance", _("Assistance"), "money"),
        Column("ordinary", _("Ordinary"), "money"),
        Column("waived", _("Outside the share by exception"), "money"),
        Column("share", _("Share"), "bp"),
        Column("counted", _("Accepted and paid"), "money"),
        Column("policy", _("Policy")),
        Column("minimum", _("Minimum share"), "bp"),
    )
    total = {
        "number": _("Together"),
        "assistance": found.assistance,
        "ordinary": found.ordinary,
        "waived": found.waived,
        "share": found.share_bp,
        "counted": found.counted_assistance + found.counted_ordinary,
    }
    return Sheet(_("Orders"), columns, orders, total)


def _decisions_sheet(found: Statement) -> Sheet:
    columns = (Column("outcome", _("Decision"), "outcome"), Column("number", _("How many"), "count"))
    return Sheet(_("Decisions"), columns, [{"outcome": code, "number": number} for code, number in found.decisions])


def _certificates_sheet(rows: Iterable[dict[str, Any]]) -> Sheet:
    columns = (
        Column("number", _("Number")),
        Column("class", _("Class")),
        Column("for", _("For")),
        Column("order", _("Order")),
    )
    return Sheet(_("No-equivalent certificates"), columns, [one | {"for": ", ".join(one["products"])} for one in rows])


def _exceptions_sheet(rows: Iterable[PriorityException]) -> Sheet:
    columns = (
        Column("number", _("Number")),
        Column("product.get_title", _("Product")),
        Column("used", _("Used"), "count"),
        Column("quantity", _("Granted"), "count"),
        Column("decided_for", _("Granted for")),
        Column("grounds", _("Grounds")),
    )
    return Sheet(_("Exceptions used"), columns, rows)


def _late_sheet(found: Statement) -> Sheet:
    columns = (
        Column("number", _("Order")),
        Column("gift_year", _("Gift year")),
        Column("assistance", _("Assistance"), "money"),
        Column("ordinary", _("Ordinary"), "money"),
    )
    return Sheet(_("Came back of closed years"), columns, [asdict(one) for one in found.late])


def _elsewhere_sheet(found: Statement, rows: list[dict[str, Any]]) -> Sheet:
    columns = (
        Column("number", _("Number")),
        Column("bought_on", _("Bought on"), "date"),
        Column("occasion", _("Occasion")),
        Column("supplier", _("Supplier")),
        Column("invoice", _("Invoice number")),
        Column("members", _("Members"), "count"),
        Column("per_head", _("Per head"), "money"),
        Column("amount", _("Amount"), "money"),
        Column("counts", _("Counts"), "money"),
        Column("remark", _("Remark")),
    )
    return Sheet(_("Purchases from outside"), columns, rows, {"number": _("Together"), "counts": found.outside})
