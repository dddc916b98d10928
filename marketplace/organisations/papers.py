"""What every scanned paper on file holds, whatever it lies beside: its bytes are encrypted, for papers name people."""

from __future__ import annotations

from typing import Any

from django.db import models

from marketplace.organisations.models import User
from marketplace.organisations.paper_files import Checked
from marketplace.organisations.personal import decrypt_bytes, encrypt_bytes


class Scan(models.Model):
    """A scanned paper. Its SHA-256 is in the evidence log. Subclasses say what it lies beside, and that it is filed there once."""

    file_name = models.CharField(max_length=200)
    media_type = models.CharField(max_length=40)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    content = models.BinaryField(help_text="ciphertext")
    added_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        abstract = True
        ordering = ["id"]

    def __str__(self) -> str:
        return self.file_name

    def plain(self) -> bytes:
        """The bytes as they were filed."""
        return decrypt_bytes(bytes(self.content))


def scanned(found: Checked, actor: User) -> dict[str, Any]:
    """A checked file as the fields of a Scan."""
    return {
        "file_name": found.name,
        "media_type": found.media_type,
        "size": len(found.content),
        "sha256": found.sha256,
        "content": encrypt_bytes(found.content),
        "added_by": actor,
    }
