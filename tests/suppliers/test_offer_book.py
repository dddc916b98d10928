"""The offer book: every change of an offer is an entry of the log, on every path, and signed roots say what stood together."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal

import jsonschema
import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from marketplace.evidence.canonical import canonical
from marketplace.evidence.models import Entry
from marketplace.evidence.sequencer import sequence_all
from marketplace.organisations.models import County, Organisation
from marketplace.shop.catalogue.models import CommodityClass, Product
from marketplace.shop.partner.models import Delivery, StockRecord
from suppliers.accreditation.models import Accreditation, AccreditationState
from suppliers.offerbook.actions import take_book
from suppliers.offerbook.check import check_book
from suppliers.offerbook.models import Book, Version
from suppliers.offerbook.queries import classes_at, members_at
from tests.house import ROOT
from tests.world import DATES, leave_in_stock, stock

pytestmark = pytest.mark.usefixtures("world")


@pytest.fixture(autouse=True)
def _own_key(settings, tmp_path) -> None:
    settings.EVIDENCE_KEY_FILE = tmp_path / "log.key"


def offer() -> StockRecord:
    return StockRecord.objects.select_related("product__commodity_class", "partner__organisation").get(
        partner_sku=DATES
    )


def said(kind: str = "offer.stands") -> list[dict]:
    """What the log says of the dates, oldest first."""
    subject = f"product:{offer().product_id}" if kind == "offer.stands" else f"stock:{offer().stock_id}"
    return [entry.body for entry in Entry.objects.filter(kind=kind, subject=subject).order_by("id")]


def run(statement: str, *parameters: object) -> None:
    """As the app's own role, by hand."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


