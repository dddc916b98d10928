"""Whether a decision saw every assistance product of its classes: what an order's pack shows, and what is found when it lies."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from marketplace.demo import cast
from marketplace.evidence import verify
from marketplace.evidence.canonical import canonical
from marketplace.evidence.sequencer import sequence_all
from marketplace.organisations.scopes import seen_by
from marketplace.shop.partner.models import StockRecord
from procurement.compliance.pack import build_pack
from procurement.priority.models import Judgement
from suppliers.offerbook.actions import take_book
from tests.house import ROOT
from tests.world import DATES, MOONCAKES, leave_in_stock, placed, product, side

pytestmark = pytest.mark.usefixtures("fresh_world", "broker")


ORDINARY_HONEY = cast.PARTIAL_FIRST


def nothing_left_like(sku: str) -> None:
    """Sell all assistance products of the class, so that the ordinary one passes under a certificate that lists them."""
    kind = product(sku).commodity_class
    for record in StockRecord.objects.filter(product__commodity_class=kind, product__accreditations__isnull=False):
        leave_in_stock(record.partner_sku, 0)


def sign_a_book() -> None:
    sequence_all()
    assert take_book() is not None
    sequence_all()


def members(pack: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(pack) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


class Read:
    """A pack as the auditors' program takes it apart, to be falsified: one decision with an ordinary line and its candidates."""

    def __init__(self, pack: Path) -> None:
        content = members(pack)
        self.leaves, faults = verify.read_entries(memoryview(content["entries.jsonl"]))
        assert faults == []
        self.files = {name: data for name, data in content.items() if name.startswith("files/")}
        self.digests = {name: sha256(data).hexdigest() for name, data in self.files.items()}
        (self.input,) = [name for name in self.files if name.endswith(".input.json")]
        (self.book,) = [name for name in self.files if name.startswith("files/offers/")]

    def change(self, name: str, how: Callable[[Any], object]) -> None:
        """Falsify a file. The digests stay: that the file itself was changed, other checks find."""
        content = json.loads(self.files[name])
        how(content)
        self.files[name] = canonical(content)

    def faults(self) -> list[str]:
        views = {name: memoryview(data) for name, data in self.files.items()}
        try:
            return [fault.partition(": ")[2] for fault in verify.check_offers(views, self.leaves, self.digests)[1]]
        except verify.Damaged as error:
            return [str(error)]

    def place(self, kind: str) -> int:
        """Where the first entry of that kind stands."""
        return next(i for i, leaf in sorted(self.leaves.items()) if json.loads(leaf)["kind"] == kind)


def ordinary(asked: dict[str, Any]) -> dict[str, Any]:
    """The line with candidates."""
    return next(line for line in asked["lines"] if line["candidates"])


@pytest.fixture
def read(start_witness, tmp_path) -> Read:
    start_witness()
    with seen_by(None):
        nothing_left_like(ORDINARY_HONEY)
        sign_a_book()
        gift = placed(side(), [DATES, ORDINARY_HONEY])
        pack = build_pack(gift, tmp_path / "pack.zip")
    return Read(pack.path)


def test_an_order_whose_decision_cites_a_signed_book(start_witness, tmp_path) -> None:
    start_witness()
    with seen_by(None):
        sign_a_book()
        gift = placed(side(), [DATES, MOONCAKES])
        (judgement,) = Judgement.objects.filter(decisions__order=gift).distinct()
        pack = build_pack(gift, tmp_path / "pack.zip")
    content = members(pack.path)
    root = json.loads(judgement.input)["offer_book_root"]
    book = json.loads(content[f"files/offers/{root}.json"])
    schema = jsonschema.Draft202012Validator(json.loads((ROOT / "docs/schemas/offer-book.schema.json").read_text()))
    schema.validate(book)
    assert not schema.is_valid(book | {"classes": [["tea", 1]]})
    assert sorted(book["members"]) == sorted({line["commodity_class"] for line in json.loads(judgement.input)["lines"]})
    report = verify.verify(pack.path.read_bytes(), run=True)
    assert (report.faults, [row for row in report.rows if row[0] == "offers"]) == (
        [],
        [
            (
                "offers",
                True,
                "1 decisions saw every assistance product of their classes: 1 signed books, 0 changes since",
            )
        ],
    )


def test_what_changed_between_the_book_and_the_decision_is_followed(start_witness, tmp_path) -> None:
    start_witness()
    with seen_by(None):
        sign_a_book()
        StockRecord.objects.filter(partner_sku=DATES).update(price=Decimal("31"))
        leave_in_stock(DATES, 100)
        gift = placed(side(), [DATES, MOONCAKES])
        pack = build_pack(gift, tmp_path / "pack.zip")
    report = verify.verify(pack.path.read_bytes())
    assert (report.faults, [row[2] for row in report.rows if row[0] == "offers"]) == (
        [],
        ["1 decisions saw every assistance product of their classes: 1 signed books, 1 changes since"],
    )


