"""Measure an .xlsx file before a parser allocates anything for it.

The parser unpacks whatever it is given, allocates the rectangle around the used cells and copies a shared
text into every cell that refers to it. Each of these multiplies a small file, so each is bounded here, on the
bytes that the archive really unpacks to rather than on what its headers say.
"""

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from xml.parsers import expat

from .workbook_limits import (
    MAX_CELLS,
    MAX_ENTRIES,
    MAX_OTHER_BYTES,
    MAX_RATIO,
    MAX_SHARED_TAGS,
    MAX_TAGS,
    MAX_TEXT,
    MAX_UNPACKED_BYTES,
    RATIO_MATTERS_BYTES,
    WorkbookError,
)

_CHUNK = 1 << 20
_MEGABYTE = 1 << 20
_SHEETS = "xl/worksheets/"
_SHARED = "xl/sharedstrings.xml"
_RELATIONS = "xl/_rels/workbook.xml.rels"
# The ways in which nearly every program writes a cell; anything else is measured by a real XML parser.
_PLAIN_CELL = re.compile(
    rb'<c r="([A-Z]{1,3})([0-9]{1,7})"(?: s="[0-9]{1,6}")?'
    rb'(?: t="s"(?: s="[0-9]{1,6}")?><v>([0-9]{1,7})</v></c>'
    rb'|(?: t="(?!s")[a-zA-Z]{1,10}"(?: s="[0-9]{1,6}")?)?[/>])'
)
_CELL_TAGS = (b"<c ", b"<c>", b"<c/", b"<c\n", b"<c\t", b"<c\r")
_PREFIXED_CELL = re.compile(rb"<[^\s<>/:]{1,64}:c[\s/>]")
_REFERENCE = re.compile(r"\$?([A-Za-z]{1,3})\$?([0-9]{1,7})")
_FORBIDDEN = (b"<!DOCTYPE", b"<!ENTITY", b"<!doctype", b"\x00")


@dataclass(slots=True)
class _Area:
    """The rectangle from A1 that the cells of one sheet need, and how many there are."""

    rows: int = 0
    columns: int = 0
    cells: int = 0

    @property
    def size(self) -> int:
        return max(self.rows * self.columns, self.cells)


