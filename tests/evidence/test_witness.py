"""A witness in a process of its own: it signs what only grows, remembers over a crash, and refuses a fork."""

import base64
import json
import subprocess
import urllib.error
import urllib.request

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import transaction
from django.utils import timezone

from marketplace.evidence import keys, merkle, note, sequencer, witnessing
from marketplace.evidence.actions import EntryDraft, record_many
from marketplace.evidence.handlers import tick
from marketplace.evidence.models import Checkpoint, Cosignature, Position
from tests.evidence.conftest import WitnessProcess

LOG = note.Signer("mall.example/log", Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
HASHES = [merkle.leaf_hash(bytes([number])) for number in range(20)]


def some(count):
    return [EntryDraft("order.placed", {"number": number}) for number in range(count)]


def tree(hashes):
    nodes = {(0, index): value for index, value in enumerate(hashes)}
    nodes |= {(level, index): value for level, index, value in merkle.append(merkle.EMPTY, hashes)[1]}
    return lambda level, index: nodes[level, index]


def checkpoint(hashes, signer=LOG):
    text = note.Checkpoint(signer.name, len(hashes), merkle.root(hashes)).text()
    return str(note.Note(text, (note.sign(text, signer),)))


def ask(witness, old, hashes, signer=LOG, proof=None, body=None):
    """POST /add-checkpoint; the status, the content type and the body."""
    if proof is None:
        proof = merkle.consistency_proof(old, len(hashes), tree(hashes)) if old <= len(hashes) else []
    lines = "".join(base64.b64encode(value).decode() + "\n" for value in proof)
    data = body if body is not None else f"old {old}\n{lines}\n{checkpoint(hashes, signer)}".encode()
    request = urllib.request.Request(witness.url + "/add-checkpoint", data=data, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.status, response.headers["Content-Type"], response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers["Content-Type"], error.read().decode()


@pytest.fixture
def witness(start_witness):
    """A witness of a log that the test signs by hand."""
    return start_witness(log_vkey=str(LOG.verifier()))


class TestProtocol:
    def test_it_countersigns_a_log_that_grows(self, witness):
        old = 0
        for size in (3, 3, 8, 20):
            status, _type, line = ask(witness, old, HASHES[:size])
            assert status == 200
            signed = note.Note(note.parse(checkpoint(HASHES[:size])).text, note.parse_lines(line))
            (verified,) = note.verify(signed, [note.parse_vkey(witness.vkey)])
            assert verified.time is not None
            old = size

    def test_it_tells_its_size_to_who_does_not_know_it(self, witness):
        assert ask(witness, 0, HASHES[:5])[0] == 200
        assert ask(witness, 3, HASHES[:8]) == (409, "text/x.tlog.size", "5\n")
        assert ask(witness, 0, HASHES[:3]) == (409, "text/x.tlog.size", "5\n")

    def test_it_refuses_a_fork(self, witness):
        assert ask(witness, 0, HASHES[:5])[0] == 200
        forked = [HASHES[-1], *HASHES[1:8]]
        assert ask(witness, 5, forked)[0] == 422
        assert ask(witness, 5, forked, proof=merkle.consistency_proof(5, 8, tree(HASHES[:8])))[0] == 422
        assert ask(witness, 5, forked[:5]) == (409, "text/x.tlog.size", "5\n")
        assert ask(witness, 5, HASHES[:8])[0] == 200

    def test_it_refuses_a_log_that_shrinks(self, witness):
        assert ask(witness, 0, HASHES[:5])[0] == 200
        assert ask(witness, 5, HASHES[:3])[0] == 400

    def test_it_knows_only_its_log(self, witness):
        assert ask(witness, 0, HASHES[:5], note.Signer(LOG.name, Ed25519PrivateKey.generate()))[0] == 403
        assert ask(witness, 0, HASHES[:5], note.Signer("other.example/log", LOG.private))[0] == 404

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"old 0\n",
            b"old 00\n\n" + checkpoint(HASHES[:2]).encode(),
            b"old -1\n\n" + checkpoint(HASHES[:2]).encode(),
            b"old 0\nnot base64\n\n" + checkpoint(HASHES[:2]).encode(),
            b"old 0\n" + b"AAAA\n" * 64 + b"\n" + checkpoint(HASHES[:2]).encode(),
            b"old 0\n\nno checkpoint\n",
            b"\xff\xfe\n\n",
        ],
    )
    def test_a_malformed_request_is_a_bad_request(self, witness, body):
        assert ask(witness, 0, HASHES[:2], body=body)[0] == 400

    def test_a_large_request_is_not_read(self, witness):
        assert ask(witness, 0, HASHES[:2], body=b"x" * 70_000)[0] == 413

    def test_it_gives_its_key(self, witness):
        with urllib.request.urlopen(witness.url + "/vkey", timeout=10) as response:
            assert response.read().decode().strip() == witness.vkey
        assert note.parse_vkey(witness.vkey).kind == note.TIMESTAMPED


