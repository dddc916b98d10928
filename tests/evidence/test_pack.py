"""An evidence pack, checked by the program that auditors get.

All is well, or every change, removal and addition is found (R4).
"""

import hashlib
import json
import subprocess
import sys
import zipfile
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.evidence import keyfile, keys, merkle, note, verify
from marketplace.evidence.actions import EntryDraft, record_many
from marketplace.evidence.canonical import canonical
from marketplace.evidence.errors import BadPack, WitnessMissing
from marketplace.evidence.keys import log_vkey
from marketplace.evidence.models import Entry
from marketplace.evidence.pack import write_pack, zip_chunks
from marketplace.evidence.witnessing import ask_witnesses
from tests.evidence.conftest import ROOT

PROGRAM = ROOT / "marketplace" / "evidence" / "verify.py"
# Stands for the rule: reads a decision's input, writes its output.
ENGINE = b"""
import json, pathlib, sys
wanted = json.loads(pathlib.Path(sys.argv[1]).read_text())["wanted"]
sys.stdout.write('{"verdict":"%s"}' % ("block" if wanted > 2 else "allow"))
"""


def sha(data):
    return hashlib.sha256(data).hexdigest()


def decision(number):
    """A decision's name, input, output and entry."""
    source = canonical({"wanted": number})
    result = canonical({"verdict": "block" if number > 2 else "allow"})
    body = {"engine_sha256": sha(ENGINE), "input_sha256": sha(source), "output_sha256": sha(result)}
    return f"decisions/{number}", source, result, EntryDraft("decision.made", body, f"decision:{number}")


@pytest.fixture
def pack(db, start_witness, tmp_path):
    """Five decisions and three orders of a log with others in between, two files beside them."""
    start_witness()
    decisions = [decision(number) for number in range(5)]
    wanted = []
    for number, (_name, _source, _result, draft) in enumerate(decisions):
        rows = record_many([draft, EntryDraft("order.placed", {"number": number, "who": "工会"}), draft])
        wanted += rows[:1] if number > 2 else rows[:2]
        record_many([EntryDraft("other", {})] * number)
    files = {"engine/rule.py": ENGINE, "statement.csv": "工会,金额\n".encode()}
    for name, source, result, _draft in decisions:
        files |= {f"{name}.input.json": source, f"{name}.output.json": result}
    written = write_pack(tmp_path / "pack.zip", wanted, files)
    assert (written.entries, written.files, written.checkpoint.size) == (9, 12, 26)
    return written


@pytest.fixture
def vkeys(pack, settings):
    """The keys of log and witness, as the auditor was given them."""
    return log_vkey(), settings.EVIDENCE_WITNESSES[0]["vkey"]


@pytest.fixture
def contents(pack):
    with zipfile.ZipFile(pack.path) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def rebuilt(contents, **changes):
    """The pack with some members changed (None takes one out), its container made anew so that only the
    contents can tell.
    """
    members = contents | changes
    return b"".join(zip_chunks((name, data) for name, data in members.items() if data is not None))


def run(*arguments):
    return subprocess.run(
        [sys.executable, str(PROGRAM), *map(str, arguments)],
        capture_output=True,
        timeout=120,
        check=False,
        cwd="/",
    )


