"""The operator's pages: rules, organisations and purses, the catalogue, failed work, the log."""

from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from marketplace.demo import cast
from marketplace.evidence.models import Entry
from marketplace.fulfilment.models import SupplierOrder
from marketplace.ledger.models import Purse, PurseKind
from marketplace.ledger.purses import fund_from_bank, open_for
from marketplace.organisations.errors import NotAllowed, Refusals, SameKeyOtherBody
from marketplace.organisations.models import Organisation, User
from marketplace.shop.catalogue.models import CommodityClass
from marketplace.shop.determinations import Marks, classify, put_on_offer, remove, set_reference_price, take_off_offer
from marketplace.shop.errors import NotALeaf
from marketplace.shop.partner.models import StockRecord
from marketplace.steps.models import Step, StepState
from marketplace.steps.operations import retry_failed
from marketplace.steps.registry import handler_of, kinds
from marketplace.workspaces.operate.steps import KINDS
from procurement.policy.models import Policy
from procurement.policy.queries import in_force
from tests import world as builders
from tests.workspaces.persons import Person, statements_of, text, told

LISTS = ("organisations", "products", "classes", "steps", "evidence", "policies", "home")


def user(name: str = "operator") -> User:
    return User.objects.get(username=name)


def failed(count: int = 1) -> list[Step]:
    return Step.objects.bulk_create(
        [
            Step(
                cause=f"supplier_order:{n}",
                kind="supplier_order.settle",
                state=StepState.FAILED,
                attempts=8,
                reason="=no lot",
            )
            for n in range(10_000, 10_000 + count)
        ]
    )


def draft_on_the_page(person: Person, **changes: Any) -> Any:
    form = person.open("operate:policy_new").context["form"]
    start = {name: form[name].value() for name in form.fields}
    written = {
        "version": "SN-NEXT",
        "begins": (timezone.localdate() + timedelta(days=30)).isoformat(),
        "source": "陕工发〔2027〕1号（演示）",
        "minimum_share_bp": "62.5",
    }
    wanted = {**start, **written, **changes}
    return person.send(
        "operate:policy_new",
        **{name: value for name, value in wanted.items() if value is not None and value is not False},
    )


def test_a_policy_from_the_draft_to_the_day_it_holds(world: None) -> None:
    first, second = Person("operator"), Person("operator.second")
    answer = draft_on_the_page(first)
    assert answer.status_code == 302, answer.context["form"].errors
    policy = Policy.objects.get(version="SN-NEXT")
    assert answer.url == f"/operate/policies/{policy.pk}/"
    before = Policy.objects.get(version="SN-2020-05")
    kept = {"version", "from", "source", "minimum_share_bp"}
    assert {k: v for k, v in policy.rules().items() if k not in kept} == {
        k: v for k, v in before.rules().items() if k not in kept
    }
    assert policy.minimum_share_bp == 6_250
    assert "SN-NEXT" in text(second.open("operate:home"))
    assert "At least 62.5 % of a union's gifts" in text(second.open("operate:policy", policy.pk)).replace("\xa0", " ")
    first.send("operate:policy_approve", policy.pk)
    assert in_force("61", policy.period.lower) == before
    second.send("operate:policy_approve", policy.pk)
    assert in_force("61", policy.period.lower) == policy
    page = first.open("operate:policies").context
    assert [one["policy"].version for one in page["in_force"]] == ["SN-2020-05"]
    assert page["drafts"] == []


def test_who_grants_exceptions_is_written_by_level(world: None) -> None:
    person = Person("operator")
    draft_on_the_page(person, version="A", grant_3="5000", grant_2="30000", exception_second_from="10000")
    draft_on_the_page(person, version="B", grant_3="0", grant_2="")
    draft_on_the_page(person, version="C", grant_3="")
    grants = dict(Policy.objects.filter(approved_by=None).values_list("version", "exception_grants"))
    assert grants == {
        "A": [{"level": 3, "up_to": 500_000}, {"level": 2, "up_to": 3_000_000}, {"level": 1, "up_to": 0}],
        "B": [{"level": 2, "up_to": 0}],
        "C": [{"level": 3, "up_to": 0}],
    }
    said = text(person.open("operate:policy", Policy.objects.get(version="A").pk))
    assert (
        "goods worth up to ¥5,000.00 are granted by a union above the buyer's, from this level upwards: County." in said
    )
    assert "goods worth more than ¥30,000.00 are granted" in said


