"""Taking the book: what the log says so far of every offer, and one root over it."""

from __future__ import annotations

from django.db import connection

from suppliers.offerbook.models import Book


def take_book() -> Book | None:
    """Take the book over all that the log has signed, and put its root into the log; None when no offer changed since the last.

    The database does it, in one transaction: the app's role may write no book. It is cited from the moment when its own entry is
    signed too. Never within a business transaction.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT offerbook_take()")
        (number,) = cursor.fetchone() or (None,)
    return None if number is None else Book.objects.get(number=number)