class TestAGoodPack:
    def test_it_verifies_with_the_keys_that_the_auditor_has(self, pack, vkeys):
        log, witness = vkeys
        done = run(pack.path, "--log-key", log, "--witness-key", witness, "--replay", "--json")
        said = json.loads(done.stdout)
        assert (done.returncode, said["ok"], said["faults"]) == (0, True, [])
        assert [(row["part"], row["ok"]) for row in said["checks"]] == [
            ("container", True),
            ("entries", True),
            ("checkpoint", True),
            ("inclusion", True),
            ("manifest", True),
            ("decisions", True),
            ("replay", True),
        ]
        details = {row["part"]: row["detail"] for row in said["checks"]}
        assert details["entries"] == "9: 5 decision.made, 3 order.placed, 1 pack.manifest"
        assert details["replay"] == "5 decisions come out the same, byte for byte"
        assert said["notes"] == ["The replay ran the engine from the pack, whose hash the log certifies."]

    def test_without_keys_it_says_that_they_come_from_the_pack(self, pack):
        done = run(pack.path)
        text = done.stdout.decode()
        assert (done.returncode, done.stderr) == (0, b"")
        assert "全部通过 ALL GOOD" in text
        assert text.count("taken from the pack itself") == 2

    def test_the_same_contents_give_the_same_file(self, pack, contents):
        assert rebuilt(contents) == pack.path.read_bytes()

    def test_a_later_pack_may_hold_an_earlier_manifests_entry(self, pack, vkeys, tmp_path):
        earlier = Entry.objects.get(kind="pack.manifest")
        later = write_pack(tmp_path / "later.zip", [earlier.pk], {})
        assert verify.verify(later.path.read_bytes(), vkeys[0], [vkeys[1]]).faults == []

    def test_the_program_needs_nothing_of_ours(self, pack, tmp_path):
        """Copied elsewhere, without our packages on the path, it does the same."""
        copy = tmp_path / "elsewhere" / "verify.py"
        copy.parent.mkdir()
        copy.write_bytes(PROGRAM.read_bytes())
        code = (
            "import runpy, sys\n"
            f"sys.argv = ['verify.py', {str(pack.path)!r}]\n"
            "try:\n"
            f"    runpy.run_path({str(copy)!r}, run_name='__main__')\n"
            "except SystemExit as end:\n"
            "    assert not end.code\n"
            "assert not [m for m in sys.modules if m.split('.')[0] in {'marketplace', 'django'}]\n"
        )
        done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, timeout=60, check=False)
        assert (done.returncode, done.stderr) == (0, b"")


