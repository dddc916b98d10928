"""What auditors and upper unions read across many unions: lists, workbooks, distribution, red flags."""

from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.utils import timezone
from openpyxl import load_workbook

from marketplace.demo import cast
from marketplace.fulfilment.losses import Report, cancel
from marketplace.fulfilment.models import Parcel, SupplierOrder
from marketplace.organisations.models import Membership, Organisation, Role, User
from marketplace.workspaces.subtree import year_choices
from procurement.audit.actions import open_case
from procurement.compliance.queries import statement
from procurement.priority.actions import ask_exception, grant_exception
from suppliers.accreditation.models import Accreditation
from tests import world as builders
from tests.workspaces.persons import Person, statements_of, text

YEAR = timezone.localdate().year


def book(answer: Any) -> Any:
    assert answer.status_code == 200
    return load_workbook(BytesIO(answer.content))


def rows(page: Any) -> list[tuple[Any, ...]]:
    return list(page.iter_rows(values_only=True))


def bought(goods: Any = (builders.DATES, builders.MOONCAKES), code: str = builders.YANTA, heads: int = 3) -> Any:
    giver = builders.side(code)
    return builders.bring(builders.placed(giver, list(goods), heads), giver.buyer, "paid")


@pytest.mark.parametrize(("who", "name"), [(cast.BUYER, "union"), (cast.AUDITOR, "audit")])
def test_the_workbook_of_the_statement_equals_the_statement_to_the_fen(world: None, who: str, name: str) -> None:
    order = bought()
    arguments = (YEAR,) if name == "union" else (cast.UNION, YEAR)
    found = book(Person(who).open(f"{name}:statement_xlsx", *arguments))
    said = statement(builders.side().union, YEAR)
    assert found.sheetnames == [
        "Statement",
        "Orders",
        "Decisions",
        "No-equivalent certificates",
        "Exceptions used",
        "Purchases from outside",
    ]
    summary = {row[0]: row[1:] for row in rows(found["Statement"])[1:]}
    amounts = {
        "Assistance products": said.assistance,
        "Ordinary products": said.ordinary,
        "Set aside and unspent": said.reserve,
        "Left the purses, by the ledger": said.spent,
        "Leakage": 0,
    }
    assert {words: round(summary[words][0] * 100) for words in amounts} == amounts
    assert summary["Share"][1] == said.share_bp / 10_000
    _header, line, total = rows(found["Orders"])
    assert line[0] == order.number
    assert [round(cell * 100) for cell in line[3:5]] == [said.assistance, said.ordinary]
    assert [round(cell * 100) for cell in total[3:5]] == [said.assistance, said.ordinary]
    assert [row[0] for row in rows(found["No-equivalent certificates"])[1:]] == list(said.certificates)
    assert dict(rows(found["Decisions"])[1:]) == {"Assistance product": 1, "No-equivalent certificate": 1}


def test_unions_are_sorted_by_their_share_and_taken_along(world: None) -> None:
    bought()
    bought([builders.DATES], builders.YUYANG)
    auditor = Person(cast.AUDITOR)
    listing = auditor.open("audit:home", sort="share").context["listing"]
    assert [row.union.code for row in listing.page.object_list[:2]] == [builders.YANTA, builders.YUYANG]
    assert [row.union.code for row in auditor.open("audit:home", level=1).context["page"].object_list] == ["U-SN"]
    found = rows(book(auditor.open("audit:home", **{"as": "xlsx", "sort": "amount"})).active)
    said = statement(builders.side().union, YEAR)
    assert (found[1][0], round(found[1][2] * 100), round(found[1][3] * 100)) == (
        builders.side().union.name_en, said.assistance, said.ordinary,
    )  # fmt: skip
    officer = Person(cast.UNION_OFFICER).open("oversight:home", sort="share").context["listing"]
    assert officer.page.object_list[0].union.code == builders.YANTA


def test_the_distribution_adds_up_to_what_was_decided(world: None) -> None:
    bought()
    bought([builders.DATES], builders.YUYANG)
    auditor = Person(cast.AUDITOR)
    page = auditor.open("audit:distribution").context
    said = [statement(builders.side(code).union, YEAR) for code in (builders.YANTA, builders.YUYANG)]
    whole = sum(one.assistance + one.ordinary for one in said)
    charts = dict(page["charts"])
    for title in ("By union", "By class of goods", "Largest suppliers"):
        assert sum(amount for _name, amount in charts[title]) == whole
    origin = charts["Assistance goods by county of origin"]
    assert [amount for _county, amount in origin] == [sum(one.assistance for one in said)]
    assert sum(amount for _month, amount in page["months"]) == whole
    assert [number for _name, number in page["certificates"]] == [1]
    sheets = book(auditor.open("audit:distribution", **{"as": "xlsx"}))
    assert round(sum(row[4] for row in rows(sheets.worksheets[0])[1:]) * 100) == whole


