"""T6: reading a roster and finding all its faults, beside python-calamine only reading the cells. Also makes rosters for T5."""

from __future__ import annotations

import io
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import python_calamine
import xlsxwriter

from benchmarks.measure import Figure, Tell, duration, seconds, side_by_side

HEADINGS = ("会员号", "姓名", "手机号", "收货地址", "部门", "备注")
_CITIES = ("西安市雁塔区", "咸阳市秦都区", "宝鸡市金台区", "渭南市临渭区", "榆林市榆阳区")
_FAMILY, _GIVEN = "王李张刘陈杨赵黄周吴", "伟芳娜敏静丽强磊军洋勇艳杰娟涛明"
# One row in fifty has a telephone number that cannot be one.
_FAULTY_EVERY = 50


def roster(people: int, prefix: str = "B", *, faulty: bool = True) -> bytes:
    """A workbook of so many people in five prefectures, with faults here and there."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, "constant_memory": True}) as book:
        sheet = book.add_worksheet("名单")
        sheet.write_row(0, 0, HEADINGS)
        for number in range(1, people + 1):
            name = _FAMILY[number % 10] + _GIVEN[number % 16] + _GIVEN[number // 16 % 16]
            phone = f"139{number:08d}" if not faulty or number % _FAULTY_EVERY else "12345"
            address = f"陕西省{_CITIES[number % 5]}测试路{number % 900 + 1}号"
            sheet.write_row(number, 0, (f"{prefix}{number:06d}", name, phone, address, f"第{number % 40 + 1}车间", ""))
    return buffer.getvalue()


def measure(scale: str, tell: Tell) -> list[Figure]:
    """Our reader, calamine alone, the annotated copy, and the reader's memory in a process of its own."""
    from procurement.programmes.annotate import annotated_copy
    from procurement.programmes.roster import read_roster

    people, times = (20_000, 3) if scale == "small" else (100_000, 3)
    tell(f"T6 a roster of {people:,} rows")
    content = roster(people)
    reading = read_roster(content, filename="roster.xlsx")
    wrong = people // _FAULTY_EVERY
    if (reading.people, len(reading.faults)) != (people, wrong):
        raise AssertionError(
            f"{reading.people} people and {len(reading.faults)} faults read, {people} and {wrong} written"
        )
    ours, bare = side_by_side(lambda: read_roster(content, filename="roster.xlsx"), lambda: _calamine(content), times)
    copying = seconds(lambda: annotated_copy(content, reading, filename="roster.xlsx"))
    peak = _peak_megabytes(content)
    full = scale == "full"
    return [
        Figure(
            "T6", f"roster of {people:,} rows read, {wrong:,} faults found", duration(ours),
            f"calamine only reading {duration(bare)}: {ours / bare:.1f} ×", "≤ 6 ×", ours / bare <= 6,
        ),
        Figure("T6", "its annotated copy written (timed apart)", duration(copying)),
        Figure(
            "T6", "peak memory of the reading process", f"{peak:,.0f} MB", "", "≤ 500 MB at 100,000 rows",
            peak <= 500 if full else None,
        ),
    ]  # fmt: skip


def _calamine(content: bytes) -> int:
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
    return len(book.get_sheet_by_index(0).to_python())


def _peak_megabytes(content: bytes) -> float:
    with tempfile.NamedTemporaryFile(suffix=".xlsx") as file:
        file.write(content)
        file.flush()
        command = [sys.executable, "-m", "benchmarks.rosters", file.name]
        root = Path(__file__).resolve().parent.parent
        return float(subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout)


if __name__ == "__main__":
    from procurement.programmes.roster import read_roster

    read_roster(Path(sys.argv[1]))
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
