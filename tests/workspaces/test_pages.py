"""What people do on the pages, from the plan to the audit; every step through the same forms as in the browser."""

import contextvars
import json
import re
from datetime import timedelta
from html import unescape
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from marketplace.demo import cast
from marketplace.evidence.actions import record
from marketplace.fulfilment.models import Parcel, SupplierOrder
from marketplace.organisations.models import Organisation, Reveal, User
from marketplace.organisations.scopes import seen_by
from marketplace.shop.catalogue.models import Product
from marketplace.shop.order.models import Order
from marketplace.shop.partner.models import StockRecord
from marketplace.steps.models import Step
from marketplace.workspaces.templatetags.house import state_label
from procurement.audit.models import AuditCase
from procurement.compliance.queries import statement
from procurement.priority.models import PriorityException
from procurement.programmes.models import Programme, ProgrammeState, Recipient, RosterImport
from suppliers.accreditation.models import Accreditation, AccreditationState
from suppliers.settlement.actions import pay_out
from suppliers.settlement.models import Accrual
from tests import world as builders
from tests.people import signed_in

ROSTER = Path(cast.__file__).parent / "data" / "rosters" / "roster_messy_300.xlsx"


class Person:
    """Somebody at a browser, reading English."""

    def __init__(self, username: str = "") -> None:
        self.client = Client(headers={"accept-language": "en"})
        if username:
            signed_in(self.client, User.objects.get(username=username))

    def open(self, name: str, /, *arguments: Any, **query: Any) -> Any:
        return self._ask("get", reverse(name, args=arguments), query)

    def send(self, name: str, /, *arguments: Any, **data: Any) -> Any:
        return self._ask("post", reverse(name, args=arguments), data)

    def _ask(self, method: str, address: str, data: dict[str, Any]) -> Any:
        # Outside the test's own scope: each page has to say for whom it asks.
        return contextvars.Context().run(getattr(self.client, method), address, data)


def text(answer: Any) -> str:
    """What a page says, without its marks."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())))


def told(answer: Any) -> list[str]:
    """The messages that wait for the next page."""
    return [str(message) for message in get_messages(answer.wsgi_request)]


def statements_of(ask: Any) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert ask().status_code == 200
    return len(captured)


# The buyer's path.


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


def test_an_exception_is_asked_for_and_granted_from_above(world: None) -> None:
    buyer, officer = Person(cast.BUYER), Person(cast.UNION_OFFICER)
    plan = builders.planned(builders.side(), [cast.BLOCKED])
    day = timezone.localdate()
    wish = {"grounds": "…", "quantity": "3", "valid_from": day.isoformat(), "valid_to": day.isoformat()}
    product = builders.product(cast.BLOCKED)
    assert buyer.open("union:exception", plan.pk, product.pk).context["form"].initial["quantity"] == 3
    late = buyer.send("union:exception", plan.pk, product.pk, **wish | {"valid_to": "2020-01-01"})
    assert set(late.context["form"].errors) == {"valid_to"}
    assert buyer.send("union:exception", plan.pk, product.pk, **wish).status_code == 302
    asked = PriorityException.objects.get()
    assert asked.number in text(officer.open("oversight:exceptions"))
    officer.send("oversight:decide", asked.number, "grant")
    asked.refresh_from_db()
    assert (asked.state, asked.decided_for.code) == ("granted", cast.CITY_UNION)
    assert "no longer open" in told(officer.send("oversight:decide", asked.number, "refuse"))[-1]
    assert buyer.open("union:goods", plan.pk).context["preview"].slots[0].lines[0].outcome == "exception"


# Delivery and money.


@pytest.fixture
def order(world: None) -> Order:
    """Three members' order of two producers, sent to them."""
    giver = builders.side()
    return builders.bring(builders.placed(giver, [builders.DATES, builders.MOONCAKES]), giver.buyer, "sent")


def part_of(order: Order, producer: str) -> SupplierOrder:
    return SupplierOrder.objects.get(order=order, producer__code=producer)


