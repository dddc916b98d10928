"""The evidence tables. All but Unsequenced are append-only.

Triggers refuse every change, and the app's role has no right to one.
"""

import json
from typing import Any

from django.contrib.postgres.indexes import BrinIndex
from django.db import models


class Entry(models.Model):
    """One thing that was done. Written inside the business transaction, without a place in the log.

    `leaf` holds the exact bytes that are hashed: the canonical JSON of at, body, kind, subject and union.
    The columns beside it repeat them for look-up; `check.check_log` compares both.
    """

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=64)
    subject = models.CharField(max_length=128, blank=True, default="")
    union = models.ForeignKey("organisations.Organisation", on_delete=models.PROTECT, null=True, related_name="+")
    leaf = models.BinaryField()
    leaf_hash = models.BinaryField(max_length=32)
    written_at = models.DateTimeField()

    class Meta:
        indexes = (
            models.Index(fields=["subject"], name="evidence_entry_subject", condition=~models.Q(subject="")),
            # Entries arrive almost in time order, so a block range index answers for a day at no cost per
            # insert.
            BrinIndex(fields=["written_at"], name="evidence_entry_written"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}".strip()

    @property
    def content(self) -> dict[str, Any]:
        """The whole leaf, parsed: at, body, kind, subject, union."""
        return json.loads(bytes(self.leaf))  # type: ignore[no-any-return]

    @property
    def body(self) -> dict[str, Any]:
        """What the writer recorded."""
        return self.content["body"]  # type: ignore[no-any-return]


class Unsequenced(models.Model):
    """Work list of the sequencer: entries that have no place yet.

    A trigger adds a row with every entry; a row can only be removed once its entry has a Position.
    """

    # No foreign key in the database: only the trigger inserts here, and entries are never removed.
    entry = models.OneToOneField(
        Entry, on_delete=models.PROTECT, primary_key=True, related_name="+", db_constraint=False
    )

    def __str__(self) -> str:
        return str(self.pk)


class Position(models.Model):
    """The place of an entry in the log, counted from 0 without gaps. Only the sequencer writes it."""

    index = models.BigIntegerField(primary_key=True)
    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, related_name="position")

    def __str__(self) -> str:
        return str(self.index)


class Node(models.Model):
    """The root of a complete subtree.

    2**level leaves from index * 2**level on. Level 0 are the entries' own hashes.
    """

    pk = models.CompositePrimaryKey("level", "index")
    level = models.SmallIntegerField()
    index = models.BigIntegerField()
    hash = models.BinaryField(max_length=32)

    class Meta:
        constraints = (models.CheckConstraint(condition=models.Q(level__gte=1), name="evidence_node_level"),)

    def __str__(self) -> str:
        return f"{self.level}/{self.index}"


class Checkpoint(models.Model):
    """The log's signed state.

    `note` is the signed note; size, root and signed_at repeat what it says. Numbered without gaps.
    """

    id = models.BigIntegerField(primary_key=True)
    size = models.BigIntegerField(unique=True)
    root = models.BinaryField(max_length=32)
    note = models.TextField()
    signed_at = models.DateTimeField()

    class Meta:
        get_latest_by = "size"

    def __str__(self) -> str:
        return str(self.size)


class Cosignature(models.Model):
    """A witness's signature line over a checkpoint. Numbered without gaps, so that a removed row shows."""

    id = models.BigIntegerField(primary_key=True)
    checkpoint = models.ForeignKey(Checkpoint, on_delete=models.PROTECT, related_name="cosignatures")
    witness = models.CharField(max_length=200)
    line = models.TextField()
    at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["checkpoint", "witness"], name="evidence_one_cosignature"),)

    def __str__(self) -> str:
        return f"{self.witness} {self.checkpoint_id}"
