"""Asking the witnesses of settings to countersign the latest checkpoint, and keeping what they answer."""

import base64
import http.client
import logging
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Max

from marketplace.evidence import keys, note
from marketplace.evidence.models import Checkpoint, Cosignature
from marketplace.evidence.proofs import consistency
from marketplace.evidence.sequencer import lock_log

logger = logging.getLogger(__name__)

TIMEOUT = 5
MAX_ANSWER = 64 * 1024

# What asking one witness came to.
SIGNED = "signed"
UNREACHABLE = "unreachable"
REFUSED = "refused"
AHEAD = "ahead"


@dataclass(frozen=True)
class Outcome:
    """What one witness answered.

    REFUSED and AHEAD are alarms: it has seen another log than ours, or more of it than we hold.
    """

    url: str
    state: str
    detail: str = ""


@dataclass(frozen=True)
class _Answer:
    status: int
    body: str


def ask_witnesses() -> list[Outcome]:
    """Post the latest checkpoint to every witness that has not signed it yet, and store their lines.

    Asking again is harmless; a witness that cannot be reached is asked the next time. Raises RuntimeError
    inside a transaction: a checkpoint that a witness has signed cannot be rolled back any more.
    """
    with transaction.atomic(durable=True):
        checkpoint = Checkpoint.objects.order_by("-size").first()
    if checkpoint is None:
        return []
    signed = set(checkpoint.cosignatures.values_list("witness", flat=True))
    outcomes = []
    for url, vkey in keys.witnesses().items():
        try:
            verifier = _verifier(url, vkey)
            if verifier.name not in signed:
                outcomes.append(_ask(url, verifier, checkpoint))
        except (OSError, http.client.HTTPException) as error:
            outcomes.append(Outcome(url, UNREACHABLE, str(error)))
        except note.NoteError as error:
            outcomes.append(Outcome(url, REFUSED, str(error)))
    for outcome in outcomes:
        if outcome.state in (REFUSED, AHEAD):
            logger.error("witness %s: %s: %s", outcome.url, outcome.state, outcome.detail)
        elif outcome.state == UNREACHABLE:
            logger.warning("witness %s cannot be reached: %s", outcome.url, outcome.detail)
    return outcomes


def witnessed_size(url: str) -> int:
    """The size of the largest tree of ours that the witness has signed, as it says itself.

    Asked by a request whose old size is 0, to which a witness that has signed anything answers with its own
    size. Raises OSError when it cannot be reached, ValueError for an answer that is none.
    """
    checkpoint = Checkpoint.objects.order_by("size").first()
    if checkpoint is None:
        return 0
    answer = _post(url, 0, [], checkpoint)
    if answer.status == 409:
        return int(answer.body)
    if answer.status == 200:
        return checkpoint.size
    raise ValueError(f"{answer.status}: {answer.body.strip()}")


def _verifier(url: str, vkey: str) -> note.Verifier:
    if not vkey:
        if not settings.EMBEDDED:
            raise note.NoteError(
                "the witness's key is not known: write it behind its address in EVIDENCE_WITNESSES, after a '#'"
            )
        with urllib.request.urlopen(url.rstrip("/") + "/vkey", timeout=TIMEOUT) as response:
            vkey = response.read(MAX_ANSWER).decode(errors="replace").strip()
        note.parse_vkey(vkey)
        keys.pin(url, vkey)
    verifier = note.parse_vkey(vkey)
    if verifier.kind != note.TIMESTAMPED:
        raise note.NoteError(f"the key of {verifier.name} is not a witness's key (type 4)")
    return verifier


def _ask(url: str, verifier: note.Verifier, checkpoint: Checkpoint) -> Outcome:
    known = Cosignature.objects.filter(witness=verifier.name).aggregate(size=Max("checkpoint__size"))["size"] or 0
    answer = _post(url, known, consistency(known, checkpoint.size), checkpoint)
    if answer.status == 409 and answer.body.strip().isdecimal():
        known = int(answer.body)
        if known > checkpoint.size:
            return Outcome(url, AHEAD, f"it has signed {known} entries of our log, and we hold {checkpoint.size}")
        answer = _post(url, known, consistency(known, checkpoint.size), checkpoint)
    if answer.status != 200:
        return Outcome(url, REFUSED, f"{answer.status}: {answer.body.strip()[:200]}")
    return _keep(url, verifier, checkpoint, answer.body)


def _keep(url: str, verifier: note.Verifier, checkpoint: Checkpoint, lines: str) -> Outcome:
    signed = note.Note(note.parse(checkpoint.note).text, note.parse_lines(lines))
    verified = note.verify(signed, [verifier])
    if not verified or verified[0].time is None:
        return Outcome(url, REFUSED, f"its answer is not signed by {verifier.name}")
    with transaction.atomic():
        lock_log()
        if not Cosignature.objects.filter(checkpoint=checkpoint, witness=verifier.name).exists():
            last = Cosignature.objects.aggregate(last=Max("pk"))["last"] or 0
            Cosignature.objects.create(
                pk=last + 1,
                checkpoint=checkpoint,
                witness=verifier.name,
                line=str(verified[0].line),
                at=datetime.fromtimestamp(verified[0].time, UTC),
            )
    return Outcome(url, SIGNED)


def _post(url: str, old: int, proof: list[bytes], checkpoint: Checkpoint) -> _Answer:
    head = "".join(line + "\n" for line in [f"old {old}", *(base64.b64encode(value).decode() for value in proof)])
    request = urllib.request.Request(
        url.rstrip("/") + "/add-checkpoint", data=f"{head}\n{checkpoint.note}".encode(), method="POST"
    )
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as response:
            return _Answer(response.status, response.read(MAX_ANSWER).decode(errors="replace"))
    except urllib.error.HTTPError as error:
        with error:
            return _Answer(error.code, error.read(MAX_ANSWER).decode(errors="replace"))
