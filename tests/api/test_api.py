"""What other systems get: who may ask for what, exact figures, commands that happen once, and the published schema."""

import io
import json
from pathlib import Path

import jsonschema
import pytest
import yaml
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver

from marketplace.api.management.commands.write_schemas import contents
from marketplace.api.statements import OrderRowSerializer, StatementSerializer
from marketplace.evidence.models import Checkpoint
from marketplace.evidence.sequencer import sequence_all
from marketplace.fulfilment.models import Consignment, SupplierOrder
from marketplace.organisations.models import Role
from marketplace.steps.actions import run_all_due
from marketplace.steps.models import Command
from marketplace.workspaces.doors import Audience
from procurement.compliance.queries import statement
from procurement.priority.models import Judgement
from tests.api.small_order import place_order
from tests.house import ROOT

API = "/api/v1"
GOODS_OF_FOUR = ("JX-DATE-500", "HS-BEAN-1000", "YX-BLACKRICE-1000", "WB-NOODLE-1000")
STOPPERS = frozenset({Role.PRODUCER, Role.PROVINCE, Role.COUNTY_OFFICER})
UNION_SIDE = frozenset({Role.BUYER, Role.APPROVER, Role.UNION_OFFICER, Role.AUDITOR})


def producers_order(order, code="P-JX"):
    return SupplierOrder.objects.select_related("producer").get(order=order, producer__code=code)


def post(client, url, key="k-1", body=None):
    headers = {"idempotency-key": key} if key else {}
    return client.post(url, json.dumps(body or {}), content_type="application/json", headers=headers)


# Who may come in.


def test_every_address_names_its_audience() -> None:
    resolver = next(p for p in get_resolver().url_patterns if str(p.pattern) == "api/v1/")
    audiences = {pattern.name: pattern.callback.audience for pattern in resolver.url_patterns}
    assert audiences == {
        "api-entry-points": Audience(),
        "api-statement": Audience(UNION_SIDE),
        "api-exceptions": Audience(UNION_SIDE),
        "api-close-year": Audience(frozenset({Role.APPROVER, Role.UNION_OFFICER})),
        "api-orders": Audience(UNION_SIDE),
        "api-order": Audience(UNION_SIDE),
        "api-hand-on": Audience(frozenset({Role.BUYER})),
        "api-reattributions": Audience(UNION_SIDE),
        "api-take-over": Audience(frozenset({Role.BUYER, Role.APPROVER})),
        "api-decline": Audience(frozenset({Role.BUYER, Role.APPROVER})),
        "api-withdraw": Audience(frozenset({Role.BUYER})),
        "api-outside-purchases": Audience(UNION_SIDE),
        "api-outside-purchase": Audience(UNION_SIDE),
        "api-outside-reverse": Audience(frozenset({Role.BUYER})),
        "api-supplier-orders": Audience(frozenset({Role.PRODUCER})),
        "api-confirm": Audience(frozenset({Role.PRODUCER})),
        "api-ship": Audience(frozenset({Role.PRODUCER})),
        "api-purchase-notes": Audience(frozenset({Role.PRODUCER})),
        "api-purchase-note": Audience(frozenset({Role.PRODUCER})),
        "api-purchase-paid": Audience(frozenset({Role.PRODUCER})),
        "api-purchase-reverse": Audience(frozenset({Role.PRODUCER})),
        "api-lots": Audience(frozenset({Role.PRODUCER})),
        "api-lot-certificate": Audience(frozenset({Role.PRODUCER})),
        "api-lot-hold": Audience(STOPPERS),
        "api-lot-recall": Audience(STOPPERS | {Role.OPERATOR}),
        "api-incident-lift": Audience(STOPPERS),
        "api-latest-checkpoint": Audience(),
        "api-schema": Audience(),
    }


@pytest.mark.parametrize(
    "path",
    ["statements/U-XA-YT/2026", "exceptions/", "orders/", "orders/x", "supplier-orders/", "supplier-orders/x/confirm"],
)
def test_a_stranger_gets_401(order, path) -> None:
    client = Client(headers={"accept-language": "en"})
    answer = client.post(f"{API}/{path}") if path.endswith("confirm") else client.get(f"{API}/{path}")
    assert answer.status_code == 401
    assert answer.json() == {
        "code": "not_authenticated",
        "message": "Authentication credentials were not provided.",
        "errors": [{"code": "not_authenticated", "message": "Authentication credentials were not provided."}],
    }