def check_xlsx(data: bytes) -> None:
    """Refuse an archive that is no plain workbook or would grow beyond the limits; raise `WorkbookError`."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _check_entries(archive)
            _check_parts(archive)
    except WorkbookError:
        raise
    except Exception as error:  # zipfile answers damaged headers with many kinds
        raise WorkbookError("broken") from error


def _check_entries(archive: zipfile.ZipFile) -> None:
    entries = archive.infolist()
    if len(entries) > MAX_ENTRIES:
        raise WorkbookError("too_many_entries", found=len(entries), limit=MAX_ENTRIES)
    if any(entry.flag_bits & 1 for entry in entries):
        raise WorkbookError("encrypted")
    names = [entry.filename.lower() for entry in entries]
    if "xl/workbook.xml" not in names:
        raise WorkbookError("wrong_type", found=_kind_of_archive(names))
    if any(name.endswith("vbaproject.bin") for name in names):
        raise WorkbookError("macros")
    # Two parts of one name, or a comment, would let another reader see another archive than we measured.
    if len(set(names)) != len(names) or archive.comment:
        raise WorkbookError("broken")
    if sum(entry.file_size for entry in entries) > MAX_UNPACKED_BYTES:
        raise WorkbookError("unpacks_too_large", limit=MAX_UNPACKED_BYTES // _MEGABYTE)
    for entry in entries:
        _check_ratio(entry, entry.file_size)


def _kind_of_archive(names: list[str]) -> str:
    if "word/document.xml" in names:
        return "Word"
    if "ppt/presentation.xml" in names:
        return "PowerPoint"
    if "xl/workbook.bin" in names:
        return "xlsb"
    if "content.xml" in names:
        return "OpenDocument"
    return "zip"


def _check_ratio(entry: zipfile.ZipInfo, unpacked: int) -> None:
    if unpacked > RATIO_MATTERS_BYTES and unpacked > MAX_RATIO * max(entry.compress_size, 1):
        raise WorkbookError("compressed_too_much", found=unpacked // max(entry.compress_size, 1))


def _check_parts(archive: zipfile.ZipFile) -> None:
    # The shared texts come first: what a sheet's cells will hold depends on them.
    entries = sorted(archive.infolist(), key=lambda entry: entry.filename.lower() != _SHARED)
    unpacked = other = cells = 0
    lengths: list[int] = []
    for entry in entries:
        name = entry.filename.lower()
        is_xml = name.endswith((".xml", ".rels"))
        if name == _RELATIONS:
            _check_relations(archive, entry)
        if name == _SHARED:
            lengths = _shared_lengths(archive, entry)
        if is_xml:
            # Any part may be named as a sheet, so all are measured as if they were.
            cells += _measure_sheet(archive, entry, lengths, MAX_CELLS - cells).size
            other += 0 if name == _SHARED or name.startswith(_SHEETS) else entry.file_size
        else:
            for _piece in _unpack(archive, entry, is_xml=False):
                pass
        unpacked += entry.file_size
        if other > MAX_OTHER_BYTES or unpacked > MAX_UNPACKED_BYTES:
            raise WorkbookError("unpacks_too_large", limit=MAX_UNPACKED_BYTES // _MEGABYTE)


def _check_relations(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
    """Refuse a workbook that names a part as its sheet which is not measured as XML."""

    def start(tag: str, attributes: dict[str, str]) -> None:
        if "Target" in attributes and not attributes["Target"].lower().endswith(".xml"):
            raise WorkbookError("broken")

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    for piece in _unpack(archive, entry):
        parser.Parse(piece, False)
    parser.Parse(b"", True)


def _unpack(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, *, is_xml: bool = True) -> Iterator[bytes]:
    """Yield what `entry` really unpacks to, in pieces that end before a tag, and set its true `file_size`.

    The declared size is put aside, for zipfile would stop there where another reader goes on.
    """
    entry.file_size = 1 << 40
    read = 0
    rest = b""
    with archive.open(entry) as stream:
        while piece := stream.read(_CHUNK):
            read += len(piece)
            if read > MAX_UNPACKED_BYTES:
                raise WorkbookError("unpacks_too_large", limit=MAX_UNPACKED_BYTES // _MEGABYTE)
            _check_ratio(entry, read)
            if not is_xml:
                yield piece
                continue
            piece = rest + piece
            if any(mark in piece for mark in _FORBIDDEN):
                # A zero byte means UTF-16, which would hide the rest from this scan.
                raise WorkbookError("broken" if b"\x00" in piece else "forbidden_xml")
            cut = _place_to_cut(piece)
            rest = piece[cut:]
            yield piece[:cut]
    entry.file_size = read
    if rest:
        yield rest


def _place_to_cut(piece: bytes) -> int:
    """Where to end a piece so that neither a tag nor a short cell is torn apart: near its end, or at it."""
    for mark in (b"<c ", b"<"):
        cut = piece.rfind(mark, max(0, len(piece) - 4096))
        if cut > 0:
            return cut
    # A text longer than that has no tag to cut at, and must not be carried along for ever.
    return len(piece)


def _measure_sheet(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, lengths: list[int], room: int) -> _Area:
    """Return what the parser will allocate for the sheet; raise when that does not fit into `room` cells."""
    return _measure_plainly(archive, entry, lengths, room) or _measure_exactly(archive, entry, lengths, room)


def _measure_plainly(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, lengths: list[int], room: int) -> _Area | None:
    """The sheet's area if all its cells are written in a usual way, else None."""
    area = _Area()
    tags = text = 0
    plain = True
    for piece in _unpack(archive, entry):
        tags += piece.count(b"<")
        cells = sum(map(piece.count, _CELL_TAGS))
        if b":c" in piece:
            cells += len(_PREFIXED_CELL.findall(piece))
        area.cells += cells
        if tags > MAX_TAGS or area.cells > room:
            raise WorkbookError("too_many_cells", limit=MAX_CELLS)
        found = _PLAIN_CELL.findall(piece) if plain else []
        plain = plain and len(found) == cells
        if not plain or not found:
            continue
        letters, numbers, references = zip(*found, strict=True)
        area.columns = max(area.columns, *(_column(letter.decode()) for letter in set(letters)))
        area.rows = max(area.rows, *map(int, set(numbers)))
        indices = [int(index) for index in references if index]
        plain = not indices or max(indices) < len(lengths)
        text += sum(map(lengths.__getitem__, indices)) if plain else 0
        if area.size > room:
            raise WorkbookError("too_many_cells", limit=MAX_CELLS)
        if text > MAX_TEXT:
            raise WorkbookError("too_much_text")
    return area if plain else None


