"""Who and what the demonstration's main job uses, by name, and the arithmetic behind it.

The main job gives a Mid-Autumn gift of five lines twice: to the about 300 people of the messy roster, then to
the 1,000 of the clean one. Delivered prices, in yuan, are the same everywhere in the province:

  slot  wanted                   what the rule says
  1     JX-DATE-1000     30.00   assistance
  2     JS-MILLET-2000   36.00   blocked: four producers ask 36.80 to 37.50 (the band ends at 39.60) and
                                 have 900 to 1,500 bags each
  3     BW-HONEY-500     40.00   partial, first gift: three producers ask 40.50 to 41.80, 40 jars each
        QD-OIL-1800      40.00   partial, second gift: three ask 40.50 to 41.50, 400 bottles in all
  4     CA-MOON-600     108.00   no equivalent: nobody's mooncakes are accredited
  5     ZS-BOX-AUTUMN    80.00   a box: fungus 28.00 and walnuts 24.00 are assistance products; the crystal
                                 cakes at 28.00 have no equivalent (the one accredited pastry costs 87.00
                                 a kilogram, the band ends at 77.00)

Two classes serve slot 3: a gift that still buys ordinary honey leaves no assistance honey on the shelf.
One head of the gift costs 294.00 as wanted and at most 297.30 once substituted: below the standard of 300.00,
and two gifts together below the cap of 2,200.00 a year.

The year's share is one half, so clause 3 says O <= A + R. With n recipients, h of them served with assistance
in slot 3, and millet at m: A = (82.00 + m) n + 41.10 h (honey) or 40.94 h (oil), O = 136.00 n + 40.00 (n - h).

    300 recipients, h = 120, m = 37.20:   A =  40,692   O =  48,000    7,308 yuan have to be set aside
  1,000 recipients, h = 400, m = 36.80:   A = 135,175   O = 160,000   24,825 yuan more

The figures move a little with the roster's good rows and with whose turn it is to supply the millet. The
purse opens with RESERVE_AT_FIRST, 2,000 yuan: both gifts are refused at first, and pass once to_set_aside()
has been moved there from the general purse. What stands there stays unspent and counts for the second gift
too: the rule looks at the year's sums.
"""

from __future__ import annotations

from dataclasses import dataclass

PASSWORD = "qinling-demo-only"

PROVINCE_UNION = "U-SN"
CITY_UNION = "U-XA"
UNION = "U-XA-YT"  # the county-level union that gives the gifts
OPERATOR = "OP"
ENTERPRISE = "E-QL"

BUYER = "buyer"
APPROVER = "approver"
UNION_OFFICER = "officer"
AUDITOR = "auditor"

GENERAL_PURSE = "职工节日慰问经费"
ASSISTANCE_PURSE = "消费帮扶专项经费"
FUNDS_AT_FIRST = 90_000_000  # fen, in the general purse
RESERVE_AT_FIRST = 200_000  # fen, in the assistance-only purse

OCCASION = "mid_autumn"
PER_HEAD = 30_000  # fen
NEED_IN_DAYS = 20  # beyond the policy's planning days and every cast product's delivery

ASSISTANCE = "JX-DATE-1000"
BLOCKED = "JS-MILLET-2000"
PARTIAL_FIRST = "BW-HONEY-500"
PARTIAL_SECOND = "QD-OIL-1800"
NO_EQUIVALENT = "CA-MOON-600"
BOX = "ZS-BOX-AUTUMN"

# Slot → sku, in the order of slots from 1.
GIFT_300 = (ASSISTANCE, BLOCKED, PARTIAL_FIRST, NO_EQUIVALENT, BOX)
GIFT_1000 = (ASSISTANCE, BLOCKED, PARTIAL_SECOND, NO_EQUIVALENT, BOX)


# What follows a union's code in the user names of its buyer and approver.
_UNION_PEOPLE = {
    "U-XA-YT": "", "U-XA-YT-01": ".works", "U-XA-YT-02": ".school", "U-XA-YT-03": ".hospital", "U-XA-BQ": ".baqiao",
    "U-XA-BQ-01": ".mill", "U-YL-YY": ".yuyang", "U-YL-YY-01": ".mine", "U-YL-YY-02": ".bus", "U-HZ-HT": ".hantai",
    "U-HZ-HT-01": ".cement",
}  # fmt: skip
BUYING_UNIONS = tuple(_UNION_PEOPLE)


