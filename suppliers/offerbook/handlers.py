"""What runs in the background: a book, as often as offers change, but not more often than settings say."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from marketplace.evidence.sequencer import sequence_all
from suppliers.offerbook.actions import take_book
from suppliers.offerbook.models import Book


def tick() -> None:
    """Take a book when one is due and offers have changed, and sign its root at once. Outside any transaction.

    Any number of processes may tick: one takes it, the others wait and find nothing changed.
    """
    last = Book.objects.order_by("-number").values_list("at", flat=True).first()
    if last is not None and timezone.now() - last < timedelta(seconds=settings.OFFER_BOOK_SECONDS):
        return
    if take_book() is not None:
        sequence_all()
