"""What an order's pack says of goods that did not arrive as ordered, and what the auditors' program finds wrong with it."""

from __future__ import annotations

import json
import zipfile

import pytest

from marketplace.evidence import verify
from marketplace.evidence.canonical import canonical
from marketplace.fulfilment.actions import accept
from marketplace.fulfilment.losses import Report, cancel, give_up
from marketplace.fulfilment.models import Loss, Parcel
from marketplace.organisations.scopes import seen_by
from procurement.compliance.pack import build_pack
from tests.world import DATES, bring, placed, seller_of, side, supplier_orders

LEAVES = {
    3: canonical(
        {"at": 1, "body": {"amount": 6_000, "loss": 7, "parcels": 2}, "kind": "parcels.cancelled", "subject": "order:X"}
    ),
    9: canonical(
        {"at": 2, "body": {"amount": 3_000, "loss": 8, "parcels": 1}, "kind": "parcels.refused", "subject": "order:X"}
    ),
}


def order(*releases: tuple[int, int, int], quantity: int = 5) -> memoryview:
    """Decisions of 5 units at 30.00 and of 1 without releases; a release is (loss, units, fen)."""
    rows = [{"loss": loss, "quantity": units, "amount": fen} for loss, units, fen in releases]
    first = {"quantity": quantity, "unit_price": 3_000, "releases": rows}
    return memoryview(canonical({"decisions": [first, {"quantity": 1, "unit_price": 100, "releases": []}]}))


class TestWhatTheProgramFinds:
    def test_the_control_releases_of_what_was_lost(self) -> None:
        detail, faults = verify.check_releases(order((7, 2, 6_000), (8, 1, 3_000)), LEAVES)
        assert (detail, faults) == ("3 units of 2 decisions count no longer, for 2 losses in the log", [])

    @pytest.mark.parametrize(
        ("said", "fault"),
        [
            (order((7, 2, 6_000), quantity=1), "decision 1: 2 units were released of 1 decided"),
            (order((7, 2, 5_999)), "decision 1: a release is not of whole units at its price"),
            (order((7, 2, 6_000), (8, 0, 0)), "decision 1: a release is not of whole units at its price"),
            (order((6, 1, 3_000)), "loss 6: 3000 fen were released, and no entry tells of it"),
            (order((8, 2, 6_000)), "loss 8: 6000 fen were released, and the log says that 3000 were lost"),
        ],
        ids=["more than decided", "another price", "nothing", "not logged", "more than lost"],
    )
    def test_a_release_that_cannot_be(self, said, fault) -> None:
        assert verify.check_releases(said, LEAVES)[1] == [fault]

    def test_a_pack_of_before_there_were_releases(self) -> None:
        old = memoryview(canonical({"decisions": [{"quantity": 5, "unit_price": 3_000}]}))
        assert verify.check_releases(old, {})[1] == []

    @pytest.mark.parametrize("text", [b"", b"[]", b"{}", b'{"decisions":[5]}', b'{"decisions":[{"releases":[{}]}]}'])
    def test_what_is_no_order_ends_in_a_sentence(self, text) -> None:
        with pytest.raises(verify.Damaged, match="does not list decisions and their releases"):
            verify.check_releases(memoryview(text), LEAVES)


def test_the_pack_of_an_order_that_lost_parcels_three_ways(fresh_world, broker, start_witness, tmp_path) -> None:
    start_witness()
    with seen_by(None):
        giver = side()
        gift = bring(placed(giver, [DATES], heads=6), giver.buyer, "sent")
        (so,) = supplier_orders(gift)
        parcels = list(Parcel.objects.filter(supplier_order=so).order_by("pk").values_list("pk", flat=True))
        cancel(giver.buyer, so, Report(tuple(parcels[:2]), "member_left"))
        give_up(seller_of(so), so, Report((parcels[2],), "crop_failed"))
        bring(gift, giver.buyer, "shipped")
        (so,) = supplier_orders(gift)
        accept(giver.buyer, so, [Report((parcels[3],), "damaged")])
        losses = list(Loss.objects.order_by("pk").values_list("pk", flat=True))
        pack = build_pack(gift, tmp_path / "pack.zip")
    with zipfile.ZipFile(pack.path) as archive:
        (decision,) = json.loads(archive.read("files/order.json"))["decisions"]
    assert decision["quantity"] == 6
    assert decision["releases"] == [
        {
            "loss": losses[0],
            "kind": "cancelled",
            "by": "union",
            "reason": "member_left",
            "quantity": 2,
            "amount": 6_000,
        },
        {
            "loss": losses[1],
            "kind": "cancelled",
            "by": "producer",
            "reason": "crop_failed",
            "quantity": 1,
            "amount": 3_000,
        },
        {"loss": losses[2], "kind": "refused", "by": "producer", "reason": "damaged", "quantity": 1, "amount": 3_000},
    ]
    report = verify.verify(pack.path.read_bytes())
    assert report.faults == []
    assert ("releases", True, "4 units of 1 decisions count no longer, for 3 losses in the log") in report.rows