def test_a_producer_confirms_prints_and_ships(order: Order) -> None:
    producer, part = Person("p-jx"), part_of(order, "P-JX")
    assert [card["row"] for card in producer.open("producer:home").context["to_confirm"]] == [part]
    assert producer.send("producer:labels", part.pk).status_code == 302
    assert not Reveal.objects.exists()
    producer.send("producer:confirm", part.pk)
    builders.run_all_due()
    page = producer.open("producer:supplier_order", part.pk)
    assert [(row["units"], row["fen"]) for row in page.context["goods"]] == [(3, 9_000)]
    parcels = list(Parcel.objects.filter(supplier_order=part))
    assert [p for p in parcels if p.name in text(page) or p.phone in text(page)] == []
    labels = producer.send("producer:labels", part.pk)
    assert [p.name for p in parcels if f"{p.name} {p.phone}" not in text(labels)] == []
    assert [(r.user.username, r.purpose, r.subject, r.count) for r in Reveal.objects.all()] == [
        ("p-jx", "labels", part.number, 3)
    ]
    empty = producer.send("producer:supplier_order", part.pk, carrier="中国邮政", waybill="")
    assert set(empty.context["form"].errors) == {"waybill"}
    assert 'value="中国邮政"' in empty.content.decode()
    producer.send("producer:supplier_order", part.pk, carrier="中国邮政", waybill="EMS1")
    assert producer.open("producer:supplier_order", part.pk).context["state"] == "shipped"


def test_labels_open_by_post_only(order: Order) -> None:
    assert Person("p-jx").open("producer:labels", part_of(order, "P-JX").pk).status_code == 405
    assert not Reveal.objects.exists()


def test_an_address_of_a_button_leads_back_to_its_page(order: Order) -> None:
    part = part_of(order, "P-JX")
    page = Person("p-jx").open("producer:labels", part.pk)
    assert (page.status_code, page["Allow"]) == (405, "POST")
    assert f'href="{reverse("producer:supplier_order", args=[part.pk])}"' in page.content.decode()
    assert "Nothing was done." in text(page)


def test_a_day_that_is_past_is_called_late(order: Order) -> None:
    part, producer = part_of(order, "P-JX"), Person("p-jx")
    assert "Late" not in text(producer.open("producer:home"))
    SupplierOrder.objects.filter(pk=part.pk).update(need_date=timezone.localdate() - timedelta(days=1))
    assert "Late" in text(producer.open("producer:home"))
    assert "Can you still deliver?" in text(producer.open("producer:supplier_order", part.pk))


def test_words_are_no_waybill_number(order: Order) -> None:
    part, producer = part_of(order, "P-JX"), Person("p-jx")
    wrong = producer.send("producer:supplier_order", part.pk, carrier="中国邮政", waybill="没有单号")
    assert wrong.context["form"].errors == {
        "waybill": ["A waybill number has at least 4 letters, digits or hyphens. Copy it from the slip."]
    }


def test_a_union_accepts_pays_and_the_producer_sees_why(order: Order) -> None:
    buyer, part = Person(cast.BUYER), part_of(order, "P-JX")
    early = buyer.send("union:accept", order.number, part.pk)
    assert len(told(early)) == 1
    builders.bring(order, builders.side().buyer, "assigned")
    builders.ship_all(order)
    assert part.order.number in text(buyer.open("union:home"))
    buyer.send("union:accept", order.number, part.pk)
    builders.run_all_due()
    assert "bank's reference" in told(buyer.send("union:pay", order.number, part.pk, bank_reference=" "))[-1]
    buyer.send("union:pay", order.number, part.pk, bank_reference="B-1")
    part.refresh_from_db()
    assert part.paid_at is not None
    producer, accrual = Person("p-jx"), Accrual.objects.get(supplier_order=part)
    assert producer.open("producer:money").context["owed"] == {
        "net": accrual.net, "households": accrual.households, "fee": accrual.fee
    }  # fmt: skip
    parts = producer.open("producer:accrual", accrual.pk).context["parts"]
    assert sum(row.amount for row in parts) == accrual.households > 0
    builders.run_all_due()
    pay_out(User.objects.get(username="p-jx" if part.mode == "direct" else "enterprise"), accrual)
    confirmed = reverse("producer:confirmed", args=[accrual.pk])
    assert confirmed in producer.open("producer:accrual", accrual.pk).content.decode()
    producer.send("producer:confirmed", accrual.pk)
    assert confirmed not in producer.open("producer:accrual", accrual.pk).content.decode()


