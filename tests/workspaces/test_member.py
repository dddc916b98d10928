"""A member's gift by the personal link: choosing, the parcel, a problem; and what the buyer sees of it."""

from __future__ import annotations

import re
from datetime import timedelta
from io import BytesIO

import pytest
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from marketplace.demo import cast
from marketplace.fulfilment.models import Parcel
from marketplace.organisations.models import Membership, Reveal, User
from procurement.programmes.choosing import choose, close_choosing
from procurement.programmes.links import LINK_DAYS, recipient_of_token, renew_link, token_of
from procurement.programmes.models import Choice, Complaint, Option, Programme, Receipt, Recipient
from tests.workspaces.gifts import open_gift, shipped_gift
from tests.workspaces.persons import Person, statements_of, text, told
from tests.world import DATES, FUNGUS, TEA, bring, placed, planned, product, side

pytestmark = pytest.mark.usefixtures("world")


def tea_of(programme: Programme) -> int:
    return Option.objects.get(programme=programme, product__upc=TEA).pk


class TestLink:
    def test_a_guessed_or_foreign_link_opens_nothing(self) -> None:
        first, second = open_gift().recipients.order_by("id")[:2]
        number, proof = token_of(first).split("-")
        assert len(proof) == 32  # 128 bits
        guesses = [
            f"{second.pk}-{proof}", f"{number}-{proof[:-1]}", f"{number}-{'0' * 32}", number, f"{number}-", "-", "x-y",
            f"{number}-é", f"{'9' * 30}-{proof}", f"²-{proof}",
        ]  # fmt: skip
        visitor = Person()
        assert [visitor.open("my:gift", guess).status_code for guess in guesses] == [404] * len(guesses)
        assert [visitor.send("my:choose", guess).status_code for guess in guesses] == [404] * len(guesses)
        assert visitor.open("my:gift", token_of(first)).status_code == 200

    def test_a_renewed_link_makes_the_old_one_invalid(self) -> None:
        recipient = open_gift().recipients.first()
        old = token_of(recipient)
        renew_link(side().buyer, recipient)
        recipient.refresh_from_db()
        visitor = Person()
        assert visitor.open("my:gift", old).status_code == 404
        assert visitor.open("my:gift", token_of(recipient)).status_code == 200

    def test_it_ends_some_time_after_the_gift(self) -> None:
        recipient = shipped_gift()
        token = token_of(recipient)
        Programme.objects.filter(pk=recipient.programme_id).update(
            need_date=timezone.localdate() - timedelta(days=LINK_DAYS)
        )
        assert Person().open("my:gift", token).status_code == 200
        Programme.objects.filter(pk=recipient.programme_id).update(
            need_date=timezone.localdate() - timedelta(days=LINK_DAYS + 1)
        )
        assert Person().open("my:gift", token).status_code == 404
        Membership.objects.filter(user__username="member").update(person=recipient.person)
        assert Person("member").open("my:gift", token).status_code == 200

    def test_nothing_of_it_is_stored_and_no_cache_or_search_engine_keeps_the_page(self) -> None:
        recipient = open_gift().recipients.first()
        token = token_of(recipient)
        assert token.split("-")[1] not in str([vars(r) for r in Recipient.objects.all()])
        answer = Person().open("my:gift", token)
        assert set(answer["Cache-Control"].split(", ")) == {"private", "no-store"}
        assert answer["X-Robots-Tag"] == "noindex"
        assert recipient_of_token(token) == recipient

    def test_the_page_names_nobody_in_full(self) -> None:
        recipient = open_gift(delivery="home").recipients.first()
        seen = Person().open("my:gift", token_of(recipient)).content.decode()
        for secret in (recipient.name, recipient.phone, recipient.address):
            assert secret not in seen

    def test_another_members_parcel_does_not_exist(self) -> None:
        recipient = shipped_gift()
        other = Parcel.objects.exclude(recipient=recipient.pk)[0]
        visitor = Person()
        for name in ("my:received", "my:complain"):
            assert visitor.send(name, token_of(recipient), other.pk, reason="missing").status_code == 404
        assert not Receipt.objects.exists()
        assert not Complaint.objects.exists()


