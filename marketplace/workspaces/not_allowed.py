"""A page, in words, for whoever opens an address that only a button sends to: by reloading, or by changing the language there."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import Resolver404, resolve

Answer = Callable[[HttpRequest], HttpResponseBase]


def in_words(answer: Answer) -> Answer:
    """Middleware: the empty 405 becomes a page with the way back. What is not read by a person stays as it is."""

    def answered(request: HttpRequest) -> HttpResponseBase:
        response = answer(request)
        if not isinstance(response, HttpResponseNotAllowed) or response.content or request.method != "GET":
            return response
        if request.path.startswith("/api/") or not request.accepts("text/html"):
            return response
        page = render(request, "405.html", {"page_kind": "error", "back": _page_above(request.path)}, status=405)
        page["Allow"] = response["Allow"]
        return page

    return answered


def _page_above(path: str) -> str:
    """The page that holds the button: a verb's address is its object's address and the verb."""
    above = path.rstrip("/").rpartition("/")[0] + "/"
    try:
        resolve(above)
    except Resolver404:
        return ""
    return above
