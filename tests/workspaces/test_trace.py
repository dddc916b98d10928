"""The way of a lot and of a parcel, for whoever scans the code: places, days, counts and money, never a person."""

import hashlib
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from marketplace.evidence.models import Entry
from marketplace.evidence.sequencer import sequence_all
from marketplace.fulfilment.codes import parcel_code, parcel_of
from marketplace.fulfilment.models import Parcel
from marketplace.stock.models import Lot
from suppliers.provenance.models import Household
from suppliers.settlement.models import HouseholdAccrual
from tests import world as builders


def english() -> Client:
    return Client(headers={"accept-language": "en"})


@pytest.fixture
def parcel(world: None) -> Any:
    giver = builders.side()
    order = builders.placed(giver, [builders.DATES])
    builders.bring(order, giver.buyer, "accepted")
    return Parcel.objects.filter(supplier_order__order=order)[0]


def test_a_lot_is_followed_back_to_its_villages(parcel: Any) -> None:
    lot = Lot.objects.filter(allocations__parcel_line__parcel=parcel)[0]
    answer = english().get(reverse("trace", args=[lot.code]))
    trace = answer.context["trace"]
    assert sum(village.households for village in trace.origin.villages) == trace.origin.households == 8
    assert trace.harvest.share_bp == 3_000
    accruals = HouseholdAccrual.objects.filter(lot=lot)
    assert trace.earned.accrued == sum(a.amount for a in accruals) > 0
    assert trace.earned.households == 8
    assert "¥30.00" in answer.content.decode()


def test_nobody_is_named_on_a_trace_page(parcel: Any) -> None:
    lot = Lot.objects.filter(allocations__parcel_line__parcel=parcel)[0]
    pages = [english().get(reverse("trace", args=[code])) for code in (lot.code, parcel_code(parcel.pk))]
    secrets = [parcel.name, parcel.phone, parcel.address, parcel.union.name, parcel.union.name_en]
    for household in Household.objects.filter(producer__code="P-JX"):
        secrets += [household.head_name, household.phone, household.code]
    assert [s for page in pages for s in secrets if s in page.content.decode()] == []
    assert {page.status_code for page in pages} == {200}


def test_a_parcel_shows_its_goods_and_where_it_stands(parcel: Any) -> None:
    trace = english().get(reverse("trace", args=[parcel_code(parcel.pk)])).context["trace"]
    assert trace.state == "accepted"
    assert [(c.title_en, c.quantity) for c in trace.contents] == [("Jiaxian red dates 1 kg", 1)]
    assert trace.contents[0].lot is not None


def test_a_parcels_code_cannot_be_guessed(parcel: Any) -> None:
    code = parcel_code(parcel.pk)
    assert parcel_of(code) == parcel.pk
    assert parcel_of(code.lower()) == parcel.pk
    other = f"P{parcel.pk + 1}-{code.partition('-')[2]}"
    assert parcel_of(other) is None
    for wrong in (other, f"P{parcel.pk}", str(parcel.pk), f"P{parcel.pk}-" + "0" * 20):
        assert Client().get(reverse("trace", args=[wrong])).status_code == 404


def test_a_code_can_be_typed(parcel: Any) -> None:
    code = parcel_code(parcel.pk)
    assert Client().get(reverse("trace_find"), {"code": f" {code} "}).url == reverse("trace", args=[code])
    answer = english().get(reverse("trace_find"), {"code": "P1-NONE"})
    assert "There is no box with the code “P1-NONE”" in answer.content.decode()


def test_every_label_carries_its_own_code(world: None) -> None:
    from marketplace.organisations.models import User

    giver = builders.side()
    order = builders.placed(giver, [builders.DATES], 3)
    builders.bring(order, giver.buyer, "assigned")
    part = order.supplier_orders.get(producer__code="P-JX")
    client = Client()
    client.force_login(User.objects.get(username="p-jx"))
    page = client.post(reverse("producer:labels", args=[part.pk])).content.decode()
    assert page.count('class="qr"') == 3
    assert [p.pk for p in part.parcels.all() if parcel_code(p.pk) not in page] == []


def test_a_lots_entry_and_its_proof_are_public(world: None) -> None:
    sequence_all()
    entry = Entry.objects.filter(kind="lot.made")[0]
    leaf = Client().get(reverse("entry_leaf", args=[entry.pk])).content
    assert hashlib.sha256(b"\0" + leaf).digest() == bytes(entry.leaf_hash)
    proof = Client().get(reverse("entry_proof", args=[entry.pk])).content.decode()
    assert proof.startswith(f"c2sp.org/tlog-proof@v1\nindex {entry.position.index}\n")


def test_what_an_entry_says_of_a_union_stays_with_the_union(parcel: Any) -> None:
    sequence_all()
    entry = Entry.objects.filter(kind="supplier_order.accepted").latest("id")
    page = english().get(reverse("entry", args=[entry.pk]))
    assert entry.leaf_hash.hex() in page.content.decode()
    assert parcel.supplier_order.number not in page.content.decode()
    assert Client().get(reverse("entry_leaf", args=[entry.pk])).status_code == 404
    assert Client().get(reverse("entry_proof", args=[entry.pk])).status_code == 200