class TestChoosing:
    def test_choosing_twice_and_changing_ones_mind(self) -> None:
        programme = open_gift()
        recipient = programme.recipients.first()
        visitor, token = Person(), token_of(recipient)
        assert "Default" in text(visitor.open("my:gift", token))
        for _twice in range(2):
            answer = visitor.send("my:choose", token, **{"part-2": tea_of(programme)})
            assert answer.url == reverse("my:gift", args=[token])
        assert Choice.objects.get(recipient=recipient).option_id == tea_of(programme)
        assert "Change my choice" in text(visitor.open("my:gift", token))

    def test_what_cannot_be_noted_is_said_and_what_was_typed_is_kept(self) -> None:
        programme = open_gift(delivery="home")
        recipient = programme.recipients.first()
        answer = Person().send("my:choose", token_of(recipient), **{"part-2": tea_of(programme), "address": "kurz"})
        assert "Write the whole address" in text(answer)
        page = answer.content.decode()
        assert re.search(rf'value="{tea_of(programme)}"\s+checked', page)
        assert ">\nkurz</textarea>" in page or ">kurz</textarea>" in page
        assert not Choice.objects.exists()

    def test_after_the_close_it_says_what_the_member_gets(self) -> None:
        programme = open_gift()
        first, second = programme.recipients.order_by("id")[:2]
        choose(first, {2: tea_of(programme)})
        close_choosing(side().buyer, programme)
        assert "your choice" in text(Person().open("my:gift", token_of(first)))
        assert "the default" in text(Person().open("my:gift", token_of(second)))
        answer = Person().send("my:choose", token_of(second), **{"part-2": tea_of(programme)})
        assert "is closed" in text(answer) or answer.status_code == 302
        assert Choice.objects.count() == 1

    def test_the_buyer_opens_follows_records_and_closes(self) -> None:
        giver = side()
        programme = planned(giver, [DATES, FUNGUS], 3)
        buyer = Person(cast.BUYER)
        buyer.send("union:put", programme.pk, product=product(TEA).pk, slot=9, per_head=1, choice=2)
        assert "Let the members choose" in text(buyer.open("union:goods", programme.pk))
        end = timezone.localdate() + timedelta(days=5)
        past = timezone.localdate() - timedelta(days=1)
        answer = buyer.send("union:open_choosing", programme.pk, closes_at_0=past.isoformat(), closes_at_1="18:00")
        assert "The deadline lies in the past" in text(answer)
        buyer.send("union:open_choosing", programme.pk, closes_at_0=end.isoformat(), closes_at_1="18:00")
        person = programme.recipients.first()
        buyer.send("union:choice_record", programme.pk, person.pk, **{"part-2": tea_of(programme)})
        page = buyer.open("union:choices", programme.pk)
        assert (page.context["people"], page.context["chosen"], page.context["missing"]) == (3, 1, 2)
        assert "(recorded by the buyer)" in text(page)
        missing = buyer.open("union:choices", programme.pk, chosen="no")
        assert len(missing.context["page"].object_list) == 2
        assert buyer.send("union:close_choosing", programme.pk).url == reverse("union:goods", args=[programme.pk])
        programme.refresh_from_db()
        assert programme.state == "draft"

    def test_the_sheets_of_links_are_a_recorded_reveal(self) -> None:
        programme = open_gift()
        Recipient.objects.filter(pk=programme.recipients.first().pk).update(name="=1+1")
        buyer = Person(cast.BUYER)
        assert Reveal.objects.count() == 0
        buyer.open("union:links", programme.pk)
        assert Reveal.objects.count() == 0
        page = buyer.send("union:links", programme.pk, department="一车间")
        assert page.content.decode().count('class="qr"') == 2
        answer = buyer.send("union:links_workbook", programme.pk)
        book = load_workbook(BytesIO(answer.content))
        rows = list(book.active.iter_rows(values_only=True))
        links = [row[4] for row in rows[1:]]
        assert len(rows) == 4
        assert all(cell.data_type == "s" for row in book.active.iter_rows(min_row=2) for cell in row if cell.value)
        assert [recipient_of_token(link.rstrip("/").rsplit("/", 1)[1]) is not None for link in links] == [True] * 3
        assert [(r.purpose, r.count) for r in Reveal.objects.order_by("id")] == [("gift links", 2), ("gift links", 3)]

    def test_statements_do_not_grow_with_members(self) -> None:
        few, many = open_gift(3), open_gift(40, title="many")
        buyer = Person(cast.BUYER)
        for name in ("union:choices", "union:goods"):
            counts = [statements_of(lambda n=name, p=p: buyer.open(n, p.pk)) for p in (few, many)]
            assert counts[0] == counts[1], name
        visitor = Person()
        counts = [
            statements_of(lambda p=p: visitor.open("my:gift", token_of(p.recipients.first()))) for p in (few, many)
        ]
        assert counts[0] == counts[1]


