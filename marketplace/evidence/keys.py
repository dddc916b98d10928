"""The log's own key, and the public keys of its witnesses, as settings name them."""

import json
import os
from pathlib import Path

from django.conf import settings

from marketplace.evidence import note
from marketplace.evidence.errors import KeyMissing
from marketplace.evidence.keyfile import create_key, read_key


def log_signer() -> note.Signer:
    """The key that signs checkpoints.

    Made on first use in the embedded set-up; elsewhere raises KeyMissing when absent.
    """
    path = Path(settings.EVIDENCE_KEY_FILE)
    if settings.EMBEDDED:
        key = create_key(path)
    else:
        try:
            key = read_key(path)
        except FileNotFoundError as error:
            raise KeyMissing.at(path) from error
    return note.Signer(settings.EVIDENCE_ORIGIN, key)


def log_vkey() -> str:
    """The log's public key, as auditors and witnesses are given it."""
    return str(log_signer().verifier())


def log_verifiers() -> list[note.Verifier]:
    """Both forms in which the log signs its checkpoints: plain, and with the time."""
    signer = log_signer()
    return [signer.verifier(note.PLAIN), signer.verifier(note.TIMESTAMPED)]


def pin_file() -> Path:
    """Where the embedded set-up keeps the keys of witnesses that it met without being told their key."""
    return Path(settings.EVIDENCE_KEY_FILE).with_name("witness-keys.json")


def pinned() -> dict[str, str]:
    """Address to vkey of the witnesses met so far."""
    try:
        return dict(json.loads(pin_file().read_text()))
    except FileNotFoundError:
        return {}


def pin(url: str, vkey: str) -> None:
    """Keep a witness's key for good: it is never fetched again."""
    path = pin_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.write_text(json.dumps({**pinned(), url: vkey}, indent=1, sort_keys=True))
    draft.replace(path)


def witnesses() -> dict[str, str]:
    """Address to vkey of the witnesses in settings, as given there or pinned.

    Empty for one whose key is not known yet.
    """
    pins = pinned()
    return {
        str(witness["url"]): str(witness.get("vkey") or pins.get(str(witness["url"]), ""))
        for witness in settings.EVIDENCE_WITNESSES
    }


def known_witnesses() -> list[note.Verifier]:
    """The keys of the witnesses in settings that are known."""
    return [note.parse_vkey(vkey) for vkey in witnesses().values() if vkey]
