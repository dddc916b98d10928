"""Purchases from outside at the pages: registered with a list and papers, shown apart everywhere, reversed with a reason."""

from datetime import timedelta
from io import BytesIO
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from python_calamine import CalamineWorkbook

from marketplace.demo import cast
from marketplace.workspaces.subtree import totals, union_rows
from procurement.compliance.pack import contents_of
from procurement.compliance.queries import statement
from procurement.compliance.red_flags import red_flags
from procurement.priority.models import UnionYear
from procurement.programmes.outside.actions import Bought, register, reverse
from procurement.programmes.outside.models import OutsidePaper, OutsidePurchase
from tests.policies import rules
from tests.workspaces.persons import Person, statements_of, text, told
from tests.world import DATES, MOONCAKES, Side, add_recipients, draft, placed, side


def bought(giver: Side, number: str = "INV-0001", amount: int = 10_000, **changes: Any) -> OutsidePurchase:
    facts = Bought(timezone.localdate(), "mid_autumn", f"供应商{number}", number, amount, 2, **changes)
    return register(giver.buyer, giver.union, facts, number)


def form(**changes: Any) -> dict[str, Any]:
    return {
        "bought_on": timezone.localdate().isoformat(),
        "occasion": "mid_autumn",
        "gift_year": str(timezone.localdate().year),
        "form": "goods",
        "supplier": "某超市",
        "invoice": "2461 2000 0000 1234 5678",
        "amount": "123.45",
        "members": "3",
        "quotations": "0",
        "approvers": "1",
        "key": "k",
    } | changes


def test_a_purchase_is_registered_with_its_invoice_and_refused_in_words(world: None) -> None:
    buyer = Person(cast.BUYER)
    page = buyer.send("union:elsewhere_new", **form(amount="0", bought_on="2031-01-01", invoice="x"))
    assert "A purchase costs something" in text(page)
    assert "is no invoice number" in text(page)
    assert "某超市" in page.content.decode()
    assert "Say it in one way" in text(
        buyer.send("union:elsewhere_new", **form(), roster=SimpleUploadedFile("a.csv", b"x"))
    )
    assert OutsidePurchase.objects.count() == 0
    answer = buyer.send("union:elsewhere_new", **form(), paper=SimpleUploadedFile("发票.pdf", b"%PDF-1"))
    purchase, paper = OutsidePurchase.objects.get(), OutsidePaper.objects.get()
    assert answer.url == f"/union/elsewhere/{purchase.number}/"
    assert (purchase.amount, purchase.members, purchase.invoice) == (12_345, 3, "24612000000012345678")
    page = buyer.open("union:elsewhere_one", purchase.number)
    assert "without a list: it counts for every member" in text(page)
    assert b"".join(buyer.open("union:elsewhere_paper", purchase.number, paper.pk)) == b"%PDF-1"
    buyer.send("union:elsewhere_file", purchase.number, kind="quotation", paper=SimpleUploadedFile("b.pdf", b"%PDF-2"))
    assert OutsidePaper.objects.count() == 2


def test_a_list_says_who_the_members_were(world: None) -> None:
    buyer, giver = Person(cast.BUYER), side()
    plan = draft(giver, "名单")
    add_recipients(plan, 2)
    buyer.send("union:elsewhere_new", **form(members="", people=str(plan.pk)))
    content = "姓名,手机号\n张三,13800000001\n".encode()
    buyer.send(
        "union:elsewhere_new",
        **form(members="", invoice="B-00001", key="b"),
        roster=SimpleUploadedFile("名.csv", content),
    )
    found = OutsidePurchase.objects.order_by("pk").values_list("members", "named")
    assert list(found) == [(2, True), (1, True)]
    stranger = draft(side("U-YL-YY"))
    add_recipients(stranger, 1)
    page = buyer.send("union:elsewhere_new", **form(members="", invoice="C-00001", key="c", people=str(stranger.pk)))
    assert "Select a valid choice" in text(page)


def test_a_wrong_entry_is_reversed_once_and_stays_in_sight(world: None) -> None:
    buyer, purchase = Person(cast.BUYER), bought(side())
    assert "This field is required" in text(buyer.send("union:elsewhere_reverse", purchase.number))
    answer = buyer.send("union:elsewhere_reverse", purchase.number, because="Wrong amount")
    assert "is reversed" in told(answer)[-1]
    assert "What is wrong with it?" not in text(buyer.open("union:elsewhere_one", purchase.number))
    assert "Reversed: Wrong amount" in text(buyer.open("union:elsewhere"))
    assert "Nothing" not in text(buyer.open("union:elsewhere", show="reversed"))


