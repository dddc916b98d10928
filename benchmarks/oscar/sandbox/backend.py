"""The list page straight from the database: what Oscar's search asks for is all public products, a page at a time.

Haystack's own backend without an index reads every product for every page. This one finds just the page's ids, as an index would;
haystack then loads each product in the way that Oscar's index says, as it does with any index.
"""

from __future__ import annotations

from typing import Any

from haystack.backends import BaseEngine
from haystack.backends.simple_backend import SimpleSearchBackend, SimpleSearchQuery
from haystack.models import SearchResult
from oscar.core.loading import get_model


class DatabaseBackend(SimpleSearchBackend):
    """Answers every search with the products that may be browsed, newest first."""

    def search(self, query_string: str, **kwargs: Any) -> dict[str, Any]:
        """Rows from `start_offset` to `end_offset`, and how many there are."""
        product = get_model("catalogue", "Product")
        ids = product.objects.browsable().order_by("-date_created", "-id").values_list("id", flat=True)
        start, end = kwargs.get("start_offset") or 0, kwargs.get("end_offset")
        found = [SearchResult("catalogue", "product", pk, 0) for pk in ids[start:end]]
        return {"results": found, "hits": ids.count()}


class DatabaseEngine(BaseEngine):
    """The backend with haystack's plain query."""

    backend = DatabaseBackend
    query = SimpleSearchQuery
