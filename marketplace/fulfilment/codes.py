"""Codes of what travels: a carrier's waybill number, and the code on a parcel by which anybody follows its goods back.

Nobody guesses a parcel's code, and it says nothing of the recipient.
"""

from __future__ import annotations

import hmac
import re

from marketplace.fulfilment.errors import WaybillUnfit
from marketplace.organisations.personal import blind_index

# Carriers write letters, digits and hyphens. Other words are a slip that no member could follow the parcel by.
_WAYBILL = re.compile(r"[A-Za-z0-9-]{4,60}")
_FORM = re.compile(r"P([1-9]\d{0,17})-([0-9A-F]{20})")


def waybill_number(typed: str) -> str:
    """The waybill number as it is kept, without spaces around it. Raises WaybillUnfit."""
    number = typed.strip()
    if not _WAYBILL.fullmatch(number):
        raise WaybillUnfit(waybill=number)
    return number


def parcel_code(parcel: int) -> str:
    """The code of a parcel (its id): the number and 80 bits that only this house can compute, the same at every call.

    They come from the index key, which is never changed: codes are printed on cardboard.
    """
    return f"P{parcel}-{blind_index('parcel code', str(parcel))[:20].upper()}"


def parcel_of(code: str) -> int | None:
    """The id of the parcel whose code this is; None for anything else."""
    found = _FORM.fullmatch(code.upper())
    if found is None or not hmac.compare_digest(code.upper(), parcel_code(int(found[1]))):
        return None
    return int(found[1])
