"""What check digits promise: made numbers pass, one mistyped character never does."""

import datetime

from hypothesis import given
from hypothesis import strategies as st

from suppliers.licences import (
    NumberError,
    check_credit_code,
    check_identity,
    check_sc,
    identity_problem,
    make_credit_code,
    make_identity,
    make_sc,
)

areas = st.from_regex(r"[1-9][0-9]{5}", fullmatch=True)
serials = st.integers(0, 9999)
births = st.dates(datetime.date(1900, 1, 1), datetime.date(2099, 12, 31))
CREDIT = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def accepted(check: object, number: str) -> bool:
    try:
        check(number)
    except NumberError:
        return False
    return True


def with_other(number: str, position: int, alphabet: str, step: int) -> str:
    """The number with another character of the alphabet at the position."""
    place = alphabet.index(number[position])
    return number[:position] + alphabet[(place + step) % len(alphabet)] + number[position + 1 :]


@given(st.from_regex(r"1[0-3][0-9]", fullmatch=True), areas, serials, st.integers(2, 15), st.integers(1, 9))
def test_one_wrong_digit_of_an_sc_number_is_found(
    category: str, area: str, serial: int, position: int, step: int
) -> None:
    number = make_sc(category, area, serial)
    licence = check_sc(number)
    assert (licence.category, licence.county_code, licence.serial) == (category, area, f"{serial:04d}")
    assert not accepted(check_sc, with_other(number, position, "0123456789", step))


@given(areas, births, st.integers(0, 999), st.integers(0, 16), st.integers(1, 9))
def test_one_wrong_digit_of_an_identity_number_is_found(
    area: str, birth: datetime.date, serial: int, position: int, step: int
) -> None:
    number = make_identity(serial, birth, area=area)
    assert check_identity(number).birth == birth
    assert identity_problem(with_other(number, position, "0123456789", step)) == "check"


@given(births, st.integers(0, 999), st.integers(0, 16))
def test_two_neighbours_of_an_identity_number_changing_places_are_found(
    birth: datetime.date, serial: int, position: int
) -> None:
    number = make_identity(serial, birth)
    swapped = number[:position] + number[position + 1] + number[position] + number[position + 2 :]
    assert identity_problem(swapped) == ("" if swapped == number else "check" if "X" not in swapped[:17] else "shape")


@given(
    areas,
    st.integers(0, 99_999_999),
    st.sampled_from(["91", "93", "81", "N2"]),
    st.integers(8, 17),
    st.integers(1, 30),
)
def test_one_wrong_character_of_a_credit_code_is_found(
    area: str, serial: int, kind: str, position: int, step: int
) -> None:
    number = make_credit_code(serial, area=area, department_and_kind=kind)
    assert check_credit_code(number).area_code == area
    assert not accepted(check_credit_code, with_other(number, position, CREDIT, step))


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    for check in (check_sc, check_identity, check_credit_code):
        accepted(check, text)
