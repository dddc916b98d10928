"""A list that a clerk can work with: filters, paging, a count, totals, and the same rows as a workbook."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from itertools import islice
from typing import Any

from django import forms
from django.core.paginator import Page
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from marketplace.workspaces.fields import DayInput
from marketplace.workspaces.pages import page_of, today
from marketplace.workspaces.sheets import Column, Sheet, download

_CHUNK = 1_000
_AS = "as"


class Filters(forms.Form):
    """What a list may be asked for by its address. A value that makes no sense is left out, never refused."""

    def __init__(self, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(request.GET, **kwargs)

    @cached_property
    def wishes(self) -> dict[str, Any]:
        """What was asked and makes sense."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value not in (None, "")}

    def narrowed(self, rows: Any) -> Any:
        """The rows that fit the wishes; each kind of list says how."""
        return rows


def words() -> forms.CharField:
    """A field to search by text."""
    return forms.CharField(label=gettext_lazy("Words"), required=False, max_length=80)


def choice(label: Any, choices: Any) -> forms.ChoiceField:
    """A field to choose one of several, or all."""
    return forms.ChoiceField(label=label, required=False, choices=[("", gettext_lazy("All")), *choices])


def day(label: Any) -> forms.DateField:
    """A field for a day."""
    return forms.DateField(label=label, required=False, widget=DayInput())


def containing(text: str, *paths: str) -> Q:
    """Rows in which one of the columns contains the text, whatever its case."""
    found = Q()
    for path in paths:
        found |= Q(**{f"{path}__icontains": text})
    return found


def between(rows: Any, path: str, wishes: Mapping[str, Any], *, moments: bool = False) -> Any:
    """Rows whose day lies in the period asked for (`since`, `until`, both included)."""
    suffix = "__date" if moments else ""
    if since := wishes.get("since"):
        rows = rows.filter(**{f"{path}{suffix}__gte": since})
    if until := wishes.get("until"):
        rows = rows.filter(**{f"{path}{suffix}__lt": until + timedelta(days=1)})
    return rows


@dataclass(frozen=True)
class Empty:
    """What an empty list teaches."""

    title: str | Promise
    text: str | Promise = ""
    icon: str = "list"


def _as_they_are(rows: Sequence[Any]) -> list[Any]:
    return list(rows)


@dataclass
class Listing:
    """Rows as the page shows them and as the workbook holds them.

    `rows` is a query set or a sequence; `present` turns a handful of them into what the columns look at, in a constant number of
    statements; `sums` names what the foot adds up over all pages: key of a column → aggregate, or the amount itself for a
    sequence. The first column and those summed have plain keys, without dots.
    """

    request: HttpRequest
    rows: Any
    columns: Sequence[Column]
    title: str
    empty: Empty
    filters: Filters | None = None
    present: Callable[[Sequence[Any]], list[Any]] = _as_they_are
    sums: Mapping[str, Any] = field(default_factory=dict)
    size: int = 30

    def __post_init__(self) -> None:
        """Narrow the rows to what was asked."""
        if self.filters is not None:
            self.rows = self.filters.narrowed(self.rows)

    @cached_property
    def page(self) -> Page[Any]:
        """The page asked for, presented."""
        page = page_of(self.request, self.rows, self.size)
        page.object_list = self.present(list(page.object_list))
        return page

    @property
    def is_narrowed(self) -> bool:
        """Whether the list was asked for something, so that an empty one may only mean that nothing fits."""
        return bool(self.filters and self.filters.wishes)

    @cached_property
    def total(self) -> dict[str, Any] | None:
        """The foot: the sums over all pages, under the words “Together”."""
        if not self.sums:
            return None
        if isinstance(self.rows, QuerySet):
            # Under names of their own: Django loses a sum that is called like what it sums.
            sums = self.rows.aggregate(**{f"sum_{name}": sum_ for name, sum_ in self.sums.items()})
            found = {name: sums[f"sum_{name}"] or 0 for name in self.sums}
        else:
            found = dict(self.sums)
        return {self.columns[0].key: _("Together"), **found}

    @property
    def table_columns(self) -> list[dict[str, str]]:
        """The columns as `{% table %}` takes them."""
        return [column.for_table() for column in self.columns]

    @property
    def workbook_url(self) -> str:
        """The address of the same list, with the same filters, as a workbook."""
        query = self.request.GET.copy()
        query.pop("page", None)
        query[_AS] = "xlsx"
        return f"?{query.urlencode()}"

    def sheet(self) -> Sheet:
        """The whole list as a sheet, read in chunks."""
        return Sheet(self.title, self.columns, self._all(), self.total)

    def answer(self, template: str, **context: Any) -> HttpResponseBase:
        """The page, or the workbook when the address asks for it."""
        if self.request.GET.get(_AS) == "xlsx":
            return download([self.sheet()], f"{self.title} {today():%Y-%m-%d}")
        return render(self.request, template, {"listing": self, **context})

    def _all(self) -> Iterator[Any]:
        rows = iter(self.rows.iterator(_CHUNK) if isinstance(self.rows, QuerySet) else self.rows)
        while chunk := list(islice(rows, _CHUNK)):
            yield from self.present(chunk)
