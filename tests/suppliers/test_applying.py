"""Applying for accreditation: a draft that is kept, papers beside it, all faults at once, and nothing of another producer's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from marketplace.evidence.models import Entry
from marketplace.organisations.errors import NotAllowed, Refusals
from marketplace.organisations.scopes import seen_by
from marketplace.shop.catalogue.models import Product
from suppliers.accreditation import actions
from suppliers.accreditation.applying import Paper, apply, file_paper, keep_draft, missing_of, send
from suppliers.accreditation.errors import WrongState
from suppliers.accreditation.models import (
    WANTED_PAPERS,
    Accreditation,
    ApplicationPaper,
    ApplicationPaperKind,
    Mechanism,
)
from suppliers.accreditation.queries import may_apply_for
from tests.suppliers.small_world import Place, place, stock_of
from tests.world import let_constraints_speak

REPORT = Paper(ApplicationPaperKind.QUALITY, "检测报告.pdf", b"%PDF-1.7 tested")
LEASE = Mechanism.LAND_LEASE


@pytest.fixture
def where(db: None) -> Iterator[Place]:
    with seen_by(None):
        yield place()
        let_constraints_speak()


def sold(where: Place, sku: str = "DATE") -> Product:
    stock_of(where, sku)
    return Product.objects.get(upc=sku)


def drafted(where: Place, product: Product, households: int = 6) -> Accreditation:
    return keep_draft(where.grower, where.producer, product, LEASE, households)[0]


def papers_for_each(kinds: tuple[ApplicationPaperKind, ...]) -> list[Paper]:
    return [Paper(kind, f"{kind}.png", b"\x89PNG\r\n\x1a\n" + kind.encode()) for kind in kinds]


class TestDraft:
    """A draft is the producer's own: kept, changed, sent once."""

    def test_it_is_changed_not_doubled_and_the_log_knows_nothing_of_it(self, where: Place) -> None:
        product = sold(where)
        first = drafted(where, product, 0)
        again, faults = keep_draft(where.grower, where.producer, product, Mechanism.EMPLOYMENT, 9)
        assert (again, faults) == (first, [])
        assert (again.state, again.mechanism, again.households) == ("draft", "employment", 9)
        assert not Entry.objects.filter(kind__startswith="accreditation.").exists()

    def test_it_is_sent_once_and_stays_as_it_was_sent(self, where: Place) -> None:
        draft = drafted(where, sold(where))
        send(where.grower, draft)
        body = Entry.objects.get(kind="accreditation.applied").body
        assert (draft.state, body["number"], body["mechanism"], body["households"]) == (
            "applied", draft.number, "land_lease", 6,
        )  # fmt: skip
        with pytest.raises(WrongState):
            send(where.grower, draft)
        for change in ({"households": 60}, {"mechanism": "employment"}, {"number": "RD-0"}):
            with pytest.raises(IntegrityError, match="stays as it was sent"), transaction.atomic():
                Accreditation.objects.filter(pk=draft.pk).update(**change)

    def test_with_faults_it_stays_a_draft_and_all_are_named(self, where: Place) -> None:
        product = sold(where)
        Product.objects.filter(pk=product.pk).update(licence=product.licence[:-1] + "X")
        bad = Paper(ApplicationPaperKind.PRICE, "价格.exe", b"MZ")
        draft, faults = keep_draft(where.grower, where.producer, product, LEASE, 0, [REPORT, bad])
        with pytest.raises(Refusals) as caught:
            send(where.grower, draft, faults)
        assert caught.value.data["codes"] == ["no_paper", "no_households", "licence_wrong"]
        draft.refresh_from_db()
        assert (draft.state, [paper.kind for paper in draft.papers.all()]) == ("draft", ["quality"])

    def test_nobody_else_sends_it(self, where: Place) -> None:
        other = place("610827")
        draft = drafted(where, sold(where))
        for stranger in (other.grower, where.town, where.decider):
            with pytest.raises(NotAllowed):
                send(stranger, draft)
            with pytest.raises(NotAllowed):
                file_paper(stranger, draft, REPORT)

    def test_what_another_makes_is_not_applied_for(self, where: Place) -> None:
        other = place("610827")
        theirs, mine = sold(other, "PEAR"), sold(where)
        with pytest.raises(Refusals) as caught:
            keep_draft(where.grower, where.producer, theirs, LEASE, 6)
        assert caught.value.data["codes"] == ["not_its_product"]
        assert list(may_apply_for(where.producer)) == [mine]

    def test_while_one_is_under_way_there_is_no_other(self, where: Place) -> None:
        product = sold(where)
        first = apply(where.grower, where.producer, product, LEASE, 6)
        assert not may_apply_for(where.producer).exists()
        with pytest.raises(Refusals) as caught:
            drafted(where, product)
        assert caught.value.data["codes"] == ["already_under_way"]
        same = {"product": product, "producer": where.producer, "county": where.county, "mechanism": LEASE}
        with pytest.raises(IntegrityError, match="one_application_under_way_per_product"), transaction.atomic():
            Accreditation.objects.create(number="RD-0", state="applied", **same)
        actions.refuse(where.town, first, "The orchard is in another county.")
        assert drafted(where, product).number == f"{first.number[:-1]}2"


class TestPapers:
    """Papers lie beside the application, once each, and stay."""

    def test_what_is_missing_is_said_until_it_is_there(self, where: Place) -> None:
        draft = drafted(where, sold(where))
        first, *others = WANTED_PAPERS
        keep_draft(where.grower, where.producer, draft.product, LEASE, 6, papers_for_each((first,)))
        assert missing_of(draft.papers.all()) == [str(kind.label) for kind in others]
        for paper in papers_for_each(tuple(others)):
            file_paper(where.grower, draft, paper)
        assert missing_of(draft.papers.all()) == []

    def test_the_same_file_is_filed_once_encrypted_and_the_log_holds_its_sum(self, where: Place) -> None:
        accreditation = apply(where.grower, where.producer, sold(where), LEASE, 6, [REPORT])
        paper = file_paper(where.grower, accreditation, REPORT)
        assert ApplicationPaper.objects.get() == paper
        assert (paper.plain(), REPORT.content in bytes(paper.content)) == (REPORT.content, False)
        assert Entry.objects.get(kind="application.paper").body == {
            "number": accreditation.number, "producer": where.producer.pk, "kind": "quality",
            "sha256": paper.sha256, "size": len(REPORT.content),
        }  # fmt: skip
        with pytest.raises(DatabaseError), transaction.atomic():
            ApplicationPaper.objects.update(kind="price")

    def test_none_is_added_once_it_is_decided(self, where: Place) -> None:
        accreditation = apply(where.grower, where.producer, sold(where), LEASE, 6)
        actions.refuse(where.town, accreditation, "The orchard is in another county.")
        with pytest.raises(WrongState):
            file_paper(where.grower, accreditation, REPORT)
