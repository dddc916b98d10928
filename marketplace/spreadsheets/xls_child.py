"""Read a legacy .xls workbook from standard input in a process of its own, and write its rows as JSON lines.

The old format cannot be measured without parsing it, and its parser allocates whatever the file claims. So it
runs where memory and time are limited, and where an abort ends nothing else. Started by path: it must import
neither Django nor this project. Each sheet begins with {"name", "visible", "merged", "width"}; each row
follows as a list.
"""

import contextlib
import datetime
import io
import json
import sys

MEMORY_BYTES = 280 * 1024 * 1024
CPU_SECONDS = 8


def limit_resources() -> None:
    """Bound memory and processor time where the system can."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))


def main() -> int:
    """Read standard input; return 0, or 3 for more cells or characters than the two arguments allow."""
    cell_limit, text_limit = map(int, sys.argv[1:3])
    limit_resources()
    import python_calamine

    data = sys.stdin.buffer.read()
    workbook = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
    cells = text = 0
    for meta in workbook.sheets_metadata:
        if meta.typ != python_calamine.SheetTypeEnum.WorkSheet:
            continue
        sheet = workbook.get_sheet_by_name(meta.name)
        start = sheet.start
        end = sheet.end
        cells += 0 if end is None else (end[0] + 1) * (end[1] + 1)
        if cells > cell_limit:
            return 3
        visible = meta.visible == python_calamine.SheetVisibleEnum.Visible
        merged = [(*first, *last) for first, last in sheet.merged_cell_ranges or []]
        width = 0 if end is None else end[1] + 1
        _write({"name": meta.name, "visible": visible, "merged": merged, "width": width})
        padding = [""] * (start[1] if start else 0)
        for row in sheet.iter_rows():
            text += _write(padding + [_plain(value) for value in row])
            if text > text_limit:
                return 3
    return 0


def _plain(value: object) -> object:
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, datetime.timedelta):
        return str(value)
    return value


def _write(value: object) -> int:
    line = json.dumps(value, ensure_ascii=False)
    sys.stdout.buffer.write(line.encode() + b"\n")
    return len(line)


if __name__ == "__main__":
    sys.exit(main())
