"""Re-attribution by other systems: an order is offered, answered by the other union, and seen by those above."""

import json
from datetime import timedelta

from django.utils import timezone

from marketplace.ledger.actions import fund, open_purse
from marketplace.organisations.models import Organisation
from tests import world as builders

API = "/api/v1"


def post(client, path, **body):
    return client.post(f"{API}/{path}", json.dumps(body), content_type="application/json")


def test_it_is_offered_and_taken_over(order, as_user) -> None:
    buyer, theirs = as_user("buyer"), as_user("buyer.baqiao")
    refused = post(buyer, f"orders/{order.number}/hand-on", to_union="U-XA-BQ", because="x")
    assert (refused.status_code, {one["code"] for one in refused.json()["errors"]}) == (409, {"order_unfinished"})
    builders.bring(order, builders.side().buyer, "paid")
    order.supplier_orders.update(accepted_at=timezone.now() - timedelta(days=60))
    assert post(theirs, f"orders/{order.number}/hand-on", to_union="U-XA-BQ", because="x").status_code == 404
    made = post(buyer, f"orders/{order.number}/hand-on", to_union="U-XA-BQ", because="x").json()
    assert (made["state"], made["assistance"], made["ordinary"]) == ("offered", 9_160, 6_560)
    purse = open_purse(Organisation.objects.get(code="U-XA-BQ"), "P", order.gift_year)
    fund(purse, 100_000, "p")
    path = f"re-attributions/{made['id']}/take-over"
    assert post(buyer, path, purse=purse.pk).status_code == 404
    taken = post(theirs, path, purse=purse.pk).json()
    assert (taken["state"], taken["purse"]) == ("taken", purse.pk)
    assert post(theirs, path, purse=purse.pk).json() == taken
    assert post(theirs, f"re-attributions/{made['id']}/decline", answer="not ours").json()["code"] == "offer_answered"
    assert post(buyer, f"re-attributions/{made['id']}/withdraw").json()["code"] == "offer_answered"
    said = theirs.get(f"{API}/statements/U-XA-BQ/{order.gift_year}").json()
    assert (said["assistance"], said["ordinary"], len(said["hand_overs"])) == (9_160, 6_560, 1)
    for who in ("buyer", "buyer.baqiao", "officer", "auditor"):
        assert [one["id"] for one in as_user(who).get(f"{API}/re-attributions/").json()["results"]] == [made["id"]]
    assert as_user("buyer.yuyang").get(f"{API}/re-attributions/").json()["results"] == []
