"""Canonical JSON: one value, one byte string.

For the types allowed here the standard library's output is RFC 8785 (JCS): keys are ASCII, so code-point
order is UTF-16 order; numbers are integers that a double holds exactly, so their decimal form is
ECMAScript's; strings are escaped alike by both.
"""

import json
from typing import Any

# RFC 7493 (I-JSON), section 2.2: beyond this, another reader may round the number.
MAX_INTEGER = 2**53 - 1
MAX_DEPTH = 64
_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))


class NotCanonical(ValueError):
    """A value that has no canonical form here; the message names where it is."""


def canonical(value: Any) -> bytes:
    """The RFC 8785 bytes of `value`, made of dict, list, str, int, bool and None.

    Raises NotCanonical for floats, other types, integers beyond ±(2^53 - 1), keys that are not ASCII
    strings, lone surrogates and nesting deeper than MAX_DEPTH.
    """
    _check(value, "$", 0)
    try:
        return _ENCODER.encode(value).encode()
    except UnicodeEncodeError as error:
        raise NotCanonical(f"a string holds a lone surrogate at character {error.start} of the JSON text") from error


def _check(value: Any, where: str, depth: int) -> None:
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return
    if kind is int:
        if not -MAX_INTEGER <= value <= MAX_INTEGER:
            raise NotCanonical(f"{where}: the integer {value} is beyond ±(2^53 - 1); write it as a string")
    elif depth >= MAX_DEPTH:
        raise NotCanonical(f"{where}: nested deeper than {MAX_DEPTH}")
    elif kind is dict:
        for key, item in value.items():
            if type(key) is not str or not key.isascii():
                raise NotCanonical(f"{where}: the key {key!r} is not an ASCII string")
            _check(item, f"{where}.{key}", depth + 1)
    elif kind is list:
        for number, item in enumerate(value):
            _check(item, f"{where}[{number}]", depth + 1)
    elif isinstance(value, str):
        # Text choices and the like are strings for JSON as well.
        return
    else:
        raise NotCanonical(
            f"{where}: {kind.__name__} is not allowed; use integers, strings, true, false, null, lists or objects"
        )