# Audit.


def test_the_statement_page_and_file_say_what_the_statement_says(order: Order) -> None:
    union, year = Organisation.objects.get(code=cast.UNION), timezone.localdate().year
    found = statement(union, year)
    auditor = Person(cast.AUDITOR)
    page = auditor.open("audit:statement", cast.UNION, year)
    assert (found.assistance, found.ordinary) == (9_000, 32_400)
    assert (page.context["gauge"].assistance, page.context["gauge"].ordinary) == (9_000, 32_400)
    assert "¥ 90 .00" in text(page)
    assert [row["number"] for row in page.context["orders"]] == [order.number]
    assert [row["products"] for row in page.context["certificates"]] == [
        [builders.product(cast.NO_EQUIVALENT).title_en]
    ]
    assert json.loads(auditor.open("audit:statement_json", cast.UNION, year).content) == found.as_dict()
    assert Person(cast.BUYER).open("union:statement").context["statement"] == found


def test_the_auditor_reads_what_the_rule_saw(order: Order) -> None:
    auditor = Person(cast.AUDITOR)
    judgement = auditor.open("audit:order", order.number).context["judgements"][0]
    page = auditor.open("audit:judgement", order.number, judgement.pk)
    groups = {group["title"]: group["rows"] for group in page.context["groups"]}
    assert set(groups) == {builders.product(sku).title_en for sku in (builders.DATES, builders.MOONCAKES)}
    assert bytes(judgement.leaf_hash).hex() in text(page)


def test_a_pack_without_a_witness_is_refused_in_words(fresh_world: Any, settings: Any) -> None:
    settings.EVIDENCE_WITNESSES = []
    with seen_by(None):
        order = builders.placed(builders.side(), [builders.DATES])
    answer = Person(cast.BUYER).send("union:pack", order.number)
    assert answer.url == reverse("union:order", args=[order.number])
    assert "witness" in told(answer)[-1]


def test_an_auditor_asks_and_the_union_answers(order: Order) -> None:
    auditor, buyer = Person(cast.AUDITOR), Person(cast.BUYER)
    about = f"order:{order.number}"
    assert auditor.open("audit:case_new", cast.UNION, about=about).context["form"].initial["subject"] == about
    auditor.send("audit:case_new", cast.UNION, subject=about, question="Why mooncakes?")
    case = AuditCase.objects.get()
    page = auditor.open("audit:case", case.pk)
    assert f"Order {order.number}" in text(page)
    assert page.context["about"] == reverse("audit:order", args=[order.number])
    assert "Why mooncakes?" in text(buyer.open("union:home"))
    buyer.send("union:case", case.pk, text="Nobody's are accredited.")
    too_late = buyer.send("union:case", case.pk, text="Once more.")
    assert "by now" in text(too_late)
    assert "Once more." in text(too_late)
    auditor.send("audit:case", case.pk, text="Show the certificate.", then="ask_again")
    auditor.send("audit:case", case.pk, text="Seen.", then="close")
    case.refresh_from_db()
    assert case.state == "closed"
    assert list(case.notes.values_list("text", flat=True)) == [
        "Nobody's are accredited.",
        "Show the certificate.",
        "Seen.",
    ]


# Accreditation.


