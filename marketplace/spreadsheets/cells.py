"""Cells and headings as they are compared: half-width, without what nobody sees. Fast paths first: most cells are clean."""

import datetime
import re
import unicodedata

from .workbook import Cell

# Zero-width and direction marks, byte order mark, soft hyphen: seen by nobody, kept by copy and paste.
_INVISIBLE = dict.fromkeys(
    [0xAD, 0x61C, 0x180E, 0xFEFF, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070)]
)
_CLEAN = re.compile(r"[0-9A-Za-z\u4e00-\u9fff]+(?:[ -][0-9A-Za-z\u4e00-\u9fff]+)*")
_SPACES = re.compile(r"\s+")
_QUOTED = re.compile(r'="(.*)"')
_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|【[^【】]*】")
_NO_WORD = re.compile(r"[\W_]+")
# No heading is longer, and a long text must not cost time.
_LONGEST_HEADING = 40


def clean_text(value: Cell) -> str:
    """A cell as clean text: half-width, no hidden characters, runs of space made one, no forcing marks."""
    if type(value) is str:
        if not value or _CLEAN.fullmatch(value):
            return value
        text = unicodedata.normalize("NFKC", value).translate(_INVISIBLE)
        text = _SPACES.sub(" ", text).strip()
        if quoted := _QUOTED.fullmatch(text):
            text = quoted[1].strip()
        return text[1:].strip() if text.startswith("'") else text
    if isinstance(value, bool):
        return ""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, datetime.timedelta):
        return str(value)
    return value.isoformat() if isinstance(value, datetime.date | datetime.time) else str(value)


def plain_heading(value: object) -> str:
    """A heading as it is compared: half-width, lower case, without spaces, marks or brackets."""
    if not isinstance(value, str) or len(value) > _LONGEST_HEADING:
        return ""
    text = _BRACKETS.sub("", unicodedata.normalize("NFKC", value).lower())
    return _NO_WORD.sub("", text)


def column_letter(index: int) -> str:
    """The letters of a 0-based column: 0 is A, 26 is AA."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def column_index(letters: str) -> int:
    """The 0-based column of its letters."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1
