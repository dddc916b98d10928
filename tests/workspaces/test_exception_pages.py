"""Exceptions as buyers and officers meet them: asked with a paper, answered, revoked; and substitutes for the whole gift."""

from datetime import timedelta

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from marketplace.demo import cast
from marketplace.organisations.models import Membership, Organisation, Role, User
from procurement.priority.actions import ask_exception
from procurement.priority.escalation import escalate
from procurement.priority.models import Delegate, FiledPaper, PriorityException
from tests import world as builders
from tests.workspaces.persons import Person, statements_of, text, told


def ask(quantity: int = 5) -> PriorityException:
    giver, day = builders.side(), timezone.localdate()
    return ask_exception(
        giver.buyer, giver.union, builders.product(cast.BLOCKED), grounds=f"…{quantity}", quantity=quantity, valid_from=day,
        valid_to=day + timedelta(days=9),
    )  # fmt: skip


def test_a_request_with_its_paper_is_answered_and_revoked_with_a_reason(world: None) -> None:
    buyer, officer, giver = Person(cast.BUYER), Person(cast.UNION_OFFICER), builders.side()
    plan, product = builders.planned(giver, [cast.BLOCKED]), builders.product(cast.BLOCKED)
    day = timezone.localdate().isoformat()
    wish = {"ground": "health", "grounds": "…", "quantity": "3", "valid_from": day, "valid_to": day}
    bad = SimpleUploadedFile("a.pdf", b"MZ")
    assert "is no PDF" in text(buyer.send("union:exception", plan.pk, product.pk, **wish, paper=bad))
    assert PriorityException.objects.count() == 0
    buyer.send("union:exception", plan.pk, product.pk, **wish, paper=SimpleUploadedFile("a.pdf", b"%PDF-1"))
    asked = PriorityException.objects.get()
    paper = FiledPaper.objects.get()
    page = buyer.open("union:exceptions")
    assert asked.number in text(page)
    assert b"".join(officer.open("oversight:exception_paper", asked.number, paper.pk)) == b"%PDF-1"
    assert buyer.open("union:asked_paper", asked.number, paper.pk).status_code == 200
    buyer.send("union:ask_paper", asked.number, paper=SimpleUploadedFile("b.pdf", b"%PDF-2"))
    assert FiledPaper.objects.count() == 2
    assert told(buyer.send("union:ask_paper", asked.number))[-1] == "Paper that proves it: This field is required."
    # An answer that is too long is not dropped: nothing is decided without it.
    too_long = officer.send("oversight:decide", asked.number, "grant", answer="x" * 1_001)
    assert told(too_long)[-1].startswith("Answer: ")
    asked.refresh_from_db()
    assert asked.state == "asked"
    officer.send("oversight:decide", asked.number, "grant", waives_share="on")
    asked.refresh_from_db()
    assert (asked.state, asked.waives_share) == ("granted", True)
    assert told(officer.send("oversight:revoke", asked.number))[-1] == "Reason: This field is required."
    assert told(officer.send("oversight:revoke", asked.number, reason="x" * 1_001))[-1].startswith("Reason: ")
    officer.send("oversight:revoke", asked.number, reason="Found one")
    assert "Found one" in text(buyer.open("union:exceptions"))
    assert buyer.open("union:goods", plan.pk).context["preview"].slots[0].lines[0].outcome == "blocked"


def test_a_delegate_sees_what_was_left_unanswered(world: None) -> None:
    officer, helper = Person(cast.UNION_OFFICER), User.objects.get(username="officer.yulin")
    officer.send("oversight:delegate", person=str(helper.pk))
    assert Delegate.objects.get().user == helper
    asked = ask()
    PriorityException.objects.filter(pk=asked.pk).update(waits_for=Organisation.objects.get(code=cast.CITY_UNION))
    stranger = Person("officer.yulin")
    assert stranger.open("oversight:exceptions").context["asked"] == []
    assert stranger.send("oversight:decide", asked.number, "grant").status_code == 404
    escalate(asked.number, 0)
    assert [one.row for one in stranger.open("oversight:exceptions").context["asked"]] == [asked]
    stranger.send("oversight:decide", asked.number, "grant")
    asked.refresh_from_db()
    assert (asked.state, asked.decided_by, asked.decided_for.code) == ("granted", helper, cast.CITY_UNION)


def test_a_refusal_says_why_on_the_page_and_in_the_api(world: None) -> None:
    """In the officer's list, to whoever asked, and to other systems of the union; not to another union's."""
    asked, buyer, officer = ask(), Person(cast.BUYER), Person(cast.UNION_OFFICER)
    officer.send("oversight:decide", asked.number, "refuse", answer=" ")
    assert told(officer.send("oversight:decide", asked.number, "refuse"))[-1].startswith("Say why you refuse")
    officer.send("oversight:decide", asked.number, "refuse", answer="Take the dates of the class")
    assert "Take the dates of the class" in text(buyer.open("union:exceptions"))
    (row,) = buyer.open("api-exceptions").json()["results"]
    assert {name: row[name] for name in ("number", "state", "answer", "decided_for", "revoked_because")} == {
        "number": asked.number, "state": "refused", "answer": "Take the dates of the class", "decided_for": cast.CITY_UNION,
        "revoked_because": "",
    }  # fmt: skip
    assert Person("buyer.yuyang").open("api-exceptions").json()["results"] == []


def test_only_an_officer_is_named(world: None) -> None:
    answer = Person(cast.UNION_OFFICER).send("oversight:delegate", person=str(builders.side().buyer.pk))
    assert told(answer)[-1] == "Choose an officer from the list."
    assert not Delegate.objects.exists()


def test_the_pages_cost_the_same_whatever_their_length(world: None) -> None:
    buyer, officer = Person(cast.BUYER), Person(cast.UNION_OFFICER)
    assert Membership.objects.filter(role=Role.UNION_OFFICER).exists()
    pages = {"asked": lambda: buyer.open("union:exceptions"), "answered": lambda: officer.open("oversight:exceptions")}
    ask()
    few = {name: statements_of(page) for name, page in pages.items()}
    for number in range(6, 9):
        ask(number)
    assert {name: statements_of(page) for name, page in pages.items()} == few
    assert max(few.values()) <= 20


def test_all_that_is_blocked_is_substituted_at_the_price_shown_before(world: None) -> None:
    buyer, giver = Person(cast.BUYER), builders.side()
    plan = builders.planned(giver, [builders.DATES, cast.BLOCKED, cast.PARTIAL_FIRST], heads=10)
    page = buyer.open("union:goods", plan.pk)
    before = page.context["preview"]
    assert "With the substitutes it costs" in text(page)
    buyer.send("union:substitute_all", plan.pk)
    after = buyer.open("union:goods", plan.pk).context["preview"]
    assert (after.allowed, after.total - before.total) == (True, before.dearer_by)
