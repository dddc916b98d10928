"""Pass certificates (承诺达标合格证): issued by the producer for a lot, or collected from whoever sold it the goods."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from marketplace.evidence.actions import record
from marketplace.organisations.errors import HouseError, Refusals
from marketplace.organisations.models import Role, User
from marketplace.organisations.queries import require
from marketplace.organisations.scopes import seen_by
from marketplace.stock.actions import withhold
from marketplace.stock.models import Lot
from suppliers.provenance.actions import lock, not_then
from suppliers.provenance.errors import CertificateEntered, CertificateNumberUsed, CertificateUnfit
from suppliers.provenance.models import CertificateKind, PassCertificate

# Longer than the six months that the rule asks for; the database refuses less than those.
KEPT = timedelta(days=2 * 365)


@dataclass(frozen=True)
class Collected:
    """What stands on a certificate that came with bought-in goods."""

    number: str
    product: str
    quantity: str
    origin: str
    promised_by: str
    contact: str
    issued_on: date


def issue_certificate(actor: User, lot: Lot) -> PassCertificate:
    """The producer promises that the lot is up to standard; number, product, weight and origin are the lot's own.

    Repeating it gives the same certificate. Raises NotAllowed.
    """
    with seen_by(None):
        held = Lot.objects.select_related("holder__county", "stock__offer__product", "output").get(pk=lot.pk)
    require(actor, Role.PRODUCER, held.holder)
    output, offer = getattr(held, "output", None), getattr(held.stock, "offer", None)
    grams = held.made * output.unit_grams if output else 0
    paper = Collected(
        number=f"HG-{held.code}"[:40],
        product=(offer.product.title if offer else held.stock.sku)[:120],
        quantity=f"{held.made} × {output.unit_grams} g = {grams / 1000:,.1f} kg" if output else str(held.made),
        origin=(held.holder.county.name if held.holder.county else held.holder.name)[:120],
        promised_by=held.holder.name,
        contact="",
        issued_on=timezone.localdate(),
    )
    return _enter(actor, held, CertificateKind.ISSUED, paper)


def enter_collected(actor: User, lot: Lot, paper: Collected) -> PassCertificate:
    """Enter the certificate that was collected from the seller of the goods. Raises NotAllowed, or Refusals with every fault."""
    with seen_by(None):
        held = Lot.objects.select_related("holder").get(pk=lot.pk)
    require(actor, Role.PRODUCER, held.holder)
    faults: list[HouseError] = []
    if not all((paper.number, paper.product, paper.quantity, paper.origin, paper.promised_by)):
        faults.append(CertificateUnfit(lot=held.code))
    today = timezone.localdate()
    if not today - timedelta(days=366) <= paper.issued_on <= today:
        what = _("The pass certificate of lot %(lot)s") % {"lot": held.code}
        faults.append(not_then(what, paper.issued_on, today - timedelta(days=366), today))
    if faults:
        raise Refusals(faults)
    return _enter(actor, held, CertificateKind.COLLECTED, paper)


def _enter(actor: User, lot: Lot, kind: CertificateKind, paper: Collected) -> PassCertificate:
    with transaction.atomic(), seen_by(None):
        lock(lot.holder)
        before = PassCertificate.objects.filter(lot=lot).first()
        if before is not None:
            if kind == CertificateKind.ISSUED and before.kind == kind:
                return before
            raise CertificateEntered(lot=lot.code, number=before.number)
        if PassCertificate.objects.filter(producer=lot.holder, number=paper.number).exists():
            raise CertificateNumberUsed(number=paper.number)
        entered = PassCertificate.objects.create(
            lot=lot,
            producer=lot.holder,
            kind=kind,
            number=paper.number,
            product=paper.product,
            quantity=paper.quantity,
            origin=paper.origin,
            promised_by=paper.promised_by,
            contact=paper.contact,
            issued_on=paper.issued_on,
            keep_until=paper.issued_on + KEPT,
            recorded_by=actor,
        )
        body = {"lot": lot.code, "number": paper.number, "kind": str(kind), "issued_on": paper.issued_on.isoformat()}
        record("lot.certified", body, subject=f"lot:{lot.pk}")
        if Lot.objects.filter(pk=lot.pk, certificate_due=True).update(certificate_due=False):
            withhold([lot.stock_id], f"certificate:{entered.pk}")
    return entered
