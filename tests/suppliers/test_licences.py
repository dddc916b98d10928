"""Numbers on licences and cards: exact examples, each rule, each flag."""

import datetime

import pytest

from suppliers.licences import (
    CreditCode,
    GreenFoodMark,
    Identity,
    NumberError,
    OrganicCode,
    SCLicence,
    check_agi,
    check_credit_code,
    check_gf,
    check_identity,
    check_organic,
    check_sc,
    identity_problem,
    make_credit_code,
    make_identity,
    make_sc,
    mod_11_10,
)


def refused(check: object, number: str, **options: object) -> str:
    with pytest.raises(NumberError) as caught:
        check(number, **options)
    assert "%(" not in caught.value.sentence
    return caught.value.code


# The examples of ISO 7064's own text and of a widely used checker.
@pytest.mark.parametrize(("digits", "check"), [("0794", "5"), ("79462", "3")])
def test_mod_11_10(digits: str, check: str) -> None:
    assert mod_11_10(digits) == check


def test_an_sc_number_is_read() -> None:
    assert make_sc("101", "610124", 1) == "SC10161012400010"
    assert check_sc(" sc 10161012400010 ", producer_county="610124") == SCLicence(
        number="SC10161012400010",
        category="101",
        category_name="粮食加工品",
        county_code="610124",
        serial="0001",
        flags=(),
    )


@pytest.mark.parametrize(
    "number",
    [
        "",
        "SC",
        "10161012400010",
        "SC1016101240001",
        "SC101610124000100",
        "SC1016101240001A",
        "SC１0161012400010",
    ],
)
def test_an_sc_number_of_another_shape_is_refused(number: str) -> None:
    assert refused(check_sc, number) == "sc_shape"


def test_an_sc_number_with_a_wrong_digit_is_refused_with_a_sentence() -> None:
    assert refused(check_sc, "SC10161012400011") == "sc_check"
    with pytest.raises(NumberError) as caught:
        check_sc("SC10161012400011")
    assert caught.value.sentence == (
        "The last digit of SC10161012400011 does not fit the 13 before it, so one of them is mistyped. "
        "Compare it with the licence."
    )


@pytest.mark.parametrize(
    ("licence_area", "producer_county", "flags"),
    [
        ("610803", "610803", ()),
        ("610803", "", ()),
        ("610823", "610803", ("retired_code",)),  # 横山 before it became a district
        ("610803", "610823", ()),
        ("610721", "610703", ("retired_code",)),
        ("610928", "610981", ("retired_code",)),
        ("610928", "610703", ("retired_code", "county_differs")),
        ("610124", "610703", ("county_differs",)),
        ("110101", "", ()),
    ],
)
def test_counties_are_flagged_and_never_refused(
    licence_area: str, producer_county: str, flags: tuple[str, ...]
) -> None:
    assert check_sc(make_sc("114", licence_area, 7), producer_county=producer_county).flags == flags


def test_an_unknown_category_is_flagged() -> None:
    licence = check_sc(make_sc("199", "610124", 0))
    assert (licence.category_name, licence.flags) == ("", ("unknown_category",))


def test_a_green_food_number() -> None:
    assert check_gf("GF610124230001", producer_county="610124", on=datetime.date(2026, 12, 31)) == GreenFoodMark(
        number="GF610124230001", county_code="610124", year=2023, serial="0001", flags=()
    )
    assert check_gf("GF610823230001", producer_county="610124", on=datetime.date(2027, 1, 1)).flags == (
        "retired_code",
        "county_differs",
        "past_term",
    )
    assert refused(check_gf, "GF61012423000") == "gf_shape"


def test_an_organic_code() -> None:
    assert check_organic("12325 123456789012") == OrganicCode("12325123456789012", "123", 2025, "123456789012")
    assert refused(check_organic, "1232512345678901") == "organic_shape"


def test_an_agi_number() -> None:
    assert check_agi("agi02153") == "AGI02153"
    assert refused(check_agi, "AGI2153") == "agi_shape"


def test_the_identity_number_printed_in_the_standard() -> None:
    assert check_identity("11010519491231002x") == Identity("11010519491231002X", datetime.date(1949, 12, 31))


@pytest.mark.parametrize(
    ("number", "problem"),
    [
        ("11010519491231002X", ""),
        ("110105194912310021", "check"),
        ("11010519491231002", "shape"),
        ("11010519491231002XX", "shape"),
        ("11010519491231002Y", "shape"),
        ("110105491231002", "shape"),
        ("１10105194912310021", "shape"),
        ("619902180002280013", "date"),
        ("619902198302300018", "date"),
    ],
)
def test_identity_problems(number: str, problem: str) -> None:
    assert identity_problem(number) == problem
    if problem:
        assert refused(check_identity, number) == f"identity_{problem}"


def test_an_identity_number_of_somebody_not_yet_born_is_refused_and_never_repeated() -> None:
    number = make_identity(1, datetime.date(2026, 9, 2))
    assert check_identity(number).birth == datetime.date(2026, 9, 2)
    with pytest.raises(NumberError) as caught:
        check_identity(number, today=datetime.date(2026, 9, 1))
    assert caught.value.code == "identity_date"
    assert number not in str(caught.value) + caught.value.sentence


def test_the_credit_code_printed_in_the_standard() -> None:
    assert check_credit_code("91350100m000100y43") == CreditCode("91350100M000100Y43", "9", "1", "350100", "M000100Y4")


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("91350100M000100Y44", "credit_check"),
        ("91350100M000100Y4", "credit_shape"),
        ("91350100M0001O0Y43", "credit_shape"),
        ("9135010AM000100Y43", "credit_shape"),
    ],
)
def test_other_credit_codes_are_refused(number: str, code: str) -> None:
    assert refused(check_credit_code, number) == code


def test_made_numbers_belong_to_nobody_and_are_valid() -> None:
    identity = make_identity(1, datetime.date(1980, 2, 29))
    assert (identity, identity_problem(identity)) == ("619901198002290018", "")
    assert make_credit_code(123) == "93619900000001230D"
    assert check_credit_code(make_credit_code(123)).organisation == "000001230"
    assert check_credit_code(make_credit_code(5, area="610124", department_and_kind="81")).area_code == "610124"


@pytest.mark.parametrize(
    "make",
    [
        lambda: make_sc("1010", "610124", 1),
        lambda: make_sc("101", "61012", 1),
        lambda: make_sc("101", "610124", 10_000),
        lambda: make_identity(1000, datetime.date(1980, 1, 1)),
        lambda: make_identity(1, datetime.date(1980, 1, 1), area="61990"),
        lambda: make_credit_code(100_000_000),
        lambda: make_credit_code(1, area="61A900"),
        lambda: make_credit_code(1, department_and_kind="I1"),
    ],
)
def test_parts_that_do_not_fit_are_a_programming_error(make: object) -> None:
    with pytest.raises(ValueError, match=r"not|does"):
        make()