def test_a_decision_of_before_there_was_a_book_is_said_to_be_one(start_witness, tmp_path) -> None:
    start_witness()
    with seen_by(None):
        gift = placed(side(), [DATES])
        sign_a_book()
        pack = build_pack(gift, tmp_path / "pack.zip")
    report = verify.verify(pack.path.read_bytes())
    assert report.faults == []
    assert (
        "1 decisions were made before a book of offers was signed: nothing shows that they saw every product."
        in report.notes
    )


class TestWhatTheProgramFinds:
    def test_the_control(self, read: Read) -> None:
        assert read.faults() == []

    def test_a_candidate_left_out(self, read: Read) -> None:
        gone: list[dict[str, Any]] = []
        read.change(read.input, lambda asked: gone.append(ordinary(asked)["candidates"].pop()))
        line = ordinary(json.loads(read.files[read.input]))
        (candidate,) = gone
        expected = (
            f"line {line['ref']}: {candidate['product']} of {candidate['producer']}, an assistance product of "
            f"{line['commodity_class']}, is missing"
        )
        assert read.faults() == [expected]

    @pytest.mark.parametrize(
        ("key", "value"),
        [
            ("price_fen", 1),
            ("ready_on", "2031-01-01"),
            ("available", 900),
            ("content", 17),
            ("county", "610113"),
            ("reasons", ["not_listed"]),
            ("reasons", ["producer_suspended"]),
            ("assistance", 0),
        ],
    )
    def test_a_candidate_that_did_not_stand_so(self, read: Read, key: str, value: Any) -> None:
        read.change(read.input, lambda asked: ordinary(asked)["candidates"][0].update({key: value}))
        (fault,) = read.faults()
        assert "is not as it stood in the book" in fault

    def test_a_candidate_that_nobody_offered(self, read: Read) -> None:
        def invent(asked: dict[str, Any]) -> None:
            candidates = ordinary(asked)["candidates"]
            candidates.append(candidates[0] | {"product": "999999"})

        read.change(read.input, invent)
        (fault,) = read.faults()
        assert "999999" in fault
        assert "is no offer of the book" in fault

    def test_an_ordinary_product_passed_off_as_an_assistance_product(self, read: Read) -> None:
        read.change(read.input, lambda asked: ordinary(asked).update(assistance=1, accreditation="RD-NONE"))
        (fault,) = read.faults()
        assert "is no assistance product of the book" in fault

    def test_an_offer_left_out_of_the_decision_and_of_the_pack(self, read: Read) -> None:
        code = ordinary(json.loads(read.files[read.input]))["commodity_class"]
        read.change(read.input, lambda asked: ordinary(asked)["candidates"].pop(0))
        read.change(read.book, lambda book: book["members"][code].pop(0))
        assert read.faults() == [
            f"the offers listed for {code} are not those of the signed book: one was left out, added or changed"
        ]

    def test_and_out_of_the_book_as_well(self, read: Read) -> None:
        code = ordinary(json.loads(read.files[read.input]))["commodity_class"]

        def lie(book: dict[str, Any]) -> None:
            book["members"][code] = []
            book["classes"] = [row for row in book["classes"] if row[0] != code]

        read.change(read.book, lie)
        assert read.faults() == [f"the classes in {read.book} do not give the root that was signed"]

    def test_an_entry_of_an_offer_taken_out(self, read: Read) -> None:
        code = ordinary(json.loads(read.files[read.input]))["commodity_class"]
        offer, index, _capacity = json.loads(read.files[read.book])["members"][code][0]
        del read.leaves[index]
        assert read.faults() == [f"an entry of the offer {offer}, which the book holds in {code}, is not in the pack"]

    def test_an_entry_of_an_offer_changed(self, read: Read) -> None:
        code = ordinary(json.loads(read.files[read.input]))["commodity_class"]
        _offer, index, _capacity = json.loads(read.files[read.book])["members"][code][0]
        leaf = json.loads(read.leaves[index])
        leaf["body"]["price"] += 1
        read.leaves[index] = canonical(leaf)
        assert "not those of the signed book" in read.faults()[0]

    def test_the_signed_root_taken_out(self, read: Read) -> None:
        del read.leaves[read.place("offers.book")]
        (fault,) = read.faults()
        assert fault.startswith("no entry before it signs the book of offers")

    def test_no_book_cited_although_there_was_one(self, read: Read) -> None:
        read.change(read.input, lambda asked: asked.update(offer_book_root=""))
        assert read.faults() == ["no entry before it signs the book of offers (none)… that it cites"]

    def test_a_book_signed_after_the_decision(self, read: Read) -> None:
        book, decision = read.place("offers.book"), read.place("priority.judged")
        read.leaves[decision + 1_000] = read.leaves.pop(book)
        assert read.faults() == []  # it may have been the first: the note says so
        views = {name: memoryview(data) for name, data in read.files.items()}
        assert "1 decisions were made before" in verify.check_offers(views, read.leaves, read.digests)[2][0]

    @pytest.mark.parametrize("text", [b"", b"[]", b"{}", b'{"offer_book_root":5,"lines":[{}]}'])
    def test_what_is_no_input_ends_in_a_sentence(self, read: Read, text: bytes) -> None:
        read.files[read.input] = text
        assert len(read.faults()) == 1
