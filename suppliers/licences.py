"""Check digits and parts of the numbers printed on licences, certificates and identity cards.

Pure: no Django, no clock, no files. A number that breaks a hard rule raises `NumberError`; what only a person
can judge (a county that differs, a retired county code) comes back as a flag and never refuses anything.
"""

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass
from operator import mul


def gettext_noop(text: str) -> str:
    """Mark `text` for the message catalogue; whoever shows it translates it."""
    return text


class NumberError(ValueError):
    """A number breaks its standard. `message` is the catalogue key, `data` fills it."""

    def __init__(self, code: str, message: str, **data: str) -> None:
        super().__init__(code, message, data)
        self.code = code
        self.message = message
        self.data = data

    @property
    def sentence(self) -> str:
        """The English sentence with its data filled in."""
        return self.message % self.data


COUNTY_DIFFERS = "county_differs"
RETIRED_CODE = "retired_code"
UNKNOWN_CATEGORY = "unknown_category"
PAST_TERM = "past_term"

# GB/T 2260 codes that were replaced; papers issued before still carry them.
RETIRED_COUNTIES: Mapping[str, str] = {"610823": "610803", "610721": "610703", "610928": "610981"}

# Food categories of the SC licence that assistance products fall under.
SC_CATEGORIES: Mapping[str, str] = {
    "101": "粮食加工品",
    "102": "食用油、油脂及其制品",
    "103": "调味品",
    "104": "肉制品",
    "107": "方便食品",
    "114": "茶叶及相关制品",
    "115": "酒类",
    "116": "蔬菜制品",
    "117": "水果制品",
    "118": "炒货食品及坚果制品",
    "121": "食糖",
    "126": "蜂产品",
}

GREEN_FOOD_YEARS = 3

_SEPARATORS = re.compile(r"[\s-]+")
_SC = re.compile(r"SC[0-9]{14}")
_GF = re.compile(r"GF[0-9]{12}")
_ORGANIC = re.compile(r"[0-9]{17}")
_AGI = re.compile(r"AGI[0-9]{5}")
_IDENTITY = re.compile(r"[0-9]{17}[0-9X]")
_CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT = re.compile(rf"[{_CREDIT_ALPHABET}]{{2}}[0-9]{{6}}[{_CREDIT_ALPHABET}]{{10}}")
_CREDIT_VALUES = {character: value for value, character in enumerate(_CREDIT_ALPHABET)}
_CREDIT_WEIGHTS = tuple(pow(3, position, 31) for position in range(17))
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_IDENTITY_WEIGHTS = tuple(pow(2, 17 - position, 11) for position in range(17))
_IDENTITY_CHECKS = "10X98765432"
# Character codes stand in for digits in the weighted sum; this is what they add too much.
_IDENTITY_OFFSET = ord("0") * sum(_IDENTITY_WEIGHTS)


@dataclass(frozen=True, slots=True)
class SCLicence:
    """A food production licence: `number` as printed, its parts, and flags for a person to look at."""

    number: str
    category: str
    category_name: str
    county_code: str
    serial: str
    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GreenFoodMark:
    """A green food enterprise number; `year` is the year of issue and the mark runs three years from then."""

    number: str
    county_code: str
    year: int
    serial: str
    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OrganicCode:
    """An organic code of 17 digits: certifying body, year of issue, random part."""

    number: str
    body: str
    year: int
    random: str


@dataclass(frozen=True, slots=True)
class Identity:
    """A resident identity number and the birth date it carries. Personal data: never log it."""

    number: str
    birth: datetime.date


@dataclass(frozen=True, slots=True)
class CreditCode:
    """A unified social credit code: registering department and kind, area, organisation code."""

    number: str
    department: str
    kind: str
    area_code: str
    organisation: str


def mod_11_10(digits: str) -> str:
    """Check digit of ISO 7064 MOD 11,10 (the hybrid system) over `digits`."""
    product = 10
    for digit in digits:
        product = ((product + int(digit)) % 10 or 10) * 2 % 11
    return str((11 - product) % 10)


