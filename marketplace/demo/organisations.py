"""Counties, unions, offices, enterprise, operator, producers and ordinary suppliers, and their people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.contrib.auth.hashers import make_password

from marketplace.demo import cast
from marketplace.demo.tables import rows
from marketplace.organisations.models import (
    County,
    Membership,
    Organisation,
    OrganisationKind,
    Role,
    UnionLevel,
    User,
)
from marketplace.signin.actions import begin_with
from suppliers.licences import make_credit_code

_PROVINCE, _CITY, _COUNTY, _BASE = UnionLevel

# Code, parent's code, level, name, English name. Places are real, so each name says “demo”.
_UNIONS = (
    ("U-SN", "", _PROVINCE, "陕西省总工会（演示）", "Shaanxi Federation of Trade Unions (demo)"),
    ("U-XA", "U-SN", _CITY, "西安市总工会（演示）", "Xi'an Federation of Trade Unions (demo)"),
    ("U-YL", "U-SN", _CITY, "榆林市总工会（演示）", "Yulin Federation of Trade Unions (demo)"),
    ("U-HZ", "U-SN", _CITY, "汉中市总工会（演示）", "Hanzhong Federation of Trade Unions (demo)"),
    ("U-XA-YT", "U-XA", _COUNTY, "雁塔区总工会（演示）", "Yanta District Trade Union (demo)"),
    ("U-XA-BQ", "U-XA", _COUNTY, "灞桥区总工会（演示）", "Baqiao District Trade Union (demo)"),
    ("U-YL-YY", "U-YL", _COUNTY, "榆阳区总工会（演示）", "Yuyang District Trade Union (demo)"),
    ("U-HZ-HT", "U-HZ", _COUNTY, "汉台区总工会（演示）", "Hantai District Trade Union (demo)"),
    (
        "U-XA-YT-01",
        "U-XA-YT",
        _BASE,
        "秦岭机械厂工会（演示）",
        "Qinling Machine Works Union (demo)",
    ),
    (
        "U-XA-YT-02",
        "U-XA-YT",
        _BASE,
        "曲水中学工会（演示）",
        "Qushui Middle School Union (demo)",
    ),
    (
        "U-XA-YT-03",
        "U-XA-YT",
        _BASE,
        "南郊医院工会（演示）",
        "South Suburb Hospital Union (demo)",
    ),
    (
        "U-XA-BQ-01",
        "U-XA-BQ",
        _BASE,
        "灞水纺织厂工会（演示）",
        "Bashui Textile Mill Union (demo)",
    ),
    ("U-YL-YY-01", "U-YL-YY", _BASE, "沙河煤矿工会（演示）", "Sand River Mine Union (demo)"),
    ("U-YL-YY-02", "U-YL-YY", _BASE, "塞上公交工会（演示）", "Saishang Bus Union (demo)"),
    (
        "U-HZ-HT-01",
        "U-HZ-HT",
        _BASE,
        "汉水水泥厂工会（演示）",
        "Hanshui Cement Works Union (demo)",
    ),
)

# User name, role, organisation's code; those of sellers and county offices are added by their tables.
_PEOPLE = (
    *((cast.union_login("buyer", union), Role.BUYER, union) for union in cast.BUYING_UNIONS),
    *((cast.union_login("approver", union), Role.APPROVER, union) for union in cast.BUYING_UNIONS),
    ("member", Role.MEMBER, cast.UNION),
    (cast.UNION_OFFICER, Role.UNION_OFFICER, cast.CITY_UNION),
    ("officer.yulin", Role.UNION_OFFICER, "U-YL"),
    ("officer.hanzhong", Role.UNION_OFFICER, "U-HZ"),
    ("officer.province", Role.UNION_OFFICER, cast.PROVINCE_UNION),
    (cast.AUDITOR, Role.AUDITOR, cast.PROVINCE_UNION),
    ("auditor.xian", Role.AUDITOR, cast.CITY_UNION),
    ("enterprise", Role.PROVINCE, cast.ENTERPRISE),
    ("operator", Role.OPERATOR, cast.OPERATOR),
    ("operator.second", Role.OPERATOR, cast.OPERATOR),
)
# What people are called of whom no login is printed.
_TITLES = {Role.BUYER: "工会经办人", Role.APPROVER: "工会主席", Role.UNION_OFFICER: "上级工会"}
_OFFICERS = (
    ("town", Role.TOWN_OFFICER, "镇办"),
    ("sector", Role.SECTOR_OFFICER, "行业主管"),
    ("county", Role.COUNTY_OFFICER, "县级认定"),
)


def make_counties() -> dict[str, County]:
    """The 56 listed counties by code."""
    counties = [
        County(
            code=row["code"],
            name=row["name"],
            name_en=row["name_en"],
            city=row["city"],
            listed=True,
            retired_code=row["retired_code"],
        )
        for row in rows("counties")
    ]
    County.objects.bulk_create(counties)
    return {county.code: county for county in counties}


def make_organisations(counties: Mapping[str, County]) -> dict[str, Organisation]:
    """Every organisation of the world by code."""
    made: dict[str, Organisation] = {}
    for serial, (code, parent, level, name, name_en) in enumerate(_UNIONS, 1):
        credit = make_credit_code(serial, department_and_kind="81")
        made[code] = Organisation.objects.create(
            kind=OrganisationKind.UNION,
            code=code,
            name=name,
            name_en=name_en,
            level=level,
            parent=made.get(parent),
            credit_code=credit,
        )
    made[cast.OPERATOR] = _organisation(
        OrganisationKind.OPERATOR, cast.OPERATOR, "秦岭工会商城运营中心", "Qinling Union Mall Operations", 101
    )
    made[cast.ENTERPRISE] = _organisation(
        OrganisationKind.PROVINCE_ENTERPRISE,
        cast.ENTERPRISE,
        "陕西秦粮供应链集团有限公司",
        "Shaanxi Qinliang Supply Chain Group",
        102,
    )
    for serial, row in enumerate(rows("producers"), 201):
        county = counties[row["county"]]
        made[row["code"]] = _organisation(
            OrganisationKind.PRODUCER,
            row["code"],
            row["name"],
            row["name_en"],
            serial,
            county=county,
            kind=row["kind"],
        )
        office = cast.office_code(county.code)
        made[office] = Organisation.objects.create(
            kind=OrganisationKind.COUNTY_OFFICE,
            code=office,
            name=f"{county.name}消费帮扶产品认定办公室",
            name_en=f"{county.name_en} Accreditation Office",
            county=county,
        )
    for serial, row in enumerate(rows("traders"), 301):
        made[row["code"]] = _organisation(OrganisationKind.TRADER, row["code"], row["name"], row["name_en"], serial)
    return made


def _organisation(
    what: OrganisationKind,
    code: str,
    name: str,
    name_en: str,
    serial: int,
    *,
    county: County | None = None,
    kind: str = "91",
) -> Organisation:
    credit = make_credit_code(serial, department_and_kind=kind)
    return Organisation.objects.create(
        kind=what, code=code, name=name, name_en=name_en, county=county, credit_code=credit
    )


def make_people(organisations: Mapping[str, Organisation]) -> dict[str, User]:
    """A user for every role, by user name; all with the demonstration's password, hashed once."""
    shown = {login.username: login.who for login in cast.LOGINS}
    held = [(username, role, organisations[code]) for username, role, code in _PEOPLE]
    for username, role, organisation in held:
        if username not in shown:
            shown[username] = f"{_TITLES[role]}（{organisation.name.removesuffix('（演示）')}）"
    for organisation in organisations.values():
        held += _own_people(organisation, shown)
    hashed = make_password(cast.PASSWORD)
    users = [
        User(username=username, display_name=shown[username], password=hashed)
        for username in _once(username for username, _role, _organisation in held)
    ]
    User.objects.bulk_create(users)
    people = {user.username: user for user in users}
    begin_with(
        Membership(user=people[username], role=role, organisation=organisation) for username, role, organisation in held
    )
    return people


def _own_people(organisation: Organisation, shown: dict[str, str]) -> list[tuple[str, Role, Organisation]]:
    """The sellers' and county offices' people; fills in under what name each is shown."""
    if organisation.kind in {OrganisationKind.PRODUCER, OrganisationKind.TRADER}:
        username = cast.seller_login(organisation.code)
        shown.setdefault(username, organisation.name)
        return [(username, Role.PRODUCER, organisation)]
    county = organisation.county
    if organisation.kind != OrganisationKind.COUNTY_OFFICE or county is None:
        return []
    people = []
    for word, role, title in _OFFICERS:
        username = cast.officer_login(word, county.code)
        shown.setdefault(username, f"{title}（{county.name}）")
        people.append((username, role, organisation))
    return people


def _once(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))
