"""Personal data (I10): encrypted at rest, found by a keyed blind index, masked for every eye that does not need it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from functools import lru_cache
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import models

_NONCE = 12


@lru_cache(maxsize=4)
def _cipher(key: str) -> AESGCM:
    return AESGCM(base64.urlsafe_b64decode(key))


def encrypt_bytes(plain: bytes) -> bytes:
    """AES-256-GCM under the data key with a random nonce in front; nothing stays nothing."""
    if not plain:
        return b""
    nonce = os.urandom(_NONCE)
    return nonce + _cipher(settings.DATA_KEY).encrypt(nonce, plain, None)


def decrypt_bytes(stored: bytes) -> bytes:
    """What went into `encrypt_bytes`. Raises cryptography's InvalidTag when the bytes were altered."""
    if not stored:
        return b""
    return _cipher(settings.DATA_KEY).decrypt(stored[:_NONCE], stored[_NONCE:], None)


def encrypt(plain: str) -> bytes:
    """A text as `encrypt_bytes` keeps it."""
    return encrypt_bytes(plain.encode())


def decrypt(stored: bytes) -> str:
    """The plain text of `encrypt`."""
    return decrypt_bytes(stored).decode()


def blind_index(kind: str, plain: str) -> str:
    """A keyed fingerprint by which an equal value of this kind is found without decrypting; empty for the empty string."""
    if not plain:
        return ""
    return hmac.new(settings.INDEX_KEY.encode(), f"{kind}\0{plain}".encode(), hashlib.sha256).hexdigest()[:32]


def mask_name(name: str) -> str:
    """Hide at least one character of a name, the family name staying: 王小明 → 王**."""
    return name[:1] + "*" * max(len(name) - 1, 1) if name else ""


def mask_phone(phone: str) -> str:
    """Hide six digits of a phone number: 13812345678 → 138******78."""
    return phone[:3] + "*" * 6 + phone[-2:] if len(phone) >= 11 else "*" * len(phone)


def mask_id_number(number: str) -> str:
    """Show only the first two and the last character of an identity number."""
    return number[:2] + "*" * (len(number) - 3) + number[-1:] if len(number) > 4 else "*" * len(number)


def mask_address(address: str) -> str:
    """Hide everything behind the street number's first digit: building, unit and room."""
    for i, char in enumerate(address):
        if char.isdigit():
            return address[:i] + "***"
    return address[:9] + "***" if address else ""


class EncryptedTextField(models.Field[str, str]):
    """Text that lies in the database only as ciphertext. It can be neither filtered nor ordered by; keep a blind index beside it."""

    empty_strings_allowed = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("default", "")
        kwargs.setdefault("blank", True)
        super().__init__(*args, **kwargs)

    def get_internal_type(self) -> str:
        """Stored as bytes."""
        return "BinaryField"

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> str | None:
        """Decrypt what was read."""
        return None if value is None else decrypt(bytes(value))

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        """Encrypt what is written."""
        return encrypt(value) if isinstance(value, str) else value

    def value_to_string(self, obj: models.Model) -> str:
        """Serialise as ciphertext, never as plain text."""
        return base64.b64encode(encrypt(self.value_from_object(obj))).decode()
