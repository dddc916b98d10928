"""Pages of determinations, bounds, certificates, challenges and the sweep: what strangers read, and who finds which button."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from marketplace.demo import cast
from marketplace.organisations.models import Organisation, User
from marketplace.shop.catalogue.models import ClassBounds, CommodityClass, Determination
from marketplace.shop.determinations import Marks, classify
from procurement.priority.models import Certificate
from procurement.watch.actions import open_challenge
from procurement.watch.models import Challenge, Proposal
from tests import world as builders
from tests.workspaces.persons import Person, statements_of, text, told

pytestmark = pytest.mark.usefixtures("world")


@pytest.fixture
def matter() -> SimpleNamespace:
    """Jiaxian's producer sells a kind of mooncakes; Yanta's union bought others under a certificate."""
    mooncakes = builders.product(builders.MOONCAKES)
    made = classify(
        User.objects.get(username="operator"), builders.product(builders.DATES), mooncakes.commodity_class,
        Marks(600, processing="手工"), "枣泥月饼",
    )  # fmt: skip
    giver = builders.side()
    order = builders.placed(giver, [builders.FUNGUS, builders.MOONCAKES])
    builders.run_all_due()
    return SimpleNamespace(determination=made, certificate=Certificate.objects.get(decisions__order=order))


def challenged(matter: SimpleNamespace) -> Challenge:
    seller = Organisation.objects.get(code="P-JX")
    return open_challenge(User.objects.get(username="p-jx"), seller, matter.certificate, "我社有货。")


def test_a_certificate_is_verified_by_its_number(matter: SimpleNamespace) -> None:
    page = Person().open("register_certificate", matter.certificate.number)
    said = text(page)
    assert "no assistance product of the class “Mooncakes” was suitable. It holds for that order only." in said
    assert "another processing" in said
    assert "Jiaxian red dates 1 kg" in said
    assert "Zhashui" not in said  # nothing of the gift but the class
    entry = matter.certificate.judgement.entry
    assert reverse("entry", args=[entry.pk]) in page.content.decode()
    assert bytes(entry.leaf_hash).hex() in said
    assert "Challenge" not in [link.strip() for link in said.split("Stands")[:1]]
    assert Person().open("register_certificate", "NE-0").status_code == 404


def test_the_producers_of_the_class_find_it_on_their_first_page_and_challenge_it(matter: SimpleNamespace) -> None:
    producer = Person("p-jx")
    number = matter.certificate.number
    home = text(producer.open("producer:home"))
    assert "Unions bought ordinary goods of your classes" in home
    assert number in home
    assert number not in text(Person("p-zy").open("producer:home"))
    assert Person("p-zy").open("producer:challenge_new", number).status_code == 404
    refused = producer.send("producer:challenge_new", number, text="请致电 13812345678")
    assert "looks like a phone" in text(refused)
    assert "请致电 13812345678" in refused.content.decode()  # what was typed is kept
    paper = SimpleUploadedFile("报告.pdf", b"%PDF-1.7")
    answer = producer.send("producer:challenge_new", number, text="我社有货。", paper=paper)
    challenge = Challenge.objects.latest("id")
    assert answer.url == reverse("register_challenge", args=[challenge.pk])
    again = producer.send("producer:challenge_new", number, text="我社有货。")
    assert "has challenged" in text(again)
    stranger = text(Person().open("register_challenge", challenge.pk))
    assert "我社有货。" in stranger
    assert "报告.pdf" not in stranger
    assert "报告.pdf" in text(producer.open("register_challenge", challenge.pk))
    file = producer.open("challenge_paper", challenge.pk, challenge.papers.get().pk)
    assert file.content == b"%PDF-1.7"


def test_a_challenge_is_talked_over_and_decided(matter: SimpleNamespace) -> None:
    pk = challenged(matter).pk
    for _twice in range(2):
        Person(cast.BUYER).send("challenge_say", pk, text="下单时未显示。")
    assert Challenge.objects.get(pk=pk).messages.count() == 1
    assert Person("p-zy").send("challenge_say", pk, text="…").status_code == 404
    assert Person(cast.BUYER).send("challenge_decide", pk, outcome="uphold", reason="…").status_code == 403
    officer = Person(cast.UNION_OFFICER)
    assert "Decide and publish" in text(officer.open("register_challenge", pk))
    assert "Decide and publish" not in text(Person(cast.BUYER).open("register_challenge", pk))
    incomplete = officer.send("challenge_decide", pk, outcome="uphold", reason="")
    assert incomplete.context["outcome"].errors
    officer.send("challenge_decide", pk, outcome="uphold", reason="该产品当时在售。")
    certificate = text(Person().open("register_certificate", matter.certificate.number))
    assert "counts as estimated leakage" in certificate
    rows = Person().open("register_certificates").context["listing"].page.object_list
    assert [row["state"] for row in rows if row["number"] == matter.certificate.number] == ["refuted"]
    home = Person(cast.BUYER).open("union:home")
    assert [one.certificate for one in home.context["refuted"]] == [matter.certificate.number]
    assert reverse("register_certificate", args=[matter.certificate.number]) in home.content.decode()
    assert Person("buyer.yuyang").open("union:home").context["refuted"] == []
    late = officer.send("challenge_decide", pk, outcome="reject", reason="…")
    assert "“Upheld” by now" in told(late)[-1]


def test_a_seller_takes_its_own_challenge_back(matter: SimpleNamespace) -> None:
    pk = challenged(matter).pk
    assert Person("p-zy").send("challenge_withdraw", pk).status_code == 404
    Person("p-jx").send("challenge_withdraw", pk)
    assert Challenge.objects.get(pk=pk).state == "withdrawn"


def test_a_determination_is_read_by_all(matter: SimpleNamespace) -> None:
    page = Person().open("register_determination", matter.determination.number)
    changed = {fact["name"]: (fact["before"], fact["after"]) for fact in page.context["facts"] if fact["changed"]}
    assert changed["Commodity class"] == ("Red dates", "Mooncakes")
    assert changed["Net content"] == ("1,000 gram", "600 gram")
    assert "枣泥月饼" in text(page)
    assert matter.determination.number in text(Person().open("register_determinations", q="枣泥"))


def test_a_class_without_bounds_says_what_holds(matter: SimpleNamespace) -> None:
    said = text(Person().open("register_class", "grain.millet"))
    assert "No bounds are set for this class: every package size is compared with every other" in said
    assert Person().open("register_class", "grain").status_code == 404


def test_bounds_from_the_proposal_to_the_day_they_hold() -> None:
    first, second = Person("operator"), Person("operator.second")
    wish = {"content_least": "500", "content_most": "400", "grades": "特级，一级、二级", "ground": "常见包装"}
    refused = first.send("operate:bounds", "grain.millet", **wish)
    assert "is larger than the largest" in text(refused)
    assert "is longer than the 20 characters" in text(
        first.send(
            "operate:bounds",
            "grain.millet",
            **wish | {"grades": "特级至一级之间以国家标准所列的各项指标为准", "content_most": "5000"},
        )
    )
    first.send("operate:bounds", "grain.millet", **wish | {"content_most": "5000"})
    bounds = ClassBounds.objects.get(commodity_class__code="grain.millet")
    assert bounds.grades == ["特级", "一级", "二级"]
    assert "Millet" in text(second.open("operate:home"))
    assert "Set in force" not in text(first.open("operate:class", "grain.millet"))
    assert told(first.send("operate:bounds_approve", bounds.pk)) == [
        "You proposed these bounds for “Millet” yourself: another operator has to look at them."
    ]
    second.send("operate:bounds_approve", bounds.pk)
    said = text(Person().open("register_class", "grain.millet"))
    assert "Sales units of 500 to 5,000 (gram) are compared with each other." in said
    second.send("operate:bounds_discard", bounds.pk)
    bounds.refresh_from_db()
    assert bounds.state == "in_force"


def test_what_the_sweep_found_is_worked_off() -> None:
    product = builders.product(cast.BLOCKED)
    leaf = CommodityClass.objects.get(code="honey.bee")
    other = builders.product(builders.HONEY)
    proposal = Proposal.objects.create(product=product, kind="twin", commodity_class=leaf, other=other, likeness=8_000)
    operator = Person("operator")
    assert product.get_title() in str(operator.open("operate:sweep", q=product.upc).context["listing"].page.object_list)
    assert told(operator.send("operate:sweep_dismiss", proposal.pk, ground=" "))
    operator.send("operate:sweep_dismiss", proposal.pk, ground="名称相近，实为小米")
    assert operator.open("operate:sweep", q=product.upc).context["listing"].page.object_list == []


def test_a_product_is_taken_out_of_its_class() -> None:
    product, operator = builders.product(builders.TEA), Person("operator")
    operator.send("operate:product_remove", product.pk, **{"remove-ground": "待核对"})
    product.refresh_from_db()
    assert product.commodity_class is None
    assert Determination.objects.filter(product=product).latest("id").ground == "待核对"


def test_pages_cost_the_same_whatever_their_length(matter: SimpleNamespace) -> None:
    person = Person("p-jx")
    pk = challenged(matter).pk
    pages = (
        lambda: person.open("register_determinations"),
        lambda: person.open("register_challenges"),
        lambda: person.open("register_challenge", pk),
        lambda: person.open("register_certificates"),
        lambda: person.open("producer:challenges"),
        lambda: person.open("producer:home"),
    )
    before = [statements_of(page) for page in pages]
    operator = User.objects.get(username="operator")
    for sku in (builders.TEA, builders.HONEY, builders.FUNGUS):
        made = classify(operator, builders.product(sku), matter.determination.to_class, Marks(600), "…")
        assert made is not None
        seller = Organisation.objects.get(partner__stockrecords__product__upc=sku)
        open_challenge(User.objects.get(username=cast.seller_login(seller.code)), seller, made, "…")
    Person("p-jx").send("challenge_say", pk, text="一")
    Person(cast.BUYER).send("challenge_say", pk, text="二")
    assert [statements_of(page) for page in pages] == before
