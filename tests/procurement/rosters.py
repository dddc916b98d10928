"""Rosters for the tests: the two samples, lists of people, and what is found at fault in them."""

import datetime
from collections.abc import Sequence
from pathlib import Path

from procurement.programmes.roster import (
    RosterReading,
    read_roster,
)
from suppliers.licences import make_identity
from tests.procurement.workbook_samples import rows_of, workbook

ROSTERS = Path(__file__).parents[2] / "marketplace/demo/data/rosters"
BIRTH = datetime.date(1980, 2, 29)
ID_1 = make_identity(1, BIRTH)
ID_2 = make_identity(2, BIRTH)


def read(*people: Sequence[object], **options: bool) -> RosterReading:
    return read_roster(workbook({"名单": rows_of(*people)}), **options)


def found(reading: RosterReading) -> list[tuple[int, str, str]]:
    return [(fault.row, fault.code, str(fault.data["reason"])) for fault in reading.faults]
