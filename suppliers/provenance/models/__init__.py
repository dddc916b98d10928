"""Households, what ties them to a producer, what was bought from them, which lots it went into (I4), and lots stopped."""

from suppliers.provenance.models.households import (
    EVIDENCE,
    AgreementPaper,
    BenefitAgreement,
    Household,
    HouseholdCode,
    PaperKind,
    Witness,
)
from suppliers.provenance.models.incidents import (
    INCIDENT_MOVES,
    Incident,
    IncidentKind,
    IncidentLot,
    IncidentReason,
    IncidentState,
)
from suppliers.provenance.models.lots import (
    CertificateKind,
    CertificateRule,
    Input,
    Output,
    PassCertificate,
    Transformation,
    TransformationKind,
)
from suppliers.provenance.models.purchases import Collection, CollectionPayment, CollectionReversal, PurchaseImport

__all__ = [
    "EVIDENCE",
    "INCIDENT_MOVES",
    "AgreementPaper",
    "BenefitAgreement",
    "CertificateKind",
    "CertificateRule",
    "Collection",
    "CollectionPayment",
    "CollectionReversal",
    "Household",
    "HouseholdCode",
    "Incident",
    "IncidentKind",
    "IncidentLot",
    "IncidentReason",
    "IncidentState",
    "Input",
    "Output",
    "PaperKind",
    "PassCertificate",
    "PurchaseImport",
    "Transformation",
    "TransformationKind",
    "Witness",
]