def union_login(role: str, union: str) -> str:
    """The user name of a union's buyer or approver; `role` is one of these words."""
    return f"{role}{_UNION_PEOPLE[union]}"


def seller_login(organisation_code: str) -> str:
    """The user name of the person who confirms and ships for a producer or ordinary supplier."""
    return organisation_code.lower()


def office_code(county: str) -> str:
    """The organisation code of a county's accreditation office."""
    return f"CO-{county}"


def officer_login(role: str, county: str) -> str:
    """The user name of a county's officer; `role` is town, sector or county."""
    return f"{role}.{county}"


def to_set_aside(assistance: int, ordinary: int, reserve: int, minimum_share_bp: int) -> int:
    """Fen that must still go into the assistance-only purse so that a year passes clause 3; 0 if it does.

    The figures are those of the judgement's share: A', O' and R' of the year with the gift, in fen. The result
    is the smallest with O <= (1 - share) x (A + O + R). Raises ValueError for a share of the whole.
    """
    rest = 10_000 - minimum_share_bp
    if rest <= 0:
        raise ValueError("with a share of the whole, ordinary goods never pass")
    return max(0, -(-ordinary * 10_000 // rest) - ordinary - assistance - reserve)


@dataclass(frozen=True)
class Login:
    """One person of the demonstration: user name, what they do, where their work begins, which is what they are grouped by."""

    username: str
    who: str
    who_en: str
    start: str


# Where work begins, and who begins there: the headings under which logins are printed.
PLACES = {
    "/union/": "工会：计划、审批、验收 / unions: plan, approve, accept",
    "/my/": "会员 / members",
    "/producer/": "供货方 / producers and suppliers",
    "/province/": "省属企业 / province enterprise",
    "/oversight/": "认定与上级工会 / county offices and unions above",
    "/audit/": "经审会 / auditors",
    "/operate/": "平台运营 / operators",
}

LOGINS = (
    Login(BUYER, "工会经办人（雁塔区总工会）", "union buyer, Yanta district", "/union/"),
    Login(APPROVER, "工会主席（雁塔区总工会）", "union approver, Yanta district", "/union/"),
    Login("buyer.yuyang", "工会经办人（榆阳区总工会）", "union buyer, Yuyang district", "/union/"),
    Login("approver.yuyang", "工会主席（榆阳区总工会）", "union approver, Yuyang district", "/union/"),
    Login("buyer.works", "基层工会经办人（秦岭机械厂）", "grassroots buyer, Qinling Machine Works", "/union/"),
    Login("approver.works", "基层工会主席（秦岭机械厂）", "grassroots approver, Qinling Machine Works", "/union/"),
    Login("buyer.bus", "基层工会经办人（塞上公交）", "grassroots buyer, Saishang Bus", "/union/"),
    Login("member", "会员", "member", "/my/"),
    Login("p-jx", "合作社（佳县）", "producer, Jiaxian", "/producer/"),
    Login("p-zs", "县域企业（柞水）", "producer, Zhashui", "/producer/"),
    Login("p-mz", "合作社（米脂）", "producer, Mizhi", "/producer/"),
    Login("p-wb", "村级合作社（吴堡）", "village cooperative, Wubu", "/producer/"),
    Login("t-js", "普通供应商（金穗杂粮）", "ordinary supplier, Golden Ear", "/producer/"),
    Login("enterprise", "省属企业", "province enterprise", "/province/"),
    Login("town.610828", "镇办（佳县）", "town officer, Jiaxian", "/oversight/"),
    Login("sector.610828", "行业主管（佳县）", "sector officer, Jiaxian", "/oversight/"),
    Login("county.610828", "县级认定（佳县）", "county officer, Jiaxian", "/oversight/"),
    Login(UNION_OFFICER, "上级工会（西安市总工会）", "upper-union officer, Xi'an", "/oversight/"),
    Login("officer.yulin", "上级工会（榆林市总工会）", "upper-union officer, Yulin", "/oversight/"),
    Login("officer.province", "上级工会（省总工会）", "upper-union officer, province", "/oversight/"),
    Login(AUDITOR, "经审会（省总工会）", "auditor, province", "/audit/"),
    Login("auditor.xian", "经审会（西安市总工会）", "auditor, Xi'an", "/audit/"),
    Login("operator", "平台运营", "operator", "/operate/"),
    Login("operator.second", "平台运营（复核）", "operator, second person", "/operate/"),
)