def test_the_distribution_is_less_what_was_cancelled_like_the_statement(world: None) -> None:
    giver = builders.side()
    order = builders.placed(giver, [builders.DATES], 3)
    builders.placed(giver, [builders.DATES, builders.MOONCAKES], 2, need_date=timezone.localdate() + timedelta(days=40))
    [of_dates] = builders.supplier_orders(order)
    first = Parcel.objects.filter(supplier_order=of_dates).order_by("pk").values_list("pk", flat=True)[0]
    cancel(giver.buyer, of_dates, Report((first,), "not_needed"))
    said, page = statement(giver.union, YEAR), Person(cast.AUDITOR).open("audit:distribution").context
    assert (said.assistance, said.ordinary, said.released) == (4 * 3_000, 2 * 10_800, 3_000)
    charts = dict(page["charts"])
    assert [amount for _name, amount in charts["By union"]] == [said.assistance + said.ordinary]
    assert [amount for _name, amount in charts["Assistance goods by county of origin"]] == [said.assistance]
    assert sum(amount for _month, amount in page["months"]) == said.assistance + said.ordinary
    sheet = book(Person(cast.AUDITOR).open("audit:distribution", **{"as": "xlsx"})).worksheets[0]
    assert rows(sheet)[1][1:5] == (120, 216, 0, 336)
    listing = Person(cast.BUYER).open("union:orders").context["listing"]
    assert listing.total["fen"] - listing.total["gone"] == said.assistance + said.ordinary
    read = Person(cast.AUDITOR).open("audit:order", order.number)
    assert (read.context["total_fen"], read.context["released"], read.context["left_fen"]) == (9_000, 3_000, 6_000)
    assert "¥30.00 of it cancelled, refused or returned; ¥60.00 counts" in text(read)
    page = Person(cast.AUDITOR).open("audit:statement", cast.UNION, YEAR)
    assert "Cancelled, refused or returned, taken off above" in text(page)


def test_flags_are_quiet_where_nothing_is_wrong_and_name_the_order_where_something_is(world: None) -> None:
    order = bought()
    auditor = Person(cast.AUDITOR)

    def raised() -> dict[str, list[str]]:
        return {f.code: [one.subject for one in f.found] for f in auditor.open("audit:flags").context["raised"]}

    assert raised() == {}
    SupplierOrder.objects.filter(order=order, producer__code="P-JX").update(paid_at=timezone.now() - timedelta(days=9))
    assert raised() == {"paid_before_shipped": [f"order:{order.number}"]}
    Accreditation.objects.filter(product__upc=builders.DATES).update(recorded_at=timezone.now() + timedelta(days=1))
    assert raised()["accreditation_missing"] == [f"order:{order.number}"]
    page = auditor.open("audit:flags")
    assert f"/audit/unions/{cast.UNION}/cases/new/?about=order%3A{order.number}" in page.content.decode()


def test_exceptions_that_cluster_on_one_officer_are_flagged(world: None) -> None:
    giver, officer, day = builders.side(), User.objects.get(username=cast.UNION_OFFICER), timezone.localdate()
    for number in range(3):
        asked = ask_exception(
            giver.buyer,
            giver.union,
            builders.product(builders.MOONCAKES),
            grounds=f"…{number}",
            quantity=1,
            valid_from=day,
            valid_to=day,
        )
        assert Person(cast.AUDITOR).open("audit:flags").context["raised"] == []
        grant_exception(officer, asked)
    [flag] = Person(cast.AUDITOR).open("audit:flags").context["raised"]
    assert (flag.code, len(flag.found)) == ("exceptions_cluster", 3)


def test_an_auditor_of_elsewhere_sees_none_of_it(world: None) -> None:
    bought()
    stranger = User.objects.create(username="auditor.hz")
    Membership.objects.create(user=stranger, organisation=Organisation.objects.get(code="U-HZ"), role=Role.AUDITOR)
    page = Person("auditor.hz").open("audit:distribution").context
    assert (page["bought"], sum(amount for _month, amount in page["months"])) == (False, 0)
    assert "Nothing was bought in this year" in text(Person("auditor.hz").open("audit:distribution"))


def test_cases_and_orders_are_narrowed(world: None) -> None:
    order = bought()
    auditor = User.objects.get(username=cast.AUDITOR)
    case = open_case(auditor, builders.side().union, f"order:{order.number}", "=Why?")
    for person, name in ((Person(cast.AUDITOR), "audit:cases"), (Person(cast.BUYER), "union:cases")):
        assert [c.pk for c in person.open(name, state="open").context["listing"].page.object_list] == [case.pk]
        assert person.open(name, state="closed").context["listing"].page.paginator.count == 0
        assert rows(book(person.open(name, **{"as": "xlsx"})).active)[1][-1] == "=Why?"
    buyer = Person(cast.BUYER)
    listing = buyer.open("union:orders", q=order.number, occasion=cast.OCCASION).context["listing"]
    assert (listing.page.paginator.count, listing.total["fen"]) == (1, int(order.total_incl_tax * 100))
    assert buyer.open("union:orders", occasion="qingming").context["listing"].page.paginator.count == 0
    found = rows(book(buyer.open("union:orders", **{"as": "xlsx"})).active)
    assert (round(found[-1][-2] * 100), found[-1][-1]) == (int(order.total_incl_tax * 100), 0)