@pytest.mark.parametrize(
    ("who", "path"),
    [("p-jx", "orders/"), ("operator", "orders/"), ("buyer", "supplier-orders/"), ("auditor", "supplier-orders/")],
)
def test_another_role_gets_403(order, as_user, who, path) -> None:
    answer = as_user(who).get(f"{API}/{path}")
    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")


@pytest.mark.parametrize(("who", "seen"), [("buyer", 1), ("officer", 1), ("auditor", 1), ("buyer.yuyang", 0)])
def test_orders_are_seen_by_the_union_and_those_above_it(order, as_user, who, seen) -> None:
    client = as_user(who)
    page = client.get(f"{API}/orders/")
    assert page.headers["Cache-Control"] == "private, no-store"
    assert [row["number"] for row in page.json()["results"]] == [order.number] * seen
    assert client.get(f"{API}/orders/{order.number}").status_code == (200 if seen else 404)
    assert client.get(f"{API}/statements/U-XA-YT/{order.gift_year}").status_code == (200 if seen else 404)


def test_a_union_does_not_see_the_statements_of_those_above_or_below(order, as_user) -> None:
    client = as_user("buyer")
    for code in ("U-XA", "U-XA-YT-01", "P-JX", "nobody"):
        answer = client.get(f"{API}/statements/{code}/{order.gift_year}")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert client.get(f"{API}/statements/U-XA-YT/1999").status_code == 404


def test_a_command_of_a_browser_without_its_token_is_refused(order, as_user) -> None:
    client = as_user("p-jx", enforce_csrf_checks=True)
    answer = post(client, f"{API}/supplier-orders/{producers_order(order).number}/confirm")
    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")


# Figures.


def test_the_order_as_it_was_placed(order, as_user) -> None:
    found = as_user("auditor").get(f"{API}/orders/{order.number}").json()
    assert {name: found[name] for name in ("number", "union", "gift_year", "recipients", "total", "parcels")} == {
        "number": order.number,
        "union": "U-XA-YT",
        "gift_year": order.gift_year,
        "recipients": 2,
        "total": 2 * (3_000 + 1_580 + 3_280),
        "parcels": {"placed": 6},
    }
    lines = {line["sku"]: line for line in found["lines"]}
    assert {sku: (line["quantity"], line["unit_price"], line["amount"]) for sku, line in lines.items()} == {
        "JX-DATE-1000": (2, 3_000, 6_000),
        "MZ-BEAN-1000": (2, 1_580, 3_160),
        "RH-WASH-3000": (2, 3_280, 6_560),
    }
    assert {sku: [d["outcome"] for d in line["decisions"]] for sku, line in lines.items()} == {
        "JX-DATE-1000": ["assistance"],
        "MZ-BEAN-1000": ["assistance"],
        "RH-WASH-3000": ["no_equivalent"],
    }
    assert lines["RH-WASH-3000"]["decisions"][0]["certificate"] == f"NE-{order.number}-01"
    assert [(so["producer"], so["state"], so["parcels"]) for so in found["supplier_orders"]] == [
        ("P-JX", "sent", 2),
        ("P-MZ", "sent", 2),
        ("T-RH", "sent", 2),
    ]


def test_the_statement_is_the_computed_one_in_full(order, as_user) -> None:
    found = as_user("buyer").get(f"{API}/statements/U-XA-YT/{order.gift_year}").json()
    assert found == statement(order.union, order.gift_year).as_dict()
    assert (found["assistance"], found["ordinary"], found["share_bp"]) == (9_160, 6_560, 5_826)
    assert set(StatementSerializer().fields) == set(found)
    assert set(OrderRowSerializer().fields) == set(found["orders"][0])


def test_no_answer_names_a_recipient(order, as_user) -> None:
    paths = ["orders/", f"orders/{order.number}", f"statements/U-XA-YT/{order.gift_year}"]
    texts = [as_user("buyer").get(f"{API}/{path}").content.decode() for path in paths]
    texts.append(as_user("p-jx").get(f"{API}/supplier-orders/").content.decode())
    for secret in ("王小明", "139000", "友谊西路"):
        assert [secret in text for text in texts] == [False] * 4


