"""What `check_offer_book` finds that somebody with the owner's rights did to offers, entries and books."""

from __future__ import annotations

from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from marketplace.evidence.sequencer import sequence_all
from marketplace.organisations.scopes import seen_by
from marketplace.shop.partner.models import StockRecord
from procurement.priority.citing import wrongly_cited
from suppliers.offerbook.actions import take_book
from suppliers.offerbook.models import Book
from tests.world import DATES, leave_in_stock, placed, side, stock


@pytest.fixture(autouse=True)
def _two_books(_own_keys, fresh_world, broker) -> None:
    with seen_by(None):
        sequence_all()
        take_book()
        sequence_all()
        StockRecord.objects.filter(partner_sku=DATES).update(price=Decimal("31"))
        leave_in_stock(DATES, 100)
        sequence_all()
        take_book()
        sequence_all()
        placed(side(), [DATES])
        sequence_all()


def found() -> list[str]:
    """What the command says is wrong."""
    said = StringIO()
    try:
        call_command("check_offer_book", stdout=StringIO(), stderr=said)
    except CommandError as error:
        assert error.returncode == 1
        return said.getvalue().strip().splitlines()
    assert said.getvalue() == ""
    return []


def test_the_control() -> None:
    assert found() == []


def test_an_offer_changed_past_the_triggers(tamper) -> None:
    offer = StockRecord.objects.get(partner_sku=DATES).pk
    tamper("partner_stockrecord", "UPDATE partner_stockrecord SET price = 12 WHERE id = %s", offer)
    assert found() == [f"offer {offer}: it is not as the log's last entry says"]


def test_a_stock_changed_past_the_triggers(tamper) -> None:
    tamper("stock_stock", "UPDATE stock_stock SET in_stock = in_stock + 5000 WHERE id = %s", stock(DATES).pk)
    assert found() == [f"stock {stock(DATES).pk}: its capacity is not as the log's last entry says"]


def test_an_entry_of_an_offer_taken_away(tamper) -> None:
    offer = StockRecord.objects.get(partner_sku=DATES)
    entry = "(SELECT max(id) FROM evidence_entry WHERE kind = 'offer.stands' AND subject = %s)"
    subject = f"product:{offer.product_id}"
    tamper("evidence_position", f"DELETE FROM evidence_position WHERE entry_id = {entry}", subject)
    tamper("evidence_entry", f"DELETE FROM evidence_entry WHERE id = {entry}", subject)
    faults = found()
    assert f"offer {offer.pk}: it is not as the log's last entry says" in faults
    assert any(fault.startswith("book 2: the entries before") for fault in faults)


def test_a_book_with_another_root(tamper) -> None:
    tamper("offerbook_book", "UPDATE offerbook_book SET root = repeat('0', 64) WHERE number = 1")
    assert "book 1: the table does not say what the log says" in found()


def test_a_book_of_which_the_log_knows_nothing(tamper) -> None:
    tamper(
        "offerbook_book",
        "INSERT INTO offerbook_book (number, size, root, offers, classes, at, entry_id)"
        " SELECT 3, size, root, offers, classes, at, (SELECT min(id) FROM evidence_entry)"
        " FROM offerbook_book WHERE number = 2",
    )
    assert "book 3: the log knows nothing of it" in found()


def test_a_version_forgotten_before_a_book_is_taken(tamper) -> None:
    offer = StockRecord.objects.get(partner_sku=DATES).pk
    tamper("offerbook_version", "DELETE FROM offerbook_version WHERE offer = %s AND until IS NULL", offer)
    leave_in_stock(DATES, 1)
    sequence_all()
    book = take_book()
    assert book is not None
    assert found() == [f"book {book.number}: the entries before {book.size} give another root"]


def test_a_decision_that_cites_an_old_book(tamper) -> None:
    old, new = Book.objects.order_by("number").values_list("root", flat=True)
    tamper("priority_judgement", "UPDATE priority_judgement SET input = replace(input, %s, %s)", new, old)
    assert wrongly_cited() == [], "within the minute somebody may have read the older one"
    tamper("offerbook_book", "UPDATE offerbook_book SET at = at - interval '2 minutes'")
    (fault,) = wrongly_cited()
    assert fault.endswith("cites book 1 although book 2 stood before it")


def test_a_decision_that_cites_none(tamper) -> None:
    tamper("offerbook_book", "UPDATE offerbook_book SET at = at - interval '2 minutes'")
    changed = 'regexp_replace(input, \'"offer_book_root":"[0-9a-f]*"\', \'"offer_book_root":""\')'
    tamper("priority_judgement", f"UPDATE priority_judgement SET input = {changed}")
    (fault,) = wrongly_cited()
    assert fault.endswith("cites no book although book 2 stood before it")
