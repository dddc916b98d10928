"""The members on a union's list: nobody real, and the same people every time. Numbers and phones that nobody has."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import datetime

import xlsxwriter

_SURNAMES = "王李张刘陈杨赵黄周吴徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹"
_GIVEN = """
    志强 建军 秀兰 小红 玉梅 永刚 晓燕 海涛 丽娟 国庆 文博 佳怡 雪梅 立新 春生
    巧玲 振华 桂英 明哲 思雨 红霞 卫东 亚楠 宏伟 凤琴 俊杰 彩云 新民 欣怡 天佑
""".split()  # noqa: SIM905  names read better in rows
_DEPARTMENTS = ("机关", "一车间", "二车间", "维修班", "后勤")
_STREETS = (
    "西安市雁塔区朱雀大街",
    "西安市灞桥区纺织城东街",
    "咸阳市秦都区人民路",
    "榆林市榆阳区长城路",
    "汉中市汉台区天汉大道",
)

Row = tuple[str, str, str, str, str]


def members(union: str, heads: int) -> list[Row]:
    """The first so many members of a union: number, name, phone, address, department."""
    seed = sum(union.encode())
    return [
        (
            f"{union.removeprefix('U-').replace('-', '')}{number:04d}",
            _SURNAMES[(seed + number * 7) % len(_SURNAMES)] + _GIVEN[(seed * 3 + number * 11) % len(_GIVEN)],
            # 160 is a prefix that no carrier has.
            f"160{seed % 10_000:04d}{number:04d}",
            f"陕西省{_STREETS[(seed + number // 9) % len(_STREETS)]}{number % 300 + 1}号",
            _DEPARTMENTS[number % len(_DEPARTMENTS)],
        )
        for number in range(1, heads + 1)
    ]


def workbook(people: Sequence[Row], written: datetime) -> bytes:
    """A list as a union keeps it, as a spreadsheet file."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        book.set_properties({"created": written.replace(tzinfo=None)})
        sheet = book.add_worksheet("名单")
        sheet.write_row(0, 0, ("会员编号", "姓名", "手机号", "收货地址", "部门"))
        for number, person in enumerate(people, 1):
            sheet.write_row(number, 0, person)
    return file.getvalue()