def check_sc(number: str, *, producer_county: str = "", retired: Mapping[str, str] = RETIRED_COUNTIES) -> SCLicence:
    """Read an SC licence number; raise `NumberError` ("sc_shape", "sc_check") when it cannot be one.

    `producer_county` is the six-digit county of the producer; where the licence names another one, or a code
    that was retired, the licence carries a flag. A code that only became retired is no difference.
    """
    text = _compact(number)
    if not _SC.fullmatch(text):
        raise NumberError(
            "sc_shape",
            gettext_noop(
                "%(number)s is not a food production licence number: it has SC and 14 digits. "
                "Copy it from the licence or the package."
            ),
            number=text,
        )
    if mod_11_10(text[2:15]) != text[15]:
        raise NumberError(
            "sc_check",
            gettext_noop(
                "The last digit of %(number)s does not fit the 13 before it, so one of them is mistyped. "
                "Compare it with the licence."
            ),
            number=text,
        )
    category, county = text[2:5], text[5:11]
    flags = _county_flags(county, producer_county, retired)
    if category not in SC_CATEGORIES:
        flags += (UNKNOWN_CATEGORY,)
    return SCLicence(text, category, SC_CATEGORIES.get(category, ""), county, text[11:15], flags)


def check_gf(
    number: str,
    *,
    producer_county: str = "",
    on: datetime.date | None = None,
    retired: Mapping[str, str] = RETIRED_COUNTIES,
) -> GreenFoodMark:
    """Read a green food number; raise `NumberError` ("gf_shape").

    The number gives only the year of issue, so with `on` the flag "past_term" is set in years in which the
    three years are over whatever the day of issue was.
    """
    text = _compact(number)
    if not _GF.fullmatch(text):
        raise NumberError(
            "gf_shape",
            gettext_noop(
                "%(number)s is not a green food number: it has GF and 12 digits. Copy it from the certificate."
            ),
            number=text,
        )
    county, year = text[2:8], 2000 + int(text[8:10])
    flags = _county_flags(county, producer_county, retired)
    if on is not None and on.year > year + GREEN_FOOD_YEARS:
        flags += (PAST_TERM,)
    return GreenFoodMark(text, county, year, text[10:], flags)


def check_organic(number: str) -> OrganicCode:
    """Read an organic code; raise `NumberError` ("organic_shape"). It has no check digit."""
    text = _compact(number)
    if not _ORGANIC.fullmatch(text):
        raise NumberError(
            "organic_shape",
            gettext_noop("%(number)s is not an organic code: it has 17 digits. Copy it from the label on the package."),
            number=text,
        )
    return OrganicCode(text, text[:3], 2000 + int(text[3:5]), text[5:])


def check_agi(number: str) -> str:
    """Return an agricultural GI number in its plain form; raise `NumberError` ("agi_shape").

    Whether the producer is an authorised holder is not in the number and is checked where holders are known.
    """
    text = _compact(number)
    if not _AGI.fullmatch(text):
        raise NumberError(
            "agi_shape",
            gettext_noop("%(number)s is not an agricultural GI number: it has AGI and 5 digits, like AGI02153."),
            number=text,
        )
    return text


def identity_problem(number: str) -> str:
    """What is wrong with an upper-case identity number (GB 11643): "" or "shape", "check", "date".

    For callers that judge a hundred thousand of them; `check_identity` is the one that raises. The area code
    is not judged: codes come and go with the counties.
    """
    if not _IDENTITY.fullmatch(number):
        return "shape"
    total = sum(map(mul, _IDENTITY_WEIGHTS, number.encode())) - _IDENTITY_OFFSET
    if _IDENTITY_CHECKS[total % 11] != number[17]:
        return "check"
    try:
        born = datetime.date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return "date"
    return "" if born.year >= 1900 else "date"


