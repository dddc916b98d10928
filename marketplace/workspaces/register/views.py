"""What anybody may check without asking us: registers, signed checkpoints, the verifier, the house's health."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render

from marketplace.evidence import keys, verify
from marketplace.evidence.errors import EvidenceError, KeyMissing
from marketplace.evidence.models import Checkpoint, Entry
from marketplace.evidence.proofs import tlog_proof
from marketplace.evidence.sequencer import lag
from marketplace.workspaces.doors import open_to_all
from marketplace.workspaces.pages import attachment, page_of
from marketplace.workspaces.register.health import measure
from marketplace.workspaces.strangers import same_for_strangers
from procurement.priority import rule
from procurement.priority.replay import ENGINES, engine_files

# Entries that say nothing of a union's doings or of a person: anybody may read them.
_PUBLIC_KINDS = ("accreditation.", "challenge.", "class.", "lot.", "offer.", "policy.", "product.", "sweep.")


@open_to_all
@same_for_strangers
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
            "older": [
                {"version": version, "hash": engine.engine_hash()}
                for version, engine in ENGINES.items()
                if engine is not rule
            ],
            "lag": lag(),
        },
    )


def _log_vkey() -> str:
    """The log's public key; empty where none has been made yet, which is no reason to hide the page."""
    try:
        return keys.log_vkey()
    except KeyMissing:
        return ""


@open_to_all
@same_for_strangers
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
@same_for_strangers
def entry(request: HttpRequest, pk: int) -> HttpResponse:
    """One entry of the log and how to check that it is there. What it says is shown where it is about goods and accreditations."""
    found = get_object_or_404(Entry.objects.select_related("position"), pk=pk)
    latest = Checkpoint.objects.order_by("-size").first()
    position = getattr(found, "position", None)
    public = found.kind.startswith(_PUBLIC_KINDS)
    context = {
        "entry": found,
        "content": json.dumps(found.content, ensure_ascii=False, indent=2, sort_keys=True) if public else "",
        "position": position,
        "checkpoint": latest if latest and position and position.index < latest.size else None,
    }
    return render(request, "register/entry.html", context)


@open_to_all
def entry_leaf(request: HttpRequest, pk: int) -> HttpResponse:
    """The exact bytes of a public entry: their SHA-256 with a zero byte before them is the leaf of the tree (RFC 9162)."""
    found = get_object_or_404(Entry, pk=pk)
    if not found.kind.startswith(_PUBLIC_KINDS):
        raise Http404
    return attachment(bytes(found.leaf), f"entry-{pk}.json", "application/json")


@open_to_all
def entry_proof(request: HttpRequest, pk: int) -> HttpResponse:
    """The proof that an entry is in the log, in the format of C2SP tlog-proof, under the latest signed state."""
    found = get_object_or_404(Entry, pk=pk)
    latest = Checkpoint.objects.order_by("-size").first()
    try:
        text = tlog_proof(found, latest) if latest else ""
    except EvidenceError as error:
        raise Http404(str(error)) from error
    if not text:
        raise Http404
    return HttpResponse(text, content_type="text/plain; charset=utf-8")


@open_to_all
def verifier(request: HttpRequest) -> HttpResponse:
    """The offline verifier: one file for auditors."""
    return attachment(Path(verify.__file__).read_bytes(), "verify.py", "text/x-python; charset=utf-8")


@open_to_all
def engine(request: HttpRequest) -> HttpResponse:
    """The rule itself: the very file that decides here."""
    return attachment(Path(rule.__file__).read_bytes(), "rule.py", "text/x-python; charset=utf-8")


@open_to_all
def older_engine(request: HttpRequest, version: str) -> HttpResponse:
    """The engine that decided before, for decisions that name it: unchanged to the byte."""
    if version not in ENGINES:
        raise Http404
    ((name, content),) = engine_files([version]).items()
    return attachment(content, name, "text/x-python; charset=utf-8")


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
    places = ("/union/", "/producer/", "/province/", "/operate/", "/audit/", "/oversight/", "/accounts/")
    text = "User-agent: *\n" + "".join(f"Disallow: {place}\n" for place in places)
    return HttpResponse(text, content_type="text/plain")