class TestMemory:
    def test_it_remembers_over_a_kill(self, witness):
        assert ask(witness, 0, HASHES[:5])[0] == 200
        vkey = witness.vkey
        witness.kill()
        witness.start()
        assert witness.vkey == vkey
        assert ask(witness, 5, [HASHES[-1], *HASHES[1:8]])[0] == 422
        assert ask(witness, 5, HASHES[:8])[0] == 200

    def test_it_does_not_start_when_it_has_forgotten(self, witness):
        witness.kill()
        (witness.state / "state.json").unlink()
        assert "must not sign again" in self.failing_start(witness)

    def test_two_processes_cannot_share_one_memory(self, witness):
        twin = WitnessProcess(witness.state, witness.log_vkey, witness.name)
        assert "Another witness is running" in self.failing_start(twin)

    def test_its_memory_belongs_to_one_log(self, witness):
        witness.kill()
        other = note.Signer("other.example/log", Ed25519PrivateKey.generate())
        twin = WitnessProcess(witness.state, str(other.verifier()), witness.name)
        assert "belongs to the log mall.example/log+" in self.failing_start(twin)

    def test_its_key_is_its_owners_only(self, witness):
        assert (witness.state / "witness.key").stat().st_mode & 0o777 == 0o600

    def failing_start(self, witness):
        done = subprocess.run(witness.command(), capture_output=True, text=True, timeout=30, check=False)
        assert done.returncode == 1
        return done.stderr


class TestAsking:
    def test_a_tick_sequences_signs_and_is_countersigned(self, db, start_witness):
        start_witness("witness.example/one")
        start_witness("witness.example/two")
        record_many(some(7))
        tick()
        latest = Checkpoint.objects.latest()
        assert latest.size == 7
        cosignatures = list(latest.cosignatures.order_by("id"))
        assert [(c.pk, c.witness) for c in cosignatures] == [
            (1, "witness.example/one"),
            (2, "witness.example/two"),
        ]
        record_many(some(4))
        tick()
        tick()
        assert list(Cosignature.objects.order_by("id").values_list("checkpoint__size", flat=True)) == [
            7,
            7,
            11,
            11,
        ]

    def test_a_witness_that_is_down_is_asked_again(self, db, start_witness):
        witness = start_witness()
        record_many(some(3))
        witness.kill()
        tick()
        assert [outcome.state for outcome in witnessing.ask_witnesses()] == [witnessing.UNREACHABLE]
        witness.start()
        assert [outcome.state for outcome in witnessing.ask_witnesses()] == [witnessing.SIGNED]
        assert witnessing.ask_witnesses() == []

    def test_a_lost_answer_is_fetched_again(self, db, start_witness):
        """The witness has signed, but its line never arrived: its size is learnt from its answer."""
        witness = start_witness()
        record_many(some(3))
        sequencer.sequence()
        witnessing._post(witness.url, 0, [], Checkpoint.objects.latest())
        record_many(some(3))
        sequencer.sequence()
        assert [outcome.state for outcome in witnessing.ask_witnesses()] == [witnessing.SIGNED]
        assert witnessing.witnessed_size(witness.url) == 6

    def test_a_log_that_lost_its_end_is_an_alarm(self, fresh_database, start_witness, tamper, caplog):
        witness = start_witness()
        for _ in range(2):
            record_many(some(3))
            tick()
        tamper("evidence_cosignature", "DELETE FROM evidence_cosignature WHERE checkpoint_id = 2")
        tamper("evidence_checkpoint", "DELETE FROM evidence_checkpoint WHERE id = 2")
        now = timezone.now()
        Checkpoint.objects.create(pk=2, size=4, root=_root(4), note=_signed(4), signed_at=now)
        (outcome,) = witnessing.ask_witnesses()
        assert (outcome.url, outcome.state) == (witness.url, witnessing.AHEAD)
        assert "it has signed 6 entries of our log, and we hold 4" in caplog.text

    def test_another_witness_at_the_address_is_refused(self, db, settings, start_witness):
        witness = start_witness()
        other = note.Signer("witness.example/one", Ed25519PrivateKey.generate()).verifier(note.TIMESTAMPED)
        settings.EVIDENCE_WITNESSES = [{"url": witness.url, "vkey": str(other)}]
        record_many(some(3))
        tick()
        (outcome,) = witnessing.ask_witnesses()
        assert (outcome.state, Cosignature.objects.count()) == (witnessing.REFUSED, 0)

    def test_the_embedded_set_up_pins_a_key_at_first_contact(self, db, settings, start_witness):
        witness = start_witness()
        settings.EVIDENCE_WITNESSES = [{"url": witness.url, "vkey": None}]
        record_many(some(3))
        tick()
        assert json.loads(keys.pin_file().read_text()) == {witness.url: witness.vkey}
        assert Cosignature.objects.count() == 1
        settings.EMBEDDED = False
        keys.pin_file().unlink()
        record_many(some(3))
        sequencer.sequence()
        (outcome,) = witnessing.ask_witnesses()
        assert (outcome.state, "EVIDENCE_WITNESSES" in outcome.detail) == (witnessing.REFUSED, True)

    def test_nothing_is_shown_to_a_witness_before_it_is_committed(self, fresh_database, start_witness):
        start_witness()
        with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
            record_many(some(3))
            tick()


def _root(size):
    return merkle.root([bytes(p.entry.leaf_hash) for p in Position.objects.order_by("index")[:size]])


def _signed(size):
    signer = keys.log_signer()
    text = note.Checkpoint(signer.name, size, _root(size)).text()
    return str(note.Note(text, (note.sign(text, signer),)))
