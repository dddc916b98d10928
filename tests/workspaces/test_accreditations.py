"""Accreditations at the pages: the producer applies on its phone, officers read the papers, anybody objects within the notice."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from marketplace.organisations.models import User
from suppliers.accreditation import actions as accreditation
from suppliers.accreditation.models import Accreditation
from tests.workspaces.persons import Person, statements_of, text, told
from tests.world import DATES, product

pytestmark = pytest.mark.usefixtures("world")


@pytest.fixture
def free() -> Any:
    """A product of Jiaxian's producer whose accreditation was revoked: it may apply again."""
    goods = product(DATES)
    held = Accreditation.objects.get(product=goods, state="valid")
    accreditation.revoke(User.objects.get(username="county.610828"), held, "换证")
    return goods


def pdf(name: str = "检测报告.pdf", content: bytes = b"%PDF-1.7 tested") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def entered(goods: Any, **changes: Any) -> dict[str, Any]:
    return {"product": goods.pk, "mechanism": "order_purchase", "households": "6"} | changes


def draft_of(goods: Any) -> Accreditation:
    return Accreditation.objects.get(product=goods, state="draft")


def test_kept_as_a_draft_gone_on_with_and_applied(free: Any) -> None:
    grower = Person("p-jx")
    assert free.title_en in text(grower.open("producer:accreditation_new"))
    answer = grower.send("producer:accreditation_new", **entered(free, households="", paper_quality=pdf()))
    draft = draft_of(free)
    assert (answer.status_code, told(answer)[-1]) == (302, "The draft is kept. Apply when it is complete.")
    page = text(grower.open("producer:accreditation", draft.number))
    assert ("检测报告.pdf" in page, "missing Business licence" in page) == (True, True)
    assert Person("town.610828").open("oversight:accreditation", draft.number).status_code == 404
    answer = grower.send("producer:accreditation", draft.number, mechanism="employment", households="7", send="1")
    draft.refresh_from_db()
    assert (draft.state, draft.mechanism, draft.households) == ("applied", "employment", 7)
    page = grower.open("producer:accreditation", draft.number)
    assert [step["state"] for step in page.context["steps"]] == ["done", "current"] + ["ahead"] * 4


def test_all_faults_come_at_once_and_what_was_sent_is_kept(free: Any) -> None:
    grower = Person("p-jx")
    files = {"paper_quality": pdf(), "paper_price": pdf("价格.pdf", b"MZ"), "paper_origin": pdf("空.pdf", b"")}
    answer = grower.send("producer:accreditation_new", **entered(free, households="0", send="1", **files))
    page, draft = text(answer), draft_of(free)
    for fault in ("“价格.pdf” is no PDF, JPEG or PNG", "“空.pdf” is no PDF, JPEG or PNG", "names no household"):
        assert fault in page
    assert [paper.file_name for paper in draft.papers.all()] == ["检测报告.pdf"]
    # From here one goes on with the draft.
    assert f'action="/producer/accreditations/{draft.number}/"' in answer.content.decode()


def test_officers_of_the_county_read_the_papers_and_nobody_else_does(free: Any) -> None:
    grower = Person("p-jx")
    grower.send("producer:accreditation_new", **entered(free, send="1", paper_quality=pdf()))
    applied = Accreditation.objects.get(product=free, state="applied")
    paper = applied.papers.get()
    for officer in ("town.610828", "sector.610828", "county.610828"):
        page = text(Person(officer).open("oversight:accreditation", applied.number))
        assert ("检测报告.pdf" in page, "missing Proof of origin" in page) == (True, True)
        answer = Person(officer).open("oversight:accreditation_paper", applied.number, paper.pk)
        assert (answer.content, answer["Content-Type"]) == (b"%PDF-1.7 tested", "application/pdf")
    assert Person("town.610827").open("oversight:accreditation_paper", applied.number, paper.pk).status_code == 404
    assert Person("p-mz").open("producer:accreditation_paper", applied.number, paper.pk).status_code == 404
    grower.send("producer:accreditation_papers", applied.number, kind="price", paper=pdf("价格.pdf"))
    assert [one.kind for one in applied.papers.all()] == ["quality", "price"]


def test_a_refusal_shows_where_and_why(free: Any) -> None:
    grower, town = Person("p-jx"), Person("town.610828")
    grower.send("producer:accreditation_new", **entered(free, send="1"))
    number = Accreditation.objects.get(product=free, state="applied").number
    town.send("oversight:end", number, "refuse", reason="The orchard is in another county.")
    page = grower.open("producer:accreditation", number)
    assert page.context["steps"][1] == {
        "label": "Town review", "state": "failed", "note": "The orchard is in another county.",
    }  # fmt: skip
    late = grower.send("producer:accreditation_papers", number, kind="price", paper=pdf())
    assert "stands at “Refused”" in text(late)


