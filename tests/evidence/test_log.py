"""The log in the database: entries, places, checkpoints, and what the database refuses."""

import json
from datetime import timedelta
from hashlib import sha256

import psycopg
import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.test.utils import CaptureQueriesContext

from marketplace.evidence import check, keys, merkle, note, proofs, sequencer
from marketplace.evidence.actions import EntryDraft, commit_to, record, record_many
from marketplace.evidence.canonical import NotCanonical
from marketplace.evidence.errors import EvidenceError, KeyMissing, TreeDamaged
from marketplace.evidence.models import Checkpoint, Entry, Node, Position, Unsequenced

TABLES = {"entry": "id", "position": "index", "node": "level", "checkpoint": "id", "cosignature": "id"}


def some(count, start=0):
    return [EntryDraft("order.placed", {"number": n}, subject=f"order:{n}") for n in range(start, start + count)]


@pytest.fixture
def log_of_11(db):
    """Eleven entries in three batches."""
    entries = record_many(some(11))
    while sequencer.sequence(limit=4):
        pass
    return entries


class TestRecording:
    def test_an_entry_keeps_the_exact_bytes_that_are_hashed(self, db):
        entry = record("order.placed", {"fen": 1250, "名称".encode().hex(): "苹果"}, subject="order:SX1")
        stored = Entry.objects.get(pk=entry.pk)
        leaf = bytes(stored.leaf)
        assert stored.content == {
            "at": stored.written_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "body": {"fen": 1250, "e5908de7a7b0": "苹果"},
            "kind": "order.placed",
            "subject": "order:SX1",
            "union": None,
        }
        assert bytes(stored.leaf_hash) == sha256(b"\0" + leaf).digest()
        assert (entry.pk, entry.kind, bytes(entry.leaf)) == (stored.pk, "order.placed", leaf)

    def test_many_entries_are_one_statement_in_the_order_given(self, db):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            entries = record_many(some(50))
        assert len(queries) == 1
        stored = Entry.objects.order_by("pk")
        assert [entry.pk for entry in entries] == [entry.pk for entry in stored]
        assert [entry.body["number"] for entry in stored] == list(range(50))

    def test_a_rolled_back_transaction_leaves_nothing(self, db):
        with pytest.raises(RuntimeError), transaction.atomic():
            record("order.placed", {})
            raise RuntimeError
        assert (Entry.objects.count(), Unsequenced.objects.count()) == (0, 0)

    def test_nothing_is_written_for_no_drafts(self, db, django_assert_num_queries):
        with django_assert_num_queries(0):
            assert record_many([]) == []

    @pytest.mark.parametrize("kind", ["", "Order", "order placed", "order.", "订单", "a" * 65])
    def test_a_kind_is_dotted_lower_case(self, db, kind):
        with pytest.raises(ValueError, match="is not dotted lower case"):
            record(kind, {})

    def test_money_as_a_float_is_refused(self, db):
        with pytest.raises(NotCanonical, match=r"\$\.body\.yuan: float"):
            record("order.placed", {"yuan": 12.5})


class TestCommitments:
    def test_the_same_value_and_salt_give_the_same_commitment(self):
        salt = bytes(range(16))
        assert commit_to("王小明", salt) == commit_to("王小明", salt)
        assert commit_to("王小明", salt).startswith("hmac-sha256:")
        assert len({commit_to("王小明", salt), commit_to("王小明", salt[::-1]), commit_to("王小红", salt)}) == 3

    def test_a_short_salt_is_refused(self):
        with pytest.raises(ValueError, match="can be guessed"):
            commit_to("王小明", b"short")