class TestABadPack:
    def test_every_single_byte_change_is_found(self, pack):
        good = pack.path.read_bytes()
        assert verify.verify(good).faults == []
        for place in range(len(good)):
            bent = bytearray(good)
            bent[place] ^= 1 << (place % 8)
            assert verify.verify(bytes(bent)).faults != [], f"byte {place}"

    def test_every_truncation_and_every_addition_is_found(self, pack):
        good = pack.path.read_bytes()
        for length in range(0, len(good), 7):
            assert verify.verify(good[:length]).faults != [], f"cut at {length}"
        assert verify.verify(good[:-1]).faults != []
        assert verify.verify(good + b"\0").faults != []
        assert verify.verify(b"\0" + good).faults != []
        assert verify.verify(good + good).faults != []

    def test_a_changed_byte_in_any_member_is_found_without_the_containers_help(self, contents):
        for name, data in contents.items():
            for place in range(len(data)):
                bent = bytearray(data)
                bent[place] ^= 1 << (place % 8)
                assert verify.verify(rebuilt(contents, **{name: bytes(bent)})).faults != [], f"{name}, byte {place}"

    @pytest.mark.parametrize("part", ["entries.jsonl", "proof.jsonl", "checkpoint.txt"])
    def test_every_row_removed_doubled_or_moved_is_found(self, contents, part):
        rows = contents[part].splitlines(keepends=True)
        assert len(rows) > 3
        for number, row in enumerate(rows):
            without = [*rows[:number], *rows[number + 1 :]]
            assert verify.verify(rebuilt(contents, **{part: b"".join(without)})).faults != [], row
            for place in range(len(rows)):
                if place != number:
                    moved = [*without[:place], row, *without[place:]]
                    assert verify.verify(rebuilt(contents, **{part: b"".join(moved)})).faults != [], row
            doubled = b"".join([*rows[:number], row, *rows[number:]])
            assert verify.verify(rebuilt(contents, **{part: doubled})).faults != [], row

    def test_every_member_taken_out_is_found(self, contents):
        for name in contents:
            report = verify.verify(rebuilt(contents, **{name: None}))
            assert any(name in fault for fault in report.faults), report.faults

    def test_members_in_another_order_or_added_are_found(self, contents):
        swapped = dict(reversed(contents.items()))
        assert verify.verify(rebuilt(swapped)).faults == ["container: the members are not in their order"]
        report = verify.verify(rebuilt(contents, **{"files/zzz.txt": b""}))
        assert report.faults == ["manifest: files/zzz.txt was added"]
        report = verify.verify(rebuilt(contents, **{"virus.exe": b""}))
        assert report.faults == ["container: 'virus.exe' does not belong into a pack"]

    def test_an_entry_and_its_mention_taken_out_together_are_found(self, contents):
        """The forger rewrites the manifest too and mends the proof.

        The manifest's own entry in the log gives it away.
        """
        manifest = json.loads(contents["manifest.json"])
        index, digest = manifest["entries"].pop(0)
        rows = contents["entries.jsonl"].splitlines(keepends=True)
        nodes = contents["proof.jsonl"].splitlines(keepends=True)
        assert rows.pop(0).startswith(b"[%d," % index)
        nodes.insert(0, b'[0,%d,"%b"]\n' % (index, digest.encode()))
        mended = rebuilt(
            contents,
            **{
                "manifest.json": canonical(manifest),
                "entries.jsonl": b"".join(rows),
                "proof.jsonl": b"".join(sorted(nodes, key=lambda node: json.loads(node)[:2])),
            },
        )
        report = verify.verify(mended)
        assert any("not the one that was written to the log" in fault for fault in report.faults)

    def test_all_faults_are_reported_not_only_the_first(self, contents):
        entries = contents["entries.jsonl"].replace(b'"number":1', b'"number":9')
        report = verify.verify(
            rebuilt(
                contents,
                **{"entries.jsonl": entries, "files/statement.csv": b"", "files/engine/rule.py": None},
            )
        )
        said = "\n".join(report.faults)
        for sentence in (
            "was changed",
            "files/statement.csv was changed",
            "files/engine/rule.py was taken out",
        ):
            assert sentence in said
        assert len([part for part, ok, _detail in report.rows if not ok]) >= 3

    def test_a_whole_forgery_fails_against_the_keys_that_the_auditor_has(
        self, contents, vkeys, start_witness, tmp_path, settings
    ):
        """Another log, key and witness, all in order in themselves."""
        settings.EVIDENCE_KEY_FILE = tmp_path / "forger" / "log.key"
        settings.EVIDENCE_WITNESSES = []
        forger = start_witness("witness.example/one", log_vkey())
        text = contents["checkpoint.txt"].decode().split("\n\n")[0] + "\n"
        keys_file = canonical({"log": log_vkey(), "witnesses": [forger.vkey]})
        signer = keys.log_signer()
        false_witness = note.Signer("witness.example/one", keyfile.read_key(forger.state / "witness.key"))
        lines = (note.sign(text, signer), note.cosign(text, signer, 1), note.cosign(text, false_witness, 1))
        forged = rebuilt(contents, **{"checkpoint.txt": str(note.Note(text, lines)).encode(), "keys.json": keys_file})
        assert verify.verify(forged).faults == []
        log, witness = vkeys
        assert any("another key for the log" in fault for fault in verify.verify(forged, log).faults)
        assert "checkpoint: no trusted witness has countersigned it" in verify.verify(forged, None, [witness]).faults

    def test_a_key_with_the_trusted_witnesss_name_and_id_is_not_the_trusted_witness(self, monkeypatch):
        """Key ids are four bytes: a forger can find a key with the id that he wants."""
        log = note.Signer("mall.example/log", Ed25519PrivateKey.generate())
        forger = note.Signer("witness.example/one", Ed25519PrivateKey.generate())
        text = note.Checkpoint(log.name, 0, merkle.EMPTY_ROOT).text()
        lines = [note.sign(text, log), note.cosign(text, log, 1), note.cosign(text, forger, 1)]
        log_key, forged = (verify.Key(s.name, k, s.verifier().public) for s, k in ((log, 1), (forger, 4)))
        trusted = verify.Key(forger.name, 4, bytes(32))
        monkeypatch.setattr(
            verify.Key,
            "id",
            property(lambda key: b"same" if key.name == forger.name else bytes([key.kind]) * 4),
        )
        ids = [b"\1" * 4, b"\4" * 4, b"same"]
        source = str(note.Note(text, tuple(replace(line, key_id=i) for line, i in zip(lines, ids, strict=True))))
        assert verify.check_checkpoint(source.encode(), log_key, [forged], [forged])[1] == []
        _checkpoint, faults = verify.check_checkpoint(source.encode(), log_key, [forged], [trusted])
        assert faults == ["no trusted witness has countersigned it"]

    def test_an_engine_that_decides_otherwise_is_found_by_replay(self, db, start_witness, tmp_path):
        start_witness()
        name, source, _result, _draft = decision(4)
        body = {
            "engine_sha256": sha(ENGINE),
            "input_sha256": sha(source),
            "output_sha256": sha(b'{"verdict":"allow"}'),
        }
        rows = record_many([EntryDraft("decision.made", body)])
        files = {
            "engine/rule.py": ENGINE,
            f"{name}.input.json": source,
            f"{name}.output.json": b'{"verdict":"allow"}',
        }
        data = write_pack(tmp_path / "pack.zip", rows, files).path.read_bytes()
        assert verify.verify(data).faults == []
        assert verify.verify(data, run=True).faults == ["replay: 4: the engine decides otherwise"]

    def test_a_decision_without_its_files_or_engine_is_found(self, db, start_witness, tmp_path):
        start_witness()
        decisions = [decision(0), decision(1)]
        rows = record_many([draft for *_rest, draft in decisions])
        name, source, result, _draft = decisions[0]
        files = {f"{name}.input.json": source, f"{name}.output.json": result}
        report = verify.verify(write_pack(tmp_path / "pack.zip", rows, files).path.read_bytes())
        assert report.faults == [
            f"decisions: files/decisions/0: its engine (SHA-256 {sha(ENGINE)}) is not in the pack under files/engine/",
            f"decisions: the input or output with SHA-256 {sha(decisions[1][1])} is recorded, but not in the pack",
        ]

    def test_code_from_a_bad_pack_is_not_run(self, contents, tmp_path):
        marker = tmp_path / "ran"
        evil = f"open({str(marker)!r}, 'w')".encode()
        report = verify.verify(rebuilt(contents, **{"files/engine/rule.py": evil}), run=True)
        assert report.faults != []
        assert not marker.exists()


