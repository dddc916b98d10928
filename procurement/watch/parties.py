"""Who may challenge, who speaks in a challenge, who decides it."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q, QuerySet

from marketplace.organisations.errors import NotAllowed
from marketplace.organisations.models import Membership, Organisation, OrganisationKind, Role, User
from marketplace.shop.catalogue.models import CommodityClass, Determination, Product
from marketplace.shop.partner.models import StockRecord
from procurement.priority.models import Certificate
from procurement.watch.errors import DecidesOwnWork
from procurement.watch.models import Challenge

Subject = Determination | Certificate

_SELLERS = (OrganisationKind.PRODUCER, OrganisationKind.TRADER)


def classes_of(subject: Subject) -> list[CommodityClass]:
    """The classes in which goods are compared otherwise because of it."""
    if isinstance(subject, Certificate):
        return [subject.commodity_class]
    return [one for one in (subject.from_class, subject.to_class) if one is not None]


def sellers_in(classes: list[CommodityClass], product: Product | None = None) -> QuerySet[Organisation]:
    """Producers and ordinary suppliers with goods of these classes, and the seller of the product."""
    offers = StockRecord.objects.filter(partner__organisation=OuterRef("pk"))
    concerned = offers.filter(Q(product__commodity_class__in=classes) | Q(product=product))
    return Organisation.objects.filter(Exists(concerned), kind__in=_SELLERS)


def may_challenge(seller: Organisation, subject: Subject) -> bool:
    """Whether the seller has goods that are compared otherwise because of it."""
    product = subject.product if isinstance(subject, Determination) else None
    return sellers_in(classes_of(subject), product).filter(pk=seller.pk).exists()


def side_of(user: User, challenge: Challenge) -> Organisation | None:
    """For which organisation a person speaks in a challenge; None when it does not concern them. Two statements."""
    held = list(Membership.objects.filter(user=user).select_related("organisation"))
    sellers = frozenset[int]()
    if challenge.determination is not None:
        offers = StockRecord.objects.filter(product=challenge.determination.product)
        sellers = frozenset(offers.values_list("partner__organisation", flat=True))
    return next((one.organisation for one in held if _speaks(one, challenge, sellers)), None)


def _speaks(held: Membership, challenge: Challenge, sellers: frozenset[int]) -> bool:
    """`sellers` (ids) offer the product that was determined."""
    if held.role == Role.PRODUCER and held.organisation_id == challenge.challenger_id:
        return True
    if held.role == Role.OPERATOR:
        return True
    if challenge.certificate is not None:
        union = challenge.certificate.union
        if held.role in {Role.BUYER, Role.APPROVER}:
            return held.organisation_id == union.pk
        return held.role == Role.UNION_OFFICER and _is_above(held.organisation, union)
    return held.role == Role.PRODUCER and held.organisation_id in sellers


def decides_for(user: User, challenge: Challenge) -> Organisation:
    """For which organisation a person decides: of a determination another operator than the one who made it; of a certificate an
    officer of a union above the buyer's, or an operator. Raises NotAllowed, DecidesOwnWork.
    """
    held = list(Membership.objects.filter(user=user).select_related("organisation").order_by("pk"))
    operator = next((one.organisation for one in held if one.role == Role.OPERATOR), None)
    if challenge.determination is not None:
        if operator is None:
            raise NotAllowed(role=Role.OPERATOR.label, organisation=_operator())
        if challenge.determination.made_by_id == user.pk:
            raise DecidesOwnWork(subject=challenge.determination.number)
        return operator
    union = challenge.certificate.union if challenge.certificate else None
    above = next(
        (
            one.organisation
            for one in held
            if one.role == Role.UNION_OFFICER and union and _is_above(one.organisation, union)
        ),
        operator,
    )
    if above is None:
        raise NotAllowed(role=Role.UNION_OFFICER.label, organisation=str(union.parent if union else ""))
    return above


def _is_above(organisation: Organisation, union: Organisation) -> bool:
    return organisation.pk != union.pk and union.path.startswith(organisation.path)


def _operator() -> str:
    return str(Organisation.objects.get(kind=OrganisationKind.OPERATOR))