class TestSequencing:
    def test_places_follow_without_gaps_and_the_tree_grows(self, log_of_11):
        entries = log_of_11
        assert list(Position.objects.order_by("index").values_list("index", "entry_id")) == list(
            enumerate(entry.pk for entry in entries)
        )
        assert list(Checkpoint.objects.order_by("pk").values_list("pk", "size")) == [(1, 4), (2, 8), (3, 11)]
        assert Unsequenced.objects.count() == 0
        assert Node.objects.count() == 5 + 2 + 1
        hashes = [bytes(entry.leaf_hash) for entry in entries]
        for checkpoint in Checkpoint.objects.all():
            assert bytes(checkpoint.root) == merkle.root(hashes[: checkpoint.size])

    def test_a_checkpoint_is_signed_plainly_and_with_its_time(self, log_of_11):
        checkpoint = Checkpoint.objects.latest()
        signed = note.parse(checkpoint.note)
        assert note.parse_checkpoint(signed.text) == note.Checkpoint("mall.example/log", 11, bytes(checkpoint.root))
        plain, timed = note.verify(signed, keys.log_verifiers())
        assert plain.time is None
        assert timed.time == int(checkpoint.signed_at.timestamp())

    def test_nothing_waiting_signs_nothing(self, log_of_11):
        assert sequencer.sequence() == 0
        assert Checkpoint.objects.count() == 3

    def test_the_number_of_statements_does_not_grow_with_the_batch(self, db):
        counts = []
        for size in (5, 500):
            record_many(some(size))
            with CaptureQueriesContext(connection) as queries:
                assert sequencer.sequence() == size
            counts.append(len(queries))
        # The second batch also reads the two kinds of peaks; COPY is not counted.
        assert counts[1] - counts[0] <= 2

    def test_the_lag_tells_count_and_age(self, db):
        assert sequencer.lag() == (0, timedelta(0))
        record_many(some(3))
        count, oldest = sequencer.lag()
        assert count == 3
        assert timedelta(0) <= oldest < timedelta(minutes=1)

    def test_a_tree_that_does_not_give_the_signed_root_is_not_extended(self, fresh_database, tamper):
        record_many(some(11))
        sequencer.sequence()
        tamper("evidence_node", "UPDATE evidence_node SET hash = sha256(hash) WHERE level = 3")
        record_many(some(1))
        with pytest.raises(TreeDamaged, match="does not give the root that was signed at size 11"):
            sequencer.sequence()
        assert Position.objects.count() == 11

    def test_no_key_no_signature(self, db, settings, tmp_path):
        settings.EMBEDDED = False
        record_many(some(1))
        with pytest.raises(KeyMissing, match="evidence_key --create"):
            sequencer.sequence()
        assert Position.objects.count() == 0

    def test_the_embedded_key_is_made_once_and_for_its_owner_only(self, settings):
        assert keys.log_vkey() == keys.log_vkey()
        assert settings.EVIDENCE_KEY_FILE.stat().st_mode & 0o777 == 0o600


class TestWhatTheDatabaseRefuses:
    """As the app's role the right is missing; as the owner the trigger stands in the way (I8)."""

    def test_changes(self, fresh_database):
        for table, column in TABLES.items():
            for change in (
                f"UPDATE evidence_{table} SET {column} = {column}",
                f"DELETE FROM evidence_{table}",
                f"TRUNCATE evidence_{table} CASCADE",
            ):
                with (
                    pytest.raises(ProgrammingError, match="permission denied"),
                    connection.cursor() as cursor,
                ):
                    cursor.execute(change)
                with (
                    psycopg.connect(fresh_database.owner_url) as owner,
                    pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="append-only"),
                ):
                    owner.execute(change)

    def test_a_hash_that_is_not_that_of_its_bytes(self, db):
        with pytest.raises(IntegrityError, match="evidence_leaf_hash"):
            Entry.objects.create(kind="x", leaf=b"{}", leaf_hash=bytes(32), written_at="2026-01-01T00:00:00Z")

    def test_an_entry_cannot_be_taken_off_the_sequencers_list(self, db):
        record("order.placed", {})
        with pytest.raises(IntegrityError, match="no position yet"), transaction.atomic():
            Unsequenced.objects.all().delete()
        with pytest.raises(ProgrammingError, match="permission denied"), connection.cursor() as cursor:
            cursor.execute("INSERT INTO evidence_unsequenced VALUES (1)")

    @pytest.mark.parametrize("indices", [[12], [11, 13], [-1], [5]])
    def test_places_with_gaps_or_out_of_turn(self, log_of_11, indices):
        entries = record_many(some(len(indices)))
        with pytest.raises(IntegrityError), transaction.atomic():
            Position.objects.bulk_create(
                Position(index=index, entry=entry) for index, entry in zip(indices, entries, strict=True)
            )


