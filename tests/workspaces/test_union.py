"""A union's pages: the plan, its roster and papers, the goods, the order; through the same forms as in the browser."""

import re
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from marketplace.demo import cast
from marketplace.shop.order.models import Order
from procurement.programmes.models import Programme, ProgrammeState, Recipient, RosterImport
from tests import world as builders
from tests.workspaces.persons import Person, text, told

ROSTER = Path(cast.__file__).parent / "data" / "rosters" / "roster_messy_300.xlsx"


def new_plan(buyer: Person, **changes: Any) -> Any:
    facts = {
        "title": "中秋节慰问",
        "occasion": cast.OCCASION,
        "per_head": "300",
        "need_date": (timezone.localdate() + timedelta(days=cast.NEED_IN_DAYS)).isoformat(),
        "delivery": "home",
        "purse": builders.side().general.pk,
        "quotations": "3",
        "approvers": "5",
    }
    return buyer.send("union:programme_new", **facts | changes)


def test_a_gift_from_the_plan_to_the_order(world: None) -> None:
    buyer, approver = Person(cast.BUYER), Person(cast.APPROVER)
    assert new_plan(buyer).status_code == 302
    plan = Programme.objects.latest("id")
    assert (plan.per_head, plan.gift_year, plan.quotations, plan.approvers) == (30_000, timezone.localdate().year, 3, 5)
    with ROSTER.open("rb") as roster:
        answer = buyer.send("union:roster", plan.pk, roster=roster)
    assert "283 members are on the list." in told(answer)[-1]
    for slot, sku in enumerate(cast.GIFT_300, start=1):
        buyer.send("union:put", plan.pk, product=builders.product(sku).pk, slot=slot, per_head=1)
    page = buyer.open("union:goods", plan.pk)
    assert [slot.slot for slot in page.context["preview"].slots if slot.blocked] == [2, 3]
    assert len(page.context["violations"]) == 3
    for sentence in page.context["violations"]:
        assert re.sub(r"\s+", " ", sentence) in text(page)
    for slot in (2, 3):
        buyer.send("union:substitute", plan.pk, slot)
    page = buyer.open("union:goods", plan.pk)
    assert len(page.context["violations"]) == 1
    amount, key = page.context["missing_yuan"], page.context["key"]
    for _twice in range(2):
        buyer.send("union:set_aside", plan.pk, amount=amount, key=key)
    page = buyer.open("union:approval", plan.pk)
    assert page.context["violations"] == ()
    assert page.context["gauge"].reserve == cast.RESERVE_AT_FIRST + round(float(amount) * 100)
    buyer.send("union:submit", plan.pk)
    assert "You drew up" in told(buyer.send("union:approve", plan.pk))[-1]
    assert "Approve" in text(approver.open("union:approval", plan.pk))
    approver.send("union:approve", plan.pk)
    plan.refresh_from_db()
    assert (plan.state, plan.approved_by.username) == (ProgrammeState.APPROVED, cast.APPROVER)
    key = buyer.open("union:approval", plan.pk).context["key"]
    first, second = (buyer.send("union:place", plan.pk, key=key) for _twice in range(2))
    order = Order.objects.get(programme=plan)
    assert first.url == second.url == reverse("union:order", args=[order.number])
    assert Order.objects.count() == 1
    shown = text(buyer.open("union:order", order.number))
    assert "283" in shown
    assert "No-equivalent certificate" in shown
    # An article that was shared out by region is named once.
    for name in ("union:programme", "union:goods"):
        named = [(line.slot, line.product_id) for line in buyer.open(name, plan.pk).context["lines"]]
        assert len(named) == len(set(named)) < plan.gift_lines.count()
    # What was decided stands with the order: the plan is not judged again.
    for name in ("union:goods", "union:approval"):
        page = buyer.open(name, plan.pk)
        assert page.context["preview"] is None
        assert reverse("union:order", args=[order.number]) in page.content.decode()


def test_a_plan_with_faults_keeps_what_was_typed(world: None) -> None:
    buyer = Person(cast.BUYER)
    answer = new_plan(buyer, title="端午慰问", per_head="-3", need_date="2020-01-01")
    assert answer.status_code == 200
    assert set(answer.context["form"].errors) == {"per_head", "need_date"}
    page = answer.content.decode()
    assert 'value="端午慰问"' in page
    assert 'value="-3"' in page
    assert "The day must lie after today." in text(answer)
    assert not Programme.objects.exists()


def test_a_draft_is_changed_and_withdrawn(world: None) -> None:
    buyer, plan = Person(cast.BUYER), builders.planned(builders.side(), [builders.DATES], 2)
    page = buyer.open("union:edit", plan.pk)
    start = page.context["form"].initial
    assert (start["title"], start["per_head"]) == (plan.title, cast.PER_HEAD)
    assert 'value="300"' in page.content.decode()
    facts = {name: start[name] for name in ("occasion", "quotations", "approvers", "delivery")}
    facts |= {
        "title": "中秋慰问（二）",
        "per_head": "280.50",
        "need_date": start["need_date"].isoformat(),
        "purse": start["purse"].pk,
    }
    assert buyer.send("union:edit", plan.pk, **facts).url == reverse("union:programme", args=[plan.pk])
    plan.refresh_from_db()
    assert (plan.title, plan.per_head) == ("中秋慰问（二）", 28_050)
    assert told(buyer.send("union:withdraw", plan.pk)) == [
        "The plan was changed.",
        "The plan “中秋慰问（二）” was withdrawn.",
    ]
    assert "to change it" in text(buyer.send("union:edit", plan.pk, **facts))
    assert 'id="withdraw"' not in buyer.open("union:programme", plan.pk).content.decode()