def statements_of(client, path):
    with CaptureQueriesContext(connection) as caught:
        assert client.get(f"{API}/{path}").status_code == 200
    return len(caught)


def test_statements_are_constant_in_the_number_of_orders_and_lines(order, as_user) -> None:
    buyer, producer = as_user("buyer"), as_user("p-jx")
    paths = [(buyer, "orders/"), (producer, "supplier-orders/"), (buyer, f"statements/U-XA-YT/{order.gift_year}")]
    before = [statements_of(client, path) for client, path in paths]
    small = statements_of(buyer, f"orders/{order.number}")
    for number, goods in ((2, GOODS_OF_FOUR), (3, GOODS_OF_FOUR)):
        larger = place_order(number, goods)
    assert [statements_of(client, path) for client, path in paths] == before
    assert statements_of(buyer, f"orders/{larger.number}") == small
    # Session, person, roles; then the order, its lines, decisions, supplier orders, parcels.
    assert small == 8


def test_pages_follow_one_another(order, as_user, monkeypatch) -> None:
    monkeypatch.setattr("marketplace.api.base.NewestFirst.page_size", 2)
    placed = [order.number, *(place_order(number, GOODS_OF_FOUR).number for number in (2, 3))]
    client = as_user("buyer")
    first = client.get(f"{API}/orders/").json()
    second = client.get(first["next"]).json()
    assert [row["number"] for row in first["results"] + second["results"]] == placed[::-1]
    assert (first["previous"], second["next"]) == (None, None)


# Commands.


def test_confirm_and_ship_happen_once(order, as_user) -> None:
    client, so = as_user("p-jx"), producers_order(order)
    url = f"{API}/supplier-orders/{so.number}"
    first = post(client, f"{url}/confirm", "confirm-1")
    assert (first.status_code, first.json()["state"]) == (200, "confirmed")
    run_all_due()
    shipped = post(client, f"{url}/ship", "ship-1", {"carrier": "秦岭速运", "waybill": "QL-001"})
    assert (shipped.status_code, shipped.json()["state"], shipped.json()["parcels"]) == (200, "shipped", 2)
    # A repetition gets the first answer, though the state has gone on.
    assert post(client, f"{url}/confirm", "confirm-1").json() == first.json()
    assert post(client, f"{url}/ship", "ship-1", {"carrier": "秦岭速运", "waybill": "QL-001"}).json() == shipped.json()
    assert Consignment.objects.filter(supplier_order=so).count() == 1
    other = post(client, f"{url}/ship", "ship-1", {"carrier": "秦岭速运", "waybill": "QL-002"})
    assert (other.status_code, other.json()["code"]) == (409, "same_key_other_body")
    assert Consignment.objects.filter(supplier_order=so).count() == 1


