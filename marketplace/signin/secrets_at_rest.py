"""Authenticators' secrets lie in the database only as ciphertext (I10)."""

from __future__ import annotations

import base64

from allauth.mfa.adapter import DefaultMFAAdapter

from marketplace.organisations import personal


class EncryptingAdapter(DefaultMFAAdapter):
    """Allauth's hooks for what it stores: AES-256-GCM under the data key, written as text."""

    def encrypt(self, text: str) -> str:
        """The ciphertext of a secret."""
        return base64.b64encode(personal.encrypt(text)).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """The secret of a ciphertext."""
        return personal.decrypt(base64.b64decode(encrypted_text))