class TestHostileInput:
    @settings(max_examples=150, deadline=None)
    @given(st.binary(max_size=300) | st.binary(max_size=300).map(lambda data: b"PK\x03\x04" + data))
    def test_anything_ends_in_a_report(self, data):
        assert verify.verify(data).faults != []

    @settings(max_examples=150, deadline=None)
    @given(
        st.dictionaries(
            st.sampled_from(verify.FIXED),
            st.binary(max_size=60) | st.sampled_from([b"{}", b"[]", b"[" * 9999, b"null"]),
        )
    )
    def test_any_members_end_in_a_report(self, members):
        full = dict.fromkeys(verify.FIXED, b"") | members
        assert verify.verify(b"".join(zip_chunks(full.items()))).faults != []

    def test_a_compressed_archive_is_refused_unread(self, tmp_path):
        path = tmp_path / "bomb.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("checkpoint.txt", bytes(50_000_000))
        done = run(path)
        assert done.returncode == 1
        assert "is compressed or has extra fields" in done.stdout.decode()

    @pytest.mark.parametrize("content", [None, b"", b"not a zip"])
    def test_a_file_that_is_no_pack_gets_a_sentence(self, tmp_path, content):
        path = tmp_path / "pack.zip"
        if content is not None:
            path.write_bytes(content)
        done = run(path)
        assert (done.returncode, done.stderr) == (1, b"")
        assert "不通过 NOT GOOD" in done.stdout.decode()

    def test_a_pack_cannot_write_to_the_terminal(self, contents):
        report = verify.verify(rebuilt(contents, **{"files/\x1b[2J": b""}))
        text = verify._text(report, "pack.zip")
        assert "\x1b" not in text


class TestWriting:
    def test_without_a_witness_there_is_no_pack(self, db, tmp_path):
        rows = record_many([EntryDraft("order.placed", {})])
        with pytest.raises(WitnessMissing, match="EVIDENCE_WITNESSES"):
            write_pack(tmp_path / "pack.zip", rows, {})
        assert list(tmp_path.glob("*.zip*")) == []

    @pytest.mark.parametrize("name", ["../x", "/x", "a//b", "a/../b", "", "名单.csv", ".hidden", "a b", "x" * 201])
    def test_bad_names_are_refused(self, db, tmp_path, name):
        with pytest.raises(BadPack, match="cannot be a file's name"):
            write_pack(tmp_path / "pack.zip", [], {name: b""})

    def test_entries_that_do_not_exist_are_refused(self, db, tmp_path):
        with pytest.raises(BadPack, match="1 of the entries asked for"):
            write_pack(tmp_path / "pack.zip", [12345], {})

    def test_an_older_countersigned_checkpoint_will_not_do(self, db, start_witness, tmp_path):
        witness = start_witness()
        rows = record_many([EntryDraft("order.placed", {})])
        write_pack(tmp_path / "pack.zip", rows, {})
        witness.kill()
        with pytest.raises(WitnessMissing):
            write_pack(tmp_path / "second.zip", rows, {})
        witness.start()
        ask_witnesses()
        assert write_pack(tmp_path / "second.zip", rows, {}).entries == 2
