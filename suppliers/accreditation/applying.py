"""A producer applies for a product's accreditation: a draft that it keeps, papers beside it, and the application itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from marketplace.evidence.actions import record
from marketplace.organisations.errors import HouseError, Refusals
from marketplace.organisations.models import County, Organisation, OrganisationKind, Role, User
from marketplace.organisations.paper_files import Checked, checked
from marketplace.organisations.papers import scanned
from marketplace.organisations.queries import require
from marketplace.shop.catalogue.models import Product
from marketplace.shop.partner.models import StockRecord
from suppliers.accreditation.actions import move, wrong_state
from suppliers.accreditation.errors import (
    AlreadyUnderWay,
    CountyNotListed,
    LicenceWrong,
    NoHouseholds,
    NotAProducer,
    NotInGoodStanding,
    NotItsProduct,
    OtherOrigin,
)
from suppliers.accreditation.models import (
    UNDER_WAY,
    WANTED_PAPERS,
    Accreditation,
    AccreditationState,
    ApplicationPaper,
    ApplicationPaperKind,
    Mechanism,
)
from suppliers.accreditation.queries import standing_in_the_way
from suppliers.licences import NumberError, SCLicence, check_sc


class Paper(NamedTuple):
    """A paper as it was sent."""

    kind: ApplicationPaperKind
    name: str
    content: bytes


def apply(
    actor: User,
    producer: Organisation,
    product: Product,
    mechanism: Mechanism,
    households: int,
    papers: Sequence[Paper] = (),
) -> Accreditation:
    """Apply for a product's accreditation on behalf of its producer; `households` is how many benefit.

    Raises NotAllowed, or Refusals with every fault of the application at once; then nothing of it is kept.
    """
    with transaction.atomic():
        draft, faults = keep_draft(actor, producer, product, mechanism, households, papers)
        send(actor, draft, faults)
    return draft


def keep_draft(
    actor: User,
    producer: Organisation,
    product: Product,
    mechanism: Mechanism,
    households: int,
    papers: Sequence[Paper] = (),
) -> tuple[Accreditation, list[HouseError]]:
    """Keep what was entered so far, with the papers that can be kept; the draft, and what is wrong with the other papers.

    A producer has one draft for a product: a second one changes it. Raises NotAllowed; Refusals of NotAProducer, CountyNotListed,
    NotItsProduct, AlreadyUnderWay, for which there is nothing to keep.
    """
    require(actor, Role.PRODUCER, producer)
    with transaction.atomic():
        product = _locked(product)
        faults = _without_hope(producer, product)
        if faults or producer.county is None:
            raise Refusals(faults)
        draft = _draft(producer, producer.county, product, mechanism, households)
        return draft, _file(actor, draft, papers)


def send(actor: User, draft: Accreditation, faults: Sequence[HouseError] = ()) -> None:
    """Apply with a draft. `faults` are those found before, to be reported with the others.

    Raises NotAllowed, WrongState, or Refusals with every fault at once; the draft stays then.
    """
    producer = draft.producer
    require(actor, Role.PRODUCER, producer)
    with transaction.atomic():
        product = _locked(draft.product)
        draft.refresh_from_db(fields=["state", "mechanism", "households"])
        if draft.state != AccreditationState.DRAFT:
            raise wrong_state(draft, [AccreditationState.DRAFT])
        licence, wrong = _licence(producer, product)
        if found := [*faults, *_faults(producer, product, draft.households), *wrong]:
            raise Refusals(found)
        body = {
            "mechanism": draft.mechanism,
            "households": draft.households,
            "licence": product.licence,
            "flags": list(licence.flags) if licence else [],
        }
        move(draft, [AccreditationState.DRAFT], AccreditationState.APPLIED, body, recorded_at=timezone.now())


def file_paper(actor: User, accreditation: Accreditation, paper: Paper) -> ApplicationPaper:
    """Put one more paper beside a draft or an application that is under way. The same file again returns the first paper.

    Raises NotAllowed, WrongState, PaperTooLarge, NoPaper.
    """
    require(actor, Role.PRODUCER, accreditation.producer)
    found = checked(paper.name, paper.content)
    with transaction.atomic():
        # Whoever decides meanwhile waits, or has decided before.
        state = Accreditation.objects.select_for_update(no_key=True).values_list("state", flat=True)
        accreditation.state = state.get(pk=accreditation.pk)
        if accreditation.state not in (AccreditationState.DRAFT, *UNDER_WAY):
            raise wrong_state(accreditation, [AccreditationState.DRAFT, *UNDER_WAY])
        return _put_on_file(actor, accreditation, paper.kind, found)


def missing_of(papers: Iterable[ApplicationPaper]) -> list[str]:
    """In words, the wanted papers that are not among those on file."""
    filed = {paper.kind for paper in papers}
    return [str(kind.label) for kind in WANTED_PAPERS if kind not in filed]


def _locked(product: Product) -> Product:
    """Two applications for one product wait for each other here, so that only one is ever under way."""
    found: Product = Product.objects.select_for_update(no_key=True, of=("self",)).get(pk=product.pk)
    return found


def _draft(
    producer: Organisation, county: County, product: Product, mechanism: Mechanism, households: int
) -> Accreditation:
    told = {"mechanism": mechanism, "households": households}
    drafts = Accreditation.objects.filter(product=product, producer=producer, state=AccreditationState.DRAFT)
    drafts.update(**told)
    draft = drafts.select_related("product", "producer", "county").first()
    if draft is not None:
        return draft
    number = f"RD{county.pk}-{product.pk:06d}-{product.accreditations.count() + 1}"
    return Accreditation.objects.create(number=number, product=product, producer=producer, county=county, **told)


def _file(actor: User, draft: Accreditation, papers: Sequence[Paper]) -> list[HouseError]:
    """Keep the papers that can be kept; what is wrong with the others."""
    faults: list[HouseError] = []
    for paper in papers:
        try:
            found = checked(paper.name, paper.content)
        except HouseError as error:
            faults.append(error)
        else:
            _put_on_file(actor, draft, paper.kind, found)
    return faults


def _put_on_file(
    actor: User, accreditation: Accreditation, kind: ApplicationPaperKind, found: Checked
) -> ApplicationPaper:
    paper, is_new = ApplicationPaper.objects.get_or_create(
        accreditation=accreditation, kind=kind, sha256=found.sha256, defaults=scanned(found, actor)
    )
    if is_new:
        body = {
            "number": accreditation.number,
            "producer": accreditation.producer_id,
            "kind": kind.value,
            "sha256": found.sha256,
            "size": len(found.content),
        }
        record("application.paper", body, subject=f"product:{accreditation.product_id}")
    return paper


def _without_hope(producer: Organisation, product: Product) -> list[HouseError]:
    """Why there is nothing to be applied for here, however the form is filled in."""
    if producer.kind != OrganisationKind.PRODUCER:
        return [NotAProducer(organisation=producer.display_name)]
    if producer.county is None:
        return [CountyNotListed(organisation=producer.display_name, county="–")]
    return [*_of_another(producer, product), *_in_the_way(product)]


def _faults(producer: Organisation, product: Product, households: int) -> list[HouseError]:
    faults: list[HouseError] = []
    county = producer.county
    if county is None or not county.listed:
        faults.append(CountyNotListed(organisation=producer.display_name, county=str(county or "–")))
    if not producer.good_standing:
        faults.append(NotInGoodStanding(organisation=producer.display_name))
    if product.county_id != producer.county_id:
        faults.append(
            OtherOrigin(product=product.get_title(), origin=str(product.county or "–"), county=str(county or "–"))
        )
    if households < 1:
        faults.append(NoHouseholds(product=product.get_title()))
    return [*faults, *_of_another(producer, product), *_in_the_way(product)]


def _of_another(producer: Organisation, product: Product) -> list[HouseError]:
    """A product that nobody offers yet is anybody's who applies; one that others offer is theirs."""
    holders = set(StockRecord.objects.filter(product=product).values_list("stock__holder", flat=True))
    if holders and producer.pk not in holders:
        return [NotItsProduct(product=product.get_title(), organisation=producer.display_name)]
    return []


def _in_the_way(product: Product) -> list[HouseError]:
    found = standing_in_the_way().filter(product=product).order_by("-id").first()
    if found is None:
        return []
    state = str(found.get_state_display())
    return [AlreadyUnderWay(product=product.get_title(), number=found.number, state=state)]


def _licence(producer: Organisation, product: Product) -> tuple[SCLicence | None, list[HouseError]]:
    if not product.licence:
        return None, []
    try:
        return check_sc(product.licence, producer_county=producer.county_id or ""), []
    except NumberError as error:
        return None, [LicenceWrong(product=product.get_title(), problem=gettext(error.message) % error.data)]