def test_these_pages_cost_the_same_whatever_their_length(world: None) -> None:
    auditor, officer, buyer = Person(cast.AUDITOR), Person(cast.UNION_OFFICER), Person(cast.BUYER)
    pages = {
        "distribution": lambda: auditor.open("audit:distribution"),
        "flags": lambda: auditor.open("audit:flags"),
        "home": lambda: auditor.open("audit:home"),
        "oversight": lambda: officer.open("oversight:home"),
        "orders": lambda: buyer.open("union:orders"),
        "cases": lambda: auditor.open("audit:cases"),
    }
    bought()
    few = {name: statements_of(page) for name, page in pages.items()}
    for _again in range(3):
        bought([builders.DATES])
        bought([builders.DATES], builders.YUYANG)
    assert {name: statements_of(page) for name, page in pages.items()} == few
    assert max(few.values()) <= 20


def test_a_request_shows_what_it_costs_what_is_on_offer_and_where_the_union_stands(world: None) -> None:
    bought([builders.DATES])
    giver, day = builders.side(), timezone.localdate()
    wanted = builders.product(cast.BLOCKED)
    ask_exception(giver.buyer, giver.union, wanted, grounds="…", quantity=10, valid_from=day, valid_to=day)
    officer = Person(cast.UNION_OFFICER)
    [asking] = officer.open("oversight:exceptions").context["asked"]
    price = wanted.stockrecords.get().price_fen
    assert (asking.price, asking.amount, asking.union.share) == (price, 10 * price, 10_000)
    assert asking.equivalents >= 4
    officer.send("oversight:decide", asking.row.number, "refuse", answer="同类产品充足")
    listing = officer.open("oversight:exceptions", state="refused").context["listing"]
    assert [row.number for row in listing.page.object_list] == [asking.row.number]
    assert officer.open("oversight:exceptions", state="granted").context["listing"].page.paginator.count == 0
    assert rows(book(officer.open("oversight:exceptions", **{"as": "xlsx"})).active)[1][0] == asking.row.number


def test_a_county_narrows_its_accreditations(world: None) -> None:
    county = Person("county.610828")
    everything = county.open("oversight:accreditations").context["listing"].page.paginator.count
    valid = county.open("oversight:accreditations", state="valid").context["listing"]
    assert 0 < valid.page.paginator.count <= everything
    assert county.open("oversight:accreditations", q="滩枣").context["listing"].page.paginator.count == 1
    assert len(rows(book(county.open("oversight:accreditations", **{"as": "xlsx"})).active)) == everything + 1


def test_a_producer_narrows_orders_and_money_and_takes_them_along(world: None) -> None:
    order = bought([builders.DATES])
    producer = Person("p-jx")
    listing = producer.open("producer:orders", state="accepted", q=order.number).context["listing"]
    assert (listing.page.paginator.count, listing.total["fen"]) == (1, int(order.total_incl_tax * 100))
    money = producer.open("producer:money", paid="yes").context
    assert money["listing"].total["net"] == money["paid"]["net"] > 0
    assert producer.open("producer:money", paid="no").context["listing"].page.paginator.count == 0
    found = rows(book(producer.open("producer:money", **{"as": "xlsx"})).active)
    assert round(found[-1][5] * 100) == money["paid"]["net"]
    assert producer.open("producer:home").context["owed"]["net"] == 0


def test_plans_are_narrowed_and_taken_along(world: None) -> None:
    giver = builders.side()
    builders.draft(giver, "=清明慰问", occasion="qingming")
    builders.draft(giver, "中秋慰问")
    buyer = Person(cast.BUYER)
    assert [plan.title for plan in buyer.open("union:programmes", occasion="qingming").context["page"].object_list] == [
        "=清明慰问"
    ]
    assert buyer.open("union:programmes", state="placed").context["page"].paginator.count == 0
    assert "Nothing fits" in text(buyer.open("union:programmes", q="xyz"))
    found = rows(book(buyer.open("union:programmes", **{"as": "xlsx"})).active)
    assert {row[0] for row in found[1:]} == {"=清明慰问", "中秋慰问"}


def test_the_year_that_is_shown_is_the_first_to_choose_from() -> None:
    assert year_choices([2027, 2026, 2025], 2026) == [(2026, "2026"), (2027, "2027"), (2025, "2025")]
    assert year_choices([2027, 2026], 2027) == [(2027, "2027"), (2026, "2026")]
