"""T10: the evidence log. Appending in batches, a proof, and an outsider's verification of a pack of decisions."""

from __future__ import annotations

import tempfile
import time
from functools import partial
from hashlib import sha256
from pathlib import Path

from benchmarks.mall import Mall, copied
from benchmarks.measure import Figure, Tell, duration, median_of, seconds, side_by_side
from benchmarks.rule_speed import decide, gift

BATCH = 10_000


def measure(mall: Mall, scale: str, tell: Tell) -> list[Figure]:
    """In a copy of the database, with a witness of its own."""
    entries, decisions = (50_000, 1_000) if scale == "small" else (1_000_000, 10_000)
    with copied(mall, "mall_bench_log"):
        return [*_append(entries, tell), *_proof(tell), *_verify(mall, decisions, tell)]


def _append(entries: int, tell: Tell) -> list[Figure]:
    from marketplace.evidence.actions import EntryDraft, record_many
    from marketplace.evidence.sequencer import sequence_all

    tell(f"T10 {entries:,} entries appended")
    sequence_all()
    drafts = [
        EntryDraft("bench.entry", {"number": number, "note": "x" * 80}, f"bench:{number}") for number in range(BATCH)
    ]
    writing = sequencing = hashing = 0.0
    for _ in range(entries // BATCH):
        started = time.perf_counter()
        written = record_many(drafts)
        writing += time.perf_counter() - started
        sequencing += seconds(sequence_all)
        leaves = [bytes(entry.leaf) for entry in written]
        hashing += seconds(partial(_hash_all, leaves))
    rate = entries / sequencing
    whole = entries / (writing + sequencing)
    return [
        Figure(
            "T10", f"append: {entries:,} waiting entries sequenced and signed in batches of {BATCH:,}", f"{rate:,.0f}/s",
            f"SHA-256 of the same leaves {entries / hashing:,.0f}/s", "≥ 20,000/s", rate >= 20_000,
        ),
        Figure("T10", "the same, writing the entries' rows in bulk included", f"{whole:,.0f}/s"),
    ]  # fmt: skip


def _hash_all(leaves: list[bytes]) -> None:
    for leaf in leaves:
        sha256(b"\0" + leaf).digest()


def _proof(tell: Tell) -> list[Figure]:
    from marketplace.evidence.models import Checkpoint, Entry
    from marketplace.evidence.proofs import inclusion

    latest = Checkpoint.objects.latest()
    tell(f"T10 a proof at {latest.size:,} entries")
    entries = list(Entry.objects.filter(position__index__in=range(0, latest.size, latest.size // 50)))
    places = iter(entries * 2)
    one = median_of(lambda: inclusion(next(places), latest), len(entries))
    enough = latest.size >= 1_000_000
    return [
        Figure(
            "T10", f"proof of inclusion at {latest.size:,} entries", duration(one), "", "≤ 5 ms at 1,000,000",
            one <= 0.005 if enough else None,
        )
    ]  # fmt: skip


def _verify(mall: Mall, decisions: int, tell: Tell) -> list[Figure]:
    from marketplace import local_witness
    from marketplace.evidence import keys, verify

    tell(f"T10 a pack of {decisions:,} decisions")
    with tempfile.TemporaryDirectory() as folder, local_witness.running(mall.data, keys.log_vkey()):
        path = Path(folder) / "pack.zip"
        made = seconds(lambda: _pack(path, decisions))
        data = path.read_bytes()
    report = verify.verify(data, keys.log_vkey())
    if report.faults:
        raise AssertionError(f"the pack does not verify: {report.faults[:3]}")
    ours, bare = side_by_side(lambda: verify.verify(data, keys.log_vkey()), lambda: sha256(data).digest(), 3)
    ratio = ours / bare
    return [
        Figure(
            "T10", f"verification of a pack of {decisions:,} decisions ({len(data) / 1e6:,.0f} MB)", duration(ours),
            f"SHA-256 over the same bytes {duration(bare)}: {ratio:.1f} ×", "≤ 10 ×", ratio <= 10,
            "every byte is hashed or summed twice (SHA-256 and the container's CRC-32), and its many small files and entries each "
            "cost some Python",
        ),
        Figure("T10", "writing that pack, signing and witnessing included", duration(made)),
    ]  # fmt: skip


def _pack(path: Path, decisions: int) -> None:
    """A pack like an order's, with the rule's own inputs and outputs."""
    from marketplace.evidence.actions import EntryDraft, record_many
    from marketplace.evidence.pack import write_pack
    from procurement.priority import rule

    files = {"engine/rule.py": Path(rule.__file__).read_bytes()}
    drafts = []
    for number in range(decisions):
        taken, given = decide(gift(1, number))
        files[f"decisions/{number}.input.json"], files[f"decisions/{number}.output.json"] = taken, given
        body = {
            "engine_sha256": rule.engine_hash(),
            "input_sha256": _sha(taken),
            "output_sha256": _sha(given),
            "number": number,
        }
        drafts.append(EntryDraft("priority.judged", body, f"bench-decision:{number}"))
    write_pack(path, record_many(drafts), files)


def _sha(data: bytes) -> str:
    return sha256(data).hexdigest()
