"""Purchases from outside: registered as they happened, counted in the cap alone, reversed and never edited."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from marketplace.evidence.actions import record
from marketplace.evidence.models import Entry
from marketplace.organisations.errors import NotAllowed, Refusals
from marketplace.organisations.models import User
from marketplace.shop.placement import Refused
from procurement.compliance.closing import close_year
from procurement.priority.errors import YearClosed
from procurement.priority.models import Judgement, UnionYear
from procurement.programmes.errors import BadFile
from procurement.programmes.heads import had_by_recipients
from procurement.programmes.models import PaperKind
from procurement.programmes.outside.actions import Bought, file_outside_paper, persons_in, persons_of, register, reverse
from procurement.programmes.outside.errors import ListFaulty, ReversalUnexplained, ReversedBefore
from procurement.programmes.outside.models import OutsideMember, OutsidePaper, OutsidePurchase, OutsideReversal
from procurement.programmes.outside.queries import said, sums
from procurement.programmes.people import add_person
from procurement.programmes.placement import place
from tests.policies import rules
from tests.programmes.refusals import refusals
from tests.world import DATES, MOONCAKES, Side, add_recipients, approved, draft, let_constraints_speak, placed, side

pytestmark = pytest.mark.usefixtures("world")

DATES_FEN = 3_000
LAST_YEAR = timezone.localdate().replace(year=timezone.localdate().year - 1, month=10, day=1)


def bought(**changes: Any) -> Bought:
    facts: dict[str, Any] = {
        "bought_on": timezone.localdate(),
        "occasion": "mid_autumn",
        "supplier": "某某食品有限公司",
        "invoice": "24612000000012345678",
        "amount": 10_000,
        "members": 3,
    }
    return Bought(**facts | changes)


def registered(giver: Side, key: str = "k", persons: Any = (), **changes: Any) -> OutsidePurchase:
    return register(giver.buyer, giver.union, bought(**changes), key, persons=persons)


def said_of(giver: Side, goods: Any) -> str:
    """What stands against placing this gift, in words."""
    plan = approved(giver, goods, 2)
    with pytest.raises(Refused) as caught:
        place(giver.buyer, plan, f"attempt-{plan.pk}")
    return str(caught.value)


class TestRegistering:
    def test_it_is_stored_with_what_each_member_had_and_an_entry(self) -> None:
        giver = side()
        purchase = registered(giver, supplier="  某某食品  有限公司 ", invoice="2461 2000０００0 1234 abcd")
        assert (purchase.amount, purchase.members, purchase.per_head, purchase.named) == (10_000, 3, 3_334, False)
        assert (purchase.gift_year, purchase.invoice) == (timezone.localdate().year, "2461200000001234ABCD")
        assert purchase.supplier == "某某食品 有限公司"
        assert (purchase.found, said(purchase)) == ([], [])
        entry = Entry.objects.get(subject=f"outside:{purchase.number}")
        assert (entry.kind, entry.pk) == ("outside.registered", purchase.entry_id)
        let_constraints_speak()

    def test_it_is_in_neither_a_nor_o_and_no_judgement(self) -> None:
        giver = side()
        before = Judgement.objects.count()
        purchase = registered(giver)
        year = UnionYear.objects.get(union=giver.union, gift_year=purchase.gift_year)
        assert (year.assistance, year.ordinary, Judgement.objects.count()) == (0, 0, before)
        assert sums([giver.union.pk], purchase.gift_year) == {giver.union.pk: 10_000}

    def test_sent_twice_it_is_one(self) -> None:
        giver = side()
        assert registered(giver) == registered(giver)
        assert OutsidePurchase.objects.count() == 1

    def test_all_that_is_wrong_is_said_at_once(self) -> None:
        giver = side()
        tomorrow = timezone.localdate() + timedelta(days=1)
        wrong = bought(amount=0, members=0, bought_on=tomorrow, gift_year=2019, supplier=" ", invoice="12-")
        with pytest.raises(Refusals) as caught:
            register(giver.buyer, giver.union, wrong, "k")
        assert [refusal.code for refusal in caught.value.refusals] == [
            "nothing_paid", "nobody_reached", "not_yet_bought", "other_year", "supplier_unnamed", "invoice_unreadable",
        ]  # fmt: skip
        with pytest.raises(Refusals) as caught:
            registered(giver, amount=10**12)
        assert [refusal.code for refusal in caught.value.refusals] == ["too_much"]

    def test_the_same_invoice_is_refused_however_it_is_written(self) -> None:
        giver = side()
        first = registered(giver)
        with pytest.raises(Refusals, match=first.number) as caught:
            registered(giver, "other", invoice="2461 2000 0000 1234 5678", amount=5)
        assert [refusal.code for refusal in caught.value.refusals] == ["invoice_registered"]

    def test_only_a_buyer_of_the_union_registers(self) -> None:
        giver = side()
        for stranger in (giver.approver, side("U-YL-YY").buyer, User.objects.get(username="operator")):
            with pytest.raises(NotAllowed):
                register(stranger, giver.union, bought(), "k")


class TestTheRule:
    def test_what_it_finds_is_stored_all_at_once_and_stops_nothing(self) -> None:
        giver = side()
        rules(cap=3_000, occasions=["birthday"], forbidden_forms=["cash"], approval_steps=[
            {"from": 0, "quotations": 0, "people": 1}, {"from": 10_000, "quotations": 3, "people": 3},
        ])  # fmt: skip
        purchase = registered(giver, form="cash")
        assert [code for code, _data in purchase.found] == ["approvers", "cap", "form", "occasion", "quotations"]
        assert len(said(purchase)) == 5
        assert "¥33.34" in said(purchase)[1]
        assert "¥30.00" in said(purchase)[1]

    def test_it_is_judged_by_the_policy_of_the_day_on_which_it_was_bought(self) -> None:
        giver = side()
        rules("NOW", cap=1)
        old = registered(giver, bought_on=timezone.localdate() - timedelta(days=1))
        assert (old.policy.version if old.policy else "", old.found) == ("SN-2020-05", [])

    def test_a_day_without_a_policy_is_said(self) -> None:
        giver = side()
        early = timezone.localdate().replace(year=2001, month=5, day=1)
        purchase = registered(giver, bought_on=early)
        assert (purchase.found, said(purchase)) == ([["no_policy", {}]], ["No policy was in force on that day."])

    def test_without_a_list_it_counts_for_every_member(self) -> None:
        giver = side()
        rules(cap=DATES_FEN + 1_000)
        registered(giver, amount=2_002, members=2)  # ¥10.01 a head
        assert refusals(giver, [DATES]) == ["cap"]

    def test_the_refusal_says_how_much_of_it_was_bought_elsewhere(self) -> None:
        giver = side()
        rules(cap=2 * DATES_FEN)
        placed(giver, [DATES], 2)
        assert "gifts for ¥90.00 this calendar year; the cap" in said_of(giver, [(DATES, {"per_head": 2})])
        registered(giver, amount=2_002, members=2)
        assert "gifts for ¥70.01 this calendar year (¥10.01 of it bought elsewhere); the cap" in said_of(giver, [DATES])

    def test_with_a_list_it_counts_for_those_on_it(self) -> None:
        giver = side()
        rules(cap=DATES_FEN + 1_000)
        listed = draft(giver)
        add_recipients(listed, 2, prefix="X")
        registered(giver, amount=2_002, persons=persons_of(listed))
        assert refusals(giver, [DATES], prefix="X") == ["cap"]
        placed(giver, [DATES], 2)

    def test_what_members_had_here_counts_for_what_is_bought_there(self) -> None:
        giver = side()
        rules(cap=DATES_FEN + 1_000)
        order = placed(giver, [DATES], 2)
        over = registered(giver, amount=2_002, persons=persons_of(order.programme))
        assert over.found == [["cap", {"per_head_fen": 4_001, "cap_fen": 4_000}]]
        # Without a list nobody knows whom it missed; with a list of others nobody had too much.
        assert registered(giver, "b", amount=2_002, members=2, invoice="B-234567").found[0][0] == "cap"
        others = draft(giver)
        add_recipients(others, 2, prefix="Y")
        assert registered(giver, "c", amount=1_000, invoice="C-234567", persons=persons_of(others)).found == []

    def test_all_it_counts_in_is_the_cap(self) -> None:
        giver = side()
        rules(floor=DATES_FEN)
        plan = draft(giver)
        add_recipients(plan, 2)
        registered(giver, amount=8_000, persons=persons_of(plan))
        had = had_by_recipients(plan)
        assert (had.most, had.least_assistance, had.heads) == (4_000, 0, ((4_000, 0),))
        assert refusals(giver, [MOONCAKES]) == ["floor"]


class TestLists:
    def test_a_workbook_names_the_members_and_nothing_of_it_is_kept(self) -> None:
        giver = side()
        plan = draft(giver)
        known = add_person(giver.buyer, plan, name="张三", phone="13800000001", member_no="7")
        content = "姓名,手机号,会员号\n张三,13800000001,7\n李四,13800000002,8\n".encode()
        persons = persons_in(giver.union, "名单.csv", content)
        assert (len(persons), known.person in persons) == (2, True)
        purchase = registered(giver, members=99, persons=persons)
        assert (purchase.members, purchase.named) == (2, True)
        assert set(OutsideMember.objects.filter(purchase=purchase).values_list("person", flat=True)) == persons

    def test_a_list_with_faults_is_refused_as_a_whole(self) -> None:
        giver = side()
        with pytest.raises(ListFaulty, match=r"1 .*row 3 .*"):
            persons_in(giver.union, "a.csv", "姓名,手机号\n张三,13800000001\n李四,123\n".encode())
        with pytest.raises(BadFile):
            persons_in(giver.union, "a.csv", b"\x89PNG\r\n\x1a\n")


class TestReversing:
    def test_a_reversed_one_counts_no_longer_and_its_invoice_can_be_registered_again(self) -> None:
        giver = side()
        first = registered(giver)
        reversal = reverse(giver.buyer, first, "金额录错")
        assert reverse(giver.buyer, first, " 金额录错 ") == reversal
        assert sums([giver.union.pk], first.gift_year) == {}
        second = registered(giver, "second", amount=9_000)
        assert second.replaces == first
        assert sums([giver.union.pk], first.gift_year) == {giver.union.pk: 9_000}
        reverse(giver.buyer, second, "again")
        assert registered(giver, "third").replaces == second
        let_constraints_speak()

    def test_it_says_why_and_happens_once(self) -> None:
        giver = side()
        purchase = registered(giver)
        with pytest.raises(ReversalUnexplained):
            reverse(giver.buyer, purchase, " ")
        reverse(giver.buyer, purchase, "because")
        with pytest.raises(ReversedBefore):
            reverse(giver.buyer, purchase, "another reason")
        with pytest.raises(NotAllowed):
            reverse(giver.approver, purchase, "because")

    def test_who_was_on_its_list_has_room_again(self) -> None:
        giver = side()
        rules(cap=DATES_FEN)
        purchase = registered(giver)
        assert refusals(giver, [DATES]) == ["cap"]
        reverse(giver.buyer, purchase, "because")
        placed(giver, [DATES], 2)


class TestAClosedYear:
    @pytest.fixture
    def closed(self) -> Side:
        giver = side()
        registered(giver, bought_on=LAST_YEAR)
        close_year(giver.approver, giver.union, LAST_YEAR.year)
        return giver

    def test_takes_no_purchase_and_no_reversal(self, closed: Side) -> None:
        with pytest.raises(Refusals) as caught:
            registered(closed, "late", amount=0, invoice="LATE-1234", bought_on=LAST_YEAR)
        assert [refusal.code for refusal in caught.value.refusals] == ["nothing_paid", "year_closed"]
        with pytest.raises(YearClosed):
            reverse(closed.buyer, OutsidePurchase.objects.get(), "late")

    def test_nor_does_the_database(self, closed: Side) -> None:
        purchase = OutsidePurchase.objects.get()
        entry = record("outside.reversed", {}, subject=f"outside:{purchase.number}", union_id=closed.union.pk)
        reversal = OutsideReversal(
            purchase=purchase, union=closed.union, gift_year=purchase.gift_year, because="late", reversed_by=closed.buyer, entry=entry
        )  # fmt: skip
        with pytest.raises(DatabaseError, match="is closed"), transaction.atomic():
            reversal.save(force_insert=True)


class TestPapers:
    def test_a_paper_is_filed_once_and_its_bytes_lie_encrypted(self) -> None:
        giver = side()
        purchase = registered(giver)
        scan = b"%PDF-1.7 invoice"
        paper = file_outside_paper(giver.approver, purchase, PaperKind.INVOICE, "发票.pdf", scan)
        assert file_outside_paper(giver.buyer, purchase, PaperKind.OTHER, "copy.pdf", scan) == paper
        assert OutsidePaper.objects.count() == 1
        assert scan not in bytes(paper.content)
        assert Entry.objects.filter(kind="outside.paper", subject=f"outside:{purchase.number}").count() == 1


class TestTheDatabase:
    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE programmes_outsidepurchase SET amount = 1",
            "DELETE FROM programmes_outsidepurchase",
            "DELETE FROM programmes_outsidereversal",
            "UPDATE programmes_outsidemember SET person = 'x'",
            "DELETE FROM programmes_outsidepaper",
            # One more than registered, and a list where none was given.
            "INSERT INTO programmes_outsidemember (purchase_id, union_id, person)"
            " SELECT id, union_id, 'x' FROM programmes_outsidepurchase",
            # A reversal, or the same invoice again, without an entry of its own kind.
            "INSERT INTO programmes_outsidereversal (purchase_id, union_id, gift_year, because, at, reversed_by_id, entry_id)"
            " SELECT id, union_id, gift_year, 'x', now(), registered_by_id, entry_id FROM programmes_outsidepurchase",
            "INSERT INTO programmes_outsidepurchase (union_id, number, gift_year, bought_on, occasion, form, supplier, invoice,"
            " amount, members, per_head, named, quotations, approvers, note, found, registered_by_id, at, entry_id)"
            " SELECT union_id, 'N', gift_year, bought_on, occasion, form, supplier, 'ANOTHER', 1, members, 1, false, 0, 1, '',"
            " '[]', registered_by_id, now(), e.id"
            " FROM programmes_outsidepurchase, LATERAL (SELECT max(id) AS id FROM evidence_entry) e",
        ],
    )
    def test_what_is_registered_stays(self, statement: str) -> None:
        registered(side())
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)

    def test_a_list_is_whole_at_commit(self) -> None:
        giver = side()
        plan = draft(giver)
        add_recipients(plan, 2)
        purchase = registered(giver, persons=persons_of(plan))
        let_constraints_speak()
        told = json.loads(bytes(purchase.entry.leaf))["body"] | {"number": "OUT-2", "invoice": "ANOTHER"}
        purchase.entry = record("outside.registered", told, subject="outside:OUT-2", union_id=giver.union.pk)
        purchase.pk, purchase.number, purchase.invoice = None, "OUT-2", "ANOTHER"
        purchase.save(force_insert=True)
        with pytest.raises(DatabaseError, match="another number of members"):
            let_constraints_speak()
