"""Cells of a roster made clean, and what is wrong with them. Fast paths first: most cells are clean."""

import re

from marketplace.spreadsheets.cells import clean_text
from marketplace.spreadsheets.workbook import Cell
from suppliers.licences import identity_problem

# Longest texts kept; the carriers' waybills take no longer addresses.
LIMITS = {
    "member_no": 40,
    "name": 60,
    "phone": 40,
    "id_number": 40,
    "address": 200,
    "department": 60,
    "note": 200,
}

_CLEAN_NAME = re.compile(r"[\u4e00-\u9fff]{2,4}")
_HAN = r"\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff\u3007"
_NAME = re.compile(
    rf"[{_HAN}]{{2,20}}(?:·[{_HAN}]{{1,20}}){{0,6}}|[{_HAN}](?:·[{_HAN}]{{1,20}}){{1,6}}"
    r"|[A-Za-z\u00c0-\u024f][A-Za-z\u00c0-\u024f .'·-]{1,59}"
)
_LATIN = re.compile(r"[A-Za-z]")
_DOTS = re.compile("[•・‧∙⋅．.●]")
_NO_NAMES = frozenset({"同上", "待定", "不详", "测试", "未知", "暂无", "没有", "空白"})
_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_PHONE_MARKS = re.compile(r"[\s()\-_.'’‘`·—–−‐‑]+")
_PREFIX = re.compile(r"(?:\+|00)?86(?=1[0-9]{10}$)")
_LANDLINE = re.compile(r"0[1-9][0-9]{8,10}|[2-8][0-9]{6,7}|[48]00[0-9]{7}")
_IDENTITY = re.compile(r"[0-9]{17}[0-9X]")
_SCIENTIFIC = re.compile(r"[0-9](?:\.[0-9]+)?[Ee]\+?[0-9]+")
# Past this, a double no longer holds every integer.
_EXACT_INTEGERS = 2**53


def is_mobile(value: Cell) -> bool:
    """Whether the cell is the text of a mobile number and nothing else."""
    return type(value) is str and _MOBILE.fullmatch(value) is not None


def clean_name(value: Cell) -> str:
    """A name as it is kept: no spaces between Chinese characters, one kind of dot."""
    text = clean_text(value)
    if _CLEAN_NAME.fullmatch(text) or _LATIN.search(text):
        return text
    return _DOTS.sub("·", text.replace(" ", ""))


def name_problem(name: str) -> str:
    """ "" or why a cleaned name is refused."""
    if not name:
        return "name_missing"
    if len(name) > LIMITS["name"] or name in _NO_NAMES or not _NAME.fullmatch(name):
        return "name_implausible"
    return ""


def clean_phone(value: Cell) -> str:
    """A mobile number as 11 digits where it is one; anything else comes back cleaned, for `phone_problem`."""
    text = clean_text(value)
    if _MOBILE.fullmatch(text) or len(text) > LIMITS["phone"]:
        return text
    text = text.removesuffix(".0")
    return _PREFIX.sub("", _PHONE_MARKS.sub("", text))


def phone_problem(phone: str) -> str:
    """ "" or why a cleaned phone number is refused. Landlines are: links and carriers need a mobile."""
    if not phone:
        return "phone_missing"
    if _MOBILE.fullmatch(phone):
        return ""
    if len(_MOBILE.findall(phone)) > 1:
        return "phone_several"
    return "phone_landline" if _LANDLINE.fullmatch(phone) else "phone_number_form"


def clean_id(value: Cell) -> str:
    """An identity number in capital letters without spaces."""
    text = clean_text(value)
    return text if _IDENTITY.fullmatch(text) else text.replace(" ", "").replace("-", "").upper()


def id_problem(value: Cell, number: str) -> str:
    """ "" or why a cleaned identity number is refused; an empty one is not."""
    if not number:
        return ""
    if (isinstance(value, float | int) and abs(value) >= _EXACT_INTEGERS) or _SCIENTIFIC.fullmatch(number):
        return "id_stored_as_number"
    problem = identity_problem(number)
    return f"id_{problem}" if problem else ""


def mask(value: str) -> str:
    """A value as faults show it: first three and last two characters, or only the first of a short one."""
    if len(value) > 40:
        value = value[:39] + "…"
    if len(value) < 7:
        return value[:1] + "*" * (len(value) - 1)
    return value[:3] + "*" * (len(value) - 5) + value[-2:]
