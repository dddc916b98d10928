"""A union's compliance statement as unions and auditors read it."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from django.db.models import Prefetch
from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from marketplace.organisations.models import Organisation
from marketplace.workspaces.pages import attachment
from marketplace.workspaces.shares import gauge
from marketplace.workspaces.templatetags._figures import fen
from procurement.compliance.models import YearClosing
from procurement.compliance.queries import statement
from procurement.compliance.statements import OrderRow, Statement
from procurement.policy.errors import NoPolicyInForce
from procurement.policy.models import Occasion
from procurement.priority.models import Certificate, Decision, PriorityException
from procurement.priority.words import rule_label
from procurement.priority.years import as_ordinary
from procurement.programmes.outside.queries import OutsideRow
from procurement.programmes.reattribution.queries import HandOver


def statement_context(union: Organisation, year: int) -> dict[str, Any]:
    """Everything that the statement page shows: constant statements whatever the number of orders."""
    if not 2000 <= year <= 2100:
        raise Http404
    context: dict[str, Any] = {"union": union, "year": year}
    try:
        found = statement(union, year)
    except NoPolicyInForce as error:
        return context | {"refused": str(error)}
    certificates = Certificate.objects.filter(union=union, judgement__gift_year=year).select_related("commodity_class")
    used = PriorityException.objects.filter(union=union, decisions__gift_year=year).distinct()
    return context | {
        "statement": found,
        "gauge": gauge(
            found.assistance,
            found.ordinary + as_ordinary(found.brought_forward, found.minimum_share_bp),
            found.reserve,
            found.minimum_share_bp,
            found.to_make_good,
            found.failures,
            found.last_assistance,
            outside=found.outside,
        ),
        "elsewhere": [_elsewhere(row) for row in found.outside_purchases],
        "policies": len({row.policy for row in found.orders} | {found.policy}),
        "orders": [_order(row) for row in found.orders],
        "moved": [_moved(row) for row in found.hand_overs],
        "certificates": [_certificate(one) for one in certificates.prefetch_related(_decided()).order_by("id")],
        "exceptions": used.select_related("product__commodity_class", "decided_for").order_by("id")[:200],
        "outcomes": found.decisions,
        "red": red_facts(found),
        "alarming": is_alarming(found),
    }


def is_alarming(found: Statement) -> bool:
    """Whether something is wrong, and not only worth a look such as an attempt that the rule refused."""
    decided = found.assistance + found.ordinary + found.waived
    return bool(found.leakage) or not found.compliant or found.spent != decided


def red_facts(found: Statement) -> list[str]:
    """What an auditor should look at first, in sentences."""
    facts = []
    if found.leakage:
        facts.append(
            _("Order lines worth %(amount)s have no decision that allows them. This must not be: verify the log.")
            % {"amount": fen(found.leakage)}
        )
    if not found.share_kept:
        facts.append(_("Ordinary gifts are above what the year's assistance goods allow."))
    if not found.last_year_kept:
        facts.append(below_last_year(found))
    if found.make_good_due:
        facts.append(
            _("A producer's failure has to be made good, %(amount)s: no more ordinary goods until then.")
            % {"amount": fen(found.to_make_good)}
        )
    if found.spent != found.assistance + found.ordinary + found.waived:
        facts.append(
            _("The ledger says that %(spent)s left the purses, the decisions add up to %(decided)s.")
            % {"spent": fen(found.spent), "decided": fen(found.assistance + found.ordinary + found.waived)}
        )
    if found.refused_attempts:
        facts.append(
            ngettext(
                "%(count)d attempt to place an order was refused.",
                "%(count)d attempts to place an order were refused.",
                found.refused_attempts,
            )
            % {"count": found.refused_attempts}
        )
    return facts


def below_last_year(found: Statement) -> str:
    """By how much the year is below the last one, and whether ordinary gifts were bought all the same; empty where it is not."""
    if found.last_year_kept:
        return ""
    missing = {"missing": fen(found.last_year_missing), "last": fen(found.last_assistance)}
    if found.ordinary and not found.compliant:
        return (
            _("Ordinary gifts were bought, and assistance goods are %(missing)s below the %(last)s of the year before.")
            % missing
        )
    return _("Assistance goods are %(missing)s below the %(last)s of the year before so far.") % missing


def json_download(union: Organisation, year: int) -> HttpResponse:
    """The statement's published form: integers and strings only."""
    try:
        found = statement(union, year)
    except NoPolicyInForce as error:
        raise Http404(str(error)) from error
    # A closed year's file is the sealed one to the byte: whoever has it finds its SHA-256 in the log.
    sealed = found.closed_on and YearClosing.objects.get(union=union, gift_year=year).statement
    content = sealed or json.dumps(found.as_dict(), ensure_ascii=False, indent=1, sort_keys=True)
    return attachment(content.encode(), f"statement-{union.code}-{year}.json", "application/json")


def _order(row: OrderRow) -> dict[str, Any]:
    whole = row.assistance + row.ordinary
    return {
        "number": row.number,
        "placed_on": date.fromisoformat(row.placed_on),
        "recipients": row.recipients,
        "assistance": row.assistance,
        "ordinary": row.ordinary,
        "waived": row.waived,
        "counted": row.counted_assistance + row.counted_ordinary,
        "share": row.assistance * 10_000 // whole if whole else None,
        "policy": row.policy,
        "minimum": row.minimum_share_bp,
    }


def _moved(row: HandOver) -> dict[str, Any]:
    """An order that was handed on or taken over, as a row among the orders; what left stands below zero."""
    words = _("taken over from %(union)s") if row.is_in else _("handed on to %(union)s")
    return {
        "number": row.order,
        "words": words % {"union": row.other_name},
        "because": row.because,
        "placed_on": date.fromisoformat(row.on),
        "recipients": row.recipients,
        "assistance": row.assistance,
        "ordinary": row.ordinary,
        "waived": row.waived,
        "counted": row.assistance + row.ordinary,
        "share": None,
        "policy": words % {"union": row.other_name},
        "minimum": None,
    }


def _elsewhere(row: OutsideRow) -> dict[str, Any]:
    """A purchase from outside in words; what was reversed has no amount any more."""
    remark = (
        _("Reversed: %(because)s") % {"because": row.because}
        if row.reversed
        else " ".join(row.said or map(rule_label, row.found))
    )
    return {
        "number": row.number,
        "bought_on": date.fromisoformat(row.bought_on),
        "occasion": Occasion(row.occasion).label,
        "supplier": row.supplier,
        "invoice": row.invoice,
        "members": row.members,
        "per_head": row.per_head,
        "amount": row.amount,
        "counts": 0 if row.reversed else row.amount,
        "remark": remark,
        "reversed": row.reversed,
    }


def _certificate(one: Certificate) -> dict[str, Any]:
    """A certificate with the products that were bought under it, and where to see what was looked at."""
    decisions = list(one.decisions.all())
    return {
        "number": one.number,
        "class": one.commodity_class,
        "products": list(dict.fromkeys(decision.product.get_title() for decision in decisions)),
        "order": decisions[0].order.number if decisions else "",
        "judgement": one.judgement_id,
    }


def _decided() -> Prefetch[Any]:
    return Prefetch("decisions", queryset=Decision.objects.select_related("product", "order").order_by("id"))
