"""A union that has traded, for tests that try what raw SQL can do to what it did."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:  # conftests are imported before Django is set up
    from tests.invariants.traded import Traded


@pytest.fixture(scope="module")
def _traded(world_database, django_db_blocker) -> Iterator[Traded]:
    from tests.invariants.traded import Traded
    from tests.world import visiting

    with django_db_blocker.unblock(), visiting(world_database):
        yield Traded()


@pytest.fixture
def traded(_traded: Traded) -> Iterator[Traded]:
    """What was traded; what the test adds goes again."""
    from django.db import transaction

    with transaction.atomic():
        yield _traded
        transaction.set_rollback(True)
