"""Words and tones for codes that other parts store: rule outcomes and states. Unknown codes show bare."""

from __future__ import annotations

from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Label(NamedTuple):
    """How a code is shown: its words, its tone (a `tone-…` class) and its icon."""

    words: str | Promise
    tone: str
    icon: str = ""


OUTCOMES: dict[str, Label] = {
    "assistance": Label(_("Assistance product"), "success", "leaf"),
    "ordinary": Label(_("Ordinary product"), "neutral", "tag"),
    "box": Label(_("Box, judged by its parts"), "info", "gift"),
    "after": Label(_("Assistance goods come first"), "warning", "swap"),
    "allow": Label(_("Allowed"), "success", "check"),
    "block": Label(_("Blocked: assistance goods first"), "danger", "block"),
    "partial": Label(_("Partly allowed"), "warning", "partial"),
    "substitute": Label(_("Substitute offered"), "warning", "swap"),
    "no_equivalent": Label(_("No-equivalent certificate"), "info", "certificate"),
    "exception": Label(_("Exception granted"), "exception", "shield"),
    "urgent": Label(_("Urgent, reviewed afterwards"), "exception", "clock"),
    "uncovered": Label(_("Outside the policy"), "neutral", "person"),
    "unclassified": Label(_("Not yet classified"), "warning", "alert"),
}
OUTCOME_SYNONYMS = {
    "blocked": "block",
    "allowed": "allow",
    "certificate": "no_equivalent",
    "none_equivalent": "no_equivalent",
    "personal": "uncovered",
}

_DONE, _BUSY, _WAIT, _BAD, _OFF = "success", "info", "warning", "danger", "neutral"

