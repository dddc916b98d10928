"""What can go wrong in the evidence log, each with a code, its data and a sentence."""

from typing import Any

from django.utils.translation import gettext as _


class EvidenceError(Exception):
    """Base of this app's errors: `code` for programs, `data` for the details, the text for people."""

    code = "evidence"

    def __init__(self, message: str, **data: Any) -> None:
        super().__init__(message)
        self.data = data


class KeyMissing(EvidenceError):
    """The log's signing key cannot be read."""

    code = "evidence_key_missing"

    @classmethod
    def at(cls, path: object) -> "KeyMissing":
        """For the file that settings name."""
        return cls(
            _(
                "The evidence log's key {path} is missing. Create one with “manage.py evidence_key "
                "--create”, or set EVIDENCE_KEY_FILE."
            ).format(path=path),
            path=str(path),
        )


class TreeDamaged(EvidenceError):
    """Stored rows contradict each other: nothing more may be signed."""

    code = "evidence_tree_damaged"


class WitnessMissing(EvidenceError):
    """No witness has countersigned a checkpoint that covers what is asked."""

    code = "evidence_witness_missing"


class BadPack(EvidenceError):
    """The contents asked for cannot make an evidence pack."""

    code = "evidence_bad_pack"
