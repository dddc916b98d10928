"""What anybody may check without asking us: registers, signed checkpoints, the verifier, the house's health."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from django.db.models import Q
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render

from marketplace.evidence import keys, verify
from marketplace.evidence.errors import KeyMissing
from marketplace.evidence.models import Checkpoint
from marketplace.workspaces.doors import open_to_all
from marketplace.workspaces.pages import attachment, page_of
from marketplace.workspaces.register.health import measure
from procurement.priority import rule
from suppliers.accreditation.models import Accreditation, AccreditationState

_PUBLIC_STATES = [
    AccreditationState.PUBLIC_NOTICE,
    AccreditationState.VALID,
    AccreditationState.SUSPENDED,
    AccreditationState.REVOKED,
]


@open_to_all
def verification(request: HttpRequest) -> HttpResponse:
    """How to check an evidence pack offline, the log's key, and its latest signed states."""
    checkpoints = Checkpoint.objects.order_by("-size").prefetch_related("cosignatures")[:5]
    return render(
        request,
        "register/verification.html",
        {
            "checkpoints": checkpoints,
            "log_vkey": _log_vkey(),
            "witnesses": [str(verifier) for verifier in keys.known_witnesses()],
            "engine": rule.ENGINE_VERSION,
            "engine_hash": rule.engine_hash(),
        },
    )


def _log_vkey() -> str:
    """The log's public key; empty where none has been made yet, which is no reason to hide the page."""
    try:
        return keys.log_vkey()
    except KeyMissing:
        return ""


@open_to_all
def checkpoints(request: HttpRequest) -> HttpResponse:
    """All signed states of the log, newest first."""
    rows = Checkpoint.objects.order_by("-size").prefetch_related("cosignatures")
    return render(request, "register/checkpoints.html", {"page": page_of(request, rows, 20)})


@open_to_all
def checkpoint(request: HttpRequest, size: int) -> HttpResponse:
    """One signed note with the witnesses' lines, in the format of C2SP tlog-checkpoint, as plain text."""
    found = get_object_or_404(Checkpoint.objects.prefetch_related("cosignatures"), size=size)
    lines = [found.note, *(c.line for c in found.cosignatures.all())]
    return HttpResponse("".join(lines), content_type="text/plain; charset=utf-8")


@open_to_all
def verifier(request: HttpRequest) -> HttpResponse:
    """The offline verifier: one file for auditors."""
    return attachment(Path(verify.__file__).read_bytes(), "verify.py", "text/x-python; charset=utf-8")


@open_to_all
def engine(request: HttpRequest) -> HttpResponse:
    """The rule itself: the very file that decides here."""
    return attachment(Path(rule.__file__).read_bytes(), "rule.py", "text/x-python; charset=utf-8")


@open_to_all
def register(request: HttpRequest) -> HttpResponse:
    """Accreditations that the public may see: those under public notice, in force, suspended or revoked."""
    state = request.GET.get("state", "")
    words = request.GET.get("q", "").strip()
    rows = Accreditation.objects.filter(state__in=_PUBLIC_STATES).select_related(
        "product__commodity_class", "producer", "county"
    )
    if state in _PUBLIC_STATES:
        rows = rows.filter(state=state)
    if words:
        rows = rows.filter(
            Q(number__icontains=words)
            | Q(product__title__icontains=words)
            | Q(product__title_en__icontains=words)
            | Q(producer__name__icontains=words)
            | Q(producer__name_en__icontains=words)
            | Q(county__name__icontains=words)
            | Q(county__name_en__icontains=words)
        )
    context = {
        "page": page_of(request, rows.order_by("-id"), 30),
        "states": [(choice.value, choice.label) for choice in _PUBLIC_STATES],
        "chosen": state,
        "words": words,
    }
    return render(request, "register/register.html", context)


@open_to_all
def style(request: HttpRequest) -> HttpResponse:
    """The living page of components."""
    return render(request, "style.html")


@open_to_all
def health(request: HttpRequest) -> JsonResponse:
    """200 when all is well, else 503; the body says what is not."""
    found = measure()
    body = {"status": "ok" if found.well else "unwell", **asdict(found)}
    return JsonResponse(body, status=200 if found.well else 503, headers={"Cache-Control": "no-store"})


@open_to_all
def robots(request: HttpRequest) -> HttpResponse:
    """Ask crawlers to leave the workspaces alone."""
    places = ("/union/", "/producer/", "/audit/", "/oversight/", "/accounts/")
    text = "User-agent: *\n" + "".join(f"Disallow: {place}\n" for place in places)
    return HttpResponse(text, content_type="text/plain")
