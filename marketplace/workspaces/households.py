"""Households and their agreements, as their producer and the officers of their county read them: masked, with the papers on file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Q, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from marketplace.organisations.personal import mask_id_number, mask_name, mask_phone
from marketplace.workspaces.listing import Empty, Filters, Listing, choice, containing, words
from marketplace.workspaces.pages import attachment
from marketplace.workspaces.sheets import Column
from suppliers.accreditation.models import Mechanism
from suppliers.provenance.models import AgreementPaper, BenefitAgreement, Collection, Household
from suppliers.provenance.papers import missing_of
from suppliers.provenance.purchases import is_paid

_KILO = 1_000
_STANDING = Q(collections__reversal__isnull=True)
STATES = (
    ("unsigned", _("No agreement yet")),
    ("unconfirmed", _("Not confirmed yet")),
    ("confirmed_by_household", _("Confirmed by the household")),
    ("disowned", _("Household knows nothing of it")),
)
_IN_STATE = {
    "unsigned": Q(agreements__isnull=True),
    "unconfirmed": Q(agreements__confirmed_at__isnull=True, agreements__disowned_at__isnull=True)
    & Q(agreements__isnull=False),
    "confirmed_by_household": Q(agreements__confirmed_at__isnull=False),
    "disowned": Q(agreements__disowned_at__isnull=False, agreements__confirmed_at__isnull=True),
}
_OWN = (
    Column("code", _("Household"), url="url"),
    Column("name", _("Name")),
    Column("village", _("Village")),
    Column("mechanism", _("Benefit")),
    Column("share_bp", _("Share"), "bp"),
    Column("state", _("State"), "state"),
    Column("kilos", _("Collected, kg"), "count"),
    Column("paid", _("For it"), "money"),
)
_OFFICE = (*_OWN[:3], Column("producer", _("Producer")), *_OWN[3:6])


class HouseholdFilters(Filters):
    """By words, mechanism, and what the household's side said."""

    q = words()
    mechanism = choice(_("Benefit"), Mechanism.choices)
    state = choice(_("State"), STATES)

    def narrowed(self, rows: Any) -> Any:
        """The households that fit."""
        if text := self.wishes.get("q"):
            rows = rows.filter(containing(text, "code", "village", "producer__name", "producer__name_en"))
        if mechanism := self.wishes.get("mechanism"):
            rows = rows.filter(agreements__mechanism=mechanism)
        state = self.wishes.get("state")
        return rows.filter(_IN_STATE[state]) if state else rows


def household_listing(request: HttpRequest, rows: Any, address: str, title: str, empty: Empty, *, own: bool) -> Listing:
    """Households with what was agreed and collected, newest first. Each has one agreement at most."""

    def present(found: Sequence[Household]) -> list[Any]:
        agreements = {
            one.household_id: one
            for one in BenefitAgreement.objects.filter(household__in=found).annotate(
                grams=Sum("collections__grams", filter=_STANDING, default=0),
                paid=Sum("collections__price", filter=_STANDING, default=0),
            )
        }
        return [_row(one, agreements.get(one.pk), address) for one in found]

    ordered = rows.select_related("producer").order_by("-pk")
    columns = _OWN if own else _OFFICE
    return Listing(request, ordered, columns, title, empty, filters=HouseholdFilters(request), present=present)


def _row(household: Household, agreement: Any, address: str) -> dict[str, Any]:
    return {
        "code": household.code,
        "url": reverse(address, args=[household.pk]),
        "name": mask_name(household.head_name),
        "village": household.village,
        "producer": household.producer.display_name,
        "mechanism": agreement.get_mechanism_display() if agreement else "",
        "share_bp": agreement.share_bp if agreement else None,
        "state": agreement.state if agreement else "unsigned",
        "kilos": round(agreement.grams / _KILO) if agreement else 0,
        "paid": agreement.paid if agreement else 0,
    }


def household_context(household: Household) -> dict[str, Any]:
    """One household with its agreement, papers, what is missing of them, and what was collected. Five statements."""
    agreement = BenefitAgreement.objects.filter(household=household).first()
    papers = list(agreement.papers.select_related("added_by").defer("content")) if agreement else []
    sums = {"grams": Sum("grams", default=0), "paid": Sum("price", default=0)}
    bought = agreement.collections.filter(reversal__isnull=True) if agreement else Collection.objects.none()
    collected = bought.aggregate(**sums)
    latest = agreement.codes.order_by("-asked_at").first() if agreement else None
    return {
        "household": household,
        "masked": masked(household),
        "agreement": agreement,
        "state": agreement.state if agreement else "unsigned",
        "papers": papers,
        "missing": missing_of(agreement, papers) if agreement else [],
        "kilos": round(collected["grams"] / _KILO),
        "paid": collected["paid"],
        "by_slip": bought.filter(is_paid()).aggregate(total=Sum("price", default=0))["total"],
        "asked": latest,
    }


def masked(household: Household) -> dict[str, str]:
    """What identifies a household, as its page shows it."""
    return {
        "name": mask_name(household.head_name),
        "phone": mask_phone(household.phone),
        "id_number": mask_id_number(household.id_number),
        "bank_account": "*" * max(len(household.bank_account) - 4, 0) + household.bank_account[-4:],
    }


def paper_answer(household: Household, pk: int) -> HttpResponse:
    """One paper as a file to be saved. 404 for a paper of another household."""
    paper: AgreementPaper = get_object_or_404(AgreementPaper.objects.filter(agreement__household=household), pk=pk)
    return attachment(paper.plain(), paper.file_name, paper.media_type)