def check_identity(number: str, *, today: datetime.date | None = None) -> Identity:
    """Read a resident identity number; raise `NumberError` ("identity_shape", "_check", "_date").

    With `today`, a birth date after it is refused. The sentences never repeat the number.
    """
    text = _compact(number)
    problem = identity_problem(text)
    if not problem:
        birth = datetime.date(int(text[6:10]), int(text[10:12]), int(text[12:14]))
        if today is None or birth <= today:
            return Identity(text, birth)
        problem = "date"
    raise NumberError(f"identity_{problem}", _IDENTITY_MESSAGES[problem])


_IDENTITY_MESSAGES = {
    "shape": gettext_noop(
        "This is not a resident identity number: it has 17 digits and a last digit or X. Copy it from the card."
    ),
    "check": gettext_noop(
        "The last character of this identity number does not fit the 17 digits before it. Compare it with the card."
    ),
    "date": gettext_noop("The birth date inside this identity number does not exist. Compare it with the card."),
}


def check_credit_code(number: str) -> CreditCode:
    """Read a unified social credit code (GB 32100); raise `NumberError` ("credit_shape", "credit_check")."""
    text = _compact(number)
    if not _CREDIT.fullmatch(text):
        raise NumberError(
            "credit_shape",
            gettext_noop(
                "%(number)s is not a unified social credit code: it has 18 digits and capital "
                "letters, never I, O, S, "
                "V or Z. Copy it from the business licence."
            ),
            number=text,
        )
    if _credit_check(text[:17]) != text[17]:
        raise NumberError(
            "credit_check",
            gettext_noop(
                "The last character of %(number)s does not fit the 17 before it, so one of them is mistyped. "
                "Compare it with the business licence."
            ),
            number=text,
        )
    return CreditCode(text, text[0], text[1], text[2:8], text[8:17])


def make_sc(category: str, area: str, serial: int) -> str:
    """A valid SC number from a three-digit category, a six-digit county code and a serial of 0 to 9999."""
    body = f"{category}{area}{serial:04d}"
    if not re.fullmatch(r"[0-9]{13}", body):
        raise ValueError(f"category, area and serial make {body!r}, which is not 13 digits")
    return f"SC{body}{mod_11_10(body)}"


def make_identity(serial: int, birth: datetime.date, *, area: str = "619901") -> str:
    """A well-formed identity number that belongs to nobody: no county has the default area code.

    `serial` is 0 to 999; odd ones stand for men, even ones for women.
    """
    body = f"{area}{birth:%Y%m%d}{serial:03d}"
    if not re.fullmatch(r"[0-9]{17}", body):
        raise ValueError(f"area and serial make {len(body)} characters, not 17 digits")
    return body + _IDENTITY_CHECKS[sum(map(mul, _IDENTITY_WEIGHTS, map(int, body))) % 11]


def make_credit_code(serial: int, *, area: str = "619900", department_and_kind: str = "93") -> str:
    """A well-formed credit code that belongs to nobody, with a right inner organisation code.

    `department_and_kind`: "91" enterprise, "93" farmers' cooperative, "81" basic union. `serial` is 0 to
    99999999.
    """
    organisation = f"{serial:08d}"
    weighted = sum(map(mul, _ORGANISATION_WEIGHTS, map(int, organisation)))
    inner = "0123456789X"[-weighted % 11]
    body = f"{department_and_kind}{area}{organisation}{inner}"
    if not _CREDIT.fullmatch(body + "0"):
        raise ValueError(f"{body!r} does not have the 17 characters of a credit code")
    return body + _credit_check(body)


def _compact(number: str) -> str:
    return _SEPARATORS.sub("", number).upper()


def _county_flags(county: str, producer_county: str, retired: Mapping[str, str]) -> tuple[str, ...]:
    flags: tuple[str, ...] = ()
    if county in retired:
        flags += (RETIRED_CODE,)
    if producer_county and retired.get(county, county) != retired.get(producer_county, producer_county):
        flags += (COUNTY_DIFFERS,)
    return flags


def _credit_check(body: str) -> str:
    total = sum(map(mul, _CREDIT_WEIGHTS, map(_CREDIT_VALUES.__getitem__, body)))
    return _CREDIT_ALPHABET[-total % 31]
