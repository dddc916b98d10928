"""A witness: a process apart, with its own key; countersigns a log's checkpoints while the log only grows.

    python -m marketplace.evidence.witness --state DIR --port N --log-vkey "..."

C2SP tlog-witness over HTTP: POST /add-checkpoint; and GET /vkey for the witness's own key. It needs the
standard library, `cryptography` and three pure modules of this package; no Django, no database, nothing of
the marketplace's.
"""

import argparse
import base64
import binascii
import fcntl
import json
import os
import re
import sys
import threading
import time
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from marketplace.evidence import merkle, note
from marketplace.evidence.keyfile import create_key, read_key

MAX_BODY = 64 * 1024
MAX_PROOF = 63
_OLD = re.compile(r"old (0|[1-9][0-9]{0,18})", re.ASCII)


@dataclass(frozen=True)
class Answer:
    """What is sent back."""

    status: HTTPStatus
    body: str
    content_type: str = "text/plain; charset=utf-8"


class Refused(Exception):
    """A request that is not signed, with the answer that says why."""

    def __init__(self, status: HTTPStatus, reason: str) -> None:
        super().__init__(reason)
        self.answer = Answer(status, reason + "\n")


@dataclass(frozen=True)
class Seen:
    """The largest tree signed so far."""

    size: int
    root: bytes