class TestParcel:
    def test_receipt_is_confirmed_once(self) -> None:
        recipient = shipped_gift()
        parcel = Parcel.objects.get(recipient=recipient.pk)
        visitor, token = Person(), token_of(recipient)
        assert parcel.consignment.waybill in text(visitor.open("my:gift", token))
        for _twice in range(2):
            visitor.send("my:received", token, parcel.pk)
        assert Receipt.objects.get().parcel_id == parcel.pk
        assert "It has come" not in text(visitor.open("my:gift", token))

    def test_nothing_can_have_come_before_it_was_shipped(self) -> None:
        recipient = shipped_gift("sent")
        parcel = Parcel.objects.get(recipient=recipient.pk)
        answer = Person().send("my:received", token_of(recipient), parcel.pk)
        assert "has not been shipped" in told(answer)[-1]
        assert not Receipt.objects.exists()

    def test_a_problem_reaches_the_buyer_at_once_and_the_answer_the_member(self) -> None:
        recipient = shipped_gift()
        parcel = Parcel.objects.get(recipient=recipient.pk)
        visitor, token, buyer = Person(), token_of(recipient), Person(cast.BUYER)
        assert "Say in a few words" in text(visitor.send("my:complain", token, parcel.pk, reason="damaged"))
        for _twice in range(2):
            visitor.send("my:complain", token, parcel.pk, reason="damaged", words="碎了一瓶")
        complaint = Complaint.objects.get()
        assert "1 member reports a problem" in text(buyer.open("union:home"))
        assert "It is damaged or spoilt" in text(buyer.open("union:complaints"))
        assert "碎了一瓶" in text(buyer.open("union:complaint", complaint.pk))
        buyer.send("union:complaint", complaint.pk, words="明天补发")
        assert "明天补发" in text(visitor.open("my:gift", token))
        for _twice in range(2):
            buyer.send("union:close_complaint", complaint.pk)
        answer = buyer.send("union:complaint", complaint.pk, words="again")
        assert "This complaint is closed" in text(answer)
        visitor.send("my:complain", token, parcel.pk, reason="damaged", words="wieder")
        assert Complaint.objects.count() == 2

    def test_what_people_write_lies_encrypted(self) -> None:
        from django.db import connection

        recipient = shipped_gift()
        parcel = Parcel.objects.get(recipient=recipient.pk)
        Person().send("my:complain", token_of(recipient), parcel.pk, reason="wrong", words="电话一三八")
        with connection.cursor() as cursor:
            cursor.execute("SELECT words FROM programmes_complaint")
            assert "电话".encode() not in bytes(cursor.fetchone()[0])


class TestSignedIn:
    def test_an_account_without_gifts_learns_how_to_tie_them(self) -> None:
        recipient = shipped_gift()
        member = Person("member")
        assert "Your account does not know your gifts yet" in text(member.open("my:home"))
        assert "Keep in my account" in text(member.open("my:gift", token_of(recipient)))
        for _twice in range(2):
            member.send("my:keep", token_of(recipient))
        assert Membership.objects.get(user__username="member").person == recipient.person
        page = member.open("my:home")
        assert "Confirm that it has come" in text(page)
        assert [row.recipient for row in page.context["page"].object_list] == [recipient]
        assert [row.state for row in page.context["page"].object_list] == ["shipped"]
        assert member.open("my:own", recipient.pk).url == reverse("my:gift", args=[token_of(recipient)])

    def test_nobody_is_asked_for_ever_whether_it_has_come(self) -> None:
        recipient = shipped_gift()
        member = Person("member")
        member.send("my:keep", token_of(recipient))
        day = timezone.localdate()
        for since, asked in ((30, True), (31, False)):
            Programme.objects.filter(pk=recipient.programme_id).update(need_date=day - timedelta(days=since))
            assert ("Confirm that it has come" in text(member.open("my:home"))) is asked

    def test_a_person_has_one_account_and_an_account_one_person(self) -> None:
        recipient = shipped_gift()
        other = Recipient.objects.filter(programme=recipient.programme).exclude(pk=recipient.pk)[0]
        member = Person("member")
        member.send("my:keep", token_of(recipient))
        assert "belongs together with another already" in told(member.send("my:keep", token_of(other)))[-1]
        second = User.objects.create(username="second")
        Membership.objects.create(user=second, organisation=recipient.union, role="member")
        assert "belongs together" in told(Person("second").send("my:keep", token_of(recipient)))[-1]
        assert Person("second").open("my:own", recipient.pk).status_code == 404

    def test_statements_do_not_grow_with_gifts(self) -> None:
        recipient = shipped_gift()
        member = Person("member")
        member.send("my:keep", token_of(recipient))
        before = statements_of(lambda: member.open("my:home"))
        for n in range(3):
            planned(side(), [DATES], title=str(n))
        assert len(member.open("my:home").context["page"].object_list) == 4
        assert statements_of(lambda: member.open("my:home")) == before


def test_the_receipt_list_names_everybody_and_is_recorded() -> None:
    giver = side()
    order = bring(placed(giver, [DATES, FUNGUS], heads=4), giver.buyer, "shipped")
    buyer = Person(cast.BUYER)
    assert Reveal.objects.filter(purpose="receipt list").count() == 0
    buyer.open("union:receipts", order.number)
    assert Reveal.objects.filter(purpose="receipt list").count() == 0
    page = text(buyer.send("union:receipts", order.number, department="一车间"))
    names = {r.name: r.department for r in Recipient.objects.filter(programme__order=order)}
    assert {name for name in names if name in page} == {name for name in names if names[name] == "一车间"}
    answer = buyer.send("union:receipts_workbook", order.number)
    book = load_workbook(BytesIO(answer.content))
    rows = list(book.active.iter_rows(min_row=2, values_only=True))
    assert len(rows) == 8
    assert round(sum(row[5] for row in rows) * 100) == int(order.total_incl_tax * 100)
    assert list(Reveal.objects.filter(purpose="receipt list").values_list("count", flat=True).order_by("id")) == [2, 4]