def test_an_application_goes_its_way_through_the_offices(world: None) -> None:
    one = Accreditation.objects.filter(county="610828", state=AccreditationState.VALID)[0]
    Accreditation.objects.filter(pk=one.pk).delete()
    one = Accreditation.objects.create(
        number="RD-NEW-1",
        product=one.product,
        producer=one.producer,
        county=one.county,
        mechanism=one.mechanism,
        households=4,
        state=AccreditationState.APPLIED,
    )
    town, sector, county = (Person(f"{role}.610828") for role in ("town", "sector", "county"))
    assert one not in county.open("oversight:accreditations").context["waiting"]
    assert "Only a person with the role" in told(county.send("oversight:carry_on", one.number))[-1]
    for officer, state in (
        (town, "town_review"),
        (sector, "sector_review"),
        (county, "county_decision"),
        (county, "public_notice"),
    ):
        assert one in officer.open("oversight:accreditations").context["waiting"]
        said = told(officer.send("oversight:carry_on", one.number))[-1]
        one.refresh_from_db()
        assert (one.state, said) == (state, f"{one.number} is now at: {state_label(state)}.")
    assert one.number in text(Person().open("register"))
    period = {"valid_from": "2026-01-01", "valid_to": "2030-01-01"}
    assert "on public notice until" in text(county.send("oversight:make_valid", one.number, **period))
    assert "This field is required" in text(county.send("oversight:end", one.number, "refuse", reason=""))
    county.send("oversight:end", one.number, "refuse", reason="The licence has lapsed.")
    one.refresh_from_db()
    assert one.state == AccreditationState.REFUSED
    page = county.open("oversight:accreditation", one.number)
    assert "The licence has lapsed." in text(page)
    assert [step["title"] for step in page.context["history"] if step["actor"] == one.number] == [
        "Refused", "Public notice", "County decision", "Sector review", "Town review",
    ]  # fmt: skip


# What anybody may see.


def test_the_catalogue_is_filtered(world: None) -> None:
    anyone = Person()
    product = builders.product(builders.DATES)

    def found(**wishes: Any) -> set[str]:
        shown = {card.pk for card in anyone.open("catalogue", **wishes).context["page"].object_list}
        return set(Product.objects.filter(pk__in=shown).values_list("upc", flat=True))

    assert builders.DATES in found(q="dates Jia", kind="assistance")
    assert builders.DATES in found(q=builders.DATES)
    assert builders.DATES in found(commodity_class=product.commodity_class_id, county=product.county_id)
    assert builders.DATES not in found(q="dates", kind="ordinary")
    assert found(q="no such thing") == set()
    assert len(found(commodity_class="nonsense", sort="nonsense")) == 24


def test_a_suspended_accreditation_shows_at_once(world: None) -> None:
    product = builders.product(builders.DATES)
    assert Person().open("product", product.pk).context["outcome"] == "assistance"
    Accreditation.objects.filter(product=product, state="valid").update(state="suspended")
    page = Person().open("product", product.pk)
    assert page.context["outcome"] == "ordinary"
    assert "Suspended" in text(page)


def test_the_last_signed_state_is_public(world: None) -> None:
    from marketplace.evidence.sequencer import sequence_all

    record("test.entry", {"n": 1})
    sequence_all()
    page = Person().open("verification")
    latest = page.context["checkpoints"][0]
    assert latest.note in Person().open("checkpoint", latest.size).content.decode()
    assert Person().open("checkpoint", latest.size + 1).status_code == 404
    assert b"def main" in Person().open("verifier").content


def test_health_names_what_is_not_well(world: None) -> None:
    from marketplace.evidence.sequencer import sequence_all

    builders.run_all_due()
    sequence_all()
    well = Person().open("health")
    assert (well.status_code, well.json()["status"]) == (200, "ok")
    assert (well.json()["database"], well.json()["broker"]) == (True, True)
    long_ago = timezone.now() - timedelta(hours=1)
    Step.objects.create(cause="test", kind="evidence.sequence", part="late", next_run_at=long_ago)
    late = Person().open("health")
    assert late.status_code == 503
    assert 3_600 <= late.json()["oldest_due_step_seconds"] < 3_700


