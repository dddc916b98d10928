"""Small things that all workspaces' views need."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import date
from typing import Any
from urllib.parse import quote

from django import forms
from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from marketplace.evidence.errors import EvidenceError
from marketplace.organisations.errors import HouseError

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def today() -> date:
    """Today in the business calendar."""
    return timezone.localdate()


def id_in(text: str) -> int:
    """The number of a row as a form or an address names it; 0, which no row has, for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def tell(request: HttpRequest, error: HouseError | EvidenceError) -> None:
    """Show every sentence of a refusal on the next page."""
    for sentence in error.sentences if isinstance(error, HouseError) else [str(error)]:
        messages.error(request, sentence)


def carried_out(request: HttpRequest, verb: Callable[[], object]) -> bool:
    """Carry out a verb; what it refuses is told on the next page, and the answer is False."""
    try:
        verb()
    except HouseError as error:
        tell(request, error)
        return False
    return True


def tell_faults(request: HttpRequest, form: forms.Form) -> None:
    """Show every fault of a small form on the next page, each behind its field's name: for forms within another page."""
    colon = pgettext("between a field and its fault", ": ")
    for name, faults in form.errors.items():
        label = f"{form[name].label}{colon}" if name in form.fields else ""
        for fault in faults:
            messages.error(request, f"{label}{fault}")


def put_into(form: forms.Form, error: HouseError) -> None:
    """Show every sentence of a refusal above the form, which keeps what was typed."""
    for sentence in error.sentences:
        form.add_error(None, sentence)


def page_of(request: HttpRequest, rows: Any, size: int = 24) -> Page[Any]:
    """The page of `rows` that `?page=` asks for; a number out of range gives the nearest page."""
    return Paginator(rows, size).get_page(request.GET.get("page"))


def attachment(content: bytes, name: str, content_type: str) -> HttpResponse:
    """A file to be saved under this name, which may be Chinese."""
    response = HttpResponse(content, content_type=content_type)
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def marked_workbook(annotated: str, file_name: str) -> HttpResponse:
    """The annotated copy (base64) of a workbook that was sent under this name; Http404 where nothing had to be marked."""
    if not annotated:
        raise Http404
    name = _("%(name)s – marked") % {"name": file_name.rsplit(".", 1)[0]}
    return attachment(base64.b64decode(annotated), f"{name}.xlsx", XLSX)


def thanks(request: HttpRequest, sentence: str) -> None:
    """Say on the next page that it worked."""
    messages.success(request, sentence)
