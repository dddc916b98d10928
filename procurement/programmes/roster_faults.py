"""What can be wrong with a roster, and how it is said.

A fault's sentence exists in both languages at once, because the annotated workbook that goes back to the
union prints both, whatever the language of the person who downloads it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from marketplace.organisations.errors import Sentence


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing to mend in one row.

    `row` is the sheet's row from 1, `column` its letter, `code` the field (or "duplicate_member",
    "duplicate_id", "duplicate_person"). `value_shown` is masked, so that faults can be stored and listed.
    `data` holds "reason", "heading", and "first" where an earlier place is named.
    """

    sheet: str
    row: int
    code: str
    column: str
    value_shown: str
    data: Mapping[str, str | int] = field(default_factory=dict)

    def sentence(self, language: str = "zh-hans") -> str:
        """What is wrong and what to do, in Chinese or (language "en…") in English."""
        english, chinese = FAULT_SENTENCES[str(self.data["reason"])]
        return (english if language.startswith("en") else chinese) % {"column": self.column, **self.data}


FAULT_SENTENCES: Mapping[str, tuple[str, str]] = {
    "name_missing": ("The name is missing; fill it in.", "缺少姓名，请填写。"),
    "name_implausible": (
        "This does not look like a person's name; write the full name without digits or other marks.",
        "不像是姓名，请填写完整姓名，不要带数字或其他符号。",
    ),
    "phone_missing": ("The mobile number is missing; fill it in.", "缺少手机号，请填写。"),
    "phone_landline": (
        "This is a landline; links and parcels need a mobile number of 11 digits.",
        "这是固定电话，领取链接和快递需要11位手机号。",
    ),
    "phone_several": (
        "There is more than one number in the cell; keep one.",
        "一格里有多个号码，请只保留一个。",
    ),
    "phone_number_form": (
        "A mobile number has 11 digits and begins with 13 to 19; check the digits.",
        "手机号应为11位，以13至19开头，请核对。",
    ),
    "id_stored_as_number": (
        "The cell is stored as a number, so the last digits are lost; format it as text and type the "
        "number again, "
        "or leave it empty.",
        "单元格是数字格式，末几位已丢失；请设为文本格式后重新输入，或留空。",
    ),
    "id_shape": (
        "An identity number has 17 digits and a last digit or X; correct it or leave it empty.",
        "身份证号应为17位数字加1位数字或X，请更正或留空。",
    ),
    "id_check": (
        "The last character does not fit the digits before it, so one is mistyped; correct it or leave it empty.",
        "校验码与前17位不符，有数字输错；请更正或留空。",
    ),
    "id_date": (
        "The birth date inside the number does not exist; correct it or leave it empty.",
        "号码中的出生日期不存在，请更正或留空。",
    ),
    "address_missing": ("The address is missing; fill it in.", "缺少地址，请填写。"),
    "too_long": (
        "The text in column %(column)s is longer than %(limit)s characters; shorten it.",
        "%(column)s列的内容超过%(limit)s个字，请缩短。",
    ),
    "duplicate_member": (
        "The member number already stands in row %(first)s; correct it or delete this row.",
        "会员号与第%(first)s行重复，请更正或删除本行。",
    ),
    "duplicate_id": (
        "The identity number already stands in row %(first)s; correct it or delete this row.",
        "身份证号与第%(first)s行重复，请更正或删除本行。",
    ),
    "duplicate_person": (
        "The same name and mobile number already stand in row %(first)s; delete this row, or add "
        "member numbers that "
        "tell the two people apart.",
        "姓名和手机号与第%(first)s行相同，请删除本行；如确为两人，请补充会员号。",
    ),
}

_SENTENCES: dict[str, Promise] = {
    "no_header": _(
        "No sheet has a row of headings with the name and the mobile number. Looked for: %(looked_for)s. "
        "Found at the top of the sheets: %(found)s. Add a row of headings above the list."
    ),
    "missing_column": _(
        "The heading row %(row)s of the sheet “%(sheet)s” has no column for: %(missing)s. "
        "It has: %(found)s. Add the column and fill it in."
    ),
    "no_people": _("There are headings, but nobody is listed below them. Fill in the list and upload it again."),
}


class RosterError(Exception):
    """The workbook holds no roster at all. `code` and `data` say why, `sentence` says it."""

    def __init__(self, code: str, **data: str | int) -> None:
        super().__init__(code, data)
        self.code = code
        self.data = data

    @property
    def sentence(self) -> str:
        """The sentence in the active language."""
        return str(self.said)

    @property
    def said(self) -> Sentence:
        """The sentence, to be told in the language of whoever reads."""
        return Sentence(_SENTENCES[self.code], self.data)
