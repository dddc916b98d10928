"""An auditor's pages: the statement, what the rule saw, the pack, questions and answers."""

import json
from typing import Any

from django.urls import reverse
from django.utils import timezone

from marketplace.demo import cast
from marketplace.organisations.models import Organisation
from marketplace.organisations.scopes import seen_by
from marketplace.shop.order.models import Order
from marketplace.workspaces.templatetags._figures import when
from procurement.audit.models import AuditCase
from procurement.compliance.models import EvidencePack
from procurement.compliance.queries import statement
from tests import world as builders
from tests.workspaces.persons import Person, text, told


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
    groups = {group.title: group for group in page.context["groups"]}
    dates, mooncakes = (builders.product(sku).title_en for sku in (builders.DATES, builders.MOONCAKES))
    assert set(groups) == {dates, mooncakes}
    [row] = groups[dates].rows
    assert (row.outcome, row.quantity, row.regions, row.price.is_one) == ("assistance", 3, ["Xi'an"], True)
    assert page.context["outcomes"] == [("assistance", 1), ("no_equivalent", 1)]
    assert f"Allowed on {when(timezone.localdate())}, for 3 members." in text(page)
    assert bytes(judgement.leaf_hash).hex() in text(page)


def test_a_pack_without_a_witness_is_refused_in_words(fresh_world: Any, settings: Any) -> None:
    settings.EVIDENCE_WITNESSES = []
    with seen_by(None):
        order = builders.placed(builders.side(), [builders.DATES])
    answer = Person(cast.BUYER).send("union:pack", order.number)
    assert answer.url == reverse("union:order", args=[order.number])
    assert "No witness of the log is named" in told(answer)[-1]
    with seen_by(None):
        assert not EvidencePack.objects.exists()


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
