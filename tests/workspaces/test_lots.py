"""Pages of lots, holds and recalls, and the same by the API: what each sees, what a form does, a workbook that starts no formula."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from python_calamine import CalamineWorkbook

from marketplace.fulfilment.models import Parcel
from marketplace.organisations.models import Reveal, User
from marketplace.stock.models import Lot
from suppliers.provenance.models import CertificateRule, Collection, Incident, PassCertificate
from tests.people import signed_in
from tests.workspaces.persons import Person, statements_of, text
from tests.world import DATES, YUYANG, bring, placed, side

pytestmark = pytest.mark.usefixtures("world")

TODAY = timezone.localdate()
SMALLER = "JX-DATE-500"


@pytest.fixture
def lot(world: None) -> Lot:
    """A lot of dates that went to three members of one union and two of another."""
    for giver, heads, prefix in ((side(), 3, "M"), (side(YUYANG), 2, "Y")):
        bring(placed(giver, [DATES], heads, prefix=prefix), giver.buyer, "shipped")
    return Lot.objects.filter(stock__sku=DATES, allocated__gt=0)[0]


def recalled(lot: Lot, who: str = "p-jx") -> Incident:
    answer = Person(who).send("producer:lot_stop", lot.pk, kind="recall", reason="harmful", words="=1+1")
    assert answer.url.endswith(f"/incidents/{Incident.objects.get().pk}/")
    return Incident.objects.get()


def work(lot: Lot, **changes: Any) -> dict[str, Any]:
    best = lot.best_before.isoformat()
    return {
        "kind": "repack", "done_on": TODAY.isoformat(), "yield_bp": "100", "waste": "0", f"lot_{lot.pk}": 10,
        "out1_stock": lot.stock.pk, "out1_code": "BY-HAND-1", "out1_units": 4, "out1_grams": 1_000, "out1_keeps": best,
        "out2_stock": lot.stock.pk, "out2_code": "BY-HAND-2", "out2_units": 6, "out2_grams": 1_000, "out2_keeps": best,
    } | changes  # fmt: skip


def test_a_lot_is_repacked_by_the_form_once(lot: Lot) -> None:
    grower = Person("p-jx")
    assert "Make, mix or repack" in text(grower.open("producer:lots"))
    assert lot.code in text(grower.open("producer:lot_new"))
    answer = grower.send("producer:lot_new", **work(lot))
    made = Lot.objects.filter(code__startswith="BY-HAND-").order_by("pk")
    assert [(one.code, one.made) for one in made] == [("BY-HAND-1", 4), ("BY-HAND-2", 6)]
    assert answer.url == f"/producer/lots/{made[0].pk}/"
    again = grower.send("producer:lot_new", **work(lot))
    assert "The lot code BY-HAND-1 is already in use" in text(again)
    page = text(grower.open("producer:lot", made[0].pk))
    assert (lot.code in page, "Repacked" in page) == (True, True)


def test_faults_are_told_in_words_and_what_was_typed_is_kept(lot: Lot) -> None:
    answer = Person("p-jx").send(
        "producer:lot_new", **work(lot, out1_units=99_999, out2_code="", **{f"lot_{lot.pk}": 99_999})
    )
    assert "Fill in the whole lot, or leave it empty." in text(answer)
    answer = Person("p-jx").send("producer:lot_new", **work(lot, out1_units=9_999))
    assert ("would weigh" in text(answer), 'value="9999"' in answer.content.decode()) == (True, True)


def test_what_went_in_is_found_by_words_and_what_was_typed_stays(lot: Lot) -> None:
    grower = Person("p-jx")
    page = grower.send("producer:lot_new", find="1", words="no such lot", out1_code="BY-HAND-9", **{f"lot_{lot.pk}": 7})
    found = page.context["form"]
    assert ([one.pk for one in found.sources.lots], found.sources.notes, found.errors) == ([lot.pk], [], {})
    assert (found[f"lot_{lot.pk}"].value(), found["out1_code"].value()) == ("7", "BY-HAND-9")
    assert found.sources.more_lots == Lot.objects.filter(holder=lot.holder).count() - 1
    assert "No purchase note fits." in text(page)
    note = Collection.objects.filter(producer=lot.holder).order_by("-pk")[0]
    page = grower.send("producer:lot_new", find="1", words=note.note)
    assert [one.pk for one in page.context["form"].sources.notes] == [note.pk]
    assert not Lot.objects.filter(code__startswith="BY-HAND-").exists()


def test_without_its_certificate_a_lot_is_not_made(lot: Lot) -> None:
    grower, other = Person("p-jx"), Lot.objects.filter(stock__sku=SMALLER)[0]
    rule = {"commodity_class": lot.stock.offer.product.commodity_class, "since": TODAY}
    CertificateRule.objects.create(**rule)
    used = {"number": "HG-BY-HAND-1", "product": "枣", "quantity": "5 kg", "origin": "佳县", "promised_by": "某"}
    grower.send("producer:lot_certificate", other.pk, **used, issued_on=TODAY.isoformat())
    assert "HG-BY-HAND-1" in text(grower.send("producer:lot_new", **work(lot, certify="on")))
    assert not Lot.objects.filter(code__startswith="BY-HAND-").exists()
    grower.send("producer:lot_new", **work(lot, certify="on", out1_code="BY-HAND-3"))
    made = Lot.objects.filter(code__startswith="BY-HAND-").values_list("code", "certificate__number", "certificate_due")
    assert set(made) == {("BY-HAND-2", "HG-BY-HAND-2", False), ("BY-HAND-3", "HG-BY-HAND-3", False)}


def test_the_list_says_what_keeps_a_lot_from_being_assigned(lot: Lot) -> None:
    def states() -> dict[str, str]:
        return {
            row.code: row.state_code for row in Person("p-jx").open("producer:lots").context["listing"].page.object_list
        }

    first, second, third = Lot.objects.filter(holder=lot.holder).exclude(pk=lot.pk).order_by("pk")[:3]
    Lot.objects.filter(pk=first.pk).update(certificate_due=True)
    Lot.objects.filter(pk=second.pk).update(best_before=TODAY)
    Person("enterprise").send("province:incidents", lot=third.code, kind="hold", reason="test", words="")
    found = states()
    assert [found[one.code] for one in (lot, first, second, third)] == ["good", "uncertified", "out_of_date", "held"]


def test_a_certificate_is_issued_or_entered(lot: Lot) -> None:
    grower, other = Person("p-jx"), Lot.objects.filter(stock__sku=SMALLER)[0]
    assert "This field is required" in text(grower.send("producer:lot_certificate", other.pk, number="1"))
    grower.send("producer:lot_certificate", lot.pk, issue="1")
    grower.send(
        "producer:lot_certificate", other.pk, number="SX-7", product="枣", quantity="5 kg", origin="佳县", promised_by="某",
        issued_on=TODAY.isoformat(),
    )  # fmt: skip
    assert set(PassCertificate.objects.filter(lot__in=[lot, other]).values_list("number", "kind")) == {
        (f"HG-{lot.code}", "issued"),
        ("SX-7", "collected"),
    }
    assert f"HG-{lot.code}" in text(Person().open("trace", lot.code))


def test_a_hold_is_lifted_by_who_placed_it(lot: Lot) -> None:
    grower, enterprise = Person("p-jx"), Person("enterprise")
    answer = enterprise.send("province:incidents", lot=lot.code, kind="hold", reason="test", words="")
    incident = Incident.objects.get()
    assert answer.url == f"/province/incidents/{incident.pk}/"
    assert "Lift the hold" not in text(grower.open("producer:incident", incident.pk))
    grower.send("producer:incident", incident.pk, words="")
    assert (Incident.objects.get().state, Lot.objects.get(pk=lot.pk).condition) == ("open", "held")
    enterprise.send("province:incident", incident.pk, words="合格")
    assert (Incident.objects.get().state, Lot.objects.get(pk=lot.pk).condition) == ("lifted", "good")
    assert "No lot has this code" in text(
        enterprise.send("province:incidents", lot="NONE", kind="hold", reason="test", words="")
    )


@pytest.mark.parametrize(
    ("who", "workspace"), [("county.610828", "oversight"), ("operator", "operate"), ("enterprise", "province")]
)
def test_who_else_recalls(lot: Lot, who: str, workspace: str) -> None:
    Person(who).send(f"{workspace}:incidents", lot=lot.code, kind="recall", reason="label", words="")
    assert Incident.objects.get().by == User.objects.get(username=who).memberships.get().organisation
    assert lot.code in text(Person(who).open(f"{workspace}:incidents"))


def sheet(answer: Any) -> list[list[Any]]:
    book = CalamineWorkbook.from_filelike(io.BytesIO(answer.content))
    return [list(row) for row in book.get_sheet_by_index(0).to_python()]


def test_a_recalls_list_is_masked_for_the_producer_whole_for_the_house_and_a_unions_own(lot: Lot) -> None:
    incident = recalled(lot)
    parcels = {p.supplier_order.union.code: p for p in Parcel.objects.filter(lines__allocations__lot=lot)}
    own, theirs = parcels["U-XA-YT"].name, parcels[YUYANG].name
    page = text(Person("p-jx").open("producer:incident", incident.pk))
    assert (own in page, theirs in page, f"{own[0]}*" in page) == (False, False, True)
    rows = sheet(Person("p-jx").open("producer:incident", incident.pk, **{"as": "xlsx"}))
    assert (len(rows), {row[-1][1] for row in rows[1:-1]}, rows[-1][4]) == (7, {"*"}, 5)
    assert Reveal.objects.filter(purpose="recall").count() == 0
    rows = sheet(Person("enterprise").open("province:incident", incident.pk, **{"as": "xlsx"}))
    assert {own, theirs} <= {row[-1] for row in rows}
    rows = sheet(Person("buyer").open("union:recall", incident.pk, **{"as": "xlsx"}))
    assert (len(rows), own in {row[-1] for row in rows}, theirs in {row[-1] for row in rows}) == (5, True, False)
    assert list(Reveal.objects.filter(purpose="recall").order_by("pk").values_list("count", flat=True)) == [5, 3]
    operator = Person("operator")
    operator.open("operate:incident", incident.pk)
    assert "=1+1" in text(operator.open("operate:incident", incident.pk))


def test_unions_and_members_are_told_on_their_pages(lot: Lot) -> None:
    assert "is recalled" not in text(Person("buyer").open("union:home"))
    recalled(lot)
    home = text(Person("buyer").open("union:home"))
    assert (f"Lot {lot.code} is recalled" in home, "3 parcels of your members" in home) == (True, True)
    assert "Recalled: please do not use it" in text(Person().open("trace", lot.code))


def test_statements_do_not_grow_with_the_parcels(lot: Lot) -> None:
    incident, operator = recalled(lot), Person("operator")
    few = statements_of(lambda: operator.open("operate:incident", incident.pk, state="returned"))
    assert statements_of(lambda: operator.open("operate:incident", incident.pk)) - few in {0, 1}


# The API.


def ask(who: str, path: str, key: str = "k-1", **body: Any) -> Any:
    client = Client(headers={"accept-language": "en", "idempotency-key": key})
    signed_in(client, User.objects.get(username=who))
    return client.post(f"/api/v1/{path}", json.dumps(body), content_type="application/json")


def test_by_the_api(lot: Lot) -> None:
    body = {
        "kind": "repack", "done_on": TODAY.isoformat(), "lots": [{"code": lot.code, "units": 5}],
        "outputs": [{"sku": SMALLER, "code": "API-1", "units": 10, "unit_grams": 500, "best_before": lot.best_before.isoformat()}],
    }  # fmt: skip
    first, again = ask("p-jx", "lots/", **body), ask("p-jx", "lots/", **body)
    assert (first.status_code, first.json()) == (200, again.json())
    assert {k: first.json()["lots"][0][k] for k in ("code", "made", "left", "condition")} == {
        "code": "API-1", "made": 10, "left": 10, "condition": "good",
    }  # fmt: skip
    refused = ask("p-jx", "lots/", "k-2", **(body | {"outputs": [body["outputs"][0] | {"units": 11, "code": "API-2"}]}))
    assert (refused.status_code, [e["code"] for e in refused.json()["errors"]]) == (409, ["out_of_balance"])
    twice = ask("p-jx", "lots/", "k-6", **(body | {"lots": body["lots"] * 2}))
    assert (twice.status_code, twice.json()["errors"][0]["field"]) == (400, "lots")
    assert ask("p-mz", "lots/", **body).status_code == 404
    assert ask("p-jx", f"lots/{lot.code}/certificate", "k-3").json()["number"] == f"HG-{lot.code}"
    held = ask("county.610828", f"lots/{lot.code}/hold", reason="test").json()
    assert (held["by"], held["lots"]) == ("CO-610828", [lot.code, "API-1"])
    assert ask("p-jx", f"incidents/{held['id']}/lift", "k-4").status_code == 409
    assert ask("county.610828", f"incidents/{held['id']}/lift", "k-5").json()["state"] == "lifted"
    assert ask("p-mz", f"lots/{lot.code}/recall", reason="test").status_code == 404
    assert ask("operator", f"lots/{lot.code}/recall", reason="label").json()["kind"] == "recall"
    assert Lot.objects.get(code="API-1").condition == "recalled"