@pytest.mark.parametrize("key", ["", "with space", "x" * 65, "中"])
def test_a_command_needs_a_key(order, as_user, key) -> None:
    so = producers_order(order)
    answer = as_user("p-jx").post(
        f"{API}/supplier-orders/{so.number}/confirm", headers={"idempotency-key": key.encode("utf-8").decode("latin-1")}
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_missing")
    so.refresh_from_db()
    assert so.confirmed_at is None


def test_a_refused_command_leaves_its_key_free(order, as_user) -> None:
    client, so = as_user("p-jx"), producers_order(order)
    body = {"carrier": "秦岭速运", "waybill": "QL-001"}
    refused = post(client, f"{API}/supplier-orders/{so.number}/ship", "k-7", body)
    assert (refused.status_code, refused.json()["code"]) == (409, "not_yet")
    assert (
        refused.json()["message"]
        == f"The supplier order {so.number} is “sent”; to ship it, it has to be “assigned” first."
    )
    assert not Command.objects.filter(key="k-7").exists()
    post(client, f"{API}/supplier-orders/{so.number}/confirm", "k-8")
    run_all_due()
    assert post(client, f"{API}/supplier-orders/{so.number}/ship", "k-7", body).json()["state"] == "shipped"


def test_every_fault_of_a_body_is_named(order, as_user) -> None:
    so = producers_order(order)
    answer = post(as_user("p-jx"), f"{API}/supplier-orders/{so.number}/ship", body={"carrier": "x" * 61})
    assert answer.status_code == 400
    assert [(e["field"], e["code"]) for e in answer.json()["errors"]] == [
        ("carrier", "max_length"),
        ("waybill", "required"),
    ]
    broken = as_user("p-jx").post(f"{API}/supplier-orders/{so.number}/ship", "{", content_type="application/json")
    assert (broken.status_code, broken.json()["code"]) == (400, "parse_error")


@pytest.mark.parametrize("waybill", ["QL1", "没有单号", "QL 0001"])
def test_words_are_no_waybill_number(order, as_user, waybill) -> None:
    so = producers_order(order)
    body = {"carrier": "秦岭速运", "waybill": waybill}
    answer = post(as_user("p-jx"), f"{API}/supplier-orders/{so.number}/ship", body=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "waybill_unfit")
    assert answer.json()["message"].startswith("A waybill number has 4 to 60 letters, digits or hyphens")
    assert not Consignment.objects.exists()


def test_another_producers_order_is_not_there(order, as_user) -> None:
    so = producers_order(order)
    assert post(as_user("p-mz"), f"{API}/supplier-orders/{so.number}/confirm").status_code == 404
    SupplierOrder.objects.filter(pk=so.pk).update(sent_at=None)
    assert post(as_user("p-jx"), f"{API}/supplier-orders/{so.number}/confirm").status_code == 404


# The log.


def test_the_latest_checkpoint_is_public(order) -> None:
    client = Client()
    sequence_all()
    latest = Checkpoint.objects.latest()
    found = client.get(f"{API}/checkpoints/latest").json()
    assert (found["size"], found["root"], found["note"]) == (latest.size, bytes(latest.root).hex(), latest.note)
    assert found["cosignatures"] == []


def test_no_checkpoint_yet(db) -> None:
    answer = Client().get(f"{API}/checkpoints/latest")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


# Where to begin.


def test_the_root_names_every_address_its_methods_and_who_may_come(db) -> None:
    answer = Client().get(f"{API}/")
    found = answer.json()
    assert (answer.status_code, found["schema"]) == (200, "http://testserver/api/v1/schema")
    assert Client().get(found["schema"]).status_code == 200
    told = {one["address"]: (one["methods"], one["roles"]) for one in found["addresses"]}
    assert told["http://testserver/api/v1/lots/"] == (["GET", "POST"], ["producer"])
    assert told["http://testserver/api/v1/re-attributions/{pk}/take-over"] == (["POST"], ["approver", "buyer"])
    assert told["http://testserver/api/v1/checkpoints/latest"] == (["GET"], [])
    resolver = next(p for p in get_resolver().url_patterns if str(p.pattern) == "api/v1/")
    assert len(told) == len(resolver.url_patterns)


# Schemas.


def test_the_committed_schemas_are_current(tmp_path: Path) -> None:
    call_command("write_schemas", check=True)
    call_command("write_schemas", folder=tmp_path, stdout=io.StringIO())
    (tmp_path / "openapi.yaml").write_text("openapi: 3.0.3\n")
    with pytest.raises(CommandError, match=r"openapi\.yaml"):
        call_command("write_schemas", check=True, folder=tmp_path)


def test_the_served_schema_describes_every_other_address(db) -> None:
    served = yaml.safe_load(Client().get(f"{API}/schema").content)
    paths = {path: sorted(set(found) & {"get", "post"}) for path, found in served["paths"].items()}
    assert paths == {
        "/api/v1/": ["get"],
        "/api/v1/checkpoints/latest": ["get"],
        "/api/v1/exceptions/": ["get"],
        "/api/v1/incidents/{id}/lift": ["post"],
        "/api/v1/lots/": ["get", "post"],
        "/api/v1/lots/{code}/certificate": ["post"],
        "/api/v1/lots/{code}/hold": ["post"],
        "/api/v1/lots/{code}/recall": ["post"],
        "/api/v1/orders/": ["get"],
        "/api/v1/orders/{number}": ["get"],
        "/api/v1/orders/{number}/hand-on": ["post"],
        "/api/v1/outside-purchases/": ["get", "post"],
        "/api/v1/outside-purchases/{number}": ["get"],
        "/api/v1/outside-purchases/{number}/reverse": ["post"],
        "/api/v1/purchase-notes/": ["get", "post"],
        "/api/v1/purchase-notes/{id}": ["get"],
        "/api/v1/purchase-notes/{id}/paid": ["post"],
        "/api/v1/purchase-notes/{id}/reverse": ["post"],
        "/api/v1/re-attributions/": ["get"],
        "/api/v1/re-attributions/{id}/decline": ["post"],
        "/api/v1/re-attributions/{id}/take-over": ["post"],
        "/api/v1/re-attributions/{id}/withdraw": ["post"],
        "/api/v1/statements/{union}/{year}": ["get"],
        "/api/v1/statements/{union}/{year}/close": ["post"],
        "/api/v1/supplier-orders/": ["get"],
        "/api/v1/supplier-orders/{number}/confirm": ["post"],
        "/api/v1/supplier-orders/{number}/ship": ["post"],
    }


def answer_schema(operation_id):
    """The schema of an operation's 200 answer, references resolved, as JSON Schema."""
    document = yaml.safe_load(contents()["openapi.yaml"])
    for path in document["paths"].values():
        for operation in path.values():
            if operation["operationId"] == operation_id:
                schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
                return {"components": document["components"], **schema}
    raise AssertionError(operation_id)


def test_answers_fit_the_schema(order, as_user) -> None:
    sequence_all()
    asked = [
        ("buyer", "statement", f"statements/U-XA-YT/{order.gift_year}"),
        ("buyer", "order", f"orders/{order.number}"),
        ("p-jx", "supplier_orders", "supplier-orders/"),
        ("p-jx", "latest_checkpoint", "checkpoints/latest"),
    ]
    for who, operation, path in asked:
        schema = _nullable(answer_schema(operation))
        jsonschema.Draft202012Validator(schema).validate(as_user(who).get(f"{API}/{path}").json())


def _nullable(schema):
    """OpenAPI 3.0 writes `nullable` where JSON Schema has a further type."""
    if isinstance(schema, list):
        return [_nullable(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {name: _nullable(value) for name, value in schema.items() if name != "nullable"}
    if schema.get("nullable") is True and "type" in plain:
        plain["type"] = [plain["type"], "null"]
    return plain


def test_stored_judgements_fit_the_judgement_schemas(order) -> None:
    files = ROOT / "docs" / "schemas"
    taken, given = (json.loads((files / f"judgement-{name}.schema.json").read_text()) for name in ("input", "output"))
    judgement = Judgement.objects.get(subject=f"programme:{order.programme.pk}")
    jsonschema.Draft202012Validator(taken).validate(json.loads(judgement.input))
    jsonschema.Draft202012Validator(given).validate(json.loads(judgement.output))
    spoilt = json.loads(judgement.input) | {"recipients": "2"}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(taken).validate(spoilt)


# Odd requests.


@pytest.mark.parametrize(
    ("who", "path"),
    [
        ("buyer", "orders/%00"),
        ("buyer", "orders/%F0%9F%8D%8E"),
        ("buyer", "statements/%00/2026"),
        ("buyer", "statements/U-XA-YT/99999999999999999999"),
        ("buyer", "orders/?cursor=%00"),
        ("buyer", "orders/?cursor=cD1ub3RhbnVtYmVy"),
        ("p-jx", "supplier-orders/?cursor=cj0x"),
    ],
)
def test_odd_addresses_are_refused_and_break_nothing(order, as_user, who, path) -> None:
    answer = as_user(who).get(f"{API}/{path}")
    assert answer.status_code in {200, 404}
    assert set(answer.json()) in ({"code", "message", "errors"}, {"next", "previous", "results"})


def test_a_method_that_is_not_offered(order, as_user) -> None:
    answer = as_user("buyer").delete(f"{API}/orders/")
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")


@pytest.mark.parametrize("body", [b"\xff\xfe", b"[]", b"null", b'{"carrier": "\\u0000", "waybill": "\\ud800"}'])
def test_odd_bodies_are_refused(order, as_user, body) -> None:
    url = f"{API}/supplier-orders/{producers_order(order).number}/ship"
    answer = as_user("p-jx").post(url, body, content_type="application/json", headers={"idempotency-key": "k-9"})
    assert answer.status_code == 400
    assert answer.json()["errors"] != []
