"""Pages of households: the producer's phone, the household's own answer without signing in, and the officers of the county."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import Sum
from django.utils import timezone
from python_calamine import CalamineWorkbook

from marketplace.messaging.models import Message
from marketplace.organisations.errors import Refusals
from marketplace.organisations.models import Reveal, User
from marketplace.organisations.scopes import seen_by
from suppliers.licences import make_identity
from suppliers.provenance.confirming import code_of
from suppliers.provenance.models import BenefitAgreement, Collection, Household, HouseholdCode, PurchaseImport
from suppliers.provenance.purchases import collect
from suppliers.settlement.actions import pay_out
from suppliers.settlement.models import Accrual, HouseholdAccrual
from suppliers.settlement.queries import received_by_year
from tests.workspaces.persons import Person, statements_of, text, told
from tests.world import DATES, bring, placed, side

pytestmark = pytest.mark.usefixtures("world")

TODAY = timezone.localdate()
NAME, PHONE = "鸩羽翾", "10187654321"
NUMBER = make_identity(501, TODAY.replace(year=1971, day=1))


def pdf(name: str = "合同.pdf", content: bytes = b"%PDF-1.7") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def recorded(grower: Person, **changes: Any) -> Household:
    typed = {
        "head_name": NAME, "county": "610828", "village": "枣湾村", "phone": "101-8765-4321", "id_number": NUMBER,
        "bank_account": "0000007654321",
    }  # fmt: skip
    grower.send("producer:household_new", **typed | changes)
    with seen_by(None):
        return Household.objects.select_related("producer").latest("pk")


def signed(grower: Person, household: Household, **changes: Any) -> Any:
    typed = {"mechanism": "order_purchase", "share_bp": "30", "signed_on": TODAY.isoformat(), "paper": pdf()}
    return grower.send("producer:household_sign", household.pk, **typed | changes)


def agreement_of(household: Household) -> BenefitAgreement:
    with seen_by(None):
        return BenefitAgreement.objects.get(household=household)


def asked(grower: Person, household: Household) -> tuple[str, str]:
    grower.send("producer:household_ask", household.pk)
    words = Message.objects.filter(kind="household_code").latest("pk").words
    return words.split("/household/")[1].split("/")[0], code_of(HouseholdCode.objects.latest("pk"))


def test_recorded_signed_asked_and_confirmed_by_the_household_itself() -> None:
    grower, stranger = Person("p-jx"), Person()
    household = recorded(grower)
    assert (household.phone, household.id_number, household.county_id) == (PHONE, NUMBER, "610828")
    page = text(grower.open("producer:household", household.pk))
    assert ("No agreement yet" in page, "鸩**" in page, "101******21" in page) == (True, True, True)
    signed(grower, household)
    assert "Not confirmed yet" in text(grower.open("producer:household", household.pk))
    token, code = asked(grower, household)
    page = text(stranger.open("household_answer", token))
    assert household.producer.name_en in page
    assert "Order purchase" in page
    assert "30" in page
    assert [word for word in (NAME, PHONE, household.village, household.code) if word in page] == []
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    assert "4 tries are left" in text(stranger.send("household_answer", token, code=wrong, yes="1"))
    assert "the agreement is confirmed" in text(stranger.send("household_answer", token, code=code, yes="1"))
    answer = stranger.open("household_answer", token)
    assert (answer.status_code, "This question is over" in text(answer)) == (404, True)
    page = text(grower.open("producer:household", household.pk))
    assert "By a code sent to its phone" in page
    assert "Ask the household by phone" not in page


def test_who_knows_nothing_of_it_is_a_red_flag_for_the_county() -> None:
    grower, officer, town = Person("p-jx"), Person("county.610828"), Person("town.610828")
    household = recorded(grower)
    signed(grower, household)
    token, code = asked(grower, household)
    assert "Thank you for saying so" in text(Person().send("household_answer", token, code=code, no="1"))
    assert household.code in text(officer.open("oversight:households", state="disowned"))
    assert household.code not in text(officer.open("oversight:households", state="unconfirmed"))
    page = text(officer.open("oversight:household", household.pk))
    assert ("Red flag" in page, "Confirm the agreement" in page) == (True, False)
    assert "counts for no lot" in text(grower.open("producer:household", household.pk))
    assert "This field is required" in text(town.send("oversight:household_confirm", household.pk))
    assert "no PDF" in text(town.send("oversight:household_confirm", household.pk, paper=pdf("表.pdf", b"MZ")))
    town.send("oversight:household_confirm", household.pk, paper=pdf("签字表.pdf"))
    assert agreement_of(household).state == "confirmed_by_household"
    assert "签字表.pdf" in text(grower.open("producer:household", household.pk))


def test_officers_see_a_name_in_full_only_where_that_is_recorded() -> None:
    grower, town = Person("p-jx"), Person("town.610828")
    household = recorded(grower)
    secrets = (NAME, PHONE, NUMBER, "0000007654321")
    pages = [grower.open("producer:household", household.pk), grower.open("producer:households")]
    pages += [town.open("oversight:household", household.pk), town.open("oversight:households")]
    assert [secret for page in pages for secret in secrets if secret in page.content.decode()] == []
    assert not Reveal.objects.exists()
    page = text(town.send("oversight:household_reveal", household.pk))
    assert [secret for secret in secrets if secret in page] == [NAME, PHONE]
    assert Reveal.objects.values_list("purpose", "subject", "count").get() == ("household", household.code, 1)
    assert Person("town.610827").open("oversight:household", household.pk).status_code == 404


def test_faults_are_told_in_words_and_what_was_typed_is_kept() -> None:
    grower = Person("p-jx")
    with seen_by(None):
        before = Household.objects.count()
    wrong = NUMBER[:16] + str((int(NUMBER[16]) + 1) % 10) + NUMBER[17]
    answer = grower.send(
        "producer:household_new", head_name=NAME, county="610828", village="枣湾村", phone="12", id_number=wrong
    )
    assert "eleven digits" in text(answer)
    answer = grower.send(
        "producer:household_new", head_name=NAME, county="610828", village="枣湾村", phone="", id_number=wrong
    )
    assert 'value="枣湾村"' in answer.content.decode()
    with seen_by(None):
        assert Household.objects.count() == before
    household = recorded(grower)
    page = text(signed(grower, household, paper=pdf("照片.pdf", b"GIF89a"), signed_on="2013-12-31"))
    assert ("is no PDF, JPEG or PNG inside" in page, "The agreement cannot be on" in page) == (True, True)
    grower.send("producer:household_ask", household.pk)
    signed(grower, household, mechanism="share_dividend")
    page = text(grower.open("producer:household", household.pk))
    assert ("Share agreement" in page, "missing Payout list" in page) == (True, True)
    grower.send("producer:household_evidence", household.pk, kind="payouts", paper=pdf("发放表.pdf", b"%PDF-1.7 2"))
    assert "missing Payout list" not in text(grower.open("producer:household", household.pk))
    assert "choice" in text(grower.send("producer:household_evidence", household.pk, kind="lease", paper=pdf()))
    paper = agreement_of(household).papers.get(kind="payouts")
    assert grower.open("producer:household_paper", household.pk, paper.pk).content == b"%PDF-1.7 2"


def test_a_wrong_number_is_corrected_and_nobody_is_asked_too_often() -> None:
    grower = Person("p-jx")
    household = recorded(grower)
    signed(grower, household)
    token, _code = asked(grower, household)
    grower.send("producer:household_phone", household.pk, phone="10100000007")
    assert Person().open("household_answer", token).status_code == 404
    for _again in range(2):
        asked(grower, household)
    answer = grower.send("producer:household_ask", household.pk)
    assert "was asked 3 times in 24 hours" in " ".join(told(answer))


def test_statements_do_not_grow_with_the_households() -> None:
    grower, officer = Person("p-jx"), Person("county.610828")
    for ask in (
        partial(grower.open, "producer:households"),
        partial(grower.open, "producer:purchases"),
        partial(officer.open, "oversight:households"),
    ):
        few = statements_of(partial(ask, q="-0001"))
        assert statements_of(ask) == few


def bought(grower: Person, agreement: BenefitAgreement, **changes: Any) -> Any:
    typed = {
        "agreement": agreement.pk, "produce": "鲜枣", "weight": "12.5", "price": "75.00", "collected_on": TODAY.isoformat(),
        "note": "SG-1",
    }  # fmt: skip
    return grower.send("producer:purchase_new", **typed | changes)


def test_a_purchase_is_entered_once_and_counts_when_the_household_has_confirmed() -> None:
    grower = Person("p-jx")
    household = recorded(grower)
    signed(grower, household)
    agreement = agreement_of(household)
    assert f"?agreement={agreement.pk}" in grower.open("producer:household", household.pk).content.decode()
    answer = bought(grower, agreement)
    assert answer.url == "/producer/purchases/"
    with seen_by(None):
        one = Collection.objects.get(note="SG-1")
    assert (one.grams, one.price, one.agreement_id) == (12_500, 7_500, agreement.pk)
    page = text(grower.open("producer:purchases", q="SG-1"))
    assert ("12.500" in page, "Not confirmed yet" in page, household.code in page) == (True, True, True)
    assert "SG-1" not in text(grower.open("producer:purchases", state="confirmed_by_household"))
    again = text(bought(grower, agreement, weight="0", collected_on=(TODAY + timedelta(days=1)).isoformat()))
    for words in ("is already entered", "both must be above zero", "cannot be on"):
        assert words in again
    with seen_by(None):
        assert Collection.objects.filter(note="SG-1").count() == 1


def test_purchases_are_of_ones_own_households_that_know_of_it() -> None:
    grower, other = Person("p-jx"), Person("p-mz")
    household = recorded(grower)
    signed(grower, household)
    agreement = agreement_of(household)
    assert "Select a valid choice" in text(bought(other, agreement))
    token, code = asked(grower, household)
    Person().send("household_answer", token, code=code, no="1")
    assert "Select a valid choice" in text(bought(grower, agreement))
    with seen_by(None), pytest.raises(Refusals) as caught:
        collect(User.objects.get(username="p-jx"), agreement, "鲜枣", 1_000, 600, TODAY, "SG-2")
    assert caught.value.data["codes"] == ["disowned"]


def test_two_producers_may_number_their_notes_alike() -> None:
    for name in ("p-jx", "p-mz"):
        with seen_by(None):
            agreement = BenefitAgreement.objects.filter(producer__memberships__user__username=name)[0]
        assert bought(Person(name), agreement, note="2026-0001").status_code == 302
    with seen_by(None):
        assert Collection.objects.filter(note="2026-0001").count() == 2


def test_officers_see_who_is_recorded_twice_and_what_it_received_from_all_and_producers_do_not() -> None:
    first, second, officer = Person("p-jx"), Person("p-mz"), Person("county.610828")
    mine = recorded(first)
    theirs = recorded(second, phone="")
    assert "Recorded more than once" not in text(first.open("producer:household", mine.pk))
    page = text(officer.open("oversight:household", mine.pk))
    assert ("Recorded more than once" in page, theirs.code in page) == (True, True)
    assert "Nothing was paid out to it yet." in page
    giver = side()
    order = bring(placed(giver, [DATES]), giver.buyer, "paid")
    with seen_by(None):
        pay_out(User.objects.get(username="enterprise"), Accrual.objects.get(supplier_order__order=order))
        earned = HouseholdAccrual.objects.filter(paid_at__isnull=False).select_related("household")[0]
        total = HouseholdAccrual.objects.filter(household=earned.household).aggregate(Sum("amount"))["amount__sum"]
        assert received_by_year([earned.household]) == [(TODAY.year, total)]
    assert f"{total / 100:,.2f}" in text(officer.open("oversight:household", earned.household.pk)).replace(" ", "")


def entry_of(note: str) -> Collection:
    with seen_by(None):
        return Collection.objects.filter(note=note).latest("pk")


def test_a_wrong_purchase_is_reversed_and_entered_again_under_its_number() -> None:
    grower = Person("p-jx")
    household = recorded(grower)
    signed(grower, household)
    agreement = agreement_of(household)
    bought(grower, agreement, weight="125")
    wrong = entry_of("SG-1")
    assert "This field is required" in text(grower.send("producer:purchase_reverse", wrong.pk, because=" "))
    assert grower.send("producer:purchase_reverse", wrong.pk, because="录错重量").status_code == 302
    page = grower.open("producer:purchase", wrong.pk)
    assert ("it counts no longer" in text(page), "录错重量" in text(page)) == (True, True)
    assert f"?agreement={agreement.pk}&amp;note=SG-1" in page.content.decode()
    assert "already" in told(grower.send("producer:purchase_reverse", wrong.pk, because="又错"))[0]
    answer = grower.send("producer:purchase_paid", wrong.pk, slip="HD-1", paid_on=TODAY.isoformat())
    assert "counts no longer" in told(answer)[-1]
    bought(grower, agreement)
    right = entry_of("SG-1")
    assert right.replaces_id == wrong.pk
    assert f"/producer/purchases/{right.pk}/" in grower.open("producer:purchase", wrong.pk).content.decode()
    found = text(grower.open("producer:purchases", q="SG-1"))
    assert (found.count("SG-1"), "125.000" in found, "12.500" in found, "Together" in found) == (2, True, True, True)
    assert "125.000" not in text(grower.open("producer:purchases", q="SG-1", state="unconfirmed"))
    assert "125.000" in text(grower.open("producer:purchases", q="SG-1", state="reversed"))
    page = text(grower.open("producer:household", household.pk))
    assert "Collected, kg 12 For it ¥ 75 .00 " in page


def test_what_lots_were_made_of_stays_and_shows_them() -> None:
    grower = Person("p-jx")
    with seen_by(None):
        used = Collection.objects.filter(producer__code="P-JX", used_in__isnull=False)[0]
        lot = used.used_in.all()[0].transformation.outputs.all()[0].lot
    page = grower.open("producer:purchase", used.pk)
    assert ("Lots were made of it" in text(page), lot.code in text(page)) == (True, True)
    assert "Recall those lots" in told(grower.send("producer:purchase_reverse", used.pk, because="x"))[0]
    assert f"/producer/purchases/{used.pk}/" in grower.open("producer:lot", lot.pk).content.decode()
    assert Person("p-mz").open("producer:purchase", used.pk).status_code == 404


def test_a_purchase_is_paid_by_a_slip_which_page_list_and_workbook_show() -> None:
    grower, officer = Person("p-jx"), Person("county.610828")
    household = recorded(grower)
    signed(grower, household)
    bought(grower, agreement_of(household))
    note = entry_of("SG-1")
    assert "Not paid yet" in text(grower.open("producer:purchase", note.pk))
    page = text(grower.send("producer:purchase_paid", note.pk, slip="HD-7", paid_on="2999-01-01"))
    assert "The payment of purchase note SG-1 cannot be on" in page
    grower.send("producer:purchase_paid", note.pk, slip="HD-7", paid_on=TODAY.isoformat())
    answer = grower.send("producer:purchase_paid", note.pk, slip="HD-8", paid_on=TODAY.isoformat())
    assert "by slip HD-7" in text(answer)
    first = note.payments.get().pk
    grower.send("producer:purchase_paid", note.pk, slip="HD-8", paid_on=TODAY.isoformat(), instead_of=first)
    page = text(grower.open("producer:purchase", note.pk))
    assert ("HD-8" in page, "Recorded before, and wrong: slip HD-7" in page) == (True, True)
    assert "HD-8" in text(grower.open("producer:purchases", q="SG-1", paid="yes"))
    assert "SG-1" not in text(grower.open("producer:purchases", paid="no"))
    book = grower.open("producer:purchases", **{"q": "SG-1", "as": "xlsx"})
    sheet = CalamineWorkbook.from_filelike(BytesIO(book.content)).get_sheet_by_index(0)
    (row,) = [row for row in sheet.to_python() if row[0] == "SG-1"]
    assert (TODAY in row, "HD-8" in row, 75.0 in row) == (True, True, True)
    for reader, name in ((grower, "producer:household"), (officer, "oversight:household")):
        assert "Ofitpaid,byslip¥75.00" in text(reader.open(name, household.pk)).replace(" ", "")


def test_purchases_come_by_spreadsheet_too() -> None:
    grower = Person("p-jx")
    household = recorded(grower)
    signed(grower, household)
    lines = [
        "收购单,农户编号,农产品,重量,价格,日期",
        f"SG-1,{household.code},鲜枣,12.5,75,{TODAY}",
        "SG-2,H-0,鲜枣,1,1,2026-01-01",
    ]
    sheet = SimpleUploadedFile("台账.csv", "\n".join(lines).encode())
    assert grower.send("producer:purchase_sheet", sheet=sheet).status_code == 302
    page = text(grower.open("producer:purchase_sheet"))
    assert "2 purchases, 1 entered, 0 entered before" in page
    assert "You have no household H-0 with an agreement" in page
    assert entry_of("SG-1").grams == 12_500
    with seen_by(None):
        one = PurchaseImport.objects.latest("pk")
    assert grower.open("producer:purchase_sheet_marked", one.pk).content.startswith(b"PK")
    assert Person("p-mz").open("producer:purchase_sheet_marked", one.pk).status_code == 404
    picture = SimpleUploadedFile("照片.png", b"\x89PNG")
    assert "not a spreadsheet (PNG)" in text(grower.send("producer:purchase_sheet", sheet=picture))
    empty = grower.open("producer:purchase_sheet", **{"as": "xlsx"}).content
    assert CalamineWorkbook.from_filelike(BytesIO(empty)).get_sheet_by_index(0).to_python()[0][0] == "Purchase note"