class TestProofs:
    def test_every_entry_is_proved_under_every_checkpoint_that_covers_it(self, log_of_11):
        for checkpoint in Checkpoint.objects.all():
            covered = log_of_11[: checkpoint.size]
            for entry, proof in zip(covered, proofs.inclusions([e.pk for e in covered], checkpoint), strict=True):
                assert merkle.verify_inclusion(
                    bytes(entry.leaf_hash), proof.index, proof.size, proof.path, bytes(checkpoint.root)
                )

    def test_three_statements_whatever_the_number(self, log_of_11, django_assert_num_queries):
        checkpoint = Checkpoint.objects.latest()
        with django_assert_num_queries(3):
            proofs.inclusion(log_of_11[6], checkpoint)
        with django_assert_num_queries(3):
            proofs.inclusions([entry.pk for entry in log_of_11], checkpoint)

    def test_an_entry_that_came_later_is_not_under_an_earlier_checkpoint(self, log_of_11):
        first = Checkpoint.objects.get(pk=1)
        with pytest.raises(EvidenceError, match="not yet in the log at size 4"):
            proofs.inclusion(log_of_11[4], first)
        with pytest.raises(EvidenceError, match="not yet in the log"):
            proofs.inclusion(record("order.placed", {}), Checkpoint.objects.latest())

    def test_consistency_between_all_checkpoints(self, log_of_11):
        roots = {c.size: bytes(c.root) for c in Checkpoint.objects.all()}
        for old in roots:
            for new in (size for size in roots if size >= old):
                proof = proofs.consistency(old, new)
                assert merkle.verify_consistency(old, new, proof, roots[old], roots[new])

    def test_a_proof_as_c2sp_text(self, log_of_11):
        checkpoint = Checkpoint.objects.latest()
        text = proofs.tlog_proof(log_of_11[10], checkpoint)
        head, _empty, rest = text.partition("\n\n")
        assert head.split("\n")[:2] == ["c2sp.org/tlog-proof@v1", "index 10"]
        assert rest == checkpoint.note


class TestConcurrency:
    def test_an_entry_committed_late_gets_its_place_late(self, fresh_database):
        """An id drawn early, committed after a later one was sequenced: it is not lost."""
        with psycopg.connect(fresh_database.url) as other:
            leaf = json.dumps({"late": 1}).encode()
            other.execute(
                "INSERT INTO evidence_entry (kind, subject, leaf, leaf_hash, written_at)"
                " VALUES ('late', '', %s, %s, now())",
                [leaf, merkle.leaf_hash(leaf)],
            )
            early = record("order.placed", {})
            assert sequencer.sequence() == 1
            other.commit()
        assert sequencer.sequence() == 1
        late = Entry.objects.get(kind="late")
        assert late.pk < early.pk
        assert (early.position.index, late.position.index) == (0, 1)

    def test_several_sequencers_at_once_make_one_log(self, fresh_database, settings):
        import threading

        from django.db import connections

        record_many(some(300))
        keys.log_vkey()
        done, errors = [], []

        def work():
            try:
                while count := sequencer.sequence(limit=20):
                    done.append(count)
            except Exception as error:
                errors.append(error)
            finally:
                connections.close_all()

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert errors == []
        assert (sum(done), Position.objects.count(), Checkpoint.objects.count()) == (300, 300, 15)
        assert check.check_log().faults == []
