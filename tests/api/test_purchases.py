"""The purchase ledger by other systems: notes entered once per key, paid, reversed, entered again; own households only."""

import json

from django.utils import timezone

from marketplace.organisations.scopes import seen_by
from suppliers.provenance.models import BenefitAgreement, Collection

API = "/api/v1/purchase-notes/"
TODAY = timezone.localdate().isoformat()


def post(client, url=API, key="k-1", **body):
    headers = {"idempotency-key": key} if key else {}
    return client.post(url, json.dumps(body), content_type="application/json", headers=headers)


def household(producer="P-JX"):
    with seen_by(None):
        return BenefitAgreement.objects.filter(producer__code=producer).select_related("household")[0].household.code


def note(**changes):
    facts = {"household": household(), "produce": "鲜枣", "grams": 12_500, "price": 7_500, "collected_on": TODAY}
    return facts | {"note": "API-1"} | changes


def test_a_note_is_entered_once_and_seen_by_its_producer_alone(order, as_user) -> None:
    grower = as_user("p-jx")
    made = post(grower, **note())
    assert made.status_code == 200
    found = made.json()
    assert found == note() | {
        "id": found["id"], "agreement": "confirmed_by_household", "left": 12_500, "replaces": None, "payment": None,
        "reversed_at": None, "because": None,
    }  # fmt: skip
    assert post(grower, **note()).json() == found
    assert grower.get(API).json()["results"][0] == found
    assert grower.get(f"{API}{found['id']}").json() == found
    other = as_user("p-mz")
    for answer in (
        other.get(f"{API}{found['id']}"),
        post(other, f"{API}{found['id']}/paid", slip="HD-1", paid_on=TODAY),
        post(other, f"{API}{found['id']}/reverse", because="x"),
        post(other, key="k-2", **note()),
    ):
        assert answer.status_code == 404
    assert as_user("buyer").get(API).status_code == 403
    with seen_by(None):
        assert Collection.objects.filter(note="API-1").count() == 1


def test_what_cannot_be_is_refused_with_every_fault(order, as_user) -> None:
    grower = as_user("p-jx")
    post(grower, **note())
    answer = post(grower, key="k-2", **note(collected_on="2999-01-01"))
    assert (answer.status_code, [one["code"] for one in answer.json()["errors"]]) == (
        409,
        ["not_on_that_day", "note_used"],
    )
    assert post(grower, **note(grams=1)).json()["code"] == "same_key_other_body"
    assert post(grower, key="", **note()).json()["code"] == "idempotency_key_missing"
    assert post(grower, key="k-3", **note(grams=0)).status_code == 400
    assert post(grower, key="k-3", **note(note=" ")).status_code == 400
    assert post(grower, key="k-3", **note(household="H-NOBODY")).status_code == 404


def test_paid_corrected_reversed_and_entered_again(order, as_user) -> None:
    grower = as_user("p-jx")
    first = post(grower, **note()).json()["id"]
    paid = post(grower, f"{API}{first}/paid", "k-2", slip="HD-1", paid_on=TODAY).json()["payment"]
    assert (paid["slip"], paid["paid_on"]) == ("HD-1", TODAY)
    answer = post(grower, f"{API}{first}/paid", "k-3", slip="HD-2", paid_on=TODAY)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (409, "purchase_paid_before")
    corrected = post(grower, f"{API}{first}/paid", "k-4", slip="HD-2", paid_on=TODAY, instead_of=paid["id"]).json()
    assert corrected["payment"]["slip"] == "HD-2"
    done = post(grower, f"{API}{first}/reverse", "k-5", because="录错重量").json()
    assert (done["because"], bool(done["reversed_at"])) == ("录错重量", True)
    assert post(grower, f"{API}{first}/reverse", "k-5", because="录错重量").json() == done
    again = post(grower, key="k-6", **note(grams=1_250)).json()
    assert (again["replaces"], again["grams"], again["payment"]) == (first, 1_250, None)
    work = {"kind": "make", "done_on": TODAY, "collections": [{"note": "API-1", "grams": 1_250}]}
    output = {"sku": "JX-DATE-500", "code": "API-L1", "units": 2, "unit_grams": 500, "best_before": "2999-01-01"}
    made = post(grower, "/api/v1/lots/", "k-7", **work, outputs=[output])
    assert (made.status_code, made.json()["lots"][0]["made"]) == (200, 2)
    assert grower.get(f"{API}{again['id']}").json()["left"] == 0
    answer = post(grower, f"{API}{again['id']}/reverse", "k-8", because="录错")
    assert (answer.status_code, answer.json()["code"]) == (409, "purchase_used")