def test_a_plan_goes_back_with_the_reason_and_comes_again(world: None) -> None:
    giver = builders.side()
    buyer, approver, plan = Person(cast.BUYER), Person(cast.APPROVER), builders.planned(giver, [builders.DATES], 2)
    buyer.send("union:submit", plan.pk)
    assert "few words" in told(approver.send("union:send_back", plan.pk))[-1]
    approver.send("union:send_back", plan.pk, because="请补会议纪要")
    assert "请补会议纪要" in text(buyer.open("union:approval", plan.pk))
    scan = SimpleUploadedFile("纪要.pdf", b"%PDF-1.7 minutes")
    assert buyer.send("union:papers", plan.pk, kind="minutes", paper=scan).url == reverse(
        "union:papers", args=[plan.pk]
    )
    page = approver.open("union:approval", plan.pk)
    assert [paper.file_name for paper in page.context["papers"]] == ["纪要.pdf"]
    paper = approver.open("union:paper", plan.pk, page.context["papers"][0].pk)
    assert (paper.content, paper["Content-Type"]) == (b"%PDF-1.7 minutes", "application/pdf")
    assert paper["Content-Disposition"].startswith("attachment;")
    wrong = buyer.send("union:papers", plan.pk, kind="invoice", paper=SimpleUploadedFile("发票.pdf", b"MZ"))
    assert "“发票.pdf” is no PDF" in text(wrong)
    buyer.send("union:submit", plan.pk)
    assert "请补会议纪要" not in text(buyer.open("union:approval", plan.pk))


def test_people_are_added_found_and_taken_off(world: None) -> None:
    buyer, plan = Person(cast.BUYER), builders.planned(builders.side(), [builders.DATES], 60)
    wrong = buyer.send("union:person_add", plan.pk, name="钱3", phone="029-8888888")
    assert 'value="钱3"' in wrong.content.decode()
    assert "This does not look like a person's name" in text(wrong)
    assert "This is a landline" in text(wrong)
    right = {"name": "钱小满", "phone": "13900000001", "member_no": "N00001", "department": "财务科"}
    assert buyer.send("union:person_add", plan.pk, **right, another="1").url.endswith("/roster/add/")
    assert "on the list already" in text(buyer.send("union:person_add", plan.pk, **right))
    found = buyer.open("union:roster", plan.pk, department="财务科")
    assert [row["member_no"] for row in found.context["people"].object_list] == ["N00001"]
    assert [len(buyer.open("union:roster", plan.pk, page=n).context["people"].object_list) for n in (1, 2)] == [50, 11]
    assert "Nobody fits" in text(buyer.open("union:roster", plan.pk, member="X"))
    person = found.context["people"].object_list[0]["pk"]
    for status in (302, 404):
        assert buyer.send("union:person_off", plan.pk, person).status_code == status
    assert plan.recipients.count() == 60


def test_a_purse_of_another_union_is_not_offered(world: None) -> None:
    answer = new_plan(Person(cast.BUYER), purse=builders.side(builders.YUYANG).general.pk)
    assert set(answer.context["form"].errors) == {"purse"}


def test_the_roster_page_shows_no_name_and_the_marked_copy_is_the_unions_own(world: None) -> None:
    buyer, plan = Person(cast.BUYER), builders.draft(builders.side(), delivery="home")
    with ROSTER.open("rb") as roster:
        buyer.send("union:roster", plan.pk, roster=roster)
    upload = RosterImport.objects.get(programme=plan)
    page = text(buyer.open("union:roster", plan.pk))
    members = list(Recipient.objects.filter(programme=plan)[:50])
    assert [m.member_no for m in members if m.phone in page or m.name in page or m.address in page] == []
    assert members[0].name[0] + "*" in page
    assert buyer.open("union:roster", plan.pk).context["latest"] == upload
    copy = buyer.open("union:annotated", plan.pk, upload.pk)
    assert len(load_workbook(BytesIO(copy.content)).sheetnames) >= 2
    assert Person("approver.yuyang").open("union:annotated", plan.pk, upload.pk).status_code == 404


@pytest.mark.parametrize(
    ("name", "content"), [("names.xlsx", b"not a workbook"), ("empty.csv", b""), ("photo.png", b"\x89PNG\r\n")]
)
def test_a_file_that_is_no_roster_is_refused_in_words(world: None, name: str, content: bytes) -> None:
    buyer, plan = Person(cast.BUYER), builders.draft(builders.side())
    answer = buyer.send("union:roster", plan.pk, roster=SimpleUploadedFile(name, content))
    assert answer.status_code == 200
    assert "faults" in answer.content.decode()
    assert not Recipient.objects.filter(programme=plan).exists()


def test_what_is_sold_out_is_shown_but_not_put_into_a_gift(world: None) -> None:
    buyer = Person(cast.BUYER)
    new_plan(buyer)
    plan, wanted = Programme.objects.latest("id"), builders.product(cast.ASSISTANCE)
    field = re.compile(rf'name="product"\s+value="{wanted.pk}"')
    assert field.search(buyer.open("union:goods", plan.pk, q=wanted.title).content.decode())
    builders.leave_in_stock(cast.ASSISTANCE, 0)
    shown = buyer.open("union:goods", plan.pk, q=wanted.title).content.decode()
    assert not field.search(shown)
    assert reverse("product", args=[wanted.pk]) in shown