class TestWhatIsWritten:
    def test_the_offer_as_the_rule_reads_it(self) -> None:
        record, accreditation = offer(), Accreditation.objects.get(product=offer().product, state="valid")
        assert said()[-1] == {
            "accreditation": accreditation.number,
            "class": record.product.commodity_class.code,
            "content": 1_000,
            "county": "610828",
            "county_listed": 1,
            "deliveries": [
                {"days": d.days, "freight": d.freight, "region": d.region} for d in record.deliveries.order_by("region")
            ],
            "dietary": list(record.product.dietary),
            "from": accreditation.valid_from.isoformat(),
            "grade": record.product.grade,
            "listed": 1,
            "offer": record.pk,
            "price": record.price_fen,
            "processing": record.product.processing,
            "producer": "P-JX",
            "product": record.product_id,
            "standing": 1,
            "state": "valid",
            "stock": record.stock_id,
            "to": accreditation.valid_to.isoformat(),
        }

    def test_its_bytes_are_canonical_whatever_its_words_hold(self) -> None:
        Product.objects.filter(pk=offer().product_id).update(grade='é"\\\n\t\x01\x7f枣', dietary=['a"b', "清真"])
        entry = Entry.objects.filter(kind="offer.stands").latest("id")
        assert entry.body["grade"] == 'é"\\\n\t\x01\x7f枣'
        assert canonical(entry.content) == bytes(entry.leaf)
        assert entry.content["at"] == entry.written_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def test_every_entry_fits_its_schema(self) -> None:
        schema = jsonschema.Draft202012Validator(
            json.loads((ROOT / "docs/schemas/offer-entry.schema.json").read_text())
        )
        record = offer()
        Accreditation.objects.filter(product=record.product_id).update(state="revoked")
        sequence_all()
        take_book()
        entries = Entry.objects.filter(kind__in=["offer.stands", "offer.capacity", "offers.book"]).order_by("id")
        for entry in entries:
            schema.validate(entry.content)
        assert {entry.kind for entry in entries} == {"offer.stands", "offer.capacity", "offers.book"}
        assert schema.is_valid(entries[0].content | {"body": {"gone": 1, "offer": 1, "product": 1}})
        spoilt = entries[0].content
        spoilt["body"]["price"] = "12"
        assert not schema.is_valid(spoilt)

    def test_a_change_of_anything_that_the_rule_reads_is_an_entry(self) -> None:
        record = offer()
        changes = [
            ("price", 12_345, lambda: StockRecord.objects.filter(pk=record.pk).update(price=Decimal("123.45"))),
            ("listed", 0, lambda: StockRecord.objects.filter(pk=record.pk).update(listed=False)),
            ("content", 999, lambda: Product.objects.filter(pk=record.product_id).update(net_content=999)),
            ("processing", "烘干", lambda: Product.objects.filter(pk=record.product_id).update(processing="烘干")),
            ("standing", 0, lambda: Organisation.objects.filter(code="P-JX").update(good_standing=False)),
            ("county_listed", 0, lambda: County.objects.filter(code="610828").update(listed=False)),
            ("class", "", lambda: Product.objects.filter(pk=record.product_id).update(commodity_class=None)),
            (
                "state",
                "suspended",
                lambda: Accreditation.objects.filter(product=record.product_id).update(state="suspended"),
            ),
            ("deliveries", [], lambda: Delivery.objects.filter(stockrecord=record).delete()),
        ]
        for key, value, change in changes:
            before = len(said())
            change()
            after = said()
            assert (len(after), after[-1][key], after[-1] == after[-2] | {key: value}) == (before + 1, value, True), key

    def test_what_changes_nothing_that_the_rule_reads_is_none(self) -> None:
        before = len(said())
        Product.objects.filter(pk=offer().product_id).update(title="another")
        StockRecord.objects.filter(pk=offer().pk).update(price=offer().price, listed=True)
        Accreditation.objects.filter(product=offer().product_id).update(recorded_at=timezone.now())
        assert len(said()) == before

    def test_an_application_is_no_accreditation_yet(self) -> None:
        before = len(said())
        accreditation = Accreditation.objects.get(product=offer().product, state="valid")
        Accreditation.objects.create(
            number="RD-NEW",
            product=offer().product,
            producer=accreditation.producer,
            county=accreditation.county,
            mechanism="employment",
            state=AccreditationState.APPLIED,
        )
        assert len(said()) == before

    def test_a_class_that_gets_another_code_is_an_entry_for_each_of_its_offers(self) -> None:
        kind = offer().product.commodity_class
        offers = StockRecord.objects.filter(product__commodity_class=kind).count()
        before = Entry.objects.filter(kind="offer.stands").count()
        CommodityClass.objects.filter(pk=kind.pk).update(code="x.renamed")
        assert (Entry.objects.filter(kind="offer.stands").count() - before, offers > 1) == (offers, True)

    def test_capacity_is_told_where_it_passes_a_power_of_two(self) -> None:
        seen = []
        for units in (1_000, 600, 512, 511, 3, 2, 1, 0, 1):
            leave_in_stock(DATES, units)
            seen.append(said("offer.capacity")[-1]["capacity"])
        assert seen == [512, 512, 512, 256, 2, 2, 1, 0, 1]
        before = len(said("offer.capacity"))
        leave_in_stock(DATES, 1)
        assert len(said("offer.capacity")) == before
        assert said("offer.capacity")[-1]["stock"] == stock(DATES).pk


class TestNobodyGoesRoundIt:
    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE partner_stockrecord SET price = price + 1 WHERE partner_sku = %s",
            "SET LOCAL search_path = pg_temp; UPDATE public.partner_stockrecord SET price = price + 1 WHERE partner_sku = %s",
            "SET LOCAL datestyle = 'SQL, DMY'; UPDATE partner_stockrecord SET price = price + 1 WHERE partner_sku = %s",
            "SET CONSTRAINTS ALL DEFERRED; UPDATE partner_stockrecord SET price = price + 1 WHERE partner_sku = %s",
        ],
        ids=["plainly", "search path", "date style", "deferred"],
    )
    def test_a_price_by_hand(self, statement) -> None:
        before = said()
        run(statement, DATES)
        run("SET LOCAL datestyle = 'ISO'; SET LOCAL search_path = public")
        after = said()
        assert after == [*before, before[-1] | {"price": before[-1]["price"] + 100}]

    @pytest.mark.parametrize(
        ("words", "statement"),
        [
            ("must be owner", "ALTER TABLE partner_stockrecord DISABLE TRIGGER offer_updated"),
            ("permission denied", "SET session_replication_role = replica"),
            ("permission denied", "UPDATE offerbook_standingoffer SET body = '{}'"),
            ("permission denied", "DELETE FROM offerbook_version"),
            ("permission denied", "UPDATE offerbook_version SET until = 1"),
            ("permission denied", "INSERT INTO offerbook_book SELECT * FROM offerbook_book"),
            ("permission denied", "UPDATE offerbook_book SET root = ''"),
            ("permission denied", "TRUNCATE partner_stockrecord CASCADE"),
            (
                "written by the database alone",
                "INSERT INTO evidence_entry (kind, subject, leaf, leaf_hash, written_at)"
                " VALUES ('offers.book', '', '{}', sha256('\\x00'::bytea || '{}'), now())",
            ),
            (
                "written by the database alone",
                "INSERT INTO evidence_entry (kind, subject, leaf, leaf_hash, written_at)"
                " VALUES ('offer.stands', '', '{}', sha256('\\x00'::bytea || '{}'), now())",
            ),
        ],
    )
    def test_refused(self, words, statement) -> None:
        with pytest.raises(DatabaseError, match=words), transaction.atomic():
            run(statement)