def test_what_was_typed_is_kept_when_the_verb_refuses(world: None) -> None:
    answer = draft_on_the_page(Person("operator"), version="SN-2020-05", begins="2020-01-01")
    assert answer.status_code == 200
    assert "belongs to another policy" in text(answer)
    assert "a rule never reaches back" in text(answer)
    assert answer.context["form"]["source"].value() == "陕工发〔2027〕1号（演示）"


def test_an_organisation_is_registered_and_its_purse_opened_and_funded(world: None) -> None:
    person, above = Person("operator"), Organisation.objects.get(code="U-XA")
    answer = person.send(
        "operate:organisation_new", kind="union", code="U-XA-NEW", name="新城区总工会", level=3, parent=above.pk
    )
    assert answer.url == "/operate/organisations/U-XA-NEW/"
    year = timezone.localdate().year
    opening = {"purse-name": "节日慰问", "purse-gift_year": year, "purse-kind": "general"}
    for _twice in range(2):
        person.send("operate:open_purse", "U-XA-NEW", **opening)
    purse = Purse.objects.get(union__code="U-XA-NEW")
    page = person.open("operate:fund", "U-XA-NEW", purse.pk)
    key = page.context["form"]["key"].value()
    for _twice in range(2):
        answer = person.send("operate:fund", "U-XA-NEW", purse.pk, amount="1000.50", reference="BANK-1", key=key)
        assert answer.status_code == 302
    purse.account.refresh_from_db()
    assert purse.account.balance == 100_050
    assert [e.kind for e in Entry.objects.filter(subject=f"purse:{purse.pk}").order_by("id")] == [
        "purse.opened", "ledger.posted", "purse.funded"
    ]  # fmt: skip
    page = person.open("operate:organisation", "U-XA-NEW")
    assert "节日慰问" in text(page)
    assert 'href="/accounts/people/U-XA-NEW/"' in page.content.decode()


def test_faults_of_a_new_organisation_stand_together_above_the_form(world: None) -> None:
    answer = Person("operator").send(
        "operate:organisation_new", kind="producer", code="P-JX", name="x", credit_code="1"
    )
    assert {s for fault in ("belongs to", "GB 32100", "Choose the county") if (s := fault) in text(answer)} == {
        "belongs to", "GB 32100", "Choose the county"
    }  # fmt: skip


def test_a_producer_out_of_good_standing_is_named_on_the_first_page(world: None) -> None:
    person = Person("operator")
    answer = person.send("operate:standing", "P-JX", good="no", **{"standing-ground": ""})
    assert answer.status_code == 200
    person.send("operate:standing", "P-JX", good="no", **{"standing-ground": "抽检不合格"})
    assert Organisation.objects.get(code="P-JX") in person.open("operate:home").context["bad"]
    assert "抽检不合格" in text(person.open("operate:organisation", "P-JX"))


def test_the_ledgers_verbs_ask_who_it_is_and_for_a_paper(world: None) -> None:
    giver = builders.side()
    with pytest.raises(NotAllowed):
        fund_from_bank(giver.approver, giver.general, 100, "BANK", "k")
    with pytest.raises(NotAllowed):
        open_for(giver.approver, giver.union, name="x", name_en="", gift_year=2026, ring_fenced=False)
    with pytest.raises(Refusals) as caught:
        open_for(user(), Organisation.objects.get(code="P-JX"), name=" ", name_en="", gift_year=1999, ring_fenced=True)
    assert [f.code for f in caught.value.refusals] == ["not_a_union", "purse_unnamed", "gift_year_unfit"]
    fund_from_bank(user(), giver.general, 100, "BANK", "k")
    with pytest.raises(SameKeyOtherBody):
        fund_from_bank(user(), giver.general, 200, "BANK", "k")
    fenced = open_for(user(), giver.union, name="新", name_en="", gift_year=timezone.localdate().year, ring_fenced=True)
    assert (fenced.kind, fenced.covered) == (PurseKind.RING_FENCED, True)


