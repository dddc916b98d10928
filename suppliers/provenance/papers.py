"""Papers beside a benefit agreement, as each mechanism asks for them; what is filed stays (docs/decisions/0020-papers-on-file.md)."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from marketplace.evidence.actions import record
from marketplace.organisations.models import Role, User
from marketplace.organisations.paper_files import Checked, checked
from marketplace.organisations.papers import scanned
from marketplace.organisations.queries import require
from suppliers.provenance.errors import PaperUnfit
from suppliers.provenance.models import EVIDENCE, AgreementPaper, BenefitAgreement, PaperKind


def file_evidence(
    actor: User, agreement: BenefitAgreement, kind: PaperKind, file_name: str, content: bytes
) -> AgreementPaper:
    """Put a paper on file that proves the mechanism. The same file again returns the first paper.

    Raises NotAllowed, PaperUnfit, PaperTooLarge, NoPaper.
    """
    require(actor, Role.PRODUCER, agreement.producer)
    if kind not in EVIDENCE[agreement.mechanism]:
        raise PaperUnfit(kind=kind.label, mechanism=agreement.get_mechanism_display())
    found = checked(file_name, content)
    with transaction.atomic():
        return put_on_file(actor, agreement, kind, found)


def put_on_file(actor: User, agreement: BenefitAgreement, kind: PaperKind, found: Checked) -> AgreementPaper:
    """Within a verb that has asked whether this person may: the paper and its entry, once per file."""
    paper: AgreementPaper
    paper, is_new = AgreementPaper.objects.get_or_create(
        agreement=agreement,
        kind=kind,
        sha256=found.sha256,
        defaults=scanned(found, actor) | {"producer": agreement.producer},
    )
    if is_new:
        household = agreement.household
        body = {
            "household": household.code,
            "producer": agreement.producer.code,
            "kind": kind.value,
            "sha256": found.sha256,
            "size": len(found.content),
        }
        record("agreement.paper", body, subject=f"household:{household.pk}")
    return paper


def missing_of(agreement: BenefitAgreement, papers: Iterable[AgreementPaper]) -> list[str]:
    """In words, the papers that prove the mechanism and are not among those on file."""
    filed = {paper.kind for paper in papers}
    return [str(kind.label) for kind in EVIDENCE[agreement.mechanism] if kind not in filed]