STATES: dict[str, Label] = {
    # programmes and orders
    "draft": Label(_("Draft"), _OFF),
    "planned": Label(_("Planned"), _OFF),
    "choosing": Label(_("Members are choosing"), _BUSY),
    "submitted": Label(_("Submitted"), _WAIT),
    "awaiting_approval": Label(_("Awaiting approval"), _WAIT),
    "approved": Label(_("Approved"), _DONE),
    "placed": Label(_("Order placed"), _BUSY),
    "confirmed": Label(_("Confirmed"), _BUSY),
    "new": Label(_("Not yet sent"), _OFF),
    "sent": Label(_("To be confirmed"), _WAIT),
    "uncalled": Label(_("Not called for yet"), _WAIT),
    "assigned": Label(_("Lots assigned"), _BUSY),
    "preparing": Label(_("Being prepared"), _BUSY),
    "packed": Label(_("Packed"), _BUSY),
    "shipped": Label(_("Shipped"), _BUSY),
    "in_transit": Label(_("On its way"), _BUSY),
    "delivered": Label(_("Delivered"), _BUSY),
    "accepted": Label(_("Accepted"), _DONE),
    "invoiced": Label(_("Invoiced"), _BUSY),
    "paid": Label(_("Paid"), _DONE),
    "settled": Label(_("Settled"), _DONE),
    "completed": Label(_("Completed"), _DONE),
    "closed": Label(_("Closed"), _OFF),
    "cancelled": Label(_("Cancelled"), _OFF),
    "refused": Label(_("Refused"), _BAD),
    "returned": Label(_("Returned"), _WAIT),
    "refunded": Label(_("Refunded"), _OFF),
    # lots
    "good": Label(_("Good"), _DONE),
    "held": Label(_("Held back"), _WAIT),
    "recalled": Label(_("Recalled"), _BAD),
    "lifted": Label(_("Lifted"), _OFF),
    "uncertified": Label(_("Pass certificate missing"), _WAIT),
    "out_of_date": Label(_("Too old to send"), _OFF),
    # benefit agreements and purchases
    "unsigned": Label(_("No agreement yet"), _OFF),
    "unconfirmed": Label(_("Not confirmed yet"), _WAIT),
    "confirmed_by_household": Label(_("Confirmed by the household"), _DONE),
    "disowned": Label(_("Household knows nothing of it"), _BAD),
    "reversed": Label(_("Reversed"), _OFF),
    # accreditation
    "applied": Label(_("Applied"), _WAIT),
    "town_review": Label(_("Town review"), _WAIT),
    "sector_review": Label(_("Sector review"), _WAIT),
    "county_decision": Label(_("County decision"), _WAIT),
    "public_notice": Label(_("Public notice"), _BUSY),
    "valid": Label(_("Valid"), _DONE),
    "suspended": Label(_("Suspended"), _BAD),
    "revoked": Label(_("Revoked"), _BAD),
    "expired": Label(_("Expired"), _OFF),
    "dismissed": Label(_("Dismissed"), _OFF),
    # requests and cases
    "asked": Label(_("Asked"), _WAIT),
    "agreed": Label(_("Agreed by one, a second is due"), _WAIT),
    "withdrawn": Label(_("Withdrawn"), _OFF),
    "requested": Label(_("Requested"), _WAIT),
    "pending": Label(_("Pending"), _WAIT),
    "granted": Label(_("Granted"), _DONE),
    "denied": Label(_("Denied"), _BAD),
    "escalated": Label(_("Passed to the upper union"), _WAIT),
    "open_year": Label(_("Not closed yet"), _WAIT),
    "closed_year": Label(pgettext_lazy("state of a gift year", "Closed"), _DONE),
    "open": Label(pgettext_lazy("state of a case", "Open"), _WAIT),
    "answered": Label(_("Answered"), _BUSY),
    "upheld": Label(_("Upheld"), _BAD),
    "rejected": Label(_("Rejected"), _OFF),
    "stands": Label(_("Stands"), _DONE),
    "refuted": Label(_("Refuted"), _BAD),
    "proposed": Label(_("Proposed"), _WAIT),
    "in_force": Label(pgettext_lazy("state of a rule", "In force"), _DONE),
    "replaced": Label(_("Replaced"), _OFF),
    "discarded": Label(_("Discarded"), _OFF),
    "redeemed": Label(_("Redeemed"), _DONE),
    "issued": Label(_("Issued"), _BUSY),
    # long work
    "due": Label(_("Waiting"), _OFF),
    "waiting": Label(_("Waiting"), _OFF),
    "queued": Label(_("Waiting"), _OFF),
    "running": Label(_("In progress"), _BUSY),
    "done": Label(_("Done"), _DONE),
    "failed": Label(_("Failed"), _BAD),
    # people and places
    "active": Label(_("Active"), _DONE),
    "inactive": Label(_("Inactive"), _OFF),
}

PROGRAMME_STAGES: tuple[tuple[str, str | Promise], ...] = (
    ("plan", _("Plan")),
    ("roster", _("Roster")),
    ("goods", _("Goods")),
    ("approval", _("Approval")),
    ("placed", _("Order placed")),
    ("delivery", _("Delivery")),
    ("acceptance", _("Acceptance")),
    ("statement", _("Statement")),
)

# What an audit case or a red flag is about, stored as kind:number.
SUBJECTS: dict[str, str | Promise] = {
    "order": _("Order %(number)s"),
    "statement": _("Compliance statement %(number)s"),
    "exception": _("Exception %(number)s"),
    "outside": _("Purchase from outside %(number)s"),
}


def outcome(code: object) -> Label:
    """The label of a rule outcome; upper case and synonyms are understood."""
    key = str(code or "").lower()
    return OUTCOMES.get(OUTCOME_SYNONYMS.get(key, key), Label(key.replace("_", " "), "neutral"))


def state(code: object) -> Label:
    """The label of a stored state."""
    key = str(code or "").lower()
    return STATES.get(key, Label(key.replace("_", " "), "neutral"))


def subject(code: object) -> str:
    """Words for what a case is about, such as "order:2026-1"; what somebody wrote in their own words stays as it is."""
    kind, _colon, number = str(code or "").partition(":")
    return str(SUBJECTS[kind]) % {"number": number} if kind in SUBJECTS and number else str(code or "")