def test_goods_without_a_class_come_first_and_are_classified(world: None) -> None:
    found = builders.product(builders.DATES)
    remove(user(), found, "…")
    person = Person("operator")
    assert found in person.open("operate:home").context["unclassified"]
    assert (
        person.open("operate:products").context["listing"].page.object_list[0]["url"]
        == f"/operate/products/{found.pk}/"
    )
    assert (
        person.open("operate:products", commodity_class="none", q="佳县").context["listing"].page.paginator.count == 1
    )
    leaf = CommodityClass.objects.get(code="date.red")
    wanted = {
        "commodity_class": leaf.pk,
        "net_content": 1000,
        "grade": "一级",
        "processing": "干制",
        "dietary": "halal，vegan",
    }
    assert "Ground" in text(person.send("operate:product", found.pk, **wanted))
    person.send("operate:product", found.pk, ground="与同类一致", **wanted)
    found.refresh_from_db()
    assert (found.commodity_class, found.dietary) == (leaf, ["halal", "vegan"])
    assert Entry.objects.filter(kind="product.determined").latest("id").body["before"]["class"] == ""


def test_an_offer_is_taken_off_and_put_on_again(world: None) -> None:
    offer, person = StockRecord.objects.get(partner_sku=builders.DATES), Person("operator")
    for _twice in range(2):
        person.send("operate:offer", offer.product_id, offer=offer.pk, listed="no", **{"offer-ground": "缺证"})
    offer.refresh_from_db()
    assert offer.listed is False
    off = person.open("operate:products", listed="no", q="JX-DATE-1000").context["listing"].page
    assert [row["offer"] for row in off.object_list] == ["Not on offer"]
    person.send("operate:offer", offer.product_id, offer=offer.pk, listed="yes", **{"offer-ground": "补证"})
    offer.refresh_from_db()
    assert offer.listed is True
    kinds = [
        e.kind
        for e in Entry.objects.filter(subject=f"product:{offer.product_id}", kind__contains="listed").order_by("id")
    ]
    assert kinds[-2:] == ["offer.unlisted", "offer.listed_again"]


def test_only_the_operator_keeps_the_catalogue_and_only_leaves_hold_goods(world: None) -> None:
    offer, found = StockRecord.objects.get(partner_sku=builders.DATES), builders.product(builders.DATES)
    leaf, group = CommodityClass.objects.get(code="date.red"), CommodityClass.objects.get(code="grain")
    for act in (
        lambda: classify(user("p-jx"), found, leaf, Marks(1), "x"),
        lambda: take_off_offer(user("p-jx"), offer, "x"),
        lambda: put_on_offer(user("p-jx"), offer, "x"),
        lambda: set_reference_price(user("p-jx"), leaf, 1),
        lambda: retry_failed(user("p-jx"), [1]),
    ):
        with pytest.raises(NotAllowed):
            act()
    with pytest.raises(Refusals) as caught:
        classify(user(), found, group, Marks(0), " ")
    assert [f.code for f in caught.value.refusals] == ["not_a_leaf", "content_missing", "ground_missing"]
    with pytest.raises(NotALeaf):
        set_reference_price(user(), group, 1)


def test_a_reference_price_is_published_once(world: None) -> None:
    person = Person("operator")
    for _twice in range(2):
        person.send("operate:class", "date.red", price="31.20")
    assert CommodityClass.objects.get(code="date.red").reference_price == 3_120
    assert Entry.objects.filter(kind="class.reference_price").count() == 1
    assert person.open("operate:class", "date.red").context["history"][0]["after"] == 3_120