class TestTheBook:
    def test_it_holds_the_assistance_products_of_each_class(self) -> None:
        sequence_all()
        book = take_book()
        assert book is not None
        expected: dict[str, list[int]] = {}
        states = ["valid", "suspended", "revoked"]
        of_class = StockRecord.objects.filter(product__accreditations__state__in=states).distinct()
        for record in of_class.select_related("product__commodity_class").order_by("pk"):
            expected.setdefault(record.product.commodity_class.code, []).append(record.pk)
        found = members_at(book.size, expected)
        assert {code: [member.offer for member in members] for code, members in found.items()} == expected
        assert (book.number, book.offers, book.classes) == (1, sum(map(len, expected.values())), len(expected))

    def test_its_root_is_in_the_log(self) -> None:
        sequence_all()
        book = take_book()
        assert book is not None
        assert book.entry.body == {
            "number": 1,
            "size": book.size,
            "root": book.root,
            "offers": book.offers,
            "classes": book.classes,
        }

    def test_a_new_one_only_when_an_offer_changed(self) -> None:
        sequence_all()
        first = take_book()
        sequence_all()
        assert (take_book(), Book.objects.count()) == (None, 1)
        StockRecord.objects.filter(partner_sku=DATES).update(price=Decimal("77"))
        assert take_book() is None, "what is not signed yet is in no book"
        sequence_all()
        second = take_book()
        assert first is not None
        assert second is not None
        assert (second.number, second.root != first.root) == (2, True)

    def test_an_old_book_can_be_read_after_what_it_held_has_changed(self) -> None:
        code, record = offer().product.commodity_class.code, offer()
        sequence_all()
        first = take_book()
        assert first is not None
        before, held = classes_at(first.size), members_at(first.size, [code])
        for day in range(3):
            StockRecord.objects.filter(pk=record.pk).update(price=Decimal(80 + day))
            leave_in_stock(DATES, 2**day)
        Product.objects.filter(pk=record.product_id).update(commodity_class=None)
        sequence_all()
        second = take_book()
        assert second is not None
        assert (classes_at(first.size), members_at(first.size, [code])) == (before, held)
        assert record.pk in [member.offer for member in held[code]]
        assert record.pk not in [member.offer for member in members_at(second.size, [code])[code]]
        assert Version.objects.filter(offer=record.pk, until__isnull=True).count() == 1

    def test_an_expired_accreditation_stays_in_the_book(self) -> None:
        """That it is over is one of the criteria which a candidate fails; the decision says so."""
        today = timezone.localdate()
        over = {"valid_from": today - timedelta(days=365), "valid_to": today}
        Accreditation.objects.filter(product=offer().product, state="valid").update(**over)
        sequence_all()
        book = take_book()
        assert book is not None
        code = offer().product.commodity_class.code
        assert offer().pk in [member.offer for member in members_at(book.size, [code])[code]]


class TestTheWholeLog:
    def test_every_book_is_what_the_entries_make_it(self) -> None:
        for round_ in range(3):
            StockRecord.objects.filter(partner_sku=DATES).update(price=Decimal(80 + round_), listed=bool(round_ % 2))
            leave_in_stock(DATES, 3**round_)
            sequence_all()
            assert take_book() is not None
        report = check_book()
        assert (report.books, report.faults) == (3, [])
        assert report.offers == StockRecord.objects.count()

    def test_what_has_no_place_yet_counts_for_today(self) -> None:
        sequence_all()
        take_book()
        StockRecord.objects.filter(partner_sku=DATES).update(price=Decimal("81"))
        assert check_book().faults == []
