"""Canonical JSON: the bytes of RFC 8785 for the types that evidence may hold, and a refusal for everything
else.
"""

import json

import pytest
from django.db import models
from hypothesis import given
from hypothesis import strategies as st

from marketplace.evidence.canonical import MAX_INTEGER, NotCanonical, canonical

ascii_keys = st.text(st.characters(max_codepoint=127), max_size=6)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-MAX_INTEGER, MAX_INTEGER)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ascii_keys, inner, max_size=4),
    max_leaves=20,
)


class Colour(models.TextChoices):
    RED = "red"


def test_the_string_example_of_rfc_8785():
    value = {
        "string": '\u20ac$\u000f\nA\'B"\\\\"/',
        "literals": [None, True, False],
        "numbers": [0, -1, 10**15],
    }
    assert (
        canonical(value)
        == (
            '{"literals":[null,true,false],"numbers":[0,-1,1000000000000000],'
            '"string":"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
        ).encode()
    )


def test_keys_are_sorted_and_chinese_stays_readable():
    value = {"b": 1, "a": "苹果\U0001f34e", "B": []}
    assert canonical(value) == '{"B":[],"a":"苹果\U0001f34e","b":1}'.encode()


def test_text_choices_are_strings():
    assert canonical([Colour.RED]) == b'["red"]'


@given(values)
def test_a_value_comes_back_and_has_one_form(value):
    once = canonical(value)
    assert json.loads(once) == value
    assert canonical(json.loads(once)) == once


@given(st.dictionaries(ascii_keys, scalars, max_size=6))
def test_the_order_of_insertion_does_not_matter(value):
    assert canonical(dict(reversed(value.items()))) == canonical(value)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (1.0, "float is not allowed"),
        ({"a": [float("nan")]}, r"\$\.a\[0\]: float"),
        ({"名": 1}, "not an ASCII string"),
        ({1: 1}, "not an ASCII string"),
        (MAX_INTEGER + 1, "beyond"),
        (-MAX_INTEGER - 1, "beyond"),
        (b"", "bytes is not allowed"),
        ((1,), "tuple is not allowed"),
        ({"a": {1, 2}}, "set is not allowed"),
        ("\ud800", "lone surrogate"),
    ],
)
def test_what_has_no_canonical_form_is_refused(value, reason):
    with pytest.raises(NotCanonical, match=reason):
        canonical(value)


def test_deep_nesting_is_refused():
    value = []
    for _ in range(10_000):
        value = [value]
    with pytest.raises(NotCanonical, match="nested deeper"):
        canonical(value)
