"""Builders of workbooks for the tests: ordinary ones, and ones that no honest program writes."""

import io
import struct
import warnings
import zipfile
from collections.abc import Mapping, Sequence

import xlsxwriter

HEADINGS = ("会员号", "姓名", "手机号", "身份证号", "收货地址", "部门", "备注")

_NAMESPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def rows_of(*people: Sequence[object]) -> list[Sequence[object]]:
    """The usual headings, and below them the people."""
    return [HEADINGS, *people]


def person(number: int = 1, **changes: object) -> list[object]:
    """A faultless row of the usual columns."""
    cells: dict[str, object] = {
        "member_no": f"M{number:05d}",
        "name": "王小明",
        "phone": f"139{number:08d}",
        "id_number": "",
        "address": "陕西省西安市碑林区友谊西路1号",
        "department": "机关",
        "note": "",
    }
    return list((cells | changes).values())


def workbook(sheets: Mapping[str, Sequence[Sequence[object]]], *, hidden: Sequence[str] = ()) -> bytes:
    """An .xlsx with the given cells: texts as texts, numbers as numbers."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            if name in hidden:
                sheet.hide()
            for number, row in enumerate(rows):
                for column, value in enumerate(row):
                    if isinstance(value, str):
                        sheet.write_string(number, column, value)
                    else:
                        sheet.write(number, column, value)
    return buffer.getvalue()


def package(
    sheet: str | bytes,
    *,
    shared: str | bytes = "",
    extra: Mapping[str, bytes] | None = None,
    sheets: int = 1,
    compression: int = zipfile.ZIP_DEFLATED,
) -> bytes:
    """An .xlsx archive around the XML of one sheet; `sheets` names that part more than once."""
    listed = "".join(f'<sheet name="S{n}" sheetId="{n}" r:id="rId{n}"/>' for n in range(1, sheets + 1))
    related = "".join(
        f'<Relationship Id="rId{n}" Type="{_RELATIONS}/worksheet" Target="worksheets/sheet1.xml"/>'
        for n in range(1, sheets + 1)
    )
    parts: list[tuple[str, str | bytes]] = [
        ("[Content_Types].xml", "<Types/>"),
        (
            "_rels/.rels",
            f'<Relationships><Relationship Id="rId1" Type="{_RELATIONS}/officeDocument" '
            'Target="xl/workbook.xml"/></Relationships>',
        ),
        (
            "xl/workbook.xml",
            f'<workbook xmlns="{_NAMESPACE}" xmlns:r="{_RELATIONS}"><sheets>{listed}</sheets></workbook>',
        ),
        ("xl/_rels/workbook.xml.rels", f"<Relationships>{related}</Relationships>"),
        ("xl/worksheets/sheet1.xml", sheet),
    ]
    if shared:
        parts.append(("xl/sharedStrings.xml", shared))
    return archive([*parts, *(extra or {}).items()], compression=compression)


def sheet_xml(data: str, *, before: str = "") -> str:
    """A sheet's XML around its rows."""
    return f'<worksheet xmlns="{_NAMESPACE}">{before}<sheetData>{data}</sheetData></worksheet>'


def archive(parts: Sequence[tuple[str, str | bytes]], *, compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip archive; two parts may share a name."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression, compresslevel=1) as target, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, data in parts:
            target.writestr(name, data)
    return buffer.getvalue()


def with_false_sizes(data: bytes, name: str, size: int) -> bytes:
    """The archive with another unpacked size written into the headers of one part."""
    changed = bytearray(data)
    encoded = name.encode()
    for signature, size_at, name_at in ((b"PK\x03\x04", 22, 30), (b"PK\x01\x02", 24, 46)):
        start = data.find(signature)
        while start >= 0:
            if data[start + name_at : start + name_at + len(encoded)] == encoded:
                changed[start + size_at : start + size_at + 4] = struct.pack("<I", size)
            start = data.find(signature, start + 4)
    return bytes(changed)


def legacy_workbook(cells: Sequence[tuple[int, int, str | float]], *, sheet: str = "名单") -> bytes:
    """A small .xls (BIFF8 in a compound file) with the given cells: (row, column, value), counted from 0."""

    def record(kind: int, body: bytes) -> bytes:
        return struct.pack("<HH", kind, len(body)) + body

    def begin(kind: int) -> bytes:
        return record(0x0809, struct.pack("<HHHHII", 0x0600, kind, 0x0DBB, 0x07CC, 0, 6))

    body = begin(0x0010)
    for row, column, value in cells:
        place = struct.pack("<HHH", row, column, 0)
        if isinstance(value, str):
            text = struct.pack("<HB", len(value), 1) + value.encode("utf-16-le")
            body += record(0x0204, place + text)
        else:
            body += record(0x0203, place + struct.pack("<d", value))
    body += record(0x000A, b"")
    name = sheet.encode("utf-16-le")
    listed = struct.pack("<BBBB", 0, 0, len(sheet), 1) + name
    start = len(begin(0x0005)) + 4 + 4 + len(listed) + 4
    book = begin(0x0005) + record(0x0085, struct.pack("<I", start) + listed) + record(0x000A, b"") + body
    return compound_file({"Workbook": book})


def compound_file(streams: Mapping[str, bytes]) -> bytes:
    """A compound file (OLE) of at most 126 sectors that holds the streams."""
    free, end, table_sector = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
    table = [table_sector, end]
    entries = [_directory_entry("Root Entry", 5, end, 0, 1)]
    content = b""
    for number, (name, data) in enumerate(streams.items(), start=1):
        # Streams below 4,096 bytes would live in a file within the file.
        data = data.ljust(4096, b"\0")
        data += b"\0" * (-len(data) % 512)
        first, sectors = len(table), len(data) // 512
        table += [*range(first + 1, first + sectors), end]
        right = number + 1 if number < len(streams) else free
        entries.append(_directory_entry(name, 2, first, len(data), free, right))
        content += data
    table += [free] * (128 - len(table))
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += struct.pack("<HHHHH6xIIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, 1, 1, 0, 4096, end, 0, end, 0, 0)
    header += struct.pack("<108I", *[free] * 108)
    directory = b"".join(entries).ljust(512, b"\0")
    return header + struct.pack("<128I", *table) + directory + content


def _directory_entry(name: str, kind: int, first: int, size: int, child: int, right: int = 0xFFFFFFFF) -> bytes:
    encoded = name.encode("utf-16-le") + b"\0\0"
    links = struct.pack("<III", 0xFFFFFFFF, right, child)
    return (
        encoded.ljust(64, b"\0")
        + struct.pack("<HBB", len(encoded), kind, 1)
        + links
        + bytes(36)
        + struct.pack("<IQ", first, size)
    )