def test_lists_keep_their_statements_whatever_their_length(world: None) -> None:
    giver = side()
    bought(giver)
    people = [(Person(who), name) for who, name in [
        (cast.BUYER, "union:elsewhere"), (cast.AUDITOR, "audit:elsewhere"), (cast.UNION_OFFICER, "oversight:elsewhere"),
    ]]  # fmt: skip
    few = [statements_of(lambda who=who, name=name: who.open(name)) for who, name in people]
    reverse(giver.buyer, bought(giver, "INV-0002"), "wrong")
    for number in range(3, 9):
        bought(giver, f"INV-000{number}")
    assert [statements_of(lambda who=who, name=name: who.open(name)) for who, name in people] == few
    assert len(people[1][0].open("audit:elsewhere").context["listing"].page.object_list) == 8


def test_it_stands_apart_in_statement_gauge_and_overview(world: None) -> None:
    giver, year = side(), timezone.localdate().year
    rules(cap=20_000)
    order = placed(giver, [DATES, MOONCAKES], 2)
    bought(giver)
    reverse(giver.buyer, bought(giver, "INV-0002", 777), "wrong")
    over = bought(giver, "INV-0003", 40_000)
    row = UnionYear.objects.get(union=giver.union, gift_year=year)
    assert (row.assistance, row.ordinary) == (6_000, 21_600)
    found = statement(giver.union, year)
    assert (found.assistance, found.ordinary, found.outside, found.spent) == (6_000, 21_600, 50_000, 27_600)
    assert (found.share_bp, found.share_with_outside_bp) == (2_173, 773)
    assert [(one.amount, one.reversed, one.found) for one in found.outside_purchases] == [
        (10_000, False, ()), (777, True, ()), (40_000, False, ("cap",)),
    ]  # fmt: skip
    assert [row.outside for row in union_rows([giver.union], year)] == [50_000]
    assert totals(giver.union, year).figures.outside == 50_000
    buyer = Person(cast.BUYER)
    assert buyer.open("union:home").context["gauge"].outside == 50_000
    page = buyer.open("union:statement_year", year)
    assert "If all of it were ordinary goods, the share would be 7.73" in text(page)
    sheet = CalamineWorkbook.from_filelike(BytesIO(buyer.open("union:statement_xlsx", year).content))
    rows = sheet.get_sheet_by_name("Purchases from outside").to_python()
    assert [(row[7], row[8]) for row in rows[1:]] == [(100.0, 100.0), (7.77, 0.0), (400.0, 400.0), ("", 500.0)]
    flag = next(flag for flag in red_flags([giver.union], year) if flag.code == "outside_against_the_rule")
    assert [(one.subject, one.amount) for one in flag.found] == [(f"outside:{over.number}", 40_000)]
    assert "With it members had gifts for up to" in text(Person(cast.AUDITOR).open("audit:elsewhere_one", over.number))
    entries, files = contents_of(order)
    assert b'"outside":50000' in files["statement.json"]
    assert over.entry_id in entries


def test_one_digital_invoice_of_two_unions_is_a_flag(world: None) -> None:
    first, second, year = side(), side("U-YL-YY"), timezone.localdate().year
    for giver in (first, second):
        bought(giver, "24612000000012345678")
    flag = next(one for one in red_flags([first.union], year) if one.code == "one_invoice_twice")
    assert [one.union for one in flag.found] == [first.union]
    reverse(second.buyer, OutsidePurchase.objects.get(union=second.union), "not ours")
    assert [one.found for one in red_flags([first.union], year) if one.code == "one_invoice_twice"] == [()]


def test_what_others_bought_is_not_there(world: None) -> None:
    other = bought(side("U-YL-YY"))
    for who, name in ((cast.BUYER, "union"), (cast.UNION_OFFICER, "oversight")):
        assert Person(who).open(f"{name}:elsewhere_one", other.number).status_code == 404
    assert other.number not in text(Person(cast.BUYER).open("union:elsewhere"))
    assert Person(cast.BUYER).send("union:elsewhere_reverse", other.number, because="x").status_code == 404


def test_it_is_found_by_words_day_and_what_stands_against_it(world: None) -> None:
    buyer, giver = Person(cast.BUYER), side()
    rules(cap=6_000)
    bought(giver)
    bought(giver, "INV-0002")
    tomorrow = timezone.localdate() + timedelta(days=1)

    def invoices(**asked: str) -> list[str]:
        return [one.invoice for one in buyer.open("union:elsewhere", **asked).context["listing"].page.object_list]

    assert invoices(q="INV-0001") == ["INV-0001"]
    assert invoices(show="against") == ["INV-0002"]
    assert invoices(show="standing") == ["INV-0002", "INV-0001"]
    assert invoices(since=tomorrow.isoformat()) == []
