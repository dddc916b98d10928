"""What each may see (I9): managers that raise unless somebody said for whom the query is asked.

One dimension, `viewer`: the ids of the organisations on whose behalf is asked, or None for the house itself (workers,
operators, province auditors). A model names the columns that hold its owning organisations; a row is seen when any of
them is a viewer.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from functools import reduce
from operator import or_
from typing import Any, cast

from django.db.models import Manager, Model, Q, QuerySet
from django_scopes import get_scope, scope
from django_scopes.manager import DisabledQuerySet


def seen_by(organisations: Iterable[int] | None) -> AbstractContextManager[None]:
    """Ask on behalf of these organisations (ids), or of the house itself when None."""
    return cast("AbstractContextManager[None]", scope(viewer=None if organisations is None else list(organisations)))


def scoped(*owners: str) -> Manager[Any]:
    """Return a manager that limits rows to those one of whose `owners` columns is a viewer, and raises without a scope."""

    class ScopedManager(Manager[Model]):
        def get_queryset(self) -> QuerySet[Model]:
            current = get_scope()
            if not current.get("_enabled", True):
                return super().get_queryset()
            if "viewer" not in current:
                refusing = DisabledQuerySet(self.model, using=self._db, missing_scopes={"viewer"})
                return cast("QuerySet[Model]", refusing)
            viewers = current["viewer"]
            if viewers is None:
                return super().get_queryset()
            seen = reduce(or_, (Q(**{f"{owner}__in": viewers}) for owner in owners))
            return super().get_queryset().filter(seen)

    return ScopedManager()
