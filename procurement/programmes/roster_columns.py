"""Recognise the header of a roster: which column holds what, whatever the union calls it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from marketplace.spreadsheets.cells import plain_heading

FIELDS = ("member_no", "name", "phone", "id_number", "address", "department", "note")

# How many rows from the top of a sheet the header may be away.
HEADER_DEPTH = 30


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


# In order of preference: where two columns fit one field, the word that stands earlier wins.
SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "member_no": _words(
        "会员号 会员编号 会员号码 会员证号 会员卡号 工会会员号 工会会员编号 职工号 职工编号 工号 "
        "员工号 员工编号 人员编号 memberno membernumber memberid employeeno employeenumber "
        "employeeid staffno"
    ),
    "name": _words(
        "姓名 领取人姓名 领取人 会员姓名 职工姓名 员工姓名 收货人姓名 收货人 收件人姓名 收件人 名字 "
        "人员姓名 name fullname membername recipient recipientname"
    ),
    "phone": _words(
        "手机号码 手机号 手机 移动电话 本人手机号 联系手机 联系电话 联系号码 联系方式 电话号码 电话 "
        "收货电话 收件人电话 收货人电话 mobile mobilephone mobilenumber cellphone phone phonenumber "
        "telephone tel"
    ),
    "id_number": _words(
        "身份证号码 身份证号 身份证 居民身份证号码 居民身份证号 公民身份号码 公民身份证号码 "
        "证件号码 证件号 证件编号 idnumber idno idcard idcardno idcardnumber identitynumber "
        "residentidentitynumber"
    ),
    "address": _words(
        "收货地址 详细收货地址 收件地址 收货人地址 收件人地址 配送地址 邮寄地址 寄送地址 详细地址 "
        "家庭详细地址 家庭住址 家庭地址 现住址 住址 居住地址 通讯地址 通信地址 联系地址 地址 "
        "deliveryaddress shippingaddress homeaddress address"
    ),
    "department": _words(
        "部门 所在部门 部门名称 所属部门 科室 所在科室 处室 部室 车间 班组 工会小组 小组 部门科室 "
        "部门车间 所在单位 工作单位 单位 单位名称 department dept workshop team unit"
    ),
    "note": _words("备注 备注说明 附注 说明 note notes remark remarks comment comments"),
}

_RANKS: dict[str, tuple[str, int]] = {
    word: (field, rank) for field, words in SYNONYMS.items() for rank, word in enumerate(words)
}


@dataclass(frozen=True, slots=True)
class Header:
    """A header row: 1-based `row`, and per field the 0-based column and the heading as written."""

    row: int
    columns: Mapping[str, int]
    headings: Mapping[str, str]


def is_heading(value: object) -> bool:
    """Whether the cell alone could be the heading of a column that we look for."""
    return plain_heading(value) in _RANKS


def find_header(row: Sequence[object], number: int) -> Header | None:
    """Read `row` (1-based `number`) as a header: a name and at least one more field of a person."""
    best: dict[str, tuple[int, int]] = {}
    for column, value in enumerate(row):
        known = _RANKS.get(plain_heading(value))
        if known is None:
            continue
        field, rank = known
        if field not in best or rank < best[field][0]:
            best[field] = (rank, column)
    if "name" not in best or not best.keys() & {"phone", "id_number", "address", "member_no", "department"}:
        return None
    columns = {field: best[field][1] for field in FIELDS if field in best}
    headings = {field: str(row[column]).strip() for field, column in columns.items()}
    return Header(number, columns, headings)