def test_a_renewal_begins_with_what_held_before(free: Any) -> None:
    grower = Person("p-jx")
    held = Accreditation.objects.get(product=free, state="revoked")
    form = grower.open("producer:accreditation_new", product=free.pk).context["form"]
    assert form.initial == {"product": free.pk, "mechanism": held.mechanism, "households": held.households}


def test_who_has_nothing_to_apply_for_is_told_why() -> None:
    page = text(Person("p-jx").open("producer:accreditation_new"))
    assert ("No product to apply for" in page, "Keep as a draft" in page) == (True, False)


def test_lists_ask_no_more_for_more_rows(free: Any) -> None:
    grower = Person("p-jx")
    before = statements_of(lambda: grower.open("producer:accreditations"))
    grower.send("producer:accreditation_new", **entered(free))
    assert statements_of(lambda: grower.open("producer:accreditations")) == before


class TestObjections:
    """A visitor objects at the public page; the county asks who that was, and answers."""

    WORDS = "原料来自外县。"

    @pytest.fixture
    def noticed(self) -> Accreditation:
        one = Accreditation.objects.get(product__upc="JX-VINEGAR-500", state="sector_review")
        county = User.objects.get(username="county.610828")
        accreditation.decide_county(county, one)
        accreditation.publish(county, one)
        return one

    def objected(self, who: Person, one: Accreditation, **changes: Any) -> Any:
        said = {"text": self.WORDS, "name": "鸩羽翾", "contact": "10187654321"} | changes
        return who.send("register_object", one.number, **said)

    def test_a_visitor_objects_and_reads_it_beside_the_answer(self, noticed: Accreditation) -> None:
        visitor, county, grower = Person(), Person("county.610828"), Person("p-jx")
        assert f"/register/accreditations/{noticed.number}/" in visitor.open("register").content.decode()
        assert "On public notice until" in text(visitor.open("register_accreditation", noticed.number))
        wrong = text(self.objected(visitor, noticed, text="找 101 8765 4321"))
        assert "looks like a phone" in wrong
        assert self.objected(visitor, noticed).status_code == 302
        for reader, name in ((visitor, "register_accreditation"), (grower, "producer:accreditation")):
            page = text(reader.open(name, noticed.number))
            assert [word in page for word in (self.WORDS, "鸩**", "鸩羽翾", "10187654321")] == [
                True,
                True,
                False,
                False,
            ]
        assert "with this contact is there already" in text(self.objected(visitor, noticed))
        assert noticed in county.open("oversight:accreditations").context["waiting"]
        one = noticed.objections.get()
        answer = {"outcome": "dismiss", "answer": "台账与农户核对一致。"}
        assert county.send("oversight:objection_answer", noticed.number, one.pk, **answer).status_code == 302
        assert answer["answer"] in text(visitor.open("register_accreditation", noticed.number))
        late = county.send("oversight:objection_answer", noticed.number, one.pk, **answer)
        assert "is answered by now (Dismissed)" in text(late)
        assert noticed not in county.open("oversight:accreditations").context["waiting"]

    def test_upheld_it_is_refused_and_stays_to_be_read(self, noticed: Accreditation) -> None:
        visitor, county = Person(), Person("county.610828")
        self.objected(visitor, noticed)
        one = noticed.objections.get()
        page = text(county.send("oversight:objection_contact", noticed.number, one.pk))
        assert ("鸩羽翾" in page, "10187654321" in page) == (True, True)
        county.send("oversight:objection_answer", noticed.number, one.pk, outcome="uphold", answer="确来自外县。")
        noticed.refresh_from_db()
        page = visitor.open("register_accreditation", noticed.number)
        assert (noticed.state, "确来自外县。" in text(page), page.context["form"]) == ("refused", True, None)
        assert "can be objected to" in text(self.objected(visitor, noticed, contact="b@example.org"))

    def test_while_one_is_open_nothing_is_put_into_force(self, noticed: Accreditation) -> None:
        county = Person("county.610828")
        self.objected(Person("p-mz"), noticed)
        assert county.open("oversight:accreditation", noticed.number).context["validity"] is None
        assert str(noticed.objections.get().raised_by) == str(User.objects.get(username="p-mz"))

    def test_what_is_not_public_yet_is_not_found(self) -> None:
        one = Accreditation.objects.get(product__upc="JX-LAMB-1000", state="applied")
        assert Person().open("register_accreditation", one.number).status_code == 404
        assert self.objected(Person(), one).status_code == 404

    def test_its_pages_ask_no_more_for_more_objections(self, noticed: Accreditation) -> None:
        visitor, county = Person(), Person("county.610828")
        self.objected(visitor, noticed)

        def asked() -> list[int]:
            return [
                statements_of(lambda: visitor.open("register_accreditation", noticed.number)),
                statements_of(lambda: county.open("oversight:accreditation", noticed.number)),
            ]

        before = asked()
        self.objected(visitor, noticed, contact="b@example.org")
        assert asked() == before