def _column(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number


class _SheetMeter:
    """Follows a sheet's XML as the parser will: positions may be left out and then count on from the last
    one.
    """

    def __init__(self, lengths: list[int], room: int) -> None:
        self.area = _Area()
        self.lengths = lengths
        self.room = room
        self.text = self.tags = self.row = self.column = 0
        self.shared = self.in_value = False
        self.value: list[str] = []

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.tags += 1
        name = tag.rpartition(":")[2]
        if name == "row":
            number = attributes.get("r", "")
            self.row = int(number) if number.isdecimal() else self.row + 1
            self.column = 0
        elif name == "c":
            self._cell(attributes)
        elif name == "v":
            self.in_value, self.value = True, []
        if self.tags > MAX_TAGS:
            raise WorkbookError("too_many_cells", limit=MAX_CELLS)

    def _cell(self, attributes: dict[str, str]) -> None:
        self.column += 1
        row = self.row
        if reference := _REFERENCE.fullmatch(attributes.get("r", "")):
            self.column, row = _column(reference[1]), int(reference[2])
        area = self.area
        area.cells += 1
        area.rows, area.columns = max(area.rows, row), max(area.columns, self.column)
        self.shared = attributes.get("t") == "s"
        if area.size > self.room:
            raise WorkbookError("too_many_cells", limit=MAX_CELLS)

    def characters(self, text: str) -> None:
        if self.in_value:
            self.value.append(text[:20])

    def end(self, tag: str) -> None:
        if tag.rpartition(":")[2] != "v":
            return
        self.in_value = False
        index = "".join(self.value).strip()
        if self.shared and index.isdecimal() and int(index) < len(self.lengths):
            self.text += self.lengths[int(index)]
            if self.text > MAX_TEXT:
                raise WorkbookError("too_much_text")


def _measure_exactly(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, lengths: list[int], room: int) -> _Area:
    meter = _SheetMeter(lengths, room)
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = meter.start
    parser.EndElementHandler = meter.end
    parser.CharacterDataHandler = meter.characters
    for piece in _unpack(archive, entry):
        parser.Parse(piece, False)
    parser.Parse(b"", True)
    return meter.area


def _shared_lengths(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> list[int]:
    """The length of each shared text in characters, or in bytes with its tags where that is cheaper."""
    return _shared_lengths_plainly(archive, entry) or _shared_lengths_exactly(archive, entry)


def _shared_lengths_plainly(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> list[int]:
    """Lengths between closing tags, or nothing where the texts are not written in the usual way."""
    lengths: list[int] = []
    tags = running = opened = 0
    plain = True
    for piece in _unpack(archive, entry):
        tags += piece.count(b"<")
        if tags > MAX_SHARED_TAGS:
            raise WorkbookError("too_many_cells", limit=MAX_CELLS)
        texts = piece.split(b"</si>")
        opened += piece.count(b"<si>")
        odd = piece.count(b"<si") != piece.count(b"<si>") or b":si" in piece or b"<!" in piece
        plain = plain and not odd
        if not plain:
            continue
        running += len(texts[0])
        if len(texts) > 1:
            lengths.append(running)
            lengths.extend(map(len, texts[1:-1]))
            running = len(texts[-1])
    return lengths if plain and opened == len(lengths) else []


def _shared_lengths_exactly(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> list[int]:
    lengths: list[int] = []

    def start(tag: str, attributes: dict[str, str]) -> None:
        if tag.rpartition(":")[2] == "si":
            lengths.append(0)

    def characters(text: str) -> None:
        if lengths:
            lengths[-1] += len(text)

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.CharacterDataHandler = characters
    for piece in _unpack(archive, entry):
        parser.Parse(piece, False)
    parser.Parse(b"", True)
    return lengths