def test_pages_carry_no_script_or_style_of_their_own(order: Order) -> None:
    """The content security policy allows files of this site only; a page must not need more."""
    buyer = Person(cast.BUYER)
    answers = [
        Person().open("home"),
        Person().open("catalogue"),
        buyer.open("union:home"),
        buyer.open("union:programme_new"),
        buyer.open("union:goods", order.programme.pk),
        buyer.open("union:order", order.number),
        buyer.open("union:statement"),
    ]
    for answer in answers:
        assert "'unsafe" not in answer["Content-Security-Policy"]
        assert re.findall(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=", answer.content.decode()) == []


# Constant numbers of statements.


def test_an_anonymous_list_costs_two_statements(world: None, django_assert_num_queries: Any) -> None:
    anyone = Person()
    with django_assert_num_queries(2):
        anyone.open("catalogue", page=2)
    with django_assert_num_queries(2):
        anyone.open("catalogue", q="millet", kind="assistance", county="610827", price="60", sort="unit")


def test_a_product_page_costs_the_same_with_more_regions(world: None) -> None:
    product = builders.product(builders.DATES)
    before = statements_of(lambda: Person().open("product", product.pk))
    offer = StockRecord.objects.get(product=product)
    for region in ("6101", "6106", "6109"):
        offer.deliveries.create(region=region, freight=100, days=3)
    assert statements_of(lambda: Person().open("product", product.pk)) == before


def test_a_unions_pages_cost_the_same_with_more_rows(world: None) -> None:
    giver, buyer, auditor = builders.side(), Person(cast.BUYER), Person(cast.AUDITOR)

    def costs() -> dict[str, int]:
        order = Order.objects.latest("id")
        year = timezone.localdate().year
        asked = {
            "home": lambda: buyer.open("union:home"),
            "programmes": lambda: buyer.open("union:programmes"),
            "orders": lambda: buyer.open("union:orders"),
            "order": lambda: buyer.open("union:order", order.number),
            "roster": lambda: buyer.open("union:roster", order.programme.pk),
            "goods": lambda: buyer.open("union:goods", order.programme.pk),
            "statement": lambda: buyer.open("union:statement"),
            "audit": lambda: auditor.open("audit:home"),
            "audited": lambda: auditor.open("audit:statement", cast.UNION, year),
        }
        return {name: statements_of(ask) for name, ask in asked.items()}

    def one(goods: list[str], heads: int) -> None:
        order = builders.placed(giver, goods, heads, per_head=90_000)
        builders.bring(order, giver.buyer, "shipped")
        builders.planned(giver, [builders.DATES])

    one([builders.DATES, builders.MOONCAKES], 2)
    before = costs()
    one([builders.DATES, builders.FUNGUS, builders.TEA, builders.HONEY, builders.MOONCAKES], 9)
    one([builders.DATES, builders.TEA], 5)
    assert costs() == before
    assert max(before.values()) <= 40


def test_a_producers_pages_cost_the_same_with_more_rows(world: None) -> None:
    giver, producer = builders.side(), Person("p-jx")

    def costs() -> dict[str, int]:
        part = SupplierOrder.objects.filter(producer__code="P-JX").latest("id")
        return {
            "home": statements_of(lambda: producer.open("producer:home")),
            "order": statements_of(lambda: producer.open("producer:supplier_order", part.pk)),
            "labels": statements_of(lambda: producer.send("producer:labels", part.pk)),
            "stock": statements_of(lambda: producer.open("producer:stock")),
            "money": statements_of(lambda: producer.open("producer:money")),
        }

    def one(heads: int) -> None:
        builders.bring(builders.placed(giver, [builders.DATES], heads), giver.buyer, "accepted")
        builders.bring(builders.placed(giver, [builders.DATES], heads), giver.buyer, "assigned")

    one(2)
    before = costs()
    one(9)
    assert costs() == before


def test_what_is_sold_out_is_shown_but_not_put_into_a_gift(world: None) -> None:
    buyer = Person(cast.BUYER)
    new_plan(buyer)
    plan, wanted = Programme.objects.latest("id"), builders.product(cast.ASSISTANCE)
    field = f'name="product" value="{wanted.pk}"'
    assert field in buyer.open("union:goods", plan.pk, q=wanted.title).content.decode()
    builders.leave_in_stock(cast.ASSISTANCE, 0)
    shown = buyer.open("union:goods", plan.pk, q=wanted.title).content.decode()
    assert field not in shown
    assert reverse("product", args=[wanted.pk]) in shown
