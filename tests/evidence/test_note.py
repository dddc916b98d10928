"""Signed notes: the example of the C2SP specification, round trips, and the refusal of every bent line."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from marketplace.evidence import note, verify

# The note, key and cosignature that the Go implementation of signed notes publishes as its example.
PETER_VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETER_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "\N{EM DASH} PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)

LOG = note.Signer("mall.example/log", Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
WITNESS = note.Signer("witness.example/one", Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33))))
TEXT = note.Checkpoint(LOG.name, 7, bytes(32)).text()


def signed():
    return note.Note(TEXT, (note.sign(TEXT, LOG), note.cosign(TEXT, WITNESS, 1_790_000_000)))


def test_a_published_note_verifies():
    published = note.parse(PETER_NOTE)
    (verified,) = note.verify(published, [note.parse_vkey(PETER_VKEY)])
    assert (verified.verifier.name, verified.time) == ("PeterNeumann", None)
    assert str(published) == PETER_NOTE
    assert str(note.parse_vkey(PETER_VKEY)) == PETER_VKEY


def test_a_checkpoint_is_written_as_the_specification_shows():
    assert TEXT == "mall.example/log\n7\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
    assert note.parse_checkpoint(TEXT + "extension\n").extensions == ("extension",)


def test_a_cosignature_has_its_time_in_front_and_its_own_key_id():
    line = note.cosign(TEXT, WITNESS, 1_790_000_000)
    assert line.signature[:8] == (1_790_000_000).to_bytes(8, "big")
    assert len(line.signature) == 8 + 64
    assert line.key_id == WITNESS.verifier(note.TIMESTAMPED).key_id != WITNESS.verifier(note.PLAIN).key_id


def test_both_signatures_verify_after_a_round_trip():
    verifiers = [LOG.verifier(), WITNESS.verifier(note.TIMESTAMPED)]
    verified = note.verify(note.parse(str(signed())), verifiers)
    assert [(item.verifier.name, item.time) for item in verified] == [
        ("mall.example/log", None),
        ("witness.example/one", 1_790_000_000),
    ]


def test_unknown_keys_are_passed_over():
    other = note.Signer(LOG.name, Ed25519PrivateKey.generate())
    assert note.verify(signed(), [other.verifier()]) == []


def test_a_known_key_whose_signature_is_wrong_is_an_error():
    bent = note.Note(TEXT.replace("7", "8"), signed().lines)
    for verifier in (LOG.verifier(), WITNESS.verifier(note.TIMESTAMPED)):
        with pytest.raises(note.NoteError, match="does not verify"):
            note.verify(bent, [verifier])


@given(st.data())
def test_no_character_of_a_signed_note_can_be_changed(data):
    source = str(signed())
    place = data.draw(st.integers(0, len(source) - 1))
    character = data.draw(st.characters(exclude_categories=["Cs"]).filter(lambda c: c != source[place]))
    verifiers = [LOG.verifier(), WITNESS.verifier(note.TIMESTAMPED)]
    try:
        verified = note.verify(note.parse(source[:place] + character + source[place + 1 :]), verifiers)
    except note.NoteError:
        return
    assert len(verified) < 2


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "name",
        "name+00000000+",
        PETER_VKEY.replace("c74f", "c74e"),
        PETER_VKEY[:-1] + "X",
        PETER_VKEY.replace("+ARpc", "+BRpc"),
        PETER_VKEY.replace("Peter", "Peter "),
        PETER_VKEY + "=",
    ],
)
def test_bent_keys_are_refused(vkey):
    with pytest.raises(note.NoteError):
        note.parse_vkey(vkey)
    with pytest.raises(verify.Damaged):
        verify.parse_key(vkey)


@pytest.mark.parametrize(
    "source",
    [
        "",
        "\n",
        "text\n",
        "text\n\n",
        "text\n\nno dash x AAAAAAA=\n",
        TEXT + "\n\N{EM DASH} a AAAA\n",
        "a\tb\n\n\N{EM DASH} a AAAAAAA=\n",
    ],
)
def test_what_is_no_note_is_refused(source):
    with pytest.raises(note.NoteError):
        note.parse(source)


@pytest.mark.parametrize("text", ["a\n1\n", "a\n01\nAAAA\n", "a\n1\nAAAA\n", "a\n-1\nAAAA\n", "a\n1\nAAAA", "\n1\n\n"])
def test_what_is_no_checkpoint_is_refused(text):
    with pytest.raises(note.NoteError):
        note.parse_checkpoint(text)


def test_the_auditors_program_knows_the_same_keys():
    vkey = str(WITNESS.verifier(note.TIMESTAMPED))
    key = verify.parse_key(vkey)
    assert (key.name, key.kind, key.public, key.id) == (
        "witness.example/one",
        4,
        note.parse_vkey(vkey).public,
        note.parse_vkey(vkey).key_id,
    )
