"""To which prefecture of Shaanxi an address belongs, by its text."""

import re

# GB/T 2260, first four digits. 杨凌 administers itself but its district keeps the code of 咸阳.
PREFECTURES = {
    "西安": "6101",
    "铜川": "6102",
    "宝鸡": "6103",
    "咸阳": "6104",
    "渭南": "6105",
    "延安": "6106",
    "汉中": "6107",
    "榆林": "6108",
    "安康": "6109",
    "商洛": "6110",
}
# Written without their prefecture more often than not.
_COUNTY_CITIES = {
    "杨凌": "6104",
    "杨陵": "6104",
    "兴平": "6104",
    "彬州": "6104",
    "韩城": "6105",
    "华阴": "6105",
    "子长": "6106",
    "神木": "6108",
    "旬阳": "6109",
}
_CODES = PREFECTURES | _COUNTY_CITIES
_PLACES = "|".join(_CODES)
_ADDRESS = re.compile(
    # After the province's name any form will do; without it 延安路 in another province must not count.
    rf"\s*(?:中国)?\s*(?:陕西(?:省)?[\s,]*({_PLACES})|({_PLACES})(?=市|区|示范区|地区|[\s,]*[\u4e00-\u9fff]{{1,4}}?[区县]))"
)


def region_of(address: str) -> str:
    """The GB/T 2260 prefix ("6101" for 西安) of the prefecture that an address begins with, "" if unknown."""
    found = _ADDRESS.match(address)
    return _CODES[found[1] or found[2]] if found else ""
