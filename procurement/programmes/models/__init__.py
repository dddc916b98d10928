"""Programmes (慰问方案): one union's plan to give one gift on one occasion to a list of members, and what it bought elsewhere."""

from procurement.programmes.models.gifts import GiftLine, Option
from procurement.programmes.models.members import (
    COMPLAINT_MOVES,
    CalledTo,
    Choice,
    Choosing,
    Complaint,
    ComplaintReason,
    ComplaintState,
    Receipt,
    Voucher,
)
from procurement.programmes.models.papers import Paper, PaperKind
from procurement.programmes.models.plans import PROGRAMME_MOVES, Delivery, Programme, ProgrammeState
from procurement.programmes.models.rosters import ImportState, Recipient, RosterImport
from procurement.programmes.outside.models import OutsideMember, OutsidePaper, OutsidePurchase, OutsideReversal
from procurement.programmes.reattribution.models import ReattributedMember, Reattribution, ReattributionState

__all__ = [
    "COMPLAINT_MOVES",
    "PROGRAMME_MOVES",
    "CalledTo",
    "Choice",
    "Choosing",
    "Complaint",
    "ComplaintReason",
    "ComplaintState",
    "Delivery",
    "GiftLine",
    "ImportState",
    "Option",
    "OutsideMember",
    "OutsidePaper",
    "OutsidePurchase",
    "OutsideReversal",
    "Paper",
    "PaperKind",
    "Programme",
    "ProgrammeState",
    "ReattributedMember",
    "Reattribution",
    "ReattributionState",
    "Receipt",
    "Recipient",
    "RosterImport",
    "Voucher",
]