class Witness:
    """One witness of one log. Its state folder holds its key and the largest tree that it signed."""

    def __init__(self, folder: Path, name: str, log: note.Verifier) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        # Two processes over one folder could sign two different trees of one size.
        self._lock_file = (folder / "lock").open("w")
        try:
            fcntl.flock(self._lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise SystemExit(
                f"Another witness is running over {folder}. Stop it, or give this one its own --state."
            ) from error
        self._state = folder / "state.json"
        self._lock = threading.Lock()
        self._log = log
        key_path = folder / "witness.key"
        if key_path.exists() and not self._state.exists():
            raise SystemExit(
                f"{self._state} is gone but the key is still there. A witness that has forgotten what it "
                "signed must not sign "
                "again: restore the file, or begin a new witness in an empty folder and give its new key "
                "to the auditors."
            )
        if not self._state.exists():
            self._keep(Seen(0, merkle.EMPTY_ROOT), name)
        kept = json.loads(self._state.read_text())
        if kept["log"] != str(log):
            raise SystemExit(
                f"The witness in {folder} belongs to the log {kept['log']}, not to {log}. Give it its own --state."
            )
        self._seen = Seen(int(kept["size"]), bytes.fromhex(kept["root"]))
        # A key is only made before the first signature: if it is lost later, there is nothing to go on with.
        key = read_key(key_path) if self._seen.size else create_key(key_path)
        self._signer = note.Signer(kept["name"], key)

    @property
    def vkey(self) -> str:
        """The key by which others check this witness's signatures."""
        return str(self._signer.verifier(note.TIMESTAMPED))

    def add_checkpoint(self, body: str) -> str:
        """The cosignature line for the checkpoint in `body`. Raises Refused."""
        old, proof, signed = _parse_request(body)
        checkpoint = self._checked(signed)
        with self._lock:
            seen = self._seen
            if old > checkpoint.size:
                raise Refused(HTTPStatus.BAD_REQUEST, "the old size is larger than the checkpoint's")
            if old != seen.size:
                raise Conflict(seen.size)
            if old == checkpoint.size and checkpoint.root != seen.root:
                raise Conflict(seen.size)
            if not merkle.verify_consistency(old, checkpoint.size, proof, seen.root, checkpoint.root):
                raise Refused(
                    HTTPStatus.UNPROCESSABLE_ENTITY,
                    "the consistency proof does not verify: the log did not only grow",
                )
            if checkpoint.size > seen.size:
                grown = Seen(checkpoint.size, checkpoint.root)
                self._keep(grown, self._signer.name)
                self._seen = grown
            return str(note.cosign(signed.text, self._signer, int(time.time())))

    def _checked(self, signed: note.Note) -> note.Checkpoint:
        try:
            checkpoint = note.parse_checkpoint(signed.text)
        except note.NoteError as error:
            raise Refused(HTTPStatus.BAD_REQUEST, str(error)) from error
        if checkpoint.origin != self._log.name:
            raise Refused(HTTPStatus.NOT_FOUND, "this witness does not know that log")
        try:
            verified = note.verify(signed, [self._log])
        except note.NoteError as error:
            raise Refused(HTTPStatus.FORBIDDEN, str(error)) from error
        if not verified:
            raise Refused(HTTPStatus.FORBIDDEN, "the checkpoint is not signed by the log's key")
        return checkpoint

    def _keep(self, seen: Seen, name: str) -> None:
        """On disk before anything is signed: a witness that forgets could sign a fork."""
        state = {"log": str(self._log), "name": name, "root": seen.root.hex(), "size": seen.size}
        draft = self._state.with_suffix(".new")
        with draft.open("w") as file:
            json.dump(state, file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._state)
        folder = os.open(self._state.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


class Conflict(Refused):
    """The asker does not know what this witness has signed; the answer tells the size."""

    def __init__(self, size: int) -> None:
        super().__init__(HTTPStatus.CONFLICT, str(size))
        self.answer = Answer(HTTPStatus.CONFLICT, f"{size}\n", "text/x.tlog.size")


def _parse_request(body: str) -> tuple[int, list[bytes], note.Note]:
    head, empty, checkpoint = body.partition("\n\n")
    first, *lines = head.split("\n")
    old = _OLD.fullmatch(first)
    if not empty or not old:
        raise Refused(HTTPStatus.BAD_REQUEST, "the body is 'old <size>', proof lines, an empty line and a checkpoint")
    if len(lines) > MAX_PROOF:
        raise Refused(HTTPStatus.BAD_REQUEST, f"more than {MAX_PROOF} proof lines")
    try:
        proof = [base64.b64decode(line, validate=True) for line in lines]
        signed = note.parse(checkpoint)
    except (binascii.Error, ValueError) as error:
        raise Refused(HTTPStatus.BAD_REQUEST, f"the request cannot be read: {error}") from error
    return int(old[1]), proof, signed


class Server(ThreadingHTTPServer):
    """The witness's door."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], witness: Witness) -> None:
        super().__init__(address, Handler)
        self.witness = witness


class Handler(BaseHTTPRequestHandler):
    """Two requests: POST /add-checkpoint and GET /vkey."""

    server: Server
    protocol_version = "HTTP/1.1"
    timeout = 10

    def do_GET(self) -> None:
        """The witness's key."""
        if self.path == "/vkey":
            self._send(Answer(HTTPStatus.OK, self.server.witness.vkey + "\n"))
        else:
            self._send(Answer(HTTPStatus.NOT_FOUND, "GET /vkey or POST /add-checkpoint\n"))

    def do_POST(self) -> None:
        """Check and countersign."""
        self._send(self._answer())

    def _answer(self) -> Answer:
        try:
            length = int(self.headers.get("Content-Length", ""))
        except ValueError:
            length = -1
        if not 0 <= length <= MAX_BODY:
            self.close_connection = True
            return Answer(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                f"a body of at most {MAX_BODY} bytes, with its length, is needed\n",
            )
        raw = self.rfile.read(length)
        if self.path != "/add-checkpoint":
            return Answer(HTTPStatus.NOT_FOUND, "GET /vkey or POST /add-checkpoint\n")
        try:
            return Answer(HTTPStatus.OK, self.server.witness.add_checkpoint(raw.decode()))
        except UnicodeDecodeError:
            return Answer(HTTPStatus.BAD_REQUEST, "the body is not UTF-8\n")
        except Refused as refused:
            return refused.answer

    def _send(self, answer: Answer) -> None:
        body = answer.body.encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main(arguments: list[str] | None = None) -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser(
        description="Countersign the checkpoints of an evidence log, as C2SP tlog-witness."
    )
    parser.add_argument(
        "--state", type=Path, required=True, help="folder for the witness's key and memory; keep it safe"
    )
    parser.add_argument("--port", type=int, required=True, help="port to listen on; 0 takes a free one")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine only)")
    parser.add_argument("--log-vkey", required=True, help="public key of the log, as manage.py evidence_key prints it")
    parser.add_argument("--name", default="witness.example/one", help="name to sign under, fixed at the first start")
    options = parser.parse_args(arguments)
    try:
        log = note.parse_vkey(options.log_vkey)
        note.Verifier(options.name, note.TIMESTAMPED, bytes(32)).check()
    except note.NoteError as error:
        parser.error(str(error))
    witness = Witness(options.state, options.name, log)
    server = Server((options.host, options.port), witness)
    sys.stdout.write(f"witness {witness.vkey} listens on http://{options.host}:{server.server_address[1]}\n")
    sys.stdout.flush()
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()


if __name__ == "__main__":
    main()
