"""Purchases from outside by other systems: registered once per key, read by those above, reversed by the union's buyers."""

import json

from django.utils import timezone

from procurement.programmes.outside.models import OutsidePurchase

API = "/api/v1/outside-purchases/"


def post(client, url=API, key="k-1", **body):
    headers = {"idempotency-key": key} if key else {}
    return client.post(url, json.dumps(body), content_type="application/json", headers=headers)


def wish(**changes):
    facts = {
        "bought_on": timezone.localdate().isoformat(),
        "occasion": "mid_autumn",
        "supplier": "某超市",
        "invoice": "INV-0001",
    }
    return facts | {"amount": 10_000, "members": 3} | changes


def test_it_is_registered_once_and_seen_by_those_above(order, as_user) -> None:
    buyer = as_user("buyer")
    made = post(buyer, **wish())
    assert made.status_code == 200
    found = made.json()
    assert {name: found[name] for name in ("union", "per_head", "named", "found", "reversed_at", "replaces", "policy")} == {
        "union": "U-XA-YT", "per_head": 3_334, "named": False, "found": [], "reversed_at": None, "replaces": None,
        "policy": "SN-2020-05",
    }  # fmt: skip
    assert post(buyer, **wish()).json() == found
    assert OutsidePurchase.objects.count() == 1
    for who in ("buyer", "officer", "auditor"):
        assert [one["number"] for one in as_user(who).get(API).json()["results"]] == [found["number"]]
        assert as_user(who).get(f"{API}{found['number']}").json() == found
    assert as_user("buyer.yuyang").get(f"{API}{found['number']}").status_code == 404


def test_the_list_of_a_plan_of_its_own_says_for_whom(order, as_user) -> None:
    made = post(as_user("buyer"), **wish(members=0, programme=order.programme.pk)).json()
    assert (made["members"], made["named"]) == (2, True)
    assert post(as_user("buyer.yuyang"), **wish(programme=order.programme.pk)).status_code == 404


def test_what_cannot_be_is_refused_with_every_fault(order, as_user) -> None:
    buyer = as_user("buyer")
    answer = post(buyer, **wish(amount=0, members=0))
    assert (answer.status_code, [one["code"] for one in answer.json()["errors"]]) == (
        409,
        ["nothing_paid", "nobody_reached"],
    )
    assert post(buyer, key="", **wish()).json()["code"] == "idempotency_key_missing"
    assert post(buyer, **wish(occasion="doomsday")).status_code == 400
    assert post(as_user("auditor"), **wish()).status_code == 403
    post(buyer, **wish())
    answer = post(buyer, key="k-2", **wish(amount=5))
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "invoice_registered")
    assert post(buyer, **wish(amount=5)).json()["code"] == "same_key_other_body"


def test_a_wrong_one_is_reversed_by_the_union_alone(order, as_user) -> None:
    buyer = as_user("buyer")
    number = post(buyer, **wish()).json()["number"]
    address = f"{API}{number}/reverse"
    assert post(buyer, address).status_code == 400
    assert post(as_user("officer"), address, because="x").status_code == 403
    done = post(buyer, address, because="Wrong amount").json()
    assert (done["because"], bool(done["reversed_at"])) == ("Wrong amount", True)
    assert post(buyer, address, because="Wrong amount").json() == done
    assert post(buyer, key="k-2", **wish(amount=9_000)).json()["replaces"] == number
