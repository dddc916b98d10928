"""The copy of a roster that goes back: what is wrong with which row, in Chinese and in English."""

from collections import Counter
from pathlib import Path

from marketplace.spreadsheets.marked import MEND_HEADING, SUMMARY_NAME, Mark, marked_copy
from marketplace.spreadsheets.workbook import Cell

from .roster import RosterReading
from .roster_faults import Fault

__all__ = ["MEND_HEADING", "SUMMARY_NAME", "annotated_copy"]

_SKIP_REASONS = {
    "empty": "空表 / empty",
    "hidden": "隐藏的工作表,未读取 / hidden, not read",
    "no_header": "没有表头,未读取 / no headings, not read",
    "missing_column": "缺少必填列,未读取 / a required column is missing, not read",
}
_CODES = {
    "name": "姓名 / Name",
    "phone": "手机号 / Mobile number",
    "id_number": "身份证号 / Identity number",
    "address": "地址 / Address",
    "member_no": "会员号 / Member number",
    "department": "部门 / Department",
    "note": "备注 / Note",
    "duplicate_member": "会员号重复 / Member number repeated",
    "duplicate_id": "身份证号重复 / Identity number repeated",
    "duplicate_person": "人员重复 / Person repeated",
}


def annotated_copy(source: str | Path | bytes, reading: RosterReading, *, filename: str = "") -> bytes:
    """An .xlsx copy of the workbook that `reading` was read from, with a summary in front. See `marked_copy`."""
    marks = [Mark(fault.sheet, fault.row, fault.column, _words(fault)) for fault in reading.faults]
    headers = {sheet.name: sheet.header_row for sheet in reading.sheets}
    return marked_copy(source, marks, headers, _summary(reading), filename=filename)


def _words(fault: Fault) -> str:
    return f"{fault.sentence()} {fault.sentence('en')}"


def _summary(reading: RosterReading) -> list[tuple[Cell, ...]]:
    faulty_rows = {(fault.sheet, fault.row) for fault in reading.faults}
    lines: list[tuple[Cell, ...]] = [
        ("名单人数 / People listed", reading.people),
        ("可用 / Accepted", len(reading.accepted)),
        ("需修改的行 / Rows to mend", len(faulty_rows)),
        ("",),
        ("工作表 / Sheet", "行 / Row", "列 / Column", "问题 / What to mend"),
    ]
    lines += [(f.sheet, f.row, f.column, _words(f)) for f in reading.faults]
    lines.append(("",))
    counts = Counter(fault.code for fault in reading.faults)
    lines += [(label, counts[code]) for code, label in _CODES.items() if counts[code]]
    lines += [(skipped.name, _SKIP_REASONS[skipped.reason]) for skipped in reading.skipped]
    return lines