def test_failed_steps_are_shown_with_their_reason_and_tried_again(world: None) -> None:
    first, second = failed(2)
    person = Person("operator")
    assert person.open("operate:home").context["failed"] == 2
    page = person.open("operate:steps", state="failed", kind="supplier_order.settle")
    assert page.context["listing"].page.paginator.count == 2
    assert "=no lot" in text(page)
    person.send("operate:retry", step=first.pk)
    first.refresh_from_db()
    assert (first.state, first.attempts) == (StepState.DUE, 0)
    assert told(person.send("operate:retry"))[-1] == "1 step is tried again."
    assert told(person.send("operate:retry", step=second.pk))[-1] == "0 steps are tried again."
    assert Entry.objects.filter(kind="steps.retried").count() == 2


def test_a_step_says_what_it_does_for_whom_and_what_helps(world: None) -> None:
    order = builders.bring(builders.placed(builders.side(), [builders.DATES]), builders.side().buyer, "assigned")
    part = SupplierOrder.objects.get(order=order)
    Step.objects.filter(kind="supplier_order.assign_lots").update(state=StepState.FAILED, attempts=8, reason="no lot")
    person = Person("operator")
    page = person.open("operate:steps", state="failed")
    (step,) = page.context["listing"].page.object_list
    assert (step.kind_words, step.about.words) == ("Give lots to the parcels", f"Supplier order {part.number}")
    assert step.about.whom.code == "P-JX"
    assert step.about.url == f"{reverse('operate:evidence')}?q=order%3A{order.number}"
    assert "Ask the producer whether a lot is still to be recorded" in text(page)
    entries = person.client.get(step.about.url).context["listing"].page
    assert "supplier_order.confirmed" in {entry.kind for entry in entries.object_list}


def test_every_kind_of_step_has_words() -> None:
    assert {kind for kind in kinds() if not handler_of(kind).__module__.startswith("tests.")} == set(KINDS)


def test_workbooks_of_the_operator_hold_text_as_text(world: None) -> None:
    failed()
    person = Person("operator")
    for name in ("organisations", "products", "classes", "steps", "evidence"):
        answer = person.open(f"operate:{name}", **{"as": "xlsx"})
        page = load_workbook(BytesIO(answer.content)).active
        assert page.max_row == person.open(f"operate:{name}").context["listing"].page.paginator.count + 1
        assert {cell.data_type for row in page.iter_rows() for cell in row} <= {"s", "n", "d"}
    assert "=no lot" in {cell.value for row in _book(person, "steps").iter_rows() for cell in row}


def _book(person: Person, name: str) -> Any:
    answer = person.open(f"operate:{name}", **{"as": "xlsx"})
    return load_workbook(BytesIO(answer.content)).active


def test_pages_cost_the_same_whatever_their_length(world: None) -> None:
    person = Person("operator")
    failed()
    few = {name: statements_of(lambda name=name: person.open(f"operate:{name}")) for name in LISTS}
    Step.objects.all().delete()
    failed(30)
    for number in range(30):
        Organisation.objects.create(
            kind="trader", code=f"T-{number:03d}", name=f"商 {number}", name_en=f"Trader {number}"
        )
    builders.bring(builders.placed(builders.side(), [builders.DATES]), builders.side().buyer, "accepted")
    many = {name: statements_of(lambda name=name: person.open(f"operate:{name}")) for name in LISTS}
    assert many == few
    assert max(few.values()) <= 16


def test_the_tree_can_be_narrowed(world: None) -> None:
    person = Person("operator")

    def codes(**asked: Any) -> list[str]:
        return [
            row["code"] for row in person.open("operate:organisations", **asked).context["listing"].page.object_list
        ]

    assert codes(kind="union", level=2) == ["U-HZ", "U-XA", "U-YL"]
    assert codes(q=cast.UNION, level=3) == [cast.UNION]
    assert codes(standing="bad", kind="union") == []
